//! The world's end of a node process.

use super::child::{NODE_ARGUMENT, NODE_SEED};
use super::frame::{self, Frame};
use crate::line::Effect;
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
        let mut child = Command::new(&executable)
            .arg(NODE_ARGUMENT)
            .env(NODE_SEED, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", executable.display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked to be pipes")
        };
        Ok(NodeProcess { child, input, output, buffer: Vec::new() })
    }

    pub fn step(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let exchange = frame::write(&mut self.input, &mut self.buffer, frame)
            .and_then(|()| frame::read(&mut self.output, &mut self.buffer));
        match exchange {
            Ok(answer) => {
                *effects = answer;
                Ok(())
            }
            Err(error) => Err(self.obituary(&error)),
        }
    }

    /// Says what became of a process that did not answer.
    fn obituary(&mut self, error: &std::io::Error) -> String {
        let _ = self.child.kill();
        match self.child.wait() {
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
