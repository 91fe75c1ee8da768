//! The world's end of a node process.

use super::child::{NODE_ARGUMENT, NODE_MEMORY, NODE_SEED, OUT_OF_MEMORY};
use super::frame::{self, Frame};
use crate::line::Effect;
use crate::memory;
use crate::units::Seed;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A node in a process of its own.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    buffer: Vec<u8>,
}

impl NodeProcess {
    /// Starts this same executable as a node. It inherits the core that the world is pinned to.
    pub fn spawn(seed: Seed) -> Result<Self, String> {
        let executable = std::env::current_exe().map_err(|error| format!("the executable is gone: {error}"))?;
        let mut command = Command::new(&executable);
        command.arg(NODE_ARGUMENT).env(NODE_SEED, seed.to_string());
        if let Some(bytes) = memory::limit_of_simulations() {
            command.env(NODE_MEMORY, bytes.to_string());
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", executable.display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked to be pipes")
        };
        Ok(NodeProcess { child, input, output, buffer: Vec::new() })
    }

    pub fn step(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<i64, String> {
        let exchange = frame::write(&mut self.input, &mut self.buffer, frame)
            .and_then(|()| frame::read(&mut self.output, &mut self.buffer));
        match exchange {
            Ok((heap, answer)) => {
                *effects = answer;
                Ok(heap)
            }
            Err(error) => Err(self.obituary(&error)),
        }
    }

    /// Says what became of a process that did not answer.
    fn obituary(&mut self, error: &std::io::Error) -> String {
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) if status.code() == Some(OUT_OF_MEMORY.into()) => {
                let limit = memory::limit_of_simulations().unwrap_or(u64::MAX) >> 20;
                format!("it wanted more memory than its limit of {limit} MiB")
            }
            Ok(status) => format!("{status} ({error})"),
            Err(wait) => format!("{error}; {wait}"),
        }
    }

    /// SIGKILL: it runs no line more.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
