//! `cargo lab job`: a job of lab mapreduce over real files, in the tunnel, in flight or in one go.
//!
//! - here: what is read, done and told;
//! - `inputs`: the files that are meant; `glob`: patterns;
//! - `place`: the output: beside its place until it is whole;
//! - `flight`: what real processes need besides;
//! - `bar`: how far it is, on a terminal.
//!
//! The job itself is done by the submission's binary, which knows the applications: `worker::job` starts it.

mod bar;
mod flight;
mod glob;
mod inputs;
mod place;

use crate::cli::JobOptions;
use crate::clock::Stopwatch;
use crate::error::LabError;
use crate::event::{Event, JobEvent, Summary};
use crate::exit::Exit;
use crate::house::Submission;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::seeds::Seeds;
use crate::session::Session;
use crate::weather;
use crate::worker::{WorkerCommand, job as child, patience};
use bar::Bar;
use flight::Hangar;
use lab_harness::file_names::escaped;
use lab_harness::protocol::{JobDone, JobRequest, JobWay};
use place::Place;
use std::os::unix::ffi::OsStrExt as _;

/// The lab whose applications are run.
const LAB: &str = "mapreduce";

/// Builds the submission's binary, does the job, reports.
pub fn job(session: &Session<'_>, options: &JobOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let house = session.house;
    let submission = submission(session, options)?;
    summary.lab = Some(LAB.to_owned());
    let asked = Seeds::from_options(options.seed.as_deref(), None)?;
    let scenario = options.scenario.as_deref().map(|path| weather::read(house, LAB, path)).transpose()?;
    let inputs = inputs::files(&house.here, &options.input)?;
    let place = Place::find(&house.here, &options.output, options.overwrite)?;
    let directory = RunDirectory::create(&house.output)?;
    let interrupt = Interrupt::on_signals();
    let draft = place.begin()?;
    let hangar =
        Hangar::build(session, options, &submission, &directory).map_err(|error| interrupt.instead_of(error))?;
    let program =
        if hangar.is_some() { session.pilot(&submission, &directory) } else { session.binary(&submission, &directory) };
    let program = program.map_err(|error| interrupt.instead_of(error))?;
    let way = match asked.unwrap_or_else(Seeds::drawn).at(0) {
        Some(seed) if !options.sequential => {
            session.console.say(&Event::Seed { seed, drawn: asked.is_none() });
            match &hangar {
                Some(hangar) => hangar.way(seed, options.workers, scenario),
                None => JobWay::Tunnel { seed, workers: options.workers, scenario },
            }
        }
        _ => JobWay::Sequential,
    };
    let request = JobRequest {
        app: options.app.clone(),
        parameters: options.parameters.as_ref().map(|text| text.as_bytes().to_vec()),
        inputs: inputs.iter().map(|path| escaped(path)).collect(),
        split_bytes: options.split_kib << 10,
        reduces: options.reduces,
        directory: escaped(draft.path()),
        scratch: escaped(directory.path()),
        way,
    };
    let command = WorkerCommand { program, lab: LAB, directory: &directory, patience: patience(), interrupt };
    let watch = Stopwatch::start();
    let mut bar = Bar::begin();
    let done = child::run(&command, &house.here, &request, |progress| bar.show(progress));
    drop(bar);
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    let done = done.map_err(|error| match &hangar {
        Some(hangar) => hangar.left(house, error),
        None => error,
    });
    let child::Done { done, peak_bytes } = done?;
    if command.interrupt.is_set() {
        return Err(LabError::Interrupted);
    }
    draft.commit()?;
    summary.peak_worker_bytes = peak_bytes;
    summarise(summary, &done);
    let output = house.shown(place.output());
    session.console.say(&Event::Job(Box::new(JobEvent::of(&request, submission.label, output, done, summary.wall_ms))));
    Ok(Exit::Passed)
}

fn submission(session: &Session<'_>, options: &JobOptions) -> Result<Submission, LabError> {
    let house = session.house;
    house.check_lab(LAB)?;
    match (&options.submission, house.submission_here()) {
        (Some(directory), _) => house.submission_for(directory, LAB),
        (None, Some(here)) if here.lab == LAB => Ok(here),
        (None, _) => house.solution(LAB),
    }
}

fn summarise(summary: &mut Summary, done: &JobDone) {
    if let Some(nodes) = &done.nodes {
        summary.faults = nodes.faults.clone();
    }
    if let (Some(nodes), Some(tunnel)) = (&done.nodes, &done.tunnel) {
        summary.sim_ms = nodes.took_ns / 1_000_000;
        summary.trace_hash = tunnel.trace_hash;
    }
}
