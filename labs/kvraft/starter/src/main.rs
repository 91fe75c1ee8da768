//! The worker: `cargo lab` builds it and drives it. Nothing to change here: which Raft it runs on stands in Cargo.toml.

fn main() -> lab_kvraft::ExitCode {
    lab_kvraft::worker::<my_kvraft::Submission, raft::Raft>()
}
