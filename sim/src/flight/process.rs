//! A node's process, as who started it sees it.

use super::TakeOffError;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a process that should end soon is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// How long what a node has started may take to be gone, once it was killed.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is read of a log at the most, to quote its end.
const LAST_WORDS: u64 = 4 << 10;

/// What is run as a node: `<path> <arguments> node --config <file> --until-stdin-closes`.
#[derive(Clone, Debug)]
pub struct NodeBinary {
    /// The executable.
    pub path: PathBuf,
    /// What comes before the node's own arguments.
    pub arguments: Vec<String>,
    /// The crate of its program ([`Program::home`](crate::executor::Program::home)): an executable of another one is
    /// refused. Any will do without it.
    pub program: Option<String>,
}

impl NodeBinary {
    /// That executable, without further arguments, whatever it runs.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        NodeBinary { path: path.into(), arguments: Vec::new(), program: None }
    }

    /// The same, if it runs the program of that crate.
    #[must_use]
    pub fn of(self, program: &str) -> Self {
        NodeBinary { program: Some(program.to_owned()), ..self }
    }
}

/// A process that runs, or is paused. It dies when this is dropped, and (its stdin closes, and the kernel tells it)
/// when this process dies.
#[derive(Debug)]
pub(super) struct NodeProcess {
    child: Child,
    log: PathBuf,
    _stdin: Option<ChildStdin>,
}

impl NodeProcess {
    /// Starts a node; what it prints is added to `log`. The thread that calls this must live as long as the node may:
    /// its end counts as the parent's.
    pub fn start(binary: &NodeBinary, config: &Path, log: &Path) -> Result<Self, TakeOffError> {
        let file = |source| TakeOffError::File { path: log.to_owned(), source };
        let output = File::options().create(true).append(true).open(log).map_err(file)?;
        let error_output = output.try_clone().map_err(file)?;
        let mut command = Command::new(&binary.path);
        command
            .args(&binary.arguments)
            .args(["node", "--config"])
            .arg(config)
            .arg("--until-stdin-closes")
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(error_output)
            // A group of its own, so that what it may have started goes with it.
            .process_group(0);
        let mut child = command.spawn().map_err(|source| TakeOffError::Binary { path: binary.path.clone(), source })?;
        Ok(NodeProcess { _stdin: child.stdin.take(), child, log: log.to_owned() })
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// SIGSTOP.
    pub fn pause(&self) {
        let _ = kill_process(self.pid(), Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        let _ = kill_process(self.pid(), Signal::CONT);
    }

    /// SIGTERM, also to one that is paused.
    pub fn terminate(&self) {
        let _ = kill_process(self.pid(), Signal::TERM);
        self.resume();
    }

    /// SIGKILL to it and all it started. When this comes back it is gone: its files and sockets are closed.
    ///
    /// # Errors
    /// Of the system, when it cannot be waited for.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        let group = self.pid();
        let _ = kill_process_group(group, Signal::KILL);
        let status = self.child.wait()?;
        let deadline = Instant::now() + PATIENCE;
        while kill_process_group(group, Signal::KILL).is_ok() && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        Ok(status)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits that long for its end, then kills it.
    ///
    /// # Errors
    /// As [`kill`](Self::kill).
    pub fn ended_within(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(LOOK);
        }
        self.kill()
    }

    /// The last lines of what it printed.
    pub fn last_words(&self, lines: usize) -> String {
        let text = end_of(&self.log).unwrap_or_default();
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn end_of(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
