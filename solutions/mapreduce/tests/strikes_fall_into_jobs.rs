//! A strike behind the last event of a job passes everybody. The stories that strike behind any event count those that fall into
//! their jobs (`scenes`); this asks that on the reference most do.
#![allow(clippy::disallowed_types)] // it starts a process

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Under so many seeds.
const SEEDS: u64 = if cfg!(debug_assertions) { 10 } else { 100 };

/// Stories, how often each strikes in a run, and how many of all strikes must fall into a job, of a hundred. A job goes on while whoever was
/// struck is away, so the last strikes of one job come when it is over more often than the first.
const STRIKES: [(&str, u64, u64); 3] =
    [("workers_die", 6, 85), ("cut_off_at_any_event", 6, 85), ("coordinator_dies", 4, 85)];

#[test]
fn strikes_behind_any_event_fall_into_jobs_on_the_reference() {
    for (story, in_a_run, of_a_hundred) in STRIKES {
        let strikes = strikes_of(story);
        let (least, all): (u64, u64) = (in_a_run * SEEDS * of_a_hundred / 100, strikes.iter().sum());
        assert!(all >= least, "{all} strikes of {story} fell into a job, and {least} are asked for: {strikes:?}");
    }
}

/// How many strikes of a story fell into a job, seed by seed.
fn strikes_of(story: &str) -> Vec<u64> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_solution-mapreduce"))
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts");
    let mut requests = worker.stdin.take().expect("its input is a pipe");
    let mut answers = BufReader::new(worker.stdout.take().expect("its output is a pipe")).lines();
    let strikes_under = |seed| {
        writeln!(requests, r#"{{"request":"run","test":"{story}","seed":{seed}}}"#).expect("it reads its input");
        let result = answers.by_ref().map(|line| line.expect("it answers in text"));
        let result = result.into_iter().find(|line| line.contains(r#""response":"result""#)).expect("it answers");
        assert!(result.contains(r#""verdict":"passed""#), "{story}: {result}");
        let counted =
            result.split_once(r#""scenes":"#).and_then(|(_, rest)| rest.split([',', '}']).next()?.parse().ok());
        counted.unwrap_or_else(|| panic!("{story} counts no strikes: {result}"))
    };
    let strikes = (0..SEEDS).map(strikes_under).collect();
    drop(requests);
    worker.wait().expect("it ends with its input");
    strikes
}
