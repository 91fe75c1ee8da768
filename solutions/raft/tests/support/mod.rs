//! What a worker of the reference answers, run by run.
#![allow(clippy::disallowed_types)] // it starts a process

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// The results of a test under so many seeds: the lines of the worker's protocol.
pub fn results_of(test: &str, seeds: u64) -> Vec<String> {
    let answers = answers_to(test, seeds, "");
    answers.into_iter().filter_map(|mut lines| lines.pop()).collect()
}

/// All lines about each run, its result last. The request may ask for `more` than that.
pub fn answers_to(test: &str, seeds: u64, more: &str) -> Vec<Vec<String>> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_solution-raft"))
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts");
    let mut requests = worker.stdin.take().expect("its input is a pipe");
    let mut answers = BufReader::new(worker.stdout.take().expect("its output is a pipe")).lines();
    let answer_to = |seed| {
        writeln!(requests, r#"{{"request":"run","test":"{test}","seed":{seed}{more}}}"#).expect("it reads its input");
        let mut lines: Vec<String> = Vec::new();
        while lines.last().is_none_or(|line| !line.contains(r#""response":"result""#)) {
            lines.push(answers.next().expect("it answers each request").expect("it answers in text"));
        }
        lines
    };
    let answers: Vec<Vec<String>> = (0..seeds).map(answer_to).collect();
    drop(requests);
    worker.wait().expect("it ends with its input");
    for result in answers.iter().filter_map(|lines| lines.last()) {
        assert!(result.contains(r#""verdict":"passed""#), "{test}: {result}");
    }
    answers
}

/// What stands behind a name in a result, up to one of these.
pub fn behind<'a>(result: &'a str, name: &str, end: &[char]) -> Option<&'a str> {
    let (_, value) = result.split_once(&format!(r#""{name}":"#))?;
    value.split(end).next()
}
