//! The worker of the reference submission, driven by `cargo lab`.

fn main() -> lab_kvraft::ExitCode {
    lab_kvraft::worker::<solution_kvraft::Submission, solution_raft::Raft>()
}
