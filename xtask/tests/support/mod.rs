//! A repository of its own for each test, and the real `xtask` run in it with the fake worker.

// Each test file uses a part of this.
#![allow(dead_code)]

pub mod place;
pub mod until_well;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A repository with one lab, gone when dropped.
pub struct Repository(PathBuf);

static MADE: AtomicU32 = AtomicU32::new(0);

impl Repository {
    pub fn new() -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("windtunnel-cli-{}-{number}", std::process::id()));
        let repository = Repository(root);
        repository.write("labs/raft/Cargo.toml", "[package]\nname = \"lab-raft\"\n");
        repository.write("labs/harness/Cargo.toml", "[package]\nname = \"lab-harness\"\n");
        repository.write("labs/raft/starter/Cargo.toml.template", TEMPLATE);
        repository.write("labs/raft/starter/src/lib.rs", "//! Yours.\n");
        repository.write("scenarios/raft/leaders-without-power.toml", "about = \"x\"\n");
        repository.write("solutions/raft/Cargo.toml", "[package]\nname = \"solution-raft\"\n");
        repository.write("solutions/raft/src/lib.rs", "//! A solution.\n");
        repository
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// `cargo lab` with that line of words, in that directory.
    pub fn command_in(&self, directory: &str, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(self.0.join(directory)).args(words.split_whitespace());
        command.arg("--root").arg(&self.0).arg("--worker").arg(env!("CARGO_BIN_EXE_fake-worker"));
        command.env("CARGO_TARGET_DIR", self.0.join("target")).env("WINDTUNNEL_WATCHDOG_S", "1");
        command.env_remove("RUSTFLAGS").env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    pub fn command(&self, words: &str) -> Command {
        self.command_in("", words)
    }

    pub fn lab(&self, words: &str) -> Answer {
        Answer::of(self.command(words))
    }

    /// `cargo lab` with the real cargo instead of the fake worker: a crate without dependencies builds in a second.
    pub fn built(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(&self.0).args(words.split(' ')).arg("--root").arg(&self.0).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", "target").env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        command
    }

    /// `cargo lab new raft` in a directory whose name may have blanks.
    pub fn new_in(&self, directory: &Path) -> Answer {
        let mut command = self.command("new raft");
        command.arg(directory);
        Answer::of(command)
    }

    /// The files of failures, sorted.
    pub fn failures(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.0.join("target/windtunnel/failures")) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const TEMPLATE: &str = "[package]\nname = \"@NAME@\"\nedition = \"2024\"\n\n[dependencies]\n\
    lab-raft = { path = \"@LAB_RAFT@\" }\nlab-harness = { path = \"@LAB_HARNESS@\" }\nwindtunnel = { path = \"@WINDTUNNEL@\" }\n";

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn of(mut command: Command) -> Self {
        Answer::from(command.output().unwrap())
    }

    /// All events of a JSON answer; panics if a line is none.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }

    /// The last event, which must be the summary.
    pub fn summary(&self) -> Value {
        let last = self.events().pop().unwrap_or_else(|| panic!("no output: {self:?}"));
        assert_eq!(last["event"], "summary", "{self:?}");
        assert_eq!(last["exit"], self.code, "the summary tells the exit code");
        last
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Answer {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
