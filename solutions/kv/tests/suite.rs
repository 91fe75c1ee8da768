//! The key/value lab's suite on the reference submission, under plain `cargo test` and nextest.

fn main() -> lab_kv::ExitCode {
    lab_kv::suite_main::<solution_kv::Server, solution_kv::Clerk, solution_kv::Lock<solution_kv::Clerk>>()
}
