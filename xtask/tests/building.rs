//! What of cargo's words comes through while a submission is built.

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use support::{Answer, Repository};

/// A submission that compiles with a warning, and is no worker.
fn with_a_warning() -> Repository {
    let repository = Repository::new();
    repository.write("solutions/raft/Cargo.toml", "[package]\nname = \"solution-raft\"\nedition = \"2024\"\n");
    repository.write("solutions/raft/src/lib.rs", "");
    repository.write("solutions/raft/src/main.rs", "fn main() {\n    let never_read = 1;\n}\n");
    repository
}

/// What was said on standard error.
fn build(repository: &Repository) -> String {
    Answer::of(repository.built("test raft --seed 1")).stderr
}

#[test]
fn warnings_are_shown_when_the_crate_is_compiled_and_not_again() {
    let repository = with_a_warning();
    let first = build(&repository);
    assert!(first.contains("unused variable: `never_read`") && first.contains("Finished"), "{first}");
    let second = build(&repository);
    assert!(!second.contains("warning:") && !second.contains("Finished"), "nothing was compiled: {second}");
    let edited = repository.read("solutions/raft/src/main.rs").replace("= 1", "= 2");
    repository.write("solutions/raft/src/main.rs", &edited);
    let third = build(&repository);
    assert!(third.contains("unused variable: `never_read`"), "{third}");
}

/// A job of this crate, in flight.
fn flown(features: &str, source: &str) -> (Repository, Answer) {
    let repository = Repository::new();
    repository.write("labs/mapreduce/Cargo.toml", "[package]\nname = \"lab-mapreduce\"\n");
    let manifest = "[package]\nname = \"solution-mapreduce\"\nedition = \"2024\"\n";
    repository.write("solutions/mapreduce/Cargo.toml", &format!("{manifest}[features]\n{features}"));
    repository.write("solutions/mapreduce/src/main.rs", source);
    repository.write("in.txt", "some words\n");
    let answer = Answer::of(repository.built("job wordcount --input in.txt --output out --fly --format json"));
    (repository, answer)
}

#[test]
fn a_job_whose_node_or_worker_does_not_build_does_not_fly_and_leaves_nothing() {
    let both = "default = [\"sim\"]\nsim = []\nreal = []\n";
    let node = "#[cfg(not(feature = \"sim\"))]\ncompile_error!(\"no node\");\nfn main() {}\n";
    let worker = "#[cfg(feature = \"sim\")]\ncompile_error!(\"no worker\");\nfn main() {}\n";
    for (features, source, piece) in
        [("", "fn main() {}\n", "real"), (both, node, "no node"), (both, worker, "no worker")]
    {
        let (repository, answer) = flown(features, source);
        assert!(answer.code == 3 && answer.stdout.contains(piece), "{answer:?}");
        let left = std::fs::read_dir(repository.path().join("target/windtunnel/runs")).unwrap().count();
        assert!(!repository.path().join("out").exists() && left == 0, "something is left behind");
    }
}

/// All files by which cargo keeps others out of a target directory.
fn locks(below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(below).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_file() && path.to_string_lossy().contains("lock")).collect()
}

#[test]
fn whoever_waits_for_another_cargo_is_told_so() {
    let repository = with_a_warning();
    build(&repository);
    let held: Vec<File> =
        locks(&repository.path().join("target/release")).iter().map(|path| File::open(path).unwrap()).collect();
    assert!(!held.is_empty(), "cargo locks something else now");
    held.iter().for_each(|file| file.lock().unwrap());
    let mut command = repository.built("test raft --seed 1");
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    drop(held);
    let answer = Answer::from(waiting.wait_with_output().unwrap());
    assert!(answer.stderr.contains("Blocking waiting for file lock on"), "{answer:?}");
}
