//! What is said of a run whose worker died or stood still: where it was, how it ended, and what
//! that usually means.

use lab_harness::protocol::progress::Progress;
use lab_harness::protocol::{
    Failure, JobRequest, JobWay, OutputRecord, OutputStream, RunRequest, RunResult, TraceHash, Verdict,
};
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;
use windtunnel::executor::LAST_WORDS;
use windtunnel::{Nanos, NodeId};

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with that code.
    Exited(i32),
    /// By a signal.
    Signalled(i32),
    /// It stood at one event for so long, and was killed.
    NeverYields(Duration),
    /// It wrote what is no answer, and was killed.
    Garbage(String),
    /// It can say nothing any more, and was killed.
    ClosedItsPipe,
}

impl Ending {
    pub fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signalled(signal.unwrap_or(0)),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Exited(code) => write!(f, "exited with code {code}"),
            Ending::Signalled(signal) => write!(f, "died by {}", signal_name(*signal)),
            Ending::NeverYields(patience) => write!(f, "stood still for {} s", patience.as_secs()),
            Ending::Garbage(_) => f.write_str("wrote what is no answer"),
            Ending::ClosedItsPipe => f.write_str("closed its pipe"),
        }
    }
}

/// Signals that lab code can bring about; the numbers are the same on Linux and macOS.
fn signal_name(signal: i32) -> String {
    match signal {
        4 => "SIGILL (an illegal instruction)".to_owned(),
        5 => "SIGTRAP".to_owned(),
        6 => "SIGABRT".to_owned(),
        8 => "SIGFPE".to_owned(),
        9 => "SIGKILL".to_owned(),
        11 => "SIGSEGV".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}

/// The rule that was broken, in a machine's word; what happened; what it usually means.
struct Guess {
    rule: &'static str,
    happened: String,
    hint: &'static str,
}

fn guess(ending: &Ending, progress: Progress, words: &[String]) -> Guess {
    let said = |text: &str| words.iter().any(|line| line.contains(text));
    let out_of_memory = progress.out_of_memory() || said("memory allocation of");
    let (rule, happened, hint) = match ending {
        Ending::NeverYields(_) => {
            ("never-yields", "stopped yielding", "A loop without .await, or a std Mutex held across .await.")
        }
        Ending::Signalled(6 | 9) if out_of_memory => {
            ("out-of-memory", "ran out of memory", "Something grows without bound: a log, a queue, a message storm.")
        }
        Ending::Signalled(6 | 11) if said("has overflowed its stack") => {
            ("stack-overflow", "overflowed its stack", "Recursion without an end, or a very large value on the stack.")
        }
        Ending::Signalled(6)
            if said("panic in a destructor")
                || said("panicked while processing panic")
                || said("panic in a function that cannot unwind") =>
        {
            (
                "panic-in-drop",
                "panicked in a drop, which ends the process",
                "A drop must not panic: not by unwrap, index or RefCell::borrow_mut either.",
            )
        }
        Ending::Signalled(6) => (
            "worker-died",
            "ended the process by SIGABRT",
            "Lab code, or a library that it uses, called std::process::abort.",
        ),
        Ending::Signalled(9) => {
            ("worker-died", "was killed by SIGKILL", "Often the kernel, when the machine has no memory left.")
        }
        Ending::Signalled(signal) => {
            let happened = format!("ended the process by {}", signal_name(*signal));
            return Guess {
                rule: "worker-died",
                happened,
                hint: "A stack overflow, or unsafe code that is not sound.",
            };
        }
        Ending::Exited(code) => {
            let happened = format!("ended the process with exit code {code}");
            return Guess {
                rule: "worker-exited",
                happened,
                hint: "Lab code called std::process::exit, which ends the worker. A node ends itself with windtunnel::node::stop.",
            };
        }
        Ending::Garbage(_) => (
            "worker-garbled",
            "made its worker answer with what is no answer",
            "Lab code got at the worker's own pipe, or the worker is of another version.",
        ),
        Ending::ClosedItsPipe => {
            ("worker-garbled", "closed its worker's pipe", "Lab code closed descriptors that are not its own.")
        }
    };
    Guess { rule, happened: happened.to_owned(), hint }
}

/// The result of a run that has none of its own.
pub fn describe(request: &RunRequest, ending: &Ending, progress: Progress, words: &[String]) -> RunResult {
    let guess = guess(ending, progress, words);
    let node = NodeId(u32::try_from(progress.node).unwrap_or(u32::MAX));
    let at = Nanos(progress.at_ns);
    let place = match progress.event {
        0 => format!("before the first event, seed {}", request.seed),
        event => format!("at event {event}, at {at}, seed {}", request.seed),
    };
    let mut words = words.to_vec();
    if let Ending::Garbage(line) = ending {
        words.push(line.clone());
    }
    let panics = words.iter().filter_map(|line| {
        let begins = LAST_WORDS.iter().any(|begin| line.starts_with(begin));
        line.strip_prefix("windtunnel: ").filter(|_| begins).map(str::to_owned)
    });
    let facts = panics.collect();
    let output = |text: String| {
        let (event, at_ns) = (progress.event, progress.at_ns);
        OutputRecord { event, at_ns, node, stream: OutputStream::Stderr, text }
    };
    let failure = Failure {
        rule: guess.rule.to_owned(),
        title: format!("{node} {} {place}.", guess.happened),
        hint: Some(guess.hint.to_owned()),
        facts,
        node: Some(node),
        event: Some(progress.event),
        at_ns: progress.at_ns,
        output: words.into_iter().map(output).collect(),
        ..Failure::default()
    };
    RunResult {
        test: request.test.clone(),
        seed: request.seed,
        verdict: Verdict::Failed,
        trace_hash: TraceHash(0),
        hash_at: None,
        events: progress.event,
        sim_ns: progress.at_ns,
        faults: BTreeMap::new(),
        rough: Vec::new(),
        never_struck: Vec::new(),
        counted: BTreeMap::new(),
        messages: 0,
        bytes: 0,
        peak_heap_bytes: 0,
        failure: Some(failure),
    }
}

/// What is said of a job whose process died or stood still.
pub fn of_job(request: &JobRequest, ending: &Ending, progress: Progress, words: &[String]) -> Failure {
    let Guess { rule, happened, hint } = guess(ending, progress, words);
    let app = &request.app;
    let (stood, hint) = match ending {
        Ending::NeverYields(patience) => (
            format!(" for {} s, and was killed", patience.as_secs()),
            format!(
                "A function of {app} that does not return, or a loop without .await. WINDTUNNEL_WATCHDOG_S=60 waits for a minute."
            ),
        ),
        _ => (String::new(), hint.to_owned()),
    };
    let title = match &request.way {
        JobWay::Sequential => format!("{app}, in one go, {happened}{stood}."),
        JobWay::Flight { .. } => format!("the tester of {app}, in flight, {happened}{stood}."),
        JobWay::Tunnel { seed, .. } => {
            let (node, at) = (NodeId(u32::try_from(progress.node).unwrap_or(u32::MAX)), Nanos(progress.at_ns));
            format!("{node} {happened}{stood}: {app}, at event {}, at {at}, seed {seed}.", progress.event)
        }
    };
    Failure { rule: rule.to_owned(), title, hint: Some(hint), facts: words.to_vec(), ..Failure::default() }
}
