//! One worker process: asked over its standard input, answering over its standard output, watched
//! through its progress file. It may die or hang at any time; that is a result, not an error.

mod death;
mod flight;
pub mod job;
mod lines;
mod memory;

use crate::error::LabError;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use crate::seeds::random_name;
use death::Ending;
use lab_harness::protocol::progress::{self, Progress};
use lab_harness::protocol::{
    Hello, PROTOCOL_VERSION, Request, Response, Row, RunRequest, RunResult, ScheduleRequest, WORKER_ARGUMENT,
};
use lines::{Line, Tail};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often the progress file is looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long a worker may take to say hello, whatever the watchdog's patience is.
const HELLO: Duration = Duration::from_secs(30);
/// How long a worker that closed its pipe may take to end.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// How workers of one submission are started.
#[derive(Debug)]
pub struct WorkerCommand<'a> {
    pub program: PathBuf,
    /// Of which lab it should be.
    pub lab: &'a str,
    pub directory: &'a RunDirectory,
    /// How long a run may stand at one event, of wall time.
    pub patience: Duration,
    pub interrupt: Interrupt,
}

/// A worker process and the ends of its pipes.
#[derive(Debug)]
pub struct Worker<'a> {
    command: &'a WorkerCommand<'a>,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Line<Response>>,
    tail: Tail,
    progress: PathBuf,
    /// What it said first.
    pub hello: Hello,
}

/// What a run came to.
#[derive(Debug)]
pub enum Outcome {
    /// The worker answered and can go on.
    Finished(Box<RunResult>),
    /// The worker is no more; this is what is said of the run.
    Gone(Box<RunResult>),
}

/// The watchdog's patience: WINDTUNNEL_WATCHDOG_S seconds, 10 unless told otherwise.
pub fn patience() -> Duration {
    let told = std::env::var("WINDTUNNEL_WATCHDOG_S").ok().and_then(|text| text.parse::<u32>().ok());
    Duration::from_secs(u64::from(told.filter(|seconds| *seconds > 0).unwrap_or(10)))
}

impl<'a> Worker<'a> {
    /// Starts one and hears its hello.
    pub fn start(command: &'a WorkerCommand<'a>) -> Result<Self, LabError> {
        let progress = command.directory.file(&format!("progress-{}", random_name()));
        progress::create(&progress).map_err(|source| LabError::Target { path: progress.clone(), source })?;
        let child = Command::new(&command.program)
            .arg(WORKER_ARGUMENT)
            .env(progress::VARIABLE, &progress)
            .env("RUST_BACKTRACE", "0") // a backtrace would drown its last words
            // Each run has a thread of its own; what it held is otherwise kept for a second, and runs take milliseconds.
            .env("MIMALLOC_PURGE_DELAY", "0")
            .current_dir(command.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C is ours to handle, not the workers'
            .spawn();
        let mut child = child.map_err(|source| LabError::CannotStart { program: command.program.clone(), source })?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three were asked for")
        };
        let (lines, tail) = (lines::read(stdout), Tail::of(stderr));
        let hello = Hello { protocol: 0, weather_version: 0, lab: String::new(), parts: vec![], tests: vec![] };
        let mut worker = Worker { command, child, stdin, lines, tail, progress, hello };
        worker.hello = worker.hear_hello()?;
        Ok(worker)
    }

    fn hear_hello(&mut self) -> Result<Hello, LabError> {
        let problem = match self.lines.recv_timeout(HELLO) {
            Ok(Line::Response(Response::Hello(hello))) if hello.protocol == PROTOCOL_VERSION => return Ok(hello),
            Ok(Line::Response(Response::Hello(hello))) => {
                return Err(LabError::OtherProtocol { found: hello.protocol, expected: PROTOCOL_VERSION });
            }
            Ok(Line::Response(_)) => "its first line is no hello".to_owned(),
            Ok(Line::Garbage(line)) => format!("its first line is no hello: {line}"),
            Err(RecvTimeoutError::Timeout) => format!("it said nothing for {} s", HELLO.as_secs()),
            Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => self.silent_end(),
        };
        let WorkerCommand { program, lab, .. } = self.command;
        Err(LabError::NoWorker { program: program.clone(), lab: (*lab).to_owned(), problem })
    }

    fn silent_end(&mut self) -> String {
        let ending = self.ending();
        let words = self.tail.lines(3).join(" / ");
        format!("it {ending} before its hello{}{words}", if words.is_empty() { "" } else { ": " })
    }

    /// Runs one test under one seed.
    pub fn run(&mut self, request: &RunRequest, on_row: &mut dyn FnMut(Row)) -> Result<Outcome, LabError> {
        if self.command.interrupt.is_set() {
            return Err(LabError::Interrupted);
        }
        let before = progress::read(&self.progress).unwrap_or_default().run;
        self.tail.clear();
        self.send(&Request::Run(Box::new(request.clone())));
        let ending = match self.answer(on_row)? {
            Ok(Response::Result(result)) if result.test == request.test && result.seed == request.seed => {
                return Ok(Outcome::Finished(result));
            }
            Ok(Response::Refused(refusal)) => return Err(LabError::Refused(refusal)),
            Ok(other) => Ending::Garbage(format!("{other:?}").chars().take(200).collect()),
            Err(ending) => ending,
        };
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut at = progress::read(&self.progress).unwrap_or_default();
        if at.run == before {
            at = Progress { flags: at.flags, ..Progress::default() }; // it died before the run began
        }
        Ok(Outcome::Gone(Box::new(death::describe(request, &ending, at, &self.tail.lines(40)))))
    }

    /// The most memory that its process has held so far, if the system tells.
    pub fn peak_bytes(&self) -> Option<u64> {
        memory::peak_bytes(self.child.id())
    }

    /// Expands a seed into an explicit scenario file.
    pub fn schedule(&mut self, request: ScheduleRequest) -> Result<String, LabError> {
        self.send(&Request::Schedule(request));
        let problem = match self.answer(&mut |_| ())? {
            Ok(Response::Schedule { text }) => return Ok(text),
            Ok(Response::Refused(refusal)) => return Err(LabError::Refused(refusal)),
            Ok(_) => "it answered something else than a schedule".to_owned(),
            Err(ending) => format!("it {ending} instead of expanding the seed"),
        };
        Err(LabError::Worker { program: self.command.program.display().to_string(), problem })
    }

    /// A broken pipe shows as the end of its answers, so it is no error here.
    fn send(&mut self, request: &Request) {
        let line = serde_json::to_string(request).unwrap_or_default();
        let _ = self.stdin.write_all(format!("{line}\n").as_bytes());
    }

    /// Waits for an answer, for the worker's end, or for the watchdog.
    fn answer(&mut self, on_row: &mut dyn FnMut(Row)) -> Result<Result<Response, Ending>, LabError> {
        let mut last = progress::read(&self.progress).unwrap_or_default();
        let (mut stood, mut looked) = (Duration::ZERO, Instant::now());
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(Line::Response(Response::Row(row))) => on_row(row),
                Ok(Line::Response(response)) => return Ok(Ok(response)),
                Ok(Line::Garbage(line)) => return Ok(Err(Ending::Garbage(line))),
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => return Ok(Err(self.ending())),
                Err(RecvTimeoutError::Timeout) => {
                    if self.command.interrupt.is_set() {
                        return Err(LabError::Interrupted);
                    }
                    let now = progress::read(&self.progress).unwrap_or_default();
                    // A machine that slept for an hour is not a worker that stood still for one.
                    stood = if now == last { stood + looked.elapsed().min(TICK * 4) } else { Duration::ZERO };
                    last = now;
                    if stood >= self.command.patience {
                        return Ok(Err(Ending::NeverYields(self.command.patience)));
                    }
                    // A process it left behind may hold its pipe open.
                    if let Ok(Some(status)) = self.child.try_wait()
                        && matches!(self.lines.recv_timeout(TICK), Err(RecvTimeoutError::Timeout))
                    {
                        return Ok(Err(Ending::of(status)));
                    }
                }
            }
            looked = Instant::now();
        }
    }

    /// How the worker ended, now that its pipe has.
    fn ending(&mut self) -> Ending {
        last_breath(&mut self.child, &self.tail)
    }
}

/// How a process ended whose pipe has.
fn last_breath(child: &mut Child, tail: &Tail) -> Ending {
    let began = Instant::now();
    while began.elapsed() < LAST_BREATH {
        match child.try_wait() {
            Ok(Some(status)) => {
                tail.wait_for_end();
                return Ending::of(status);
            }
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    Ending::ClosedItsPipe
}

impl Drop for Worker<'_> {
    /// Ends it at once: what it had to say has been said.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.progress);
    }
}
