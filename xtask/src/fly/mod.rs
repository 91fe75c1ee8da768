//! `cargo lab fly`: the same code on real processes, real TCP and real files.
//!
//! - here: what is built, what is flown, and what becomes of it;
//! - `options`: what the command line asks for;
//! - `flights`: where a flight leaves its files;
//! - `live`: its table on a terminal.

mod flights;
mod live;
mod options;

use crate::building;
use crate::cli::FlyOptions;
use crate::clock;
use crate::error::LabError;
use crate::event::{Event, FlightEvent, FlightPlanEvent, FlightSummary, Summary};
use crate::exit::Exit;
use crate::house::Submission;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::session::Session;
use crate::worker::{Worker, WorkerCommand, patience};
use flights::Place;
use lab_harness::protocol::{FlightCourse, FlightResult, FlightVerdict, FlyRequest};
use live::Live;
pub use options::load;
use options::{Asked, Courses};
use std::path::{Path, PathBuf};

/// Builds worker and node, flies, reports.
pub fn fly(session: &Session<'_>, options: &FlyOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let (submission, asked) = options::read(session, options)?;
    summary.lab = Some(submission.lab.clone());
    let directory = RunDirectory::create(&session.house.output)?;
    let interrupt = Interrupt::on_signals();
    let node_binary = node(session, options.node_binary.as_deref(), &submission, &directory)
        .map_err(|error| interrupt.instead_of(error))?;
    let program = session.pilot(&submission, &directory).map_err(|error| interrupt.instead_of(error))?;
    let watch = clock::Stopwatch::start();
    let command =
        WorkerCommand { program, lab: &submission.lab, directory: &directory, patience: patience(), interrupt };
    let hangar = Hangar { session, options, submission: &submission, command: &command, node_binary, asked };
    let ended = hangar.fly_all(summary);
    summary.wall_ms = watch.wall_ms();
    ended
}

/// The node's binary, built unless one was given: without the simulator. A node that starts again is what it was.
pub fn node(
    session: &Session<'_>,
    given: Option<&Path>,
    submission: &Submission,
    directory: &RunDirectory,
) -> Result<PathBuf, LabError> {
    match given {
        Some(node) => Ok(session.house.here.join(node)),
        None => {
            let built = building::build_node(session.house, submission, session.keep_words)?;
            directory.keep(&built, &format!("node-of-{}", submission.package))
        }
    }
}

/// Everything that flights are made of.
struct Hangar<'a> {
    session: &'a Session<'a>,
    options: &'a FlyOptions,
    submission: &'a Submission,
    command: &'a WorkerCommand<'a>,
    node_binary: PathBuf,
    asked: Asked,
}

impl Hangar<'_> {
    fn fly_all(&self, summary: &mut Summary) -> Result<Exit, LabError> {
        let mut worker = Worker::start(self.command)?;
        let Courses { flying, grounded } = options::courses(&self.asked.flown, &worker.hello)?;
        let mut exit = Exit::Passed;
        let mut sums = FlightSummary { grounded: grounded.len(), ..FlightSummary::default() };
        grounded.into_iter().for_each(|test| self.session.console.say(&Event::FlightGrounded(test)));
        for (number, (name, course)) in flying.into_iter().enumerate() {
            if number > 0 {
                worker = Worker::start(self.command)?; // a worker flies once
            }
            let result = self.fly_one(&mut worker, &name, course)?;
            exit = exit.max(exit_of(result.verdict));
            sums.add(&result);
            result
                .faults
                .iter()
                .for_each(|(family, count)| *summary.faults.entry(family.clone()).or_default() += count);
            summary.flight = Some(sums.clone());
            if self.command.interrupt.is_set() {
                return Ok(exit.max(Exit::Interrupted));
            }
        }
        Ok(exit)
    }

    /// Where the user wants the files: of several flights, each in a directory of its own.
    fn data(&self, name: &str) -> Option<PathBuf> {
        let data = self.options.data.as_ref()?;
        Some(if self.options.tests.is_some() { data.join(name) } else { data.clone() })
    }

    fn fly_one(&self, worker: &mut Worker<'_>, name: &str, course: FlightCourse) -> Result<FlightResult, LabError> {
        let Hangar { session, submission, asked, .. } = self;
        let place = Place::of(session.house, self.data(name).as_deref(), &submission.lab, name, asked.seed)?;
        session.console.say(&Event::Flight(FlightPlanEvent {
            lab: submission.lab.clone(),
            submission: submission.label.clone(),
            course: name.to_owned(),
            nodes: match &course {
                FlightCourse::Calm { nodes, .. } => Some(*nodes),
                FlightCourse::Scenario { nodes, .. } => *nodes,
                FlightCourse::Test { .. } => None,
            },
            seed: asked.seed,
            directory: session.house.shown(place.path()),
        }));
        let request = FlyRequest {
            course,
            seed: asked.seed,
            directory: place.path().to_path_buf(),
            node_binary: self.node_binary.clone(),
        };
        let mut live = Live::on(session.console);
        let result = worker.fly(&request, &mut |row| match &mut live {
            Some(live) => live.show(&row),
            None => session.console.say(&Event::FlightSecond(row)),
        });
        drop(live);
        let result = result?;
        let kept = place.keep_or_clear(is_clean(&result));
        session.console.say(&Event::FlightResult(Box::new(FlightEvent {
            course: name.to_owned(),
            result: result.clone(),
            directory: kept.map(|path| session.house.shown(&path)),
        })));
        Ok(result)
    }
}

/// Whether nobody will want to look at its files: not for a rule, nor for how a node ended, nor for what is missing of its history.
fn is_clean(result: &FlightResult) -> bool {
    exit_of(result.verdict) == Exit::Passed && result.unclean.is_empty() && result.history_error.is_none()
}

const fn exit_of(verdict: FlightVerdict) -> Exit {
    match verdict {
        FlightVerdict::Safe | FlightVerdict::Linearizable => Exit::Passed,
        FlightVerdict::Undecided => Exit::Undecided,
        FlightVerdict::Interrupted => Exit::Interrupted,
        FlightVerdict::Violated => Exit::Failed,
    }
}
