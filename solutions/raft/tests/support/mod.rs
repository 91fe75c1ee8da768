//! What the worker of a reference answers, run by run.
#![allow(clippy::disallowed_types)] // it starts a process

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// The results of a test under so many seeds: the lines of that worker's protocol.
pub fn results_of(worker: &str, test: &str, seeds: u64) -> Vec<String> {
    let answers = answers_to(worker, test, seeds, "");
    answers.into_iter().filter_map(|mut lines| lines.pop()).collect()
}

/// How often the scene of a story came about, seed by seed.
#[allow(dead_code)] // storms set none
pub fn scenes_of(worker: &str, story: &str, seeds: u64) -> Vec<u64> {
    let counted = |result: &String| {
        let scenes = behind(result, "scenes", &[',', '}']).and_then(|scenes| scenes.parse().ok());
        scenes.unwrap_or_else(|| panic!("{story} counts no scenes: {result}"))
    };
    results_of(worker, story, seeds).iter().map(counted).collect()
}

/// All lines about each run, its result last. The request may ask for `more` than that.
pub fn answers_to(worker: &str, test: &str, seeds: u64, more: &str) -> Vec<Vec<String>> {
    let mut worker = Command::new(worker)
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
