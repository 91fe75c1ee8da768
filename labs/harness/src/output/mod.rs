//! Captures what lab code writes to standard output and error, past `tracing`.
//!
//! Only a recorded run captures: after every step it takes what was written meanwhile, so each line
//! has its node and its virtual time. What is written is kept up to a cap and never parsed.
//! `pipes` is where it passes, `lines` how it becomes records.

mod lines;
mod pipes;

use crate::protocol::{OutputRecord, OutputStream};
use lines::Lines;
use pipes::Pipes;
use std::io;
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// How much of the output of one run is kept.
const CAP_BYTES: usize = 1 << 20;

/// Standard output and error, pointed at pipes of our own until this is dropped.
#[derive(Debug)]
pub(crate) struct Capture {
    pipes: Pipes,
    lines: [Lines; 2],
    /// The last step that was looked at.
    last: Option<(Moment, NodeId)>,
}

impl Capture {
    /// Points standard output and error of the process at pipes. Not to be called inside of a simulation, which
    /// has no threads.
    ///
    /// # Errors
    /// When the system has no descriptors, memory or threads left.
    pub fn begin() -> io::Result<Self> {
        let lines = [OutputStream::Stdout, OutputStream::Stderr].map(Lines::of);
        Ok(Capture { pipes: Pipes::open(CAP_BYTES)?, lines, last: None })
    }

    /// Takes what the step that has just ended wrote.
    pub fn take(&mut self, moment: Moment, node: NodeId, output: &mut Vec<OutputRecord>) {
        self.last = Some((moment, node));
        let lines = &mut self.lines;
        self.pipes.take(|stream, bytes| lines[stream].take(bytes, moment, node, output));
    }

    /// A node's process has ended: what it wrote last is a line, whether it ended it or not.
    pub fn node_ended(&mut self, node: NodeId, output: &mut Vec<OutputRecord>) {
        self.lines.iter_mut().for_each(|lines| lines.end_of(node, output));
    }

    /// The run has ended: takes what is left, and says how much was cut.
    pub fn finish(mut self, output: &mut Vec<OutputRecord>) {
        let Some((moment, node)) = self.last else { return };
        self.take(moment, node, output);
        self.lines.iter_mut().for_each(|lines| lines.end(output));
        let cut = self.pipes.cut();
        if cut > 0 {
            let text = format!("({cut} bytes more were written; of one run {CAP_BYTES} are kept)");
            let stream = OutputStream::Stderr;
            output.push(OutputRecord { event: moment.event.0, at_ns: moment.at.0, node: NodeId::TESTER, stream, text });
        }
    }
}
