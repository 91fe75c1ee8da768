//! The worker of the reference submission, driven by `cargo lab`.

fn main() -> lab_raft::ExitCode {
    lab_raft::worker::<solution_raft::Raft>()
}
