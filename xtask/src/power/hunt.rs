//! The suite against one mutant: seed after seed, every test under each, until one catches it.

use super::patch::Mutant;
use crate::error::LabError;
use crate::event::SeenAs;
use crate::seeds::Seeds;
use crate::worker::{Outcome, Worker, WorkerCommand};
use lab_harness::protocol::{RunRequest, RunResult, TestInfo, Verdict};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use windtunnel::Seed;

/// The first catch, in the order of seeds and tests.
#[derive(Clone, Debug)]
pub struct Catch {
    pub test: String,
    pub rule: String,
    pub title: String,
    pub seed: Seed,
    /// The how manieth seed that is, from 1.
    pub seeds: u64,
}

/// What a hunt came to. But for the time it does not depend on the number of jobs.
#[derive(Debug)]
pub struct Hunted {
    pub catch: Option<Catch>,
    /// What else failed before: rules that do not fit the mistake.
    pub seen: Vec<SeenAs>,
    pub runs: u64,
    pub took: Duration,
}

/// What fails by one of these rules is a catch.
fn fits(mutant: &Mutant, result: &RunResult) -> bool {
    let rule = result.failure.as_ref().map(|failure| &failure.rule);
    result.verdict != Verdict::Undecided && rule.is_some_and(|rule| mutant.rules.contains(rule))
}

/// A run that did not pass.
struct Failed {
    number: u64,
    fits: bool,
    result: Box<RunResult>,
}

/// What workers share.
struct Course<'a> {
    mutant: &'a Mutant,
    tests: &'a [TestInfo],
    seeds: Seeds,
    state: Mutex<State>,
    began: Instant,
}

/// Runs are given out in order, and none behind the first catch: all before it will have been made.
struct State {
    next: u64,
    /// The number behind the last run that counts.
    end: u64,
    took: Option<Duration>,
    failed: Vec<Failed>,
    error: Option<LabError>,
}

/// Runs all tests of the worker under all seeds, in so many processes, until the mutant is caught.
pub fn hunt<'a>(
    mutant: &Mutant,
    command: &'a WorkerCommand<'a>,
    seeds: Seeds,
    jobs: usize,
) -> Result<Hunted, LabError> {
    let began = Instant::now();
    let first = Worker::start(command)?;
    let tests = first.hello.tests.clone();
    let end = seeds.count().saturating_mul(tests.len() as u64);
    let state = Mutex::new(State { next: 0, end, took: None, failed: Vec::new(), error: None });
    let course = Course { mutant, tests: &tests, seeds, state, began };
    std::thread::scope(|scope| {
        let mut worker = Some(first);
        for _ in 0..jobs {
            let (worker, course) = (worker.take(), &course);
            scope.spawn(move || work(course, command, worker));
        }
    });
    course.finish()
}

fn work<'a>(course: &Course<'_>, command: &'a WorkerCommand<'a>, mut worker: Option<Worker<'a>>) {
    while let Some((number, test, seed)) = course.next() {
        let request = RunRequest::new(&*test.name, seed);
        let ran = worker.take().map_or_else(|| Worker::start(command), Ok).and_then(|mut started| {
            let outcome = started.run(&request, &mut |_| ())?;
            Ok((started, outcome))
        });
        match ran {
            Ok((started, Outcome::Finished(result))) => {
                worker = Some(started);
                course.ended(number, result);
            }
            Ok((_, Outcome::Gone(result))) => course.ended(number, result),
            Err(error) => return course.fail(error),
        }
    }
}

impl Course<'_> {
    fn next(&self) -> Option<(u64, &TestInfo, Seed)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.next;
        if number >= state.end || state.error.is_some() {
            return None;
        }
        state.next += 1;
        let tests = self.tests.len() as u64;
        Some((number, &self.tests[usize::try_from(number % tests).ok()?], self.seeds.at(number / tests)?))
    }

    fn ended(&self, number: u64, result: Box<RunResult>) {
        if result.verdict == Verdict::Passed {
            return;
        }
        let fits = fits(self.mutant, &result);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if fits && number < state.end {
            state.end = number + 1;
            state.took = Some(self.began.elapsed());
        }
        state.failed.push(Failed { number, fits, result });
    }

    fn fail(&self, error: LabError) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(error);
    }

    fn finish(self) -> Result<Hunted, LabError> {
        let tests = self.tests.len() as u64;
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            return Err(error);
        }
        let mut failed = state.failed;
        failed.sort_unstable_by_key(|failed| failed.number);
        failed.retain(|failed| failed.number < state.end);
        let (mut catch, mut seen) = (None, Vec::<SeenAs>::new());
        for Failed { number, fits, result } in failed {
            let (rule, title) = result.failure.map(|failure| (failure.rule, failure.title)).unwrap_or_default();
            if fits {
                catch = Some(Catch { test: result.test, rule, title, seed: result.seed, seeds: number / tests + 1 });
            } else if let Some(known) = seen.iter_mut().find(|known| known.rule == rule) {
                known.runs += 1;
            } else {
                seen.push(SeenAs { rule, test: result.test, seed: result.seed, runs: 1 });
            }
        }
        let took = state.took.unwrap_or_else(|| self.began.elapsed());
        Ok(Hunted { catch, seen, runs: state.end, took })
    }
}
