//! The same mistakes in flight: each as real processes in a storm, for about as long as the storm is.
//!
//! The tester is the reference's; only the node is the mutant's. [`record`](super::record) says what is a catch.

use super::bank::{self, Entry};
use super::build::{Builder, Built, Target};
use super::patch::Mutant;
use super::record::Record;
use super::workspace::Workspace;
use crate::cli::PowerOptions;
use crate::clock::Stopwatch;
use crate::error::LabError;
use crate::event::{Event, FlownMutantEvent, MutantOutcome, PowerSummary, Summary};
use crate::exit::Exit;
use crate::fly::load;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::seeds::Seeds;
use crate::session::Session;
use crate::test::jobs;
use crate::weather;
use crate::worker::{Worker, WorkerCommand, patience};
use lab_harness::protocol::{FlightCourse, FlightVerdict, FlyRequest, SCENARIO_TEST, ScheduleRequest};
use lab_harness::scenario::Scenario;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use windtunnel::Seed;

/// The weather of each lab that flight can make whole.
const STORM: &str = "rough-flight";
/// A flight that ends at once, by something that is no catch, is followed by another, but not for ever.
const FLIGHTS_AT_MOST: u64 = 5;

/// Builds, flies, reports.
pub fn power(session: &Session<'_>, options: &PowerOptions, summary: &mut Summary) -> Result<Exit, LabError> {
    let house = session.house;
    let jobs = options.jobs.as_deref().map_or(Ok(1), |asked| jobs(Some(asked)))?;
    let seed = Seeds::from_options(options.seed.as_deref(), None)?.and_then(|seeds| seeds.at(0)).unwrap_or(Seed(0));
    let load = options.load.as_deref().map(load).transpose()?;
    let scenario = weather::read(house, &options.lab, options.scenario.as_deref().unwrap_or(Path::new(STORM)))?;
    let drawn_ns = Scenario::parse(&scenario.name, &scenario.text)?.duration.0.0;
    let lasts_ms = load.map_or(drawn_ns, |load| load.lasts_ns) / 1_000_000;
    let solution = house.solution(&options.lab)?;
    let bank = bank::read(&solution, &options.names)?;
    let directory = RunDirectory::create(&house.output)?;
    let interrupt = Interrupt::on_signals();
    let workspace = Workspace::open(house, &solution)?;
    let program = session.pilot(&solution, &directory).map_err(|error| interrupt.instead_of(error))?;
    let command = WorkerCommand {
        program,
        lab: &options.lab,
        directory: &directory,
        patience: patience(),
        interrupt: interrupt.clone(),
    };
    // What is wrong with the weather is no mutant's fault.
    let asked = ScheduleRequest { test: SCENARIO_TEST.to_owned(), seed, scenario: Some(scenario.clone()) };
    Worker::start(&command)?.schedule(asked)?;
    let watch = Stopwatch::start();
    let target = options.node_binary.as_ref().map_or(Target::Node, |node| Target::Given(house.here.join(node)));
    let builder = Builder { workspace: &workspace, directory: &directory, target, interrupt };
    let course = FlightCourse::Scenario { scenario, nodes: None, load };
    let hangar =
        Hangar { session, lab: &options.lab, course, seed, lasts_ms, jobs, command: &command, builder: &builder };
    session.console.begin_progress(bank.len() as u64, 0);
    let ended = hangar.fly_all(&bank, summary);
    session.console.end_progress();
    (summary.wall_ms, summary.cpu_ms) = (watch.wall_ms(), watch.cpu_ms());
    ended
}

/// Everything that flights of mutants are made of.
struct Hangar<'a> {
    session: &'a Session<'a>,
    lab: &'a str,
    course: FlightCourse,
    /// The first flight's; each further one of a mutant has the next.
    seed: Seed,
    /// How long one flight is.
    lasts_ms: u64,
    jobs: usize,
    command: &'a WorkerCommand<'a>,
    builder: &'a Builder<'a>,
}

/// What is said of a mutant, and the exit code it leads to.
type Told = Result<(FlownMutantEvent, Exit), LabError>;

impl Hangar<'_> {
    /// Every mutant; they are told in order.
    fn fly_all(&self, bank: &[Entry], summary: &mut Summary) -> Result<Exit, LabError> {
        let (sender, built) = sync_channel(0); // one is ready and waits, not more
        let built = Arc::new(Mutex::new(built));
        let (say, told) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| self.builder.build_all(bank, sender));
            for _ in 0..self.jobs {
                let (built, say) = (Arc::clone(&built), say.clone());
                scope.spawn(move || self.fly_one_by_one(bank, &built, &say));
            }
            drop((built, say)); // the flyers' are the last: when they end, so does the builder
            self.tell_all(bank.len(), &told, summary)
        })
    }

    fn fly_one_by_one(&self, bank: &[Entry], built: &Mutex<Receiver<(usize, Built)>>, say: &Sender<(usize, Told)>) {
        while !self.command.interrupt.is_set() {
            let next = built.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((index, built)) = next else { return };
            if say.send((index, self.judge(index, &bank[index], built))).is_err() {
                return;
            }
        }
    }

    fn tell_all(
        &self,
        mutants: usize,
        told: &Receiver<(usize, Told)>,
        summary: &mut Summary,
    ) -> Result<Exit, LabError> {
        let mut sums = PowerSummary { mutants, flights: Some(0), ..PowerSummary::default() };
        let (mut exit, mut trouble, mut early, mut next) = (Exit::Passed, None, BTreeMap::new(), 0);
        let mut say = |event: FlownMutantEvent, own_exit: Exit| {
            sums.count(event.outcome);
            sums.flights = sums.flights.map(|flights| flights + event.flights);
            event.faults.iter().for_each(|(family, count)| *summary.faults.entry(family.clone()).or_default() += count);
            exit = exit.max(own_exit);
            self.session.console.say(&Event::FlownMutant(Box::new(event)));
            self.session.console.advance(0);
            if self.session.console.is_unread() {
                self.command.interrupt.set();
            }
        };
        for (index, told) in told {
            match told {
                Ok(event) => drop(early.insert(index, event)),
                Err(LabError::Interrupted) => {}
                Err(error) => {
                    trouble.get_or_insert(error);
                    self.command.interrupt.set(); // the others land
                }
            }
            while let Some((event, own_exit)) = early.remove(&next) {
                say(event, own_exit);
                next += 1;
            }
        }
        // After an interruption: those behind one that has no result.
        early.into_values().for_each(|(event, own_exit)| say(event, own_exit));
        summary.power = Some(sums);
        match trouble {
            Some(error) => Err(error),
            None if self.command.interrupt.is_set() => Ok(exit.max(Exit::Interrupted)),
            None => Ok(exit),
        }
    }

    fn judge(&self, index: usize, entry: &Entry, built: Built) -> Told {
        let event = FlownMutantEvent::of(self.lab, &entry.name, entry.mutant.as_ref().ok());
        let broken = |outcome, message| FlownMutantEvent { outcome, message: Some(message), ..event.clone() };
        let (program, mutant) = match (built, &entry.mutant) {
            (Built::Ready(program), Ok(mutant)) => (program, mutant),
            (Built::Lost(error), _) => return Err(error),
            (Built::Broken(outcome, message, exit), _) => return Ok((broken(outcome, message), exit)),
            (_, _) => return Ok((FlownMutantEvent { outcome: MutantOutcome::Compiles, ..event }, Exit::Passed)),
        };
        let flown = self.fly(index, mutant, &program);
        self.builder.done_with(&program);
        match flown {
            Ok(record) => Ok(record.verdict(mutant, event)),
            Err(error @ (LabError::Worker { .. } | LabError::NoWorker { .. } | LabError::Refused(_))) => {
                Ok((broken(MutantOutcome::DoesNotRun, error.to_string()), error.exit()))
            }
            Err(error) => Err(error),
        }
    }

    /// Until it is caught, or has flown for as long as the storm is.
    fn fly(&self, index: usize, mutant: &Mutant, program: &Path) -> Result<Record, LabError> {
        let mut record = Record::default();
        while !record.is_caught() && record.flown_ms < self.lasts_ms && record.flights < FLIGHTS_AT_MOST {
            let directory = self.builder.directory.file(&format!("flight-{index}-{}", record.flights));
            let request = FlyRequest {
                course: self.course.clone(),
                seed: Seed(self.seed.0.wrapping_add(record.flights)),
                directory: directory.clone(),
                node_binary: program.to_path_buf(),
            };
            let flown = Worker::start(self.command).and_then(|mut worker| worker.fly(&request, &mut |_| ()));
            let _ = std::fs::remove_dir_all(&directory);
            let result = flown?;
            let was_landed = self.command.interrupt.is_set() && result.verdict != FlightVerdict::Violated;
            if was_landed || result.verdict == FlightVerdict::Interrupted {
                return Err(LabError::Interrupted);
            }
            record.add(mutant, &result);
        }
        Ok(record)
    }
}
