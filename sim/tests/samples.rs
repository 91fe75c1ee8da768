//! Histories with known verdicts: those that lie here, and those of a directory that `WINDTUNNEL_HISTORIES` names, which holds samples of others' projects.
#![cfg(feature = "histories")]

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use windtunnel::check::linearizability::{Budget, Explained, Verdict};
use windtunnel::check::read::{Judged, ModelName, ReadOptions, judge};

fn judged(path: &Path, model: ModelName, partition: bool) -> Judged {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    judge(BufReader::new(file), &ReadOptions { partition, ..ReadOptions::new(model) })
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether it is judged as it should be, key by key and all keys together, and what is wrong is explained for little.
fn has_its_verdict(path: &Path, model: ModelName, is_right: bool) {
    for partition in [true, false] {
        let Judged { verdict, cost, explanation, .. } = judged(path, model, partition);
        let (name, found) = (path.display(), verdict == Verdict::Linearizable);
        assert_eq!(found, is_right, "{name}, key by key: {partition}: {verdict:?}");
        if let Verdict::NotLinearizable(violation) = verdict {
            assert_eq!(violation.explained, Explained::Fully, "{name}, key by key: {partition}");
            let allowed = (10 * cost.steps).max(Budget::EXPLANATION);
            assert!(explanation.steps <= allowed, "{name}, key by key: {partition}: {explanation:?} for {cost:?}");
        }
    }
}

#[test]
fn our_samples_have_their_verdicts() {
    let samples = [
        ("registers", "edn", ModelName::CasRegister),
        ("register", "log", ModelName::CasRegister),
        ("kv", "jsonl", ModelName::Kv),
        ("texts", "edn", ModelName::KvAppend),
        ("lists", "jsonl", ModelName::AppendList),
        ("counters", "jsonl", ModelName::Counter),
        ("locks", "jsonl", ModelName::Lock),
    ];
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    for (name, format, model) in samples {
        for (word, is_right) in [("right", true), ("wrong", false)] {
            has_its_verdict(&directory.join(format!("{name}-{word}.{format}")), model, is_right);
        }
    }
}

/// Porcupine's and Jepsen's public test data, by the names that they have there.
const OTHERS: [(&str, ModelName, bool); 8] = [
    ("c01-ok.txt", ModelName::KvAppend, true),
    ("c01-bad.txt", ModelName::KvAppend, false),
    ("c10-ok.txt", ModelName::KvAppend, true),
    ("c10-bad.txt", ModelName::KvAppend, false),
    ("etcd_002.log", ModelName::CasRegister, true),
    ("etcd_005.log", ModelName::CasRegister, true),
    ("etcd_000.log", ModelName::CasRegister, false),
    ("etcd_001.log", ModelName::CasRegister, false),
];

#[test]
#[ignore = "needs others' samples: WINDTUNNEL_HISTORIES=DIRECTORY cargo test -p windtunnel --test samples -- --ignored"]
fn samples_of_other_projects_have_their_verdicts() {
    let directory = std::env::var_os("WINDTUNNEL_HISTORIES").expect("WINDTUNNEL_HISTORIES names their directory");
    for (name, model, is_right) in OTHERS {
        has_its_verdict(&Path::new(&directory).join(name), model, is_right);
    }
}
