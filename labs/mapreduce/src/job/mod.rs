//! `cargo lab job`: a job over real files, in the tunnel, in flight or in one go.
//!
//! This is the tester's side: it reads and writes files of the real machine, and no code of a submission sees them.
//!
//! - here: the request, and what is answered;
//! - `input`: files are read piece by piece, and cut into splits where records end;
//! - `on_nodes`: inputs go into the store, the job is submitted and followed, and parts come out; `judge` looks on, and `tally` counts;
//! - `flight`: the same on real processes;
//! - `in_one_go`: the same by [`sequential`](crate::sequential);
//! - `output`: parts as files; `skipped`: where records are that the application died of.

#[cfg(feature = "real")]
mod flight;
mod in_one_go;
mod input;
mod judge;
mod on_nodes;
mod output;
mod skipped;
mod tally;

use crate::contract::{Job, JobId};
use input::Input;
use lab_harness::file_names::unescaped;
use lab_harness::near::nearest_few;
use lab_harness::parent::{attach_progress, overhear, private_pipes, send};
use lab_harness::protocol::{Failure, JOB_ARGUMENT, JobAnswer, JobDone, JobRequest, JobWay, Refusal, RefusalKind};
use mapreduce_apps::{NotOpened, Registry};
use on_nodes::Patience;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::executor::Program;
use windtunnel::line::PanicReport;
#[cfg(not(feature = "real"))]
use {crate::contract::Split, lab_harness::errand::Errand};

/// Outputs are named by it in the store.
const OUTPUT: &str = "out";

/// Does a job, if this process was started for one.
pub fn main_if_asked(program: &Program, apps: &Registry) -> Option<ExitCode> {
    if std::env::args().nth(1).as_deref() != Some(JOB_ARGUMENT) {
        return None;
    }
    Some(match serve(program, apps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("job: {error}");
            ExitCode::from(70)
        }
    })
}

fn serve(program: &Program, apps: &Registry) -> io::Result<()> {
    attach_progress()?;
    let (input, mut output) = private_pipes()?;
    let mut lines = BufReader::new(input).lines();
    let line = lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
    let request: JobRequest = serde_json::from_str(&line).map_err(io::Error::other)?;
    let told = output.try_clone()?;
    let hung_up = Arc::new(AtomicBool::new(false));
    let asker = overhear(lines, hung_up.clone());
    let done = catch_unwind(AssertUnwindSafe(|| done(program, apps, &request, told, hung_up)));
    let answer = done.unwrap_or_else(|panic| Err(own_panic(panic.downcast_ref::<PanicReport>())));
    send(&mut output, &answer.map_or_else(Ended::answer, |done| JobAnswer::Done(Box::new(done))))?;
    // Whoever asked may look what memory it took, and then hangs up.
    let _ = asker.join();
    Ok(())
}

/// Why there is no result.
enum Ended {
    Failed(Box<Failure>),
    #[cfg_attr(not(feature = "real"), allow(dead_code, reason = "only flights miss bounds that decide nothing"))]
    Undecided(Box<Failure>),
    Refused(Refusal),
}

impl Ended {
    fn answer(self) -> JobAnswer {
        match self {
            Ended::Failed(failure) => JobAnswer::Failed(failure),
            Ended::Undecided(failure) => JobAnswer::Undecided(failure),
            Ended::Refused(refusal) => JobAnswer::Refused(refusal),
        }
    }

    /// In words, with the name of a rule.
    fn failed(rule: &str, title: impl Into<String>) -> Self {
        Ended::Failed(Box::new(Failure { rule: rule.to_owned(), title: title.into(), ..Failure::default() }))
    }

    const fn refused(kind: RefusalKind, message: String) -> Self {
        Ended::Refused(Refusal { kind, message })
    }
}

fn own_panic(report: Option<&PanicReport>) -> Ended {
    let what = report.map_or_else(
        || "a panic without a message".to_owned(),
        |report| format!("{} ({})", report.message, report.place),
    );
    let message = format!("the harness itself panicked, not the submission: {what}; please report it");
    Ended::refused(RefusalKind::Harness, message)
}

/// Does it; `told` hears how far it is. Nobody waits for it any more when whoever asked has hung up.
fn done(
    program: &Program,
    apps: &Registry,
    request: &JobRequest,
    told: File,
    hung_up: Arc<AtomicBool>,
) -> Result<JobDone, Ended> {
    let inputs: Vec<Input> = request.inputs.iter().map(|name| Input::new(name, request.split_bytes)).collect();
    let parameters = parameters(request, apps, &inputs)?;
    let (app, reduces) = (request.app.clone(), request.reduces);
    let job = move |splits| Job { id: JobId(1), app, parameters, splits, reduces, output: OUTPUT.to_owned() };
    let work = Work { inputs, directory: unescaped(&request.directory), scratch: unescaped(&request.scratch), told };
    match &request.way {
        JobWay::Sequential => in_one_go::run(work, job, apps),
        JobWay::Tunnel { seed, workers, scenario } => {
            on_nodes::run(program, work, job, *seed, *workers, scenario.as_ref())
        }
        JobWay::Flight { seed, workers, scenario, node_binary, directory, patience_s } => {
            let errand = on_nodes::errand(*seed, *workers, scenario.as_ref())?;
            let (paths, patience) =
                ([node_binary, directory].map(|path| unescaped(path)), Patience::in_flight(*patience_s));
            fly(program, work, job, errand, paths, patience, hung_up)
        }
    }
}

#[cfg(feature = "real")]
use flight::run as fly;

#[cfg(not(feature = "real"))]
fn fly(
    _: &Program,
    _: Work,
    _: impl FnOnce(Vec<Split>) -> Job,
    _: Errand,
    _: [PathBuf; 2],
    _: Patience,
    _: Arc<AtomicBool>,
) -> Result<JobDone, Ended> {
    let message = "this binary was built to stay on the ground: build it with the feature `real`";
    Err(Ended::refused(RefusalKind::BadInput, message.to_owned()))
}

/// What all ways need.
struct Work {
    inputs: Vec<Input>,
    directory: PathBuf,
    scratch: PathBuf,
    told: File,
}

/// What the application is opened with, if it can be opened: those of the request, and for a sort that was told none the
/// boundaries that a sample of the input gives.
fn parameters(request: &JobRequest, apps: &Registry, inputs: &[Input]) -> Result<Vec<u8>, Ended> {
    let parameters = match &request.parameters {
        Some(parameters) => parameters.clone(),
        None if request.app == input::SORT => input::boundaries(inputs, request.reduces)?,
        None => Vec::new(),
    };
    let refused = |not_opened| {
        let message = match not_opened {
            NotOpened::Unknown(name) => {
                let names: Vec<&str> = apps.names().collect();
                let nearest = nearest_few(&name, names.iter().copied(), 1);
                let nearest = nearest.first().map(|nearest| format!(", did you mean {nearest}?")).unwrap_or_default();
                format!("there is no application `{name}`{nearest}; this submission has {}", names.join(", "))
            }
            NotOpened::Parameters(what) => {
                format!("application {} does not take its parameters: {what}; say --parameters TEXT", request.app)
            }
        };
        Ended::refused(RefusalKind::BadInput, message)
    };
    apps.open(&request.app, &parameters).map_err(refused)?;
    Ok(parameters)
}
