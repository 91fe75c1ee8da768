//! What a worker of the reference answers, run by run.
#![allow(clippy::disallowed_types)] // it starts a process

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// The results of a test under so many seeds: the lines of the worker's protocol.
pub fn results_of(test: &str, seeds: u64) -> Vec<String> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_solution-raft"))
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts");
    let mut requests = worker.stdin.take().expect("its input is a pipe");
    let mut answers = BufReader::new(worker.stdout.take().expect("its output is a pipe")).lines();
    let result_of = |seed| {
        writeln!(requests, r#"{{"request":"run","test":"{test}","seed":{seed}}}"#).expect("it reads its input");
        let mut lines = answers.by_ref().map(|line| line.expect("it answers in text"));
        lines.find(|line| line.contains(r#""response":"result""#)).expect("it answers each request")
    };
    let results: Vec<String> = (0..seeds).map(result_of).collect();
    drop(requests);
    worker.wait().expect("it ends with its input");
    results.iter().for_each(|result| assert!(result.contains(r#""verdict":"passed""#), "{test}: {result}"));
    results
}

/// What stands behind a name in a result, up to one of these.
pub fn behind<'a>(result: &'a str, name: &str, end: &[char]) -> Option<&'a str> {
    let (_, value) = result.split_once(&format!(r#""{name}":"#))?;
    value.split(end).next()
}
