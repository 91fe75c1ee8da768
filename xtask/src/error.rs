//! What ends a command before it has an answer: each names the thing and the way out.

use crate::exit::Exit;
use lab_harness::protocol::{Failure, Refusal, RefusalKind, SavedFailureError};
use lab_harness::scenario::{ScenarioError, TimeError};
use lab_harness::wrap::plain;
use std::io;
use std::path::PathBuf;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("there is no lab `{name}`")]
    UnknownLab { name: String, nearest: Vec<String> },
    #[error("which lab? say `cargo lab {command} LAB`, or run it inside a submission")]
    NoLab { command: &'static str, nearest: Vec<String> },
    #[error("lab {lab} has no part `{name}`")]
    UnknownPart { lab: String, name: String, nearest: Vec<String> },
    #[error("lab {lab} has no tag `{name}`")]
    UnknownTag { lab: String, name: String, nearest: Vec<String> },
    #[error("there is no scenario `{name}`, neither as a file nor under {}", .directory.display())]
    UnknownScenario { name: String, directory: PathBuf, nearest: Vec<String> },
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error("no test of lab {lab} matches `{filter}`")]
    FilterMatchesNothing { lab: String, filter: String, nearest: Vec<String> },
    #[error("no test of lab {lab} is left when all filters apply")]
    NothingLeft { lab: String },
    #[error("{0}")]
    Seeds(#[from] crate::seeds::SeedsError),
    #[error("{} is locked: another flight uses it; wait for its end, or give this one a directory of its own (--data DIR)", .0.display())]
    InFlight(PathBuf),
    #[error("--load {0}: give a time, as 20s")]
    Load(String),
    #[error("--from {0}")]
    From(TimeError),
    #[error("no test that matches `{filter}` flies: {reason} (`cargo lab list --flight` shows which do)")]
    Grounded { filter: String, reason: String },
    #[error("--jobs {0}: give a number of workers, at least 1")]
    Jobs(String),
    #[error(
        "--save-schedule writes one schedule, but {tests} test(s) and {seeds} seed(s) are chosen: name one test and one --seed"
    )]
    ManySchedules { tests: usize, seeds: u64 },
    #[error("{} is no submission: {problem}", .directory.display())]
    NotASubmission { directory: PathBuf, problem: String },
    #[error("{} is a submission for lab {found}, not {expected}", .directory.display())]
    OtherLab { directory: PathBuf, found: String, expected: String },
    #[error("lab {0} is not built on Raft: leave out --raft")]
    NotOnRaft(String),
    #[error("{submission} does not build{}", if .words.is_empty() { ": see the compiler's words above" } else { ":" })]
    DoesNotBuild { submission: String, words: String },
    #[error(
        "{submission} does not build: it needs one binary, src/main.rs, which starts the lab's worker; found {found}"
    )]
    NoBinary { submission: String, found: usize },
    #[error("{name} does not build (which {submission} needs){}{}",
        if *ours { ": this is Windtunnel's own code, not the submission's" } else { "" },
        if .words.is_empty() { "; see the compiler's words above" } else { ":" })]
    DependencyDoesNotBuild { name: String, submission: String, ours: bool, words: String },
    #[error("{} is not empty: choose another directory, `cargo lab new {lab} DIR`", .directory.display())]
    NotEmpty { directory: PathBuf, lab: String },
    #[error("{} is not empty: choose another directory, `cargo lab export DIR`", .0.display())]
    ExportNotEmpty(PathBuf),
    #[error("{} lies inside the repository: choose a directory outside, or one below target/", .0.display())]
    ExportInside(PathBuf),
    #[error(
        "this tree has no solution of lab {lab}: `cargo lab new {lab}` begins one of your own, `cargo lab test {lab} --submission submissions/{lab}` tests it"
    )]
    NoSolution { lab: String },
    #[error(
        "this lab runs on a Raft, and there is none here: begin with `cargo lab new raft`, or put yours into submissions/raft"
    )]
    NoRaft,
    #[error(
        "{} lies inside the repository, whose workspace takes only submissions/NAME: say `cargo lab new {lab} {member}`, or choose a directory outside, `cargo lab new {lab} {outside}`",
        .directory.display()
    )]
    InsideTheRepository { directory: PathBuf, lab: String, member: String, outside: String },
    #[error("lab {lab} has no starter yet ({} is missing)", .directory.display())]
    NoStarter { lab: String, directory: PathBuf },
    #[error("lab {lab} has no mutants: {} holds no *.patch (docs/POWER.md says what belongs there)", .directory.display())]
    NoMutants { lab: String, directory: PathBuf },
    #[error("lab {lab} has no mutant `{name}`")]
    UnknownMutant { lab: String, name: String, nearest: Vec<String> },
    #[error("there is no failure to replay: {} holds none", .0.display())]
    NoFailures(PathBuf),
    #[error(transparent)]
    Saved(#[from] SavedFailureError),
    #[error("{} was made with weather version {saved}, this is version {current}: the seed means another run now; find the failure again", .file.display())]
    OtherWeather { file: PathBuf, saved: u32, current: u32 },
    #[error("the worker speaks version {found} of the protocol, expected {expected}: build both from the same sources")]
    OtherProtocol { found: u32, expected: u32 },
    #[error("{}", .0.message)]
    Refused(Refusal),
    #[error("cannot read {}: {source}", .path.display())]
    CannotRead { path: PathBuf, source: io::Error },
    #[error("{}: {problem}", .path.display())]
    NoHistory { path: PathBuf, problem: windtunnel::check::read::ReadError },
    /// A path the user gave.
    #[error("cannot write {}: {source}", .path.display())]
    CannotWrite { path: PathBuf, source: io::Error },
    #[error("there is no emitter `{name}`: --emit KIND=FILE writes {}", known.join(", "))]
    UnknownEmitter { name: String, known: [String; 2] },
    #[error("--emit {word} names no file: say --emit {name}=FILE")]
    EmitterWithoutFile { word: String, name: String },
    #[error(
        "`{0}` needs an option of its own: --emit takes one KIND=FILE and may be repeated, as in `--emit junit=FILE --emit {0}`"
    )]
    EmitterWithoutOption(String),
    #[error("--emit names {} twice: give each kind a file of its own", .0.display())]
    EmittersShareFile(PathBuf),
    #[error("cannot write the results to {}: {source} (they are printed all the same)", .path.display())]
    CannotEmit { path: PathBuf, source: io::Error },
    /// A path of our own.
    #[error("cannot write under {}: {source} (set CARGO_TARGET_DIR to a directory with room that you may write)", .path.display())]
    Target { path: PathBuf, source: io::Error },
    #[error("cannot build: {0}")]
    CannotBuild(String),
    #[error("cannot start the worker {}: {source}", .program.display())]
    CannotStart { program: PathBuf, source: io::Error },
    #[error("{0} is not the repository's root: run `cargo lab` from the repository or from a submission")]
    NoHouse(String),
    #[error("this is the program of another clone, {}, which shares its target directory with {}: give each a CARGO_TARGET_DIR of its own", .built_in.display(), .here.display())]
    OtherHouse { built_in: PathBuf, here: PathBuf },
    #[error("the worker of {program} is no use: {problem}")]
    Worker { program: String, problem: String },
    /// What was started as a worker has not begun as one.
    #[error("{} is no worker: its main must call `lab_{lab}::worker`; {problem}", .program.display())]
    NoWorker { program: PathBuf, lab: String, problem: String },
    #[error("--input {} matches no file{}: see what is there with `ls {}`", .pattern.display(),
        match .directories { 0 => String::new(), 1 => ", only a directory".to_owned(), many => format!(", only {many} directories") },
        .pattern.display())]
    NoInput { pattern: PathBuf, directories: usize },
    #[error("--input {path} is a directory: say --input '{path}/*' for the files in it, '{path}/**/*' for those below too", path = .0.display())]
    InputIsDirectory(PathBuf),
    #[error("{} is there already: choose another --output, or say --overwrite", .0.display())]
    OutputExists(PathBuf),
    #[error("{} is not overwritten, since it is no output of a job: {what}; choose another --output, or remove it yourself", .output.display())]
    NotAnOutput { output: PathBuf, what: String },
    #[error("--output {} has no directory to be in: make it with `mkdir -p {}`", .output.display(), .directory.display())]
    NoOutputDirectory { output: PathBuf, directory: PathBuf },
    #[error("--output {} is no name for a new directory: say --output DIR", .0.display())]
    NoOutputName(PathBuf),
    #[error("the job failed: {}", failed(.0))]
    JobFailed(Box<Failure>),
    #[error("the job is undecided: {}", failed(.0))]
    JobUndecided(Box<Failure>),
    #[error("interrupted")]
    Interrupted,
}

/// What broke, and what to look at next, a line each.
fn failed(failure: &Failure) -> String {
    let lines = [Some(&failure.title), failure.source.as_ref(), failure.hint.as_ref()];
    let lines: Vec<String> = lines.into_iter().flatten().chain(&failure.facts).map(|line| plain(line)).collect();
    lines.join("\n  ")
}

impl LabError {
    /// How the program ends for it.
    pub fn exit(&self) -> Exit {
        match self {
            LabError::FilterMatchesNothing { .. }
            | LabError::NothingLeft { .. }
            | LabError::Grounded { .. }
            | LabError::UnknownMutant { .. } => Exit::NothingMatched,
            LabError::DependencyDoesNotBuild { ours: true, .. } => Exit::Harness,
            LabError::DoesNotBuild { .. } | LabError::DependencyDoesNotBuild { .. } | LabError::NoBinary { .. } => {
                Exit::DoesNotBuild
            }
            LabError::Refused(refusal) if refusal.kind == RefusalKind::BadInput => Exit::Usage,
            LabError::JobFailed(_) => Exit::Failed,
            LabError::JobUndecided(_) => Exit::Undecided,
            LabError::OtherProtocol { .. }
            | LabError::Refused(_)
            | LabError::Target { .. }
            | LabError::CannotEmit { .. }
            | LabError::CannotBuild(_)
            | LabError::CannotStart { .. }
            | LabError::NoHouse(_)
            | LabError::OtherHouse { .. }
            | LabError::Worker { .. }
            | LabError::NoWorker { .. } => Exit::Harness,
            LabError::Interrupted => Exit::Interrupted,
            _ => Exit::Usage,
        }
    }

    /// Names that may have been meant.
    pub fn nearest(&self) -> &[String] {
        match self {
            LabError::UnknownLab { nearest, .. }
            | LabError::NoLab { nearest, .. }
            | LabError::UnknownPart { nearest, .. }
            | LabError::UnknownTag { nearest, .. }
            | LabError::UnknownScenario { nearest, .. }
            | LabError::UnknownMutant { nearest, .. }
            | LabError::FilterMatchesNothing { nearest, .. } => nearest,
            _ => &[],
        }
    }

    /// The same, for those who have read the other program's words.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        if let LabError::DoesNotBuild { words, .. } | LabError::DependencyDoesNotBuild { words, .. } = &mut self {
            words.clear();
        }
        self
    }

    /// Words of another program that belong to it, as they are.
    pub fn words(&self) -> &str {
        match self {
            LabError::DoesNotBuild { words, .. } | LabError::DependencyDoesNotBuild { words, .. } => words,
            _ => "",
        }
    }
}
