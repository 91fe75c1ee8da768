//! The MapReduce lab's suite on the reference submission, under plain `cargo test` and nextest.

fn main() -> lab_mapreduce::ExitCode {
    lab_mapreduce::suite_main::<solution_mapreduce::Coordinator, solution_mapreduce::Worker>()
}
