//! Submissions: where new ones may lie, what they are made of, and what is meant inside of one.

mod support;

use support::{Answer, Repository};

#[test]
fn inside_a_submission_the_lab_may_be_left_out() {
    let repository = Repository::new();
    let manifest = "[package]\nname = \"mine\"\n[package.metadata.windtunnel]\nlab = \"raft\"\n";
    repository.write("submissions/mine/Cargo.toml", manifest);
    repository.write("submissions/mine/src/lib.rs", "");
    for words in ["test re_election --seed 1", "test raft re_election --seed 1"] {
        for directory in ["submissions/mine", "submissions/mine/src"] {
            let answer = Answer::of(repository.command_in(directory, words));
            assert_eq!(answer.code, 0, "{answer:?}");
            assert!(answer.stdout.contains("on submissions/mine"), "{answer:?}");
        }
    }
    for words in ["list", "list raft"] {
        let answer = Answer::of(repository.command_in("submissions/mine/src", words));
        let head = answer.stdout.lines().next().unwrap_or_default();
        assert!(head.ends_with("(submissions/mine)"), "{words}: it lists what `test` would test: {answer:?}");
    }
    let answer = repository.lab("list raft");
    assert!(answer.stdout.contains("(solutions/raft)"), "{answer:?}");
    let answer = repository.lab("test raft re_election --seed 1 --submission submissions/mine");
    assert!(answer.stdout.contains("on submissions/mine"), "{answer:?}");
    repository.write("submissions/mine/Cargo.toml", &manifest.replace("\"raft\"", "\"kv\""));
    assert_eq!(repository.lab("test raft --seed 1 --submission submissions/mine").code, 2);
}

#[test]
fn a_new_submission_is_a_member_or_a_workspace_of_its_own() {
    let repository = Repository::new();
    assert_eq!(repository.lab("new raft").code, 0);
    let manifest = repository.read("submissions/raft/Cargo.toml");
    assert!(
        manifest.contains("name = \"submission-raft\"") && manifest.contains("path = \"../../labs/raft\""),
        "{manifest}"
    );
    assert!(manifest.contains("[package.metadata.windtunnel]\nlab = \"raft\"") && !manifest.contains("[workspace]"));
    assert!(!manifest.contains('@'), "{manifest}");
    assert_eq!(repository.read("submissions/raft/src/lib.rs"), "//! Yours.\n");
    let again = repository.lab("new raft");
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is not empty"), "{again:?}");

    let elsewhere = Outside::of(&repository);
    let answer = repository.new_in(&elsewhere.0.join("my raft"));
    assert_eq!(answer.code, 0, "{answer:?}");
    let place = format!("../{}/my raft", elsewhere.name());
    assert!(answer.stdout.contains(&format!("cd '{place}' && cargo lab test")), "to be pasted: {answer:?}");
    let manifest = repository.read(&format!("{place}/Cargo.toml"));
    assert!(manifest.contains("[workspace]") && manifest.contains("/sim\""), "{manifest}");
    // Each override is one of the repository's: an artifact of one build serves the other.
    let profile = |text: &str| text.parse::<toml::Table>().unwrap()["profile"]["release"]["package"].clone();
    let own = profile(include_str!("../../Cargo.toml"));
    let given = profile(&manifest);
    assert!(given.as_table().unwrap().len() > 10, "{manifest}");
    for (name, settings) in given.as_table().unwrap() {
        assert_eq!(own.get(name), Some(settings), "{name} is built otherwise in the repository");
    }
    let config = repository.read(&format!("{place}/.cargo/config.toml"));
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(config["target"]["cfg(all())"]["rustflags"][1].as_str(), Some("madsim"));
    assert_eq!(config["build"]["rustdocflags"][1].as_str(), Some("madsim"), "cargo knows it there alone");
    assert_eq!(config["target"]["cfg(all())"].as_table().unwrap().len(), 1);
    assert_eq!(config["alias"]["lab"][0].as_str(), Some("run"));
}

/// A directory beside a repository, gone when dropped.
struct Outside(std::path::PathBuf);

impl Outside {
    fn of(repository: &Repository) -> Self {
        let mut path = repository.path().to_path_buf().into_os_string();
        path.push("-outside");
        Outside(path.into())
    }

    fn name(&self) -> &str {
        self.0.file_name().unwrap().to_str().unwrap()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Else the first build would change Cargo.lock, and `cargo --locked lab test` refuse to run.
#[test]
fn a_new_member_has_its_place_in_the_lock_file_at_once() {
    let repository = Repository::new();
    repository
        .write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"labs/*\", \"sim\", \"submissions/*\"]\n");
    repository.write("submissions/.gitkeep", "");
    repository.write("sim/Cargo.toml", "[package]\nname = \"windtunnel\"\n");
    for package in ["sim", "labs/raft", "labs/harness"] {
        repository.write(&format!("{package}/src/lib.rs"), "");
    }
    let cargo = |words: &str| {
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap());
        cargo.args(words.split(' ')).current_dir(repository.path());
        Answer::of(cargo)
    };
    assert_eq!(cargo("generate-lockfile --offline").code, 0);
    assert_eq!(cargo("metadata --format-version 1 --locked --offline").code, 0);
    let answer = repository.lab("new raft");
    assert!(answer.stdout.contains("Cargo.lock names it from now on: commit both, or neither."), "{answer:?}");
    assert!(repository.read("Cargo.lock").contains("submission-raft"));
    let locked = cargo("metadata --format-version 1 --locked --offline");
    assert_eq!(locked.code, 0, "{locked:?}");
    let outside = Outside::of(&repository);
    let answer = repository.new_in(&outside.0.join("mine"));
    assert!(answer.code == 0 && !answer.stdout.contains("Cargo.lock"), "{answer:?}");
}

/// The reference, or the one that lies where `cargo lab new raft` puts it; none is no reason to break the workspace.
#[test]
fn a_lab_that_runs_on_a_raft_is_given_the_one_that_there_is() {
    let repository = Repository::new();
    repository.write("labs/kvraft/Cargo.toml", "[package]\nname = \"lab-kvraft\"\n");
    let template = "[package]\nname = \"@NAME@\"\n[dependencies]\nlab-kvraft = { path = \"@LAB_KVRAFT@\" }\n\
                    raft = { path = \"@RAFT@\", package = \"@RAFT_PACKAGE@\" }\n";
    repository.write("labs/kvraft/starter/Cargo.toml.template", template);
    let raft_of = |directory: &str| {
        let manifest: toml::Table = repository.read(&format!("{directory}/Cargo.toml")).parse().unwrap();
        assert_eq!(manifest["package"]["metadata"]["windtunnel"]["lab"].as_str(), Some("kvraft"));
        let raft = &manifest["dependencies"]["raft"];
        (raft["path"].as_str().unwrap().to_owned(), raft["package"].as_str().unwrap().to_owned())
    };
    let found = |path: &str, package: &str| (path.to_owned(), package.to_owned());

    assert_eq!(repository.lab("new kvraft").code, 0);
    assert_eq!(raft_of("submissions/kvraft"), found("../../solutions/raft", "solution-raft"));
    let outside = Outside::of(&repository);
    let place = format!("../{}/mine", outside.name());
    assert_eq!(repository.lab(&format!("new kvraft {place}")).code, 0);
    let whole = repository.path().canonicalize().unwrap().join("solutions/raft");
    assert_eq!(raft_of(&place), found(whole.to_str().unwrap(), "solution-raft"));

    std::fs::remove_dir_all(repository.path().join("solutions")).unwrap();
    let answer = repository.lab("new kvraft submissions/second");
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("begin with `cargo lab new raft`"), "{answer:?}");
    assert!(!repository.path().join("submissions/second").exists());
    assert_eq!(repository.lab("new raft").code, 0);
    assert_eq!(repository.lab("new kvraft submissions/second").code, 0);
    assert_eq!(raft_of("submissions/second"), found("../../submissions/raft", "submission-raft"));
}

#[test]
fn inside_the_repository_a_submission_is_a_member_or_nothing() {
    let repository = Repository::new();
    let detour = format!("../{}", repository.path().file_name().unwrap().to_str().unwrap());
    std::os::unix::fs::symlink(repository.path(), repository.path().join("link")).unwrap();
    for directory in ["labs/foo", "foo", "submissions/mine/foo", "submissions/../foo", "target/foo", "link/labs/foo"] {
        let directory = std::path::Path::new(directory);
        let answer = repository.new_in(directory);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("`cargo lab new raft submissions/foo`"), "{answer:?}");
        assert!(answer.stderr.contains("a directory outside, `cargo lab new raft ../foo`"), "{answer:?}");
        assert!(!repository.path().join(directory).exists(), "{directory:?} is left behind");
    }
    for directory in [".", "submissions"] {
        let answer = repository.new_in(std::path::Path::new(directory));
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("`cargo lab new raft submissions/raft`"), "{answer:?}");
    }
    for directory in ["submissions/foo".to_owned(), format!("{detour}/link/submissions/bar")] {
        assert_eq!(repository.new_in(std::path::Path::new(&directory)).code, 0, "{directory}");
    }
    assert!(!repository.read("submissions/bar/Cargo.toml").contains("[workspace]"));
}
