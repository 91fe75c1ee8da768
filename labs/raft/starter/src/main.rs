//! The worker: `cargo lab` builds it and drives it. Nothing to change here.

fn main() -> lab_raft::ExitCode {
    lab_raft::worker::<my_raft::Raft>()
}
