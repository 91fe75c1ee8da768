//! The parent's side: a worker as `cargo lab` has it.

use lab_harness::protocol::{Request, Response, RunRequest, RunResult, WORKER_ARGUMENT, progress};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use windtunnel::Seed;

/// A worker as `cargo lab` has it.
pub struct Worker {
    pub child: Child,
    pub input: ChildStdin,
    pub output: BufReader<ChildStdout>,
    pub progress: PathBuf,
}

impl Worker {
    pub fn start() -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let progress = std::env::temp_dir().join(format!("windtunnel-misfits-{}-{number}", std::process::id()));
        progress::create(&progress).expect("a file can be made");
        let mut child = Command::new(std::env::current_exe().expect("this executable is there"))
            .arg(WORKER_ARGUMENT)
            .env(progress::VARIABLE, &progress)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this executable starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut worker = Worker { child, input, output, progress };
        assert!(matches!(worker.hear(), Some(Response::Hello(hello)) if hello.lab == "misfits"));
        worker
    }

    pub fn ask(&mut self, test: &str, change: impl FnOnce(&mut RunRequest)) {
        let mut run = RunRequest::new(test, Seed(7));
        change(&mut run);
        let line = serde_json::to_string(&Request::Run(Box::new(run))).expect("a request serialises");
        writeln!(self.input, "{line}").expect("the worker listens");
    }

    /// The next answer, or `None` if the worker is gone.
    pub fn hear(&mut self) -> Option<Response> {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("a pipe can be read");
        (length > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    pub fn run(&mut self, test: &str) -> Option<RunResult> {
        self.ask(test, |_| {});
        match self.hear()? {
            Response::Result(result) => Some(*result),
            other => panic!("{other:?}"),
        }
    }

    pub fn end(mut self) -> (ExitStatus, progress::Progress) {
        let status = self.child.wait().expect("the worker has ended");
        let progress = progress::read(&self.progress).expect("the progress file is there");
        std::fs::remove_file(&self.progress).expect("the progress file is there");
        (status, progress)
    }
}
