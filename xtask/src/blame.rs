//! Whose fault it is that a build failed: told by cargo's messages, or by its words if it came to none.

use crate::error::LabError;
use crate::house::{House, Submission};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Words that mean the machine failed, not the code.
const MACHINE_TROUBLE: [&str; 7] = [
    "No space left on device",
    "Permission denied",
    "Read-only file system",
    "Disk quota exceeded",
    "Not a directory (os error",
    "failed to download",
    "Could not resolve host",
];

/// A crate that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Culprit {
    name: String,
    /// Its directory, if it is on this machine.
    directory: PathBuf,
}

/// What is said of a failed build. `words` are what cargo wrote for people.
pub fn blame(house: &House, submission: &Submission, messages: &[Value], words: String, keep_words: bool) -> LabError {
    let culprits: Vec<Culprit> = messages.iter().filter_map(of_message).collect();
    let trouble = words.lines().find(|line| MACHINE_TROUBLE.iter().any(|trouble| line.contains(trouble)));
    if let Some(line) = trouble
        && (culprits.is_empty() || words.contains(MACHINE_TROUBLE[0]))
    {
        return LabError::CannotBuild(line.trim().to_owned());
    }
    let culprit = match culprits.iter().any(|culprit| culprit.directory == submission.directory) {
        true => None,
        false => culprits.into_iter().next().or_else(|| of_words(&words, &submission.directory)),
    };
    let (submission_label, words) = (submission.label.clone(), if keep_words { words } else { String::new() });
    match culprit.filter(|culprit| culprit.directory != submission.directory) {
        None => LabError::DoesNotBuild { submission: submission_label, words },
        Some(Culprit { name, directory }) => {
            let ours = ["sim", "labs"].iter().any(|own| directory.starts_with(house.root.join(own)));
            LabError::DependencyDoesNotBuild { name, submission: submission_label, ours, words }
        }
    }
}

/// The crate of a compiler's error.
fn of_message(message: &Value) -> Option<Culprit> {
    if message["reason"] != "compiler-message" || message["message"]["level"] != "error" {
        return None;
    }
    let manifest = Path::new(message["manifest_path"].as_str()?);
    let name = name_in(message["package_id"].as_str()?)?;
    Some(Culprit { name: name.to_owned(), directory: canonical(manifest.parent()?) })
}

/// `path+file:///…/sim#windtunnel@0.1.0`, `path+file:///…/windtunnel#0.1.0`, or as before cargo 1.77
/// `windtunnel 0.1.0 (path+file:///…)`.
fn name_in(package_id: &str) -> Option<&str> {
    let Some((url, rest)) = package_id.split_once('#') else { return package_id.split(' ').next() };
    match rest.split_once('@') {
        Some((name, _)) => Some(name),
        None => url.rsplit('/').next(),
    }
}

/// The crate that cargo names when it cannot even begin: whose manifest is wrong, or asks for what
/// does not exist.
fn of_words(words: &str, here: &Path) -> Option<Culprit> {
    let words = without_colour(words);
    let quoted = |begin: &str| words.split_once(begin).and_then(|(_, rest)| rest.split_once('`')).map(|(word, _)| word);
    let pointed = words.lines().find_map(|line| line.trim_start().strip_prefix("--> ")?.split_once("/Cargo.toml:"));
    let manifest = quoted("failed to parse manifest at `").map(Path::new).and_then(Path::parent);
    if let Some(directory) = manifest.or_else(|| pointed.map(|(directory, _)| Path::new(directory))) {
        let directory = canonical(&here.join(directory));
        let name = directory.file_name()?.to_string_lossy().into_owned();
        return Some(Culprit { name, directory });
    }
    let package = quoted("required by package `").or_else(|| quoted("as a dependency of package `"))?;
    let directory = package.split_once('(').map_or("", |(_, path)| path.trim_end_matches(')'));
    Some(Culprit { name: package.split(' ').next()?.to_owned(), directory: canonical(Path::new(directory)) })
}

/// Without the sequences that colour a terminal.
fn without_colour(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

fn canonical(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn house() -> House {
        House { root: "/w".into(), here: "/w".into(), output: "/w/target/windtunnel".into() }
    }

    fn submission() -> Submission {
        let (lab, package, label) = ("raft".into(), "solution-raft".into(), "solutions/raft".into());
        Submission { lab, directory: "/w/solutions/raft".into(), package, label }
    }

    fn error(package_id: &str, directory: &str) -> Value {
        let manifest = format!("{directory}/Cargo.toml");
        json!({"reason": "compiler-message", "package_id": package_id, "manifest_path": manifest, "message": {"level": "error"}})
    }

    fn said(messages: &[Value], words: &str) -> (u8, String) {
        let error = blame(&house(), &submission(), messages, words.to_owned(), false);
        (error.exit().code(), error.to_string())
    }

    #[test]
    fn the_crate_with_the_error_is_the_one_that_is_named() {
        let own = error("path+file:///w/solutions/raft#solution-raft@0.1.0", "/w/solutions/raft");
        let sim = error("path+file:///w/sim#windtunnel@0.1.0", "/w/sim");
        let lab = error("path+file:///w/labs/raft#lab-raft@0.1.0", "/w/labs/raft");
        let foreign = error("registry+https://example.org/index#serde@1.0.0", "/registry/serde-1.0.0");
        assert_eq!(
            said(std::slice::from_ref(&own), ""),
            (3, "solutions/raft does not build: see the compiler's words above".into())
        );
        let (code, words) = said(std::slice::from_ref(&sim), "");
        assert_eq!(code, 70);
        assert!(words.starts_with("windtunnel does not build (which solutions/raft needs)"), "{words}");
        assert!(said(&[lab.clone(), own], "").1.starts_with("solutions/raft does not build"));
        assert_eq!(said(&[lab], "").0, 70);
        let (code, words) = said(&[foreign], "");
        assert_eq!(code, 3, "the submission chose it");
        assert!(words.starts_with("serde does not build (which solutions/raft needs)"), "{words}");
    }

    #[test]
    fn a_warning_blames_nobody() {
        let mut warning = error("path+file:///w/sim#windtunnel@0.1.0", "/w/sim");
        warning["message"]["level"] = "warning".into();
        assert_eq!(said(&[warning], "").0, 3);
    }

    #[test]
    fn what_cargo_cannot_resolve_is_told_by_its_words() {
        let missing =
            "error: no matching package named `nonesuch` found\nrequired by package `windtunnel v0.1.0 (/w/sim)`";
        assert!(said(&[], missing).1.starts_with("windtunnel does not build"), "{:?}", said(&[], missing));
        assert_eq!(said(&[], missing).0, 70);
        assert_eq!(said(&[], &missing.replace("/w/sim", "/w/solutions/raft")).0, 3);
        let cut = "error: failed to load manifest for workspace member `/w/labs/kv`\n\nCaused by:\n  failed to parse manifest at `/w/labs/kv/Cargo.toml`";
        assert!(said(&[], cut).1.starts_with("kv does not build"));
        let pointed = "error: unclosed table\n \u{1b}[94m--> \u{1b}[0m/w/labs/kv/Cargo.toml:1:9\n";
        assert!(said(&[], pointed).1.starts_with("kv does not build"), "{:?}", said(&[], pointed));
        assert_eq!(said(&[], "error: failed to download from `https://example.org`").0, 70);
    }

    #[test]
    fn ids_of_packages_are_read_in_all_their_forms() {
        for id in [
            "path+file:///w/sim#windtunnel@0.1.0",
            "path+file:///w/windtunnel#0.1.0",
            "windtunnel 0.1.0 (path+file:///w/sim)",
        ] {
            assert_eq!(name_in(id), Some("windtunnel"), "{id}");
        }
    }
}
