//! The worker of the reference submission, driven by `cargo lab`.

use solution_kv::{Clerk, Lock, Server};

fn main() -> lab_kv::ExitCode {
    lab_kv::worker::<Server, Clerk, Lock<Clerk>>()
}
