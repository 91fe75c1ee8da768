//! The failures that were found, one self-contained file each, under target/windtunnel/failures.

use crate::error::LabError;
use crate::seeds::random_name;
use lab_harness::protocol::{Failure, SavedFailure};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// More than that many files are not kept: the oldest go.
const MOST: usize = 100;
/// Of one rule broken in one test, this many seeds are kept: the new one and the smallest others.
const MOST_ALIKE: usize = 3;

/// The directory of failure files.
#[derive(Debug)]
pub struct Failures(PathBuf);

impl Failures {
    /// Those under target/windtunnel.
    pub fn under(output: &Path) -> Self {
        Failures(output.join("failures"))
    }

    /// Saves one: whole or not at all, whoever else is writing. Returns its path.
    pub fn save(&self, saved: &SavedFailure) -> Result<PathBuf, LabError> {
        let path = self.0.join(file_name(saved));
        let temporary = self.0.join(format!(".{}.tmp", random_name()));
        let written = std::fs::create_dir_all(&self.0)
            .and_then(|()| std::fs::write(&temporary, saved.to_text()))
            .and_then(|()| std::fs::rename(&temporary, &path));
        if let Err(source) = written {
            let _ = std::fs::remove_file(&temporary);
            return Err(LabError::Target { path: self.0.clone(), source });
        }
        self.drop_others_alike(saved, &path);
        self.drop_oldest(&path);
        Ok(path)
    }

    /// A failure file by its path, or by its name alone if it is one of these.
    pub fn find(&self, here: &Path, wanted: &Path) -> PathBuf {
        let (file, own) = (here.join(wanted), self.0.join(wanted));
        if !file.exists() && own.is_file() { own } else { file }
    }

    /// The newest one.
    pub fn last(&self) -> Result<PathBuf, LabError> {
        self.by_age().pop().ok_or_else(|| LabError::NoFailures(self.0.clone()))
    }

    fn drop_others_alike(&self, saved: &SavedFailure, keep: &Path) {
        let files = self.by_age().into_iter().filter(|path| path != keep);
        let others = files.filter_map(|path| Some((SavedFailure::read(&path).ok()?, path)));
        let mut alike: Vec<_> = others.filter(|(other, _)| key(other) == key(saved)).collect();
        alike.sort_by_key(|(other, _)| other.result.seed);
        for (_, path) in alike.iter().skip(MOST_ALIKE - 1) {
            let _ = std::fs::remove_file(path);
        }
    }

    fn drop_oldest(&self, keep: &Path) {
        let files = self.by_age();
        let surplus = files.len().saturating_sub(MOST);
        for path in files.iter().filter(|path| *path != keep).take(surplus) {
            let _ = std::fs::remove_file(path);
        }
    }

    /// All files, oldest first.
    fn by_age(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let mut files: Vec<(SystemTime, PathBuf)> = paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
            .collect();
        files.sort_unstable();
        files.into_iter().map(|(_, path)| path).collect()
    }
}

/// What makes two failures the same find: lab, submission, test, scenario, rule, and the place of a panic.
fn key(saved: &SavedFailure) -> [Option<&str>; 6] {
    let failure = saved.result.failure.as_ref();
    let scenario = saved.scenario.as_ref().map(|scenario| &*scenario.name);
    let rule = failure.map(|failure| &*failure.rule);
    [Some(&saved.lab), Some(&saved.submission), Some(&saved.result.test), scenario, rule, failure.and_then(panicked_at)]
}

/// Where lab code panicked: `src/core/vote.rs:42:9`. A worker that died of it said so last.
fn panicked_at(failure: &Failure) -> Option<&str> {
    let words = std::iter::once(&failure.title).chain(failure.output.iter().map(|line| &line.text));
    let place = words.filter_map(|text| text.split_once("panicked at ")).next()?.1;
    let place = place.split(": ").next()?.lines().next()?;
    Some(place.trim_end_matches(':'))
}

/// `raft-re_election-7.json`; a scenario and a submission of one's own are named too.
fn file_name(saved: &SavedFailure) -> String {
    let mut parts = vec![saved.lab.as_str()];
    if !saved.submission.starts_with("solutions/") {
        let directory = Path::new(&saved.submission).file_name().and_then(|name| name.to_str());
        parts.extend(directory.filter(|directory| *directory != saved.lab));
    }
    parts.push(&saved.result.test);
    let scenario = saved.scenario.as_ref().map(|scenario| Path::new(&scenario.name));
    parts.extend(scenario.and_then(Path::file_stem).and_then(|name| name.to_str()));
    let name = format!("{}-{}", parts.join("-"), saved.result.seed);
    let tame = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    format!("{}.json", name.chars().map(tame).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_harness::protocol::{FoundBy, RunResult, TraceHash, Verdict};
    use std::collections::BTreeMap;
    use windtunnel::Seed;

    fn saved(test: &str, rule: &str, seed: u64) -> SavedFailure {
        let failure = Failure { rule: rule.into(), title: "It broke.".into(), ..Failure::default() };
        let result = RunResult {
            test: test.into(),
            seed: Seed(seed),
            verdict: Verdict::Failed,
            trace_hash: TraceHash(1),
            hash_at: None,
            events: 1,
            sim_ns: 1,
            faults: Default::default(),
            rough: Vec::new(),
            never_struck: Vec::new(),
            counted: BTreeMap::new(),
            messages: 0,
            bytes: 0,
            peak_heap_bytes: 0,
            failure: Some(failure),
        };
        SavedFailure {
            format: SavedFailure::FORMAT.into(),
            weather_version: 1,
            lab: "raft".into(),
            submission: "solutions/raft".into(),
            sources: TraceHash(2),
            files: Default::default(),
            scenario: None,
            found_by: FoundBy::Run,
            result,
        }
    }

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            Place(std::env::temp_dir().join(format!("windtunnel-{name}-{}", random_name())))
        }

        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.0.join("failures")).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort_unstable();
            names
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn of_one_rule_in_one_test_the_new_and_the_smallest_seeds_are_kept() {
        let place = Place::new("alike");
        let failures = Failures::under(&place.0);
        for seed in [5, 9, 2, 7, 7] {
            failures.save(&saved("backup", "panic", seed)).unwrap();
        }
        failures.save(&saved("backup", "never-idle", 8)).unwrap();
        assert_eq!(
            place.names(),
            ["raft-backup-2.json", "raft-backup-5.json", "raft-backup-7.json", "raft-backup-8.json"]
        );
    }

    #[test]
    fn panics_at_different_places_are_different_finds() {
        let place = Place::new("panics");
        let failures = Failures::under(&place.0);
        for (seed, line) in [(1, 10), (2, 10), (3, 10), (4, 10), (5, 99), (6, 99)] {
            let mut panic = saved("backup", "panic", seed);
            let title = format!("node {} panicked at src/lib.rs:{line}:5: no entry {seed}", seed % 3 + 1);
            panic.result.failure.as_mut().unwrap().title = title;
            failures.save(&panic).unwrap();
        }
        let kept: Vec<_> = [1, 2, 4, 5, 6].iter().map(|seed| format!("raft-backup-{seed}.json")).collect();
        assert_eq!(place.names(), kept, "three of the four at line 10, both at line 99");
    }

    #[test]
    fn a_hundred_are_kept_and_the_last_one_is_found() {
        let place = Place::new("hundred");
        let failures = Failures::under(&place.0);
        for test in 0..MOST + 5 {
            failures.save(&saved(&format!("test_{test:03}"), "panic", 1)).unwrap();
        }
        assert_eq!(place.names().len(), MOST);
        assert!(place.names().contains(&"raft-test_104-1.json".to_owned()));
        assert_eq!(failures.last().unwrap(), place.0.join("failures/raft-test_104-1.json"));
    }

    #[test]
    fn names_of_files_are_tame() {
        let mut odd = saved("../../etc", "panic", 1);
        odd.submission = "/home/me/my raft".into();
        assert_eq!(file_name(&odd), "raft-my_raft-.._.._etc-1.json");
    }
}
