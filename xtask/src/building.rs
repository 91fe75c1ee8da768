//! Turns a submission into its worker binary, with cargo and under `--cfg madsim`. [`words`] decides what of cargo's
//! words is passed on.

mod words;

use crate::blame::blame;
use crate::error::LabError;
use crate::house::{House, Submission};
use serde_json::Value;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use words::Words;

/// Builds the submission in release, with features besides the default ones; its binary's path. Cargo's words go to
/// standard error as they come; with `keep_words` they are also part of the error.
pub fn build(house: &House, submission: &Submission, keep_words: bool, features: &[&str]) -> Result<PathBuf, LabError> {
    let mut cargo = cargo("build");
    // A crate that was made, not written, is built under the repository's own configuration.
    let made_below = house.output.parent().filter(|target| submission.directory.starts_with(target));
    cargo.current_dir(made_below.map_or(&submission.directory, |_| &house.root)).arg("--release");
    if !features.is_empty() {
        cargo.arg("--features").arg(features.join(","));
    }
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR").filter(|target| !target.is_empty()) {
        // It is relative to where the user stands, and cargo stands in the submission.
        cargo.env("CARGO_TARGET_DIR", std::path::absolute(&target).unwrap_or(target.into()));
    } else if let Some(target) = made_below {
        cargo.arg("--target-dir").arg(target);
    }
    for (name, value) in flags(|name| std::env::var_os(name)) {
        cargo.env(name, value);
    }
    aloud(cargo, house, submission, keep_words)
}

/// Builds the submission's node: with the feature `real` alone and without `--cfg madsim`, in a target directory of its
/// own, so that neither build makes the other one's stale.
pub fn build_node(house: &House, submission: &Submission, keep_words: bool) -> Result<PathBuf, LabError> {
    let mut cargo = node(house);
    cargo.current_dir(&submission.directory);
    aloud(cargo, house, submission, keep_words)
}

fn node(house: &House) -> Command {
    let mut cargo = cargo("build");
    cargo.args(["--release", "--no-default-features", "--features", "real"]);
    cargo.arg("--target-dir").arg(house.output.join("fly").join("target"));
    for (name, value) in flags_without_madsim(|name| std::env::var_os(name)) {
        cargo.env(name, value);
    }
    cargo
}

fn aloud(mut cargo: Command, house: &House, submission: &Submission, keep_words: bool) -> Result<PathBuf, LabError> {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if colour {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    let words = Words::aloud();
    let messages = run(cargo, house, submission, &words, colour, keep_words)?;
    binary(submission, &messages)
}

/// The same for a crate that is not the user's and need not build: cargo's words are part of the error and nowhere
/// else. Under the repository's own configuration, wherever the crate lies.
pub fn build_quietly(house: &House, submission: &Submission) -> Result<PathBuf, LabError> {
    let mut cargo = cargo("build");
    cargo.arg("--release");
    binary(submission, &quietly(cargo, house, submission)?)
}

/// The node of such a crate.
pub fn build_node_quietly(house: &House, submission: &Submission) -> Result<PathBuf, LabError> {
    let mut cargo = node(house);
    cargo.current_dir(&house.root);
    binary(submission, &run(cargo, house, submission, &Words::default(), false, true)?)
}

/// Asks the compiler whether it would build, unoptimised: lints have made what that needs already.
pub fn check_quietly(house: &House, submission: &Submission) -> Result<(), LabError> {
    quietly(cargo("check"), house, submission).map(drop)
}

fn quietly(mut cargo: Command, house: &House, submission: &Submission) -> Result<Vec<Value>, LabError> {
    cargo.current_dir(&house.root);
    if let Some(target) = house.output.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    for (name, value) in flags(|name| std::env::var_os(name)) {
        cargo.env(name, value);
    }
    run(cargo, house, submission, &Words::default(), false, true)
}

fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(command);
    cargo
}

/// Runs cargo on the submission and hears what it says to programs.
fn run(
    mut cargo: Command,
    house: &House,
    submission: &Submission,
    words: &Words,
    colour: bool,
    keep_words: bool,
) -> Result<Vec<Value>, LabError> {
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let format = if colour { "json-diagnostic-rendered-ansi" } else { "json" };
    cargo.args(["--message-format", format, "--package", &submission.package]);
    cargo.arg("--manifest-path").arg(submission.directory.join("Cargo.toml"));
    let mut child = cargo.spawn().map_err(|error| LabError::CannotBuild(format!("cargo does not start: {error}")))?;
    let (copied, stderr) = (words.clone(), child.stderr.take());
    let copying = stderr.map(|stderr| std::thread::spawn(move || copied.pass_on(stderr)));
    let messages = child.stdout.take().map(|stdout| words.read_messages(stdout)).unwrap_or_default();
    let status = child.wait().map_err(|error| LabError::CannotBuild(format!("cargo is lost: {error}")))?;
    let _ = copying.map(JoinHandle::join);
    words.end();
    match status.success() {
        true => Ok(messages),
        false => Err(blame(house, submission, &messages, words.take(), keep_words)),
    }
}

/// The package's binary: the only one, or the one that has the package's name.
fn binary(submission: &Submission, messages: &[Value]) -> Result<PathBuf, LabError> {
    let mut binaries: Vec<(&str, &str)> = messages
        .iter()
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["kind"][0] == "bin")
        .filter(|message| in_directory(message, submission))
        .filter_map(|message| Some((message["target"]["name"].as_str()?, message["executable"].as_str()?)))
        .collect();
    if binaries.len() > 1 {
        binaries.retain(|(name, _)| *name == submission.package);
    }
    match binaries[..] {
        [(_, path)] => Ok(PathBuf::from(path)),
        _ => Err(LabError::NoBinary { submission: submission.label.clone(), found: binaries.len() }),
    }
}

fn in_directory(message: &Value, submission: &Submission) -> bool {
    let manifest = message["manifest_path"].as_str().map(PathBuf::from).and_then(|path| path.canonicalize().ok());
    manifest.is_some_and(|path| path == submission.directory.join("Cargo.toml"))
}

/// The user's own flags, with ours added: flags in the environment replace those of
/// .cargo/config.toml, and without `--cfg madsim` no simulation compiles.
fn flags(read: impl Fn(&str) -> Option<OsString>) -> Vec<(&'static str, OsString)> {
    let add = |(name, separator): (&'static str, &str)| {
        let mut value = read(name)?;
        let text = value.to_string_lossy();
        if place_of_madsim(&words_of(&text, separator)).is_some() {
            return None;
        }
        if !text.is_empty() {
            value.push(separator);
        }
        value.push(["--cfg", separator, "madsim"].concat());
        Some((name, value))
    };
    let names = [("RUSTFLAGS", " "), ("RUSTDOCFLAGS", " "), ("CARGO_ENCODED_RUSTFLAGS", "\u{1f}")];
    names.into_iter().filter_map(add).collect()
}

/// The user's own flags, without that of .cargo/config.toml: `RUSTFLAGS` in the environment replaces it, empty too.
fn flags_without_madsim(read: impl Fn(&str) -> Option<OsString>) -> Vec<(&'static str, OsString)> {
    let without = |name: &'static str, separator: &str| {
        let text = read(name)?.to_string_lossy().into_owned();
        let mut words = words_of(&text, separator);
        while let Some(place) = place_of_madsim(&words) {
            words.drain(place);
        }
        Some((name, words.join(separator).into()))
    };
    let plain = without("RUSTFLAGS", " ").unwrap_or(("RUSTFLAGS", OsString::new()));
    [Some(plain), without("CARGO_ENCODED_RUSTFLAGS", "\u{1f}")].into_iter().flatten().collect()
}

fn words_of<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    text.split(separator).filter(|word| !word.is_empty()).collect()
}

/// Where the flags set madsim, in one word or in two.
fn place_of_madsim(words: &[&str]) -> Option<Range<usize>> {
    let in_two = words.windows(2).position(|pair| pair == ["--cfg", "madsim"]).map(|at| at..at + 2);
    in_two.or_else(|| words.iter().position(|word| *word == "--cfg=madsim").map(|at| at..at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let read = |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
        flags(read).into_iter().map(|(name, value)| (name, value.into_string().unwrap())).collect()
    }

    #[test]
    fn the_users_flags_keep_their_place_and_get_the_cfg() {
        assert_eq!(with(&[]), []);
        assert_eq!(with(&[("RUSTFLAGS", "-D warnings")]), [("RUSTFLAGS", "-D warnings --cfg madsim".to_owned())]);
        assert_eq!(with(&[("RUSTFLAGS", "")]), [("RUSTFLAGS", "--cfg madsim".to_owned())]);
        for given in ["--cfg madsim -g", "--cfg  madsim", "-g --cfg=madsim"] {
            assert_eq!(with(&[("RUSTFLAGS", given)]), [], "{given}");
        }
        let encoded = with(&[("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}debuginfo=2")]);
        assert_eq!(encoded[0].1, "-C\u{1f}debuginfo=2\u{1f}--cfg\u{1f}madsim");
    }

    #[test]
    fn a_node_is_built_with_the_users_flags_and_never_with_the_cfg() {
        let with = |set: &[(&str, &str)]| {
            let read = |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
            let flags = flags_without_madsim(read).into_iter();
            flags.map(|(name, value)| (name, value.into_string().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(with(&[]), [("RUSTFLAGS", String::new())], "so that the repository's own flags are replaced");
        for given in ["--cfg madsim -g", "-g --cfg=madsim", "--cfg=madsim -g --cfg madsim --cfg=madsim"] {
            assert_eq!(with(&[("RUSTFLAGS", given)]), [("RUSTFLAGS", "-g".to_owned())], "{given}");
        }
        let encoded = with(&[("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}madsim\u{1f}-C\u{1f}debuginfo=2")]);
        assert_eq!(encoded[1], ("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}debuginfo=2".to_owned()));
    }
}
