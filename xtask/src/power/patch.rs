//! A mutant: one deliberate mistake, as a patch of the reference solution with a few lines above it.
//!
//! ```text
//! what: a server votes for whoever asks, however often in a term
//! rules: one-vote, election-safety
//!
//! --- a/src/core/election.rs
//! +++ b/src/core/election.rs
//! @@ -36,3 +36,3 @@
//! ```
//!
//! Lines of context must be there to the letter; only their place in the file may have moved.

use diffy::Patch;
use diffy::patch_set::{FileOperation, FilePatch, ParseOptions, PatchSet};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Rules that no mutant may be caught by: its own code gave up, and the suite saw nothing wrong.
const OWN_GOALS: [&str; 8] = [
    "panic",
    "panic-in-drop",
    "stack-overflow",
    "out-of-memory",
    "process-lost",
    "worker-died",
    "worker-exited",
    "worker-garbled",
];

/// What a mutant says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The name of its file, without `.patch`.
    pub name: String,
    /// What is wrong, in one line.
    pub what: String,
    /// The rules whose violation fits the mistake.
    pub rules: Vec<String>,
    /// Why no rule can be broken, if none can.
    pub equivalent: Option<String>,
    diff: String,
}

/// The files of a solution that a patch leaves otherwise; `None` for one that it removes.
pub type Changes = BTreeMap<PathBuf, Option<String>>;

/// A patch that is none, or of another solution than this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    #[error("line {line}: `{text}` is no header: say `what:`, `rules:` or `equivalent:`, then the diff")]
    Header { line: usize, text: String },
    #[error("its header lacks `{0}`")]
    Lacks(&'static str),
    #[error("its header names `{0}` as a rule, which is no catch: the mutant's own code gives up there")]
    OwnGoal(String),
    #[error("its diff cannot be read: {0}")]
    Unreadable(String),
    #[error("it changes `{0}`, which is no file below the solution's directory")]
    Outside(String),
    #[error("it changes {0}, which is not there")]
    NoFile(String),
    #[error("it makes {0}, which is there already")]
    Exists(String),
    #[error("{file}: hunk {number} of {of} (@@ -{line} @@) does not apply: its lines are not there")]
    Hunk { file: String, number: usize, of: usize, line: String },
}

impl Mutant {
    /// Reads a patch file's text.
    pub fn parse(name: &str, text: &str) -> Result<Self, PatchError> {
        let mut mutant = Mutant {
            name: name.to_owned(),
            what: String::new(),
            rules: Vec::new(),
            equivalent: None,
            diff: String::new(),
        };
        let mut length = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.starts_with("--- ") || line.starts_with("diff ") {
                break;
            }
            length += line.len();
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            match (key.trim(), value.trim()) {
                ("what", what) => mutant.what = what.to_owned(),
                ("rules", rules) => {
                    let rules = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty());
                    mutant.rules = rules.map(str::to_owned).collect();
                }
                ("equivalent", argument) => mutant.equivalent = Some(argument.to_owned()),
                ("", _) => {}
                _ => return Err(PatchError::Header { line: number + 1, text: line.trim().to_owned() }),
            }
        }
        mutant.diff = text[length..].to_owned();
        if mutant.what.is_empty() {
            return Err(PatchError::Lacks("what: what is wrong, in one line"));
        }
        match &mutant.equivalent {
            None if mutant.rules.is_empty() => return Err(PatchError::Lacks("rules: the rules that fit the mistake")),
            Some(argument) if argument.is_empty() => {
                return Err(PatchError::Lacks("equivalent: an argument why no rule can be broken"));
            }
            _ => {}
        }
        match mutant.rules.iter().find(|rule| OWN_GOALS.contains(&rule.as_str())) {
            Some(rule) => Err(PatchError::OwnGoal(rule.clone())),
            None => Ok(mutant),
        }
    }

    /// What the solution in that directory becomes; nothing is written.
    pub fn apply(&self, solution: &Path) -> Result<Changes, PatchError> {
        let mut changes = Changes::new();
        for file in PatchSet::parse(&self.diff, ParseOptions::unidiff()) {
            let file = file.map_err(|error| PatchError::Unreadable(error.to_string()))?;
            apply_file(&file, solution, &mut changes)?;
        }
        Ok(changes)
    }
}

fn apply_file(file: &FilePatch<'_, str>, solution: &Path, changes: &mut Changes) -> Result<(), PatchError> {
    let Some(patch) = file.patch().as_text() else { return Err(PatchError::Unreadable("it is binary".to_owned())) };
    let operation = file.operation().strip_prefix(1);
    let (from, to) = match &operation {
        FileOperation::Create(path) => (None, Some(path)),
        FileOperation::Delete(path) => (Some(path), None),
        FileOperation::Modify { original, modified } => (Some(original), Some(modified)),
        FileOperation::Rename { from, to } | FileOperation::Copy { from, to } => (Some(from), Some(to)),
    };
    let [from, to] = [from, to].map(|path| path.map(|path| inside(path)).transpose());
    let (from, to) = (from?, to?);
    let read = |path: &Path, changes: &Changes| match changes.get(path) {
        Some(changed) => changed.clone(),
        None => std::fs::read_to_string(solution.join(path)).ok(),
    };
    let shown = |path: &Path| path.display().to_string();
    let before = match &from {
        Some(path) => read(path, changes).ok_or_else(|| PatchError::NoFile(shown(path)))?,
        None => String::new(),
    };
    if let Some(path) = &to
        && from.as_ref() != Some(path)
        && read(path, changes).is_some()
    {
        return Err(PatchError::Exists(shown(path)));
    }
    let name = from.as_ref().or(to.as_ref()).map(|path| shown(path)).unwrap_or_default();
    let after = diffy::apply(&before, patch).map_err(|error| hunk(name, patch, &error))?;
    changes.extend(from.map(|path| (path, None)));
    changes.extend(to.map(|path| (path, Some(after))));
    Ok(())
}

/// A path that stays below the directory it is meant for.
fn inside(path: &str) -> Result<PathBuf, PatchError> {
    let path = Path::new(path);
    let mut components = path.components();
    if path.as_os_str().is_empty() || !components.all(|component| matches!(component, Component::Normal(_))) {
        return Err(PatchError::Outside(path.display().to_string()));
    }
    Ok(path.to_path_buf())
}

/// Which hunk it was: diffy says so in words alone.
fn hunk(file: String, patch: &Patch<'_, str>, error: &diffy::ApplyError) -> PatchError {
    let words = error.to_string();
    let number = words.rsplit('#').next().and_then(|number| number.parse().ok()).unwrap_or(1_usize);
    let of = patch.hunks().len();
    let range = patch.hunks().get(number.saturating_sub(1)).map(|hunk| hunk.old_range());
    let line = range.map(|range| format!("{},{}", range.start(), range.len())).unwrap_or_default();
    PatchError::Hunk { file, number, of, line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::random_name;

    const HEAD: &str = "what: it is off by one\nrules: one-vote, log-matching\n\n";

    struct Solution(PathBuf);

    impl Solution {
        fn new() -> Self {
            let root = std::env::temp_dir().join(format!("windtunnel-patch-{}", random_name()));
            std::fs::create_dir_all(root.join("src")).unwrap();
            let text: String = (1..=20).map(|line| format!("line {line}\n")).collect();
            std::fs::write(root.join("src/lib.rs"), text).unwrap();
            Solution(root)
        }

        fn apply(&self, diff: &str) -> Result<Changes, PatchError> {
            Mutant::parse("m", &format!("{HEAD}{diff}")).unwrap().apply(&self.0)
        }
    }

    impl Drop for Solution {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    const FILE: &str = "--- a/src/lib.rs\n+++ b/src/lib.rs\n";

    #[test]
    fn the_header_says_what_is_wrong_and_who_should_see_it() {
        let text = format!("{HEAD}equivalent: nobody looks\ndiff --git a/x b/x\n{FILE}");
        let mutant = Mutant::parse("off-by-one", &text).unwrap();
        assert_eq!((&*mutant.name, &*mutant.what), ("off-by-one", "it is off by one"));
        assert_eq!(mutant.rules, ["one-vote", "log-matching"]);
        assert_eq!(mutant.equivalent.as_deref(), Some("nobody looks"));
        assert!(mutant.diff.starts_with("diff --git"), "{}", mutant.diff);
    }

    #[test]
    fn a_header_that_is_none_is_named() {
        let said = |text: &str| Mutant::parse("m", text).unwrap_err().to_string();
        assert!(said("what: x\nrules: one-vote\nrule: y\n").contains("line 3: `rule: y` is no header"));
        assert!(said("rules: one-vote\n--- a/x\n").contains("lacks `what:"));
        assert!(said("what: x\nrules: ,\n--- a/x\n").contains("lacks `rules:"));
        assert!(said("what: x\nequivalent:\n--- a/x\n").contains("lacks `equivalent:"));
        assert!(said("what: x\nrules: one-vote, panic\n--- a/x\n").contains("`panic`"));
        assert!(Mutant::parse("m", "what: x\nequivalent: for this reason\n--- a/x\n").is_ok(), "no rule can be named");
    }

    #[test]
    fn lines_may_have_moved_but_not_changed() {
        let solution = Solution::new();
        let hunk = |from: u32, context: &str| {
            let diff = format!("{FILE}@@ -{from},3 +{from},3 @@\n {context}\n-line 8\n+line eight\n line 9\n");
            solution.apply(&diff)
        };
        for from in [7, 2, 15] {
            let changes = hunk(from, "line 7").unwrap();
            let text = changes[Path::new("src/lib.rs")].as_ref().unwrap();
            assert!(text.contains("line 7\nline eight\nline 9\n") && text.ends_with("line 20\n"), "{text}");
        }
        let error = hunk(7, "line 6").unwrap_err();
        assert_eq!(error.to_string(), "src/lib.rs: hunk 1 of 1 (@@ -7,3 @@) does not apply: its lines are not there");
    }

    #[test]
    fn the_hunk_that_does_not_apply_is_named_and_nothing_is_written() {
        let solution = Solution::new();
        let good = "@@ -1,2 +1,2 @@\n line 1\n-line 2\n+line two\n";
        let error = solution.apply(&format!("{FILE}{good}@@ -9,2 +9,2 @@\n line 9\n-line 11\n+x\n")).unwrap_err();
        assert!(error.to_string().contains("hunk 2 of 2 (@@ -9,2 @@)"), "{error}");
        assert!(std::fs::read_to_string(solution.0.join("src/lib.rs")).unwrap().contains("line 2\n"));
    }

    #[test]
    fn files_are_made_and_removed_and_changed_twice() {
        let solution = Solution::new();
        let made = "--- /dev/null\n+++ b/src/new.rs\n@@ -0,0 +1 @@\n+new\n";
        let first = format!("{FILE}@@ -1,2 +1,2 @@\n line 1\n-line 2\n+line two\n");
        let second = format!("{FILE}@@ -2,2 +2,2 @@\n-line two\n+line 2b\n line 3\n");
        let changes = solution.apply(&format!("{made}{first}{second}")).unwrap();
        assert_eq!(changes[Path::new("src/new.rs")].as_deref(), Some("new\n"));
        assert!(changes[Path::new("src/lib.rs")].as_ref().unwrap().contains("line 2b"));
        assert_eq!(solution.apply(&made.replace("new.rs", "lib.rs")), Err(PatchError::Exists("src/lib.rs".into())));
    }

    #[test]
    fn a_patch_reaches_no_file_but_the_solutions() {
        let solution = Solution::new();
        for path in ["a/../outside", "a//etc/passwd", "a/"] {
            let diff = format!("--- {path}\n+++ {path}\n@@ -1 +1 @@\n-x\n+y\n");
            assert!(
                matches!(solution.apply(&diff), Err(PatchError::Outside(_))),
                "{path}: {:?}",
                solution.apply(&diff)
            );
        }
        let missing = "--- a/src/no.rs\n+++ b/src/no.rs\n@@ -1 +1 @@\n-x\n+y\n";
        assert_eq!(solution.apply(missing), Err(PatchError::NoFile("src/no.rs".into())));
        for nothing in ["", "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,2 +1,2 @@\n line 1\n"] {
            assert!(matches!(solution.apply(nothing), Err(PatchError::Unreadable(_))), "{nothing}");
        }
    }
}
