//! The Raft lab's suite on the reference submission, under plain `cargo test` and nextest.

fn main() -> lab_raft::ExitCode {
    lab_raft::suite_main::<solution_raft::Raft>()
}
