//! Cuts what was written into lines, each with the node that wrote it.

use crate::protocol::{OutputRecord, OutputStream};
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// One of the two streams.
#[derive(Debug)]
pub(super) struct Lines {
    stream: OutputStream,
    /// A line whose end has not been written yet: where it began, and what there is of it.
    begun: Option<(Moment, NodeId, Vec<u8>)>,
}

impl Lines {
    pub const fn of(stream: OutputStream) -> Self {
        Lines { stream, begun: None }
    }

    /// A step of this node wrote these bytes. A line has an author: what another node left open ends here.
    pub fn take(&mut self, bytes: &[u8], moment: Moment, node: NodeId, output: &mut Vec<OutputRecord>) {
        if self.begun.as_ref().is_some_and(|(_, author, _)| *author != node) {
            self.end(output);
        }
        let mut rest = bytes;
        while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
            let begun = self.begun.take().map(|(_, _, begun)| begun).unwrap_or_default();
            output.push(self.record(moment, node, &[&begun[..], &rest[..length]].concat()));
            rest = &rest[length + 1..];
        }
        if !rest.is_empty() {
            self.begun.get_or_insert((moment, node, Vec::new())).2.extend_from_slice(rest);
        }
    }

    /// Ends the line that this node left open.
    pub fn end_of(&mut self, node: NodeId, output: &mut Vec<OutputRecord>) {
        if self.begun.as_ref().is_some_and(|(_, author, _)| *author == node) {
            self.end(output);
        }
    }

    /// Ends the line that is open.
    pub fn end(&mut self, output: &mut Vec<OutputRecord>) {
        if let Some((moment, node, bytes)) = self.begun.take() {
            output.push(self.record(moment, node, &bytes));
        }
    }

    fn record(&self, moment: Moment, node: NodeId, line: &[u8]) -> OutputRecord {
        let text = String::from_utf8_lossy(line).into_owned();
        OutputRecord { event: moment.event.0, at_ns: moment.at.0, node, stream: self.stream, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::{EventNumber, Nanos};

    const ONE: NodeId = NodeId(1);
    const TWO: NodeId = NodeId(2);

    fn at(event: u64) -> Moment {
        Moment { at: Nanos(event * 10), event: EventNumber(event) }
    }

    fn told(output: &[OutputRecord]) -> Vec<(u64, u32, &str)> {
        output.iter().map(|line| (line.event, line.node.0, line.text.as_str())).collect()
    }

    #[test]
    fn a_line_written_in_parts_is_one_line_of_the_step_that_ended_it() {
        let (mut lines, mut output) = (Lines::of(OutputStream::Stdout), Vec::new());
        lines.take(b"ab", at(1), ONE, &mut output);
        lines.take(b"c\nd\n\ne", at(2), ONE, &mut output);
        assert_eq!(told(&output), [(2, 1, "abc"), (2, 1, "d"), (2, 1, "")]);
    }

    #[test]
    fn a_line_left_open_is_told_when_another_writes_its_node_ends_or_the_run_does() {
        let (mut lines, mut output) = (Lines::of(OutputStream::Stdout), Vec::new());
        lines.take(b"open", at(1), ONE, &mut output);
        lines.take(b"two\nalso open", at(2), TWO, &mut output);
        lines.end_of(ONE, &mut output);
        assert_eq!(told(&output), [(1, 1, "open"), (2, 2, "two")]);
        lines.end_of(TWO, &mut output);
        lines.take(b"last", at(3), ONE, &mut output);
        lines.end(&mut output);
        assert_eq!(told(&output)[2..], [(2, 2, "also open"), (3, 1, "last")]);
    }
}
