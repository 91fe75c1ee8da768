//! One test under one seed: once, or several times in different circumstances and compared.

use crate::error::LabError;
use crate::last_events;
use crate::worker::{Outcome, Worker, WorkerCommand};
use lab_harness::protocol::{Failure, FoundBy, Isolation, Row, RowKind, RunRequest, RunResult, Verdict};
use windtunnel::Seed;

/// Which runs of a seed are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// A fresh process, and one that has run another seed before.
    pub check: bool,
    /// Nodes in the thread, and in processes.
    pub isolation: bool,
}

/// Rows kept for the story of a nondeterministic run.
const STORY: usize = 12;

/// Runs seeds, one after the other, and keeps a worker between them.
#[derive(Debug)]
pub struct Runner<'a> {
    command: &'a WorkerCommand<'a>,
    comparison: Comparison,
    /// Whether this worker has run something.
    seasoned: Option<(Worker<'a>, bool)>,
}

/// Where a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circumstances {
    Fresh,
    Seasoned,
    /// In whatever worker is at hand, with all nodes in one thread.
    Thread,
    Isolated,
}

impl Circumstances {
    fn words(self) -> &'static str {
        match self {
            Circumstances::Fresh => "in a fresh process",
            Circumstances::Seasoned => "in a process that ran another seed before",
            Circumstances::Thread => "in the thread",
            Circumstances::Isolated => "with a process for each node",
        }
    }
}

impl<'a> Runner<'a> {
    /// A runner that may begin with a worker that is there already.
    pub fn new(command: &'a WorkerCommand<'a>, comparison: Comparison, worker: Option<Worker<'a>>) -> Self {
        Runner { command, comparison, seasoned: worker.map(|worker| (worker, false)) }
    }

    /// Runs, compares if asked to, and says what came of it and by which comparison.
    pub fn run(&mut self, request: &RunRequest) -> Result<(RunResult, FoundBy), LabError> {
        if !self.comparison.check && !self.comparison.isolation {
            return Ok((self.plain(request, &mut |_| ())?, FoundBy::Run));
        }
        let mut compared = None;
        if self.comparison.check {
            compared = Some((self.compare(request, Circumstances::Fresh, Circumstances::Seasoned)?, FoundBy::Check));
        }
        match compared {
            Some((result, by)) if !self.comparison.isolation || result.verdict == Verdict::Nondeterministic => {
                Ok((result, by))
            }
            _ => Ok((self.compare(request, Circumstances::Thread, Circumstances::Isolated)?, FoundBy::Isolation)),
        }
    }

    /// One run in the worker that is kept, handing on what it records.
    pub fn plain(&mut self, request: &RunRequest, on_row: &mut dyn FnMut(Row)) -> Result<RunResult, LabError> {
        let mut worker = match self.seasoned.take() {
            Some((worker, _)) => worker,
            None => Worker::start(self.command)?,
        };
        match worker.run(request, on_row)? {
            Outcome::Finished(result) => {
                self.seasoned = Some((worker, true));
                Ok(*result)
            }
            Outcome::Gone(mut result) => {
                last_events::tell(self.command, request, &mut result, on_row);
                Ok(*result)
            }
        }
    }

    /// The most memory that the worker at hand has held, if there is one and the system tells.
    pub fn peak_worker_bytes(&self) -> Option<u64> {
        self.seasoned.as_ref().and_then(|(worker, _)| worker.peak_bytes())
    }

    fn under(
        &mut self,
        circumstances: Circumstances,
        request: &RunRequest,
        on_row: &mut dyn FnMut(Row),
    ) -> Result<RunResult, LabError> {
        match circumstances {
            Circumstances::Fresh => {
                let mut worker = Worker::start(self.command)?;
                let (Outcome::Finished(result) | Outcome::Gone(result)) = worker.run(request, on_row)?;
                Ok(*result)
            }
            Circumstances::Seasoned => {
                if !matches!(self.seasoned, Some((_, true))) {
                    let other = Seed(request.seed.0.wrapping_add(1));
                    self.plain(
                        &RunRequest { seed: other, hash_at: None, record: false, ..request.clone() },
                        &mut |_| (),
                    )?;
                }
                self.plain(&RunRequest { check: true, ..request.clone() }, on_row)
            }
            Circumstances::Thread => self.plain(request, on_row),
            Circumstances::Isolated => {
                self.plain(&RunRequest { isolate: Isolation::Process, ..request.clone() }, on_row)
            }
        }
    }

    fn compare(
        &mut self,
        request: &RunRequest,
        one: Circumstances,
        other: Circumstances,
    ) -> Result<RunResult, LabError> {
        let first = self.under(one, request, &mut |_| ())?;
        let second = self.other_trace(request, &first, [other, one, other])?;
        let Some((second, circumstances)) = second else { return Ok(first) };
        let event = self.first_difference(request, one, other, first.events.min(second.events))?;
        let mut story = Vec::new();
        if let Some(event) = event {
            let recorded = RunRequest { record: true, whole: true, ..request.clone() };
            self.under(one, &recorded, &mut |row| keep_until(event, row, &mut story))?;
        }
        if let Some(last) = story.last_mut() {
            last.kind = RowKind::Violation;
        }
        let title = parted([(&first, one), (&second, circumstances)], event);
        let failure = nondeterminism(title, event, story);
        Ok(RunResult { verdict: Verdict::Nondeterministic, failure: Some(failure), ..first })
    }

    /// A run that is not the first one. One is enough to look at, unless the first has differed from its own
    /// repetition already: then chance decides what the next ones do.
    fn other_trace(
        &mut self,
        request: &RunRequest,
        first: &RunResult,
        tries: [Circumstances; 3],
    ) -> Result<Option<(RunResult, Circumstances)>, LabError> {
        for circumstances in tries {
            let next = self.under(circumstances, request, &mut |_| ())?;
            if next.trace_hash != first.trace_hash || next.verdict != first.verdict {
                return Ok(Some((next, circumstances)));
            }
            if first.verdict != Verdict::Nondeterministic {
                break;
            }
        }
        Ok(None)
    }

    /// The first event after which the hashes differ, by bisection; nothing if that cannot be told.
    fn first_difference(
        &mut self,
        request: &RunRequest,
        one: Circumstances,
        other: Circumstances,
        events: u64,
    ) -> Result<Option<u64>, LabError> {
        let (mut same, mut different) = (0, events.saturating_add(1));
        while different - same > 1 {
            let middle = same + (different - same) / 2;
            let asked = RunRequest { hash_at: Some(middle), ..request.clone() };
            let first = self.under(one, &asked, &mut |_| ())?.hash_at;
            let second = self.under(other, &asked, &mut |_| ())?.hash_at;
            match (first, second) {
                (None, None) => return Ok(None),
                (first, second) if first == second => same = middle,
                _ => different = middle,
            }
        }
        Ok(Some(different))
    }
}

fn keep_until(event: u64, row: Row, story: &mut Vec<Row>) {
    if row.event <= event {
        story.push(row);
        if story.len() > STORY {
            story.remove(0);
        }
    }
}

/// What differed, in words: the traces; or, if these are equal, what came of them.
fn parted([first, second]: [(&RunResult, Circumstances); 2], event: Option<u64>) -> String {
    let hash_of =
        |(run, circumstances): (&RunResult, Circumstances)| format!("{} {}", run.trace_hash, circumstances.words());
    let repeated = [first, second].into_iter().find(|(run, _)| run.verdict == Verdict::Nondeterministic);
    let what = match repeated {
        _ if first.0.trace_hash != second.0.trace_hash => {
            format!("The same seed gave two traces: {}, {}.", hash_of(first), hash_of(second))
        }
        // A worker repeats a run that fails, to tell how it came about.
        Some((run, circumstances)) => {
            let (hash, place) = (run.trace_hash, circumstances.words());
            format!("The same seed gave {hash} {place}, and another run when it was repeated there.")
        }
        None => {
            let words = |(run, circumstances): (&RunResult, Circumstances)| {
                format!("it {} {}", if run.failure.is_some() { "failed" } else { "passed" }, circumstances.words())
            };
            let (hash, first, second) = (first.0.trace_hash, words(first), words(second));
            format!("The same seed gave one trace, {hash}, and two verdicts: {first}, {second}.")
        }
    };
    let parting = event.map(|event| format!(" They part at event {event}.")).unwrap_or_default();
    what + &parting
}

fn nondeterminism(title: String, event: Option<u64>, story: Vec<Row>) -> Failure {
    let place = story.last().map(|row| (row.node, row.at_ns));
    let hint = "Look for statics, addresses, a plain tokio::select!, fastrand, or what reaches the real machine.";
    Failure {
        rule: "nondeterminism".to_owned(),
        title,
        hint: Some(hint.to_owned()),
        node: place.map(|(node, _)| node),
        event,
        at_ns: place.map_or(0, |(_, at_ns)| at_ns),
        story,
        ..Failure::default()
    }
}
