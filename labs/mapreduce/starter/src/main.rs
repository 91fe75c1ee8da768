//! The worker: `cargo lab` builds it and drives it. Add applications of your own to the registry.

use lab_mapreduce::Registry;
use my_mapreduce::{Coordinator, Worker};

fn main() -> lab_mapreduce::ExitCode {
    lab_mapreduce::worker::<Coordinator, Worker>(Registry::standard())
}
