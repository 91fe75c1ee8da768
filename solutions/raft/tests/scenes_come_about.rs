//! A story whose scene never comes about passes everybody. The suite counts how often one did (`scenes`); this asks
//! that on the reference it nearly always does.
#![allow(clippy::disallowed_types)] // it starts a worker

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Under so many seeds.
const SEEDS: u64 = if cfg!(debug_assertions) { 10 } else { 100 };

/// Stories, how often each sets its scene in a run, and how often it must come about in all, of a hundred.
const SCENES: [(&str, u64, u64); 6] = [
    ("late_reply", 2, 90),
    ("double_vote", 4, 90),
    ("unsynced_copies", 4, 100),
    ("unsynced_snapshot", 2, 100),
    ("power_loss_around_snapshots", 12, 100),
    ("stale_snapshot", 4, 90),
];

/// How often the scene of a story came about, seed by seed.
fn scenes_of(story: &str) -> Vec<u64> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_solution-raft"))
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts");
    let mut requests = worker.stdin.take().expect("its input is a pipe");
    for seed in 0..SEEDS {
        writeln!(requests, r#"{{"request":"run","test":"{story}","seed":{seed}}}"#).expect("it reads its input");
    }
    drop(requests);
    let answers = BufReader::new(worker.stdout.take().expect("its output is a pipe"));
    let answers = answers.lines().map(|line| line.expect("it answers in text"));
    let scenes =
        answers.filter(|line| line.contains(r#""response":"result""#)).map(|result| scenes_in(&result)).collect();
    worker.wait().expect("it ends with its input");
    scenes
}

fn scenes_in(result: &str) -> u64 {
    let counted = result.split_once(r#""scenes":"#).map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()));
    let number = counted.and_then(|mut parts| parts.next()?.parse().ok());
    number.unwrap_or_else(|| panic!("a run that passes says how many scenes came about: {result}"))
}

#[test]
fn scenes_that_stories_set_come_about_on_the_reference() {
    for (story, in_a_run, of_a_hundred) in SCENES {
        let scenes = scenes_of(story);
        assert_eq!(scenes.len() as u64, SEEDS, "{story} ran under each seed");
        let least = in_a_run * SEEDS * of_a_hundred / 100;
        let all: u64 = scenes.iter().sum();
        assert!(all >= least, "the scene of {story} came about {all} times, and {least} are asked for: {scenes:?}");
    }
}
