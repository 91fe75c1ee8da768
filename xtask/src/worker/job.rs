//! A submission's binary that does one job: asked once, watched until it is done.

use super::death::{self, Ending};
use super::flight::{LANDING, SILENCE};
use super::lines::{self, Line, Tail};
use super::{TICK, WorkerCommand, last_breath, memory};
use crate::error::LabError;
use crate::seeds::random_name;
use lab_harness::protocol::progress::{self, Progress};
use lab_harness::protocol::{Failure, JOB_ARGUMENT, JobAnswer, JobDone, JobProgress, JobRequest, JobWay};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A job that is done.
#[derive(Debug)]
pub struct Done {
    pub done: JobDone,
    /// The most memory that its process held, if the system tells.
    pub peak_bytes: Option<u64>,
}

/// The process, which ends with this.
struct Process<'a> {
    command: &'a WorkerCommand<'a>,
    child: Child,
    /// In flight its end is the word to land.
    stdin: Option<ChildStdin>,
    /// For how long it may stand still.
    patience: Duration,
    lines: Receiver<Line<JobAnswer>>,
    tail: Tail,
    progress: PathBuf,
}

/// Does a job; input files are named from `here`.
pub fn run(
    command: &WorkerCommand<'_>,
    here: &Path,
    request: &JobRequest,
    on_progress: impl FnMut(JobProgress),
) -> Result<Done, LabError> {
    let mut process = Process::start(command, here)?;
    let line = serde_json::to_string(request).unwrap_or_default();
    // A broken pipe shows as the end of its answers. It lives, so that its memory can be told, as long as the pipe is open.
    let _ = process.stdin.as_ref().map(|mut stdin| stdin.write_all(format!("{line}\n").as_bytes()));
    let flies = matches!(request.way, JobWay::Flight { .. });
    if flies {
        process.patience = SILENCE;
    }
    let answer = process.answer(on_progress);
    if flies && answer.is_err() {
        process.land();
    }
    match answer? {
        Ok(JobAnswer::Done(done)) => Ok(Done { done: *done, peak_bytes: memory::peak_bytes(process.child.id()) }),
        Ok(JobAnswer::Failed(failure)) => Err(LabError::JobFailed(failure)),
        Ok(JobAnswer::Undecided(failure)) => Err(LabError::JobUndecided(failure)),
        Ok(JobAnswer::Refused(refusal)) => Err(LabError::Refused(refusal)),
        Ok(JobAnswer::Progress(_) | JobAnswer::GoesOn) => unreachable!("that is no end"),
        Err(ending) => Err(process.gone(&ending, request)),
    }
}

impl<'a> Process<'a> {
    fn start(command: &'a WorkerCommand<'a>, here: &Path) -> Result<Self, LabError> {
        let progress = command.directory.file(&format!("progress-{}", random_name()));
        progress::create(&progress).map_err(|source| LabError::Target { path: progress.clone(), source })?;
        let child = Command::new(&command.program)
            .arg(JOB_ARGUMENT)
            .env(progress::VARIABLE, &progress)
            .env("RUST_BACKTRACE", "0") // a backtrace would drown its last words
            .env("MIMALLOC_ALLOW_THP", "0") // of huge pages most would be held for nothing
            .current_dir(here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C is ours to handle
            .spawn();
        let mut child = child.map_err(|source| LabError::CannotStart { program: command.program.clone(), source })?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both were asked for")
        };
        let (stdin, patience) = (child.stdin.take(), command.patience);
        Ok(Process { command, child, stdin, patience, lines: lines::read(stdout), tail: Tail::of(stderr), progress })
    }

    /// Waits for its last answer, for its end, or for the watchdog. Whoever says how far it is, or is at another event than
    /// before, goes on.
    fn answer(&mut self, mut on_progress: impl FnMut(JobProgress)) -> Result<Result<JobAnswer, Ending>, LabError> {
        let mut last = self.at();
        let (mut stood, mut looked) = (Duration::ZERO, Instant::now());
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(Line::Response(JobAnswer::Progress(progress))) => {
                    on_progress(progress);
                    stood = Duration::ZERO;
                }
                Ok(Line::Response(JobAnswer::GoesOn)) => stood = Duration::ZERO,
                Ok(Line::Response(answer)) => return Ok(Ok(answer)),
                Ok(Line::Garbage(line)) => return Ok(Err(Ending::Garbage(line))),
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Err(last_breath(&mut self.child, &self.tail)));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.at();
                    // A machine that slept for an hour is no job that stood still for one.
                    stood = if now == last { stood + looked.elapsed().min(TICK * 4) } else { Duration::ZERO };
                    last = now;
                    if stood >= self.patience {
                        return Ok(Err(Ending::NeverYields(self.patience)));
                    }
                }
            }
            if self.command.interrupt.is_set() {
                return Err(LabError::Interrupted);
            }
            looked = Instant::now();
        }
    }

    /// Asks it to end its nodes, and waits until it has.
    fn land(&mut self) {
        drop(self.stdin.take());
        let until = Instant::now() + LANDING;
        while Instant::now() < until {
            match self.lines.recv_timeout(TICK) {
                Ok(Line::Response(JobAnswer::Progress(_) | JobAnswer::GoesOn)) | Err(RecvTimeoutError::Timeout) => {}
                _ => break,
            }
        }
    }

    fn at(&self) -> Progress {
        progress::read(&self.progress).unwrap_or_default()
    }

    /// What is said when it is no more.
    fn gone(&mut self, ending: &Ending, request: &JobRequest) -> LabError {
        self.end();
        let words = self.tail.lines(40);
        if *ending == Ending::Exited(2) {
            let (program, lab) = (self.command.program.clone(), self.command.lab.to_owned());
            return LabError::NoWorker { program, lab, problem: format!("it does no job: {}", words.join(" / ")) };
        }
        let failure: Failure = death::of_job(request, ending, self.at(), &words);
        LabError::JobFailed(Box::new(failure))
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        self.end();
        let _ = std::fs::remove_file(&self.progress);
    }
}
