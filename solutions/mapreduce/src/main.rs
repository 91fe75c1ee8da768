//! The worker of the reference submission, driven by `cargo lab`.

use lab_mapreduce::Registry;
use solution_mapreduce::{Coordinator, Worker};

fn main() -> lab_mapreduce::ExitCode {
    lab_mapreduce::worker::<Coordinator, Worker>(Registry::standard())
}
