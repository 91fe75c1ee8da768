//! The whole suite on the reference submission, on the reference's Raft.

fn main() -> lab_kvraft::ExitCode {
    lab_kvraft::suite_main::<solution_kvraft::Submission, solution_raft::Raft>()
}
