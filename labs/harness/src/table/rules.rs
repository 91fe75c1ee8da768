//! The rules that failures name: found in the sources, looked up in handouts, expected by mutants.

use super::{Checked, checked};
use crate::history::{LINEARIZABILITY, UNDECIDED};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Names of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(BTreeSet<String>);

impl Rules {
    /// Those that the sources of a directory name, and of directories below it, wherever a failure is made. Tests do not count.
    #[must_use]
    pub fn named_below(directory: &Path) -> Self {
        Rules(sources(directory).iter().flat_map(|source| named(source)).collect())
    }

    /// Those that every lab has: what ends a run in the world, and what ends a worker.
    #[must_use]
    pub fn of_all_labs() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let words = |file: &str| {
            let source = fs::read_to_string(here.join(file)).unwrap_or_default();
            let words = code(&source).split('"').skip(1).step_by(2).filter(|word| is_name(word));
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let of_runs = ["src/wording.rs", "src/stopped.rs"].into_iter().flat_map(words);
        // A word without a hyphen is none of the worker's rules.
        let of_workers = words("../../xtask/src/worker/death.rs").into_iter().filter(|word| word.contains('-'));
        Rules(of_runs.chain(of_workers).chain(["nondeterminism".to_owned()]).collect())
    }

    /// Those of labs that judge what clients are told.
    #[must_use]
    pub fn of_histories() -> Self {
        Rules::of([LINEARIZABILITY, UNDECIDED, "no-answer", "needless-maybe", "own-observations"])
    }

    /// These.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Rules(names.into_iter().map(str::to_owned).collect())
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, mut others: Rules) -> Self {
        self.0.append(&mut others.0);
        self
    }

    /// That a handout explains each of these, in a row that begins with its name, and no others. Who fails by a rule that no page
    /// names has nothing to look up.
    ///
    /// # Errors
    /// If it does not.
    pub fn explained_in(&self, handout: &str) -> Checked {
        let row = |line: &str| {
            let name = line.strip_prefix("| `")?.split_once("` |")?.0;
            is_name(name).then(|| name.to_owned())
        };
        let rows: Vec<String> = handout.lines().filter_map(row).collect();
        let explained: BTreeSet<String> = rows.iter().cloned().collect();
        let missing = self.0.difference(&explained).map(|rule| format!("the handout has no row for `{rule}`"));
        let stale =
            explained.difference(&self.0).map(|rule| format!("the handout has a row for `{rule}`, which is no rule"));
        let twice = (rows.len() != explained.len()).then(|| "a rule has two rows in the handout".to_owned());
        checked(missing.chain(stale).chain(twice))
    }

    /// That the mutants in a directory expect no others. One that a mutant names by a slip of the pen would never be broken, and the
    /// mutant be called missed. A tree without solutions has no mutants, and nothing is wrong with it.
    ///
    /// # Errors
    /// If they do.
    pub fn expected_by_mutants(&self, directory: &Path) -> Checked {
        checked(files(directory).iter().flat_map(|patch| {
            let rules = patch.lines().find_map(|line| line.strip_prefix("rules: ")).unwrap_or_default();
            let unknown = rules.split(", ").filter(|rule| !rule.is_empty() && !self.0.contains(*rule));
            let what = patch.lines().next().unwrap_or_default();
            unknown.map(move |rule| format!("`{rule}` is no rule: {what}")).collect::<Vec<_>>()
        }))
    }
}

/// The rules that a source names where it makes failures.
fn named(source: &str) -> Vec<String> {
    let calls = ["failed(", "Failed::new("].into_iter().flat_map(|call| code(source).split(call).skip(1));
    let names = calls.filter_map(|call| Some(call.trim_start().strip_prefix('"')?.split_once('"')?.0));
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

/// A source without the tests inside it.
fn code(source: &str) -> &str {
    source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

fn is_name(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// What the sources of a directory hold, and of those below; files and directories of tests are left out.
fn sources(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            found.append(&mut sources(&path));
        } else {
            found.extend(fs::read_to_string(path));
        }
    }
    found
}

/// What the files of a directory hold; nothing if there is none.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
}
