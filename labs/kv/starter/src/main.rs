//! The worker: `cargo lab` builds it and drives it. Nothing to change here.

use my_kv::{Clerk, Lock, Server};

fn main() -> lab_kv::ExitCode {
    lab_kv::worker::<Server, Clerk, Lock<Clerk>>()
}
