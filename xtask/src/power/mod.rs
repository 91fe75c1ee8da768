//! `cargo lab power`: how strong is a suite? Deliberate mistakes, each to be caught by a rule that fits it.
//!
//! [`bank`] reads the mistakes, [`patch`] applies one, [`workspace`] holds what it makes of the solution, [`build`]
//! builds that, [`hunt`] runs the suite on it, or [`flown`] flies it (what is a catch then, [`record`] says). The next mutant is built meanwhile.

mod bank;
mod build;
mod flown;
mod hunt;
mod patch;
mod record;
mod workspace;

use crate::cli::PowerOptions;
use crate::clock::Stopwatch;
use crate::error::LabError;
use crate::event::{Event, MutantEvent, MutantOutcome, PowerSummary, Summary};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::seeds::Seeds;
use crate::session::Session;
use crate::test::jobs;
use crate::worker::{WorkerCommand, patience};
use bank::Entry;
use build::{Builder, Built, Target};
pub use patch::Mutant;
use std::sync::mpsc::sync_channel;
use workspace::Workspace;

/// Builds, hunts, reports.
pub fn power(session: &Session<'_>, options: &PowerOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    session.house.check_lab(&options.lab)?;
    summary.lab = Some(options.lab.clone());
    if options.fly {
        return flown::power(session, options, summary);
    }
    let jobs = jobs(options.jobs.as_deref())?;
    let seeds = Seeds::from_options(None, Some(&options.seeds))?.unwrap_or_else(Seeds::drawn);
    let solution = session.house.solution(&options.lab)?;
    let bank = bank::read(&solution, &options.names)?;
    let directory = RunDirectory::create(&session.house.output)?;
    let interrupt = Interrupt::on_signals();
    let workspace = Workspace::open(session.house, &solution)?;
    let watch = Stopwatch::start();
    let target = match (options.check_only, session.worker) {
        (true, _) => Target::Check,
        (false, Some(worker)) => Target::Given(session.house.here.join(worker)),
        (false, None) => Target::Worker,
    };
    let builder = Builder { workspace: &workspace, directory: &directory, target, interrupt: interrupt.clone() };
    let power = Power { session, options, seeds, jobs, builder: &builder, interrupt };
    session.console.begin_progress(bank.len() as u64, 0);
    let (sums, ended) = power.all(&bank, summary);
    session.console.end_progress();
    summary.seeds = seeds.count();
    summary.power = Some(sums);
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    ended
}

struct Power<'a> {
    session: &'a Session<'a>,
    options: &'a PowerOptions,
    seeds: Seeds,
    jobs: usize,
    builder: &'a Builder<'a>,
    interrupt: Interrupt,
}

impl Power<'_> {
    /// Every mutant, in order. Trouble that is not a mutant's ends it.
    fn all(&self, bank: &[Entry], summary: &mut Summary) -> (PowerSummary, Result<Exit, LabError>) {
        let (mut sums, mut exit) = (PowerSummary { mutants: bank.len(), ..PowerSummary::default() }, Exit::Passed);
        let mut until_caught = Vec::new();
        let (sender, receiver) = sync_channel(0); // one is ready and waits; not more, they would be in each other's way
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| self.builder.build_all(bank, sender));
            for (index, built) in receiver.iter() {
                let (event, own_exit) = self.judge(&bank[index], built)?;
                sums.count(event.outcome);
                summary.runs += event.runs;
                until_caught.extend(event.seeds.filter(|_| event.outcome == MutantOutcome::Caught));
                exit = exit.max(own_exit);
                self.session.console.say(&Event::Mutant(event));
                self.session.console.advance(0);
                if self.session.console.is_unread() {
                    self.interrupt.set();
                }
            }
            drop(receiver);
            if self.interrupt.is_set() { Err(LabError::Interrupted) } else { Ok(()) }
        });
        until_caught.sort_unstable();
        sums.median_seeds = until_caught.get(until_caught.len().saturating_sub(1) / 2).copied();
        sums.most_seeds = until_caught.last().copied();
        let ended = match ended {
            Err(LabError::Interrupted) => Ok(exit.max(Exit::Interrupted)),
            Err(error) => Err(self.interrupt.instead_of(error)),
            Ok(()) => Ok(exit),
        };
        (sums, ended)
    }

    /// What is said of a mutant, and the exit code it leads to.
    fn judge(&self, entry: &Entry, built: Built) -> Result<(MutantEvent, Exit), LabError> {
        let event = MutantEvent::of(&self.options.lab, &entry.name, entry.mutant.as_ref().ok());
        let (program, mutant) = match (built, &entry.mutant) {
            (Built::Ready(program), Ok(mutant)) => (program, mutant),
            (Built::Lost(error), _) => return Err(error),
            (Built::Broken(outcome, message, exit), _) => {
                return Ok((MutantEvent { outcome, message: Some(message), ..event }, exit));
            }
            (_, _) => return Ok((MutantEvent { outcome: MutantOutcome::Compiles, ..event }, Exit::Passed)),
        };
        let command = WorkerCommand {
            program,
            lab: &self.options.lab,
            directory: self.builder.directory,
            patience: patience(),
            interrupt: self.interrupt.clone(),
        };
        let hunted = hunt::hunt(mutant, &command, self.seeds, self.jobs);
        self.builder.done_with(&command.program);
        match hunted {
            Ok(hunted) => Ok(verdict(mutant, hunted, event, self.seeds)),
            Err(error @ (LabError::Worker { .. } | LabError::NoWorker { .. })) => {
                let (message, outcome) = (Some(error.to_string()), MutantOutcome::DoesNotRun);
                Ok((MutantEvent { outcome, message, ..event }, error.exit()))
            }
            Err(error) => Err(error),
        }
    }
}

fn verdict(mutant: &Mutant, hunted: hunt::Hunted, event: MutantEvent, seeds: Seeds) -> (MutantEvent, Exit) {
    let failed = hunted.catch.is_some() || !hunted.seen.is_empty();
    let (outcome, exit) = match (&mutant.equivalent, &hunted.catch) {
        (Some(_), _) if failed => (MutantOutcome::Refuted, Exit::Failed),
        (Some(_), _) => (MutantOutcome::Equivalent, Exit::Passed),
        (None, Some(_)) => (MutantOutcome::Caught, Exit::Passed),
        (None, None) => (MutantOutcome::Missed, Exit::Failed),
    };
    let mut event = MutantEvent {
        outcome,
        seeds: Some(seeds.count()),
        runs: hunted.runs,
        wall_ms: u64::try_from(hunted.took.as_millis()).unwrap_or(u64::MAX),
        seen: hunted.seen,
        ..event
    };
    if let Some(catch) = hunted.catch {
        (event.test, event.rule, event.title) = (Some(catch.test), Some(catch.rule), Some(catch.title));
        (event.seed, event.seeds) = (Some(catch.seed), Some(catch.seeds));
    }
    (event, exit)
}
