//! `cargo lab export`, of this very repository: what a course gets names no solution and holds together.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Answer, Repository};

/// A directory that is gone when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        Place(std::env::temp_dir().join(format!("windtunnel-export-{name}-{}", std::process::id())))
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut files, mut open) = (BTreeMap::new(), vec![self.0.clone()]);
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.insert(path.strip_prefix(&self.0).unwrap().to_owned(), std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn export(root: &Path, place: &Path) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["export", "--format", "json"]).arg(place).arg("--root").arg(root).stdin(Stdio::null());
    Answer::of(command)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn a_course_gets_everything_but_solutions() {
    let place = Place::new("whole");
    let answer = export(root(), &place.0);
    assert_eq!(answer.code, 0, "{answer:?}");
    let files = place.files();
    assert_eq!(answer.events_of("exported")[0]["files"], files.len());
    for wanted in
        ["Cargo.toml", ".cargo/config.toml", ".ci/run", "labs/raft/starter/src/lib.rs", "submissions/.gitkeep"]
    {
        assert!(files.contains_key(Path::new(wanted)), "{wanted} is missing");
    }
    for (path, content) in &files {
        let name = path.display().to_string();
        assert!(!path.starts_with("solutions") && !name.ends_with(".patch"), "{name} is exported");
        let text = String::from_utf8_lossy(content);
        let says = |words: &str| text.contains(words);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml" | "lock") => assert!(!says("solution"), "{name} names solutions"),
            Some("md") => assert!(!says("`solutions/") && !says(" solutions/"), "{name}"),
            _ => {}
        }
        let marks = name.ends_with(".md") || name.ends_with(".toml") || name == ".ci/run";
        assert!(!marks || !says("export: "), "{name} still has a mark");
    }
    let script = String::from_utf8_lossy(&files[Path::new(".ci/run")]).into_owned();
    assert!(script.contains("cargo test --workspace") && !script.contains("cargo lab test"), "{script}");
    let readme = String::from_utf8_lossy(&files[Path::new("README.md")]).into_owned();
    assert!(readme.contains("cargo lab test raft --submission submissions/raft --seed 42"), "{readme}");

    let ignored = String::from_utf8_lossy(&files[Path::new(".gitignore")]).into_owned();
    assert!(ignored.contains("/target") && !ignored.contains("submissions"), "learners commit theirs: {ignored}");

    // Cargo takes the manifests and the lock file as they are, and asks no registry.
    let cargo = |words: &str| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
        cargo.args(words.split(' ')).current_dir(&place.0).stdin(Stdio::null());
        Answer::of(cargo)
    };
    let locked = cargo("update --workspace --locked --offline");
    assert_eq!(locked.code, 0, "{}", locked.stderr);
    let metadata: Value =
        serde_json::from_str(&cargo("metadata --format-version=1 --no-deps --offline").stdout).unwrap();
    let members = metadata["workspace_members"].as_array().unwrap().len();
    assert!(members >= 4 && !metadata.to_string().contains("solution-"), "{members}");

    let again = Place::new("again");
    assert_eq!(export(&place.0, &again.0).code, 0);
    assert!(again.files() == files, "an exported tree is exported as it is");
}

#[test]
fn without_a_solution_the_way_on_is_told() {
    let repository = Repository::new();
    std::fs::remove_dir_all(repository.path().join("solutions")).unwrap();
    for words in ["test raft --seed 1", "list raft", "list", "power raft"] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, 2, "{words}: {answer:?}");
        assert!(answer.stderr.contains("this tree has no solution of lab raft"), "{words}: {answer:?}");
        assert!(answer.stderr.contains("cargo lab test raft --submission submissions/raft"), "{words}: {answer:?}");
    }
    assert_eq!(repository.lab("new raft").code, 0);
    for words in ["test raft re_election --seed 1 --submission submissions/raft", "list raft", "list"] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, 0, "{words}: {answer:?}");
        assert!(answer.stdout.contains("submissions/raft"), "{words}: {answer:?}");
    }
}

#[test]
fn a_directory_that_is_taken_or_inside_the_tree_is_refused() {
    let repository = Repository::new();
    repository.write("target/taken/file", "mine");
    for (directory, words) in
        [("target/taken", "is not empty"), ("course", "inside the repository"), (".", "inside the repository")]
    {
        let answer = repository.lab(&format!("export {directory}"));
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains(words), "{answer:?}");
    }
    assert!(!repository.path().join("course").exists() && repository.read("target/taken/file") == "mine");
    let answer = repository.lab("export target/course");
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stdout.contains("cd target/course && cargo lab new raft"), "{answer:?}");
    assert!(repository.path().join("target/course/labs/raft/Cargo.toml").is_file());
}
