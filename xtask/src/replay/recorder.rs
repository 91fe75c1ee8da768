//! Which rows of a replay are kept to be shown: the last ones, or those that `--node` and `--from` ask for; and the file
//! of `--trace`, which gets all of them.

use crate::cli::ReplayOptions;
use crate::error::LabError;
use crate::event::rows_of;
use lab_harness::protocol::{Row, RowKind, RunResult};
use lab_harness::scenario::Time;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use windtunnel::{Nanos, NodeId};

/// Rows shown, up to where it broke, if nobody says from when on.
const SHOWN: usize = 60;

/// Which rows somebody wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    node: Option<NodeId>,
    from: Option<Nanos>,
}

impl View {
    /// What the command line asks for.
    pub fn of(options: &ReplayOptions) -> Result<Self, LabError> {
        let from = options.from.as_deref().map(str::parse::<Time>).transpose().map_err(LabError::From)?;
        Ok(View { node: options.node.map(NodeId), from: from.map(|Time(from)| from) })
    }

    fn holds(&self, row: &Row) -> bool {
        let concerns = |node: NodeId| row.node == node || row.peer == Some(node);
        self.from.is_none_or(|from| row.at_ns >= from.0) && self.node.is_none_or(concerns)
    }

    /// Where it broke is shown in any case: it is what the run is looked at for.
    fn shows(&self, row: &Row) -> bool {
        self.holds(row) || row.kind == RowKind::Violation
    }

    fn most(&self) -> usize {
        if self.from.is_some() { usize::MAX } else { SHOWN }
    }

    /// Goes on after "rows": ` of node 2 from 1.200 s on`.
    fn in_words(&self) -> String {
        let node = self.node.map(|node| format!(" of {node}")).unwrap_or_default();
        let from = self.from.map(|from| format!(" from {from} on")).unwrap_or_default();
        format!("{node}{from}")
    }
}

/// Keeps the rows to be shown, and writes all of them where `--trace` says.
pub struct Recorder {
    view: View,
    rows: VecDeque<Row>,
    /// Rows of the view that came before those, and the events of the first and the last of them.
    dropped: u64,
    dropped_events: Option<(u64, u64)>,
    /// Rows that are not of the view.
    hidden: u64,
    trace: Option<Trace>,
    problem: Option<LabError>,
}

impl Recorder {
    pub fn new(view: View, trace: Option<Trace>) -> Self {
        Recorder { view, rows: VecDeque::new(), dropped: 0, dropped_events: None, hidden: 0, trace, problem: None }
    }

    /// The rows to be shown, in order.
    pub fn rows(&self) -> Vec<Row> {
        self.rows.iter().cloned().collect()
    }

    /// How many rows there are besides.
    pub fn left_out(&self) -> u64 {
        self.dropped + self.hidden
    }

    /// The same in words, above the table; nothing if all are shown. An event is several rows, or none.
    pub fn what_is_left_out(&self) -> String {
        let words = self.view.in_words();
        let earlier = self.dropped_events.map(|(first, last)| {
            let rows = counted(self.dropped, "earlier row");
            format!("{rows}{words} (events {first} to {last}); --from TIME shows more")
        });
        let any = self.dropped > 0 || self.rows.iter().any(|row| self.view.holds(row));
        let hidden = (self.hidden > 0).then(|| match any {
            false => format!("no row{words}, and {} besides", counted(self.hidden, "row")),
            true => format!("only rows{words}; {} left out", counted(self.hidden, "other")),
        });
        let lines = [hidden, earlier].into_iter().flatten().map(|line| format!("  … {line}\n"));
        let lines: String = lines.collect();
        if lines.is_empty() { lines } else { format!("{lines}\n") }
    }

    /// Takes the next row of the run.
    pub fn take(&mut self, row: Row) {
        self.write(&row);
        if !self.view.shows(&row) {
            self.hidden += 1;
            return;
        }
        self.rows.push_back(row);
        if self.rows.len() > self.view.most()
            && let Some(first) = self.rows.pop_front()
        {
            self.dropped += 1;
            let from = self.dropped_events.map_or(first.event, |(from, _)| from);
            self.dropped_events = Some((from, first.event));
        }
    }

    fn write(&mut self, row: &Row) {
        if let (Some(trace), None) = (&mut self.trace, &self.problem) {
            self.problem = trace.write(row).err();
        }
    }

    /// Adds what lab code logged and printed, and where it broke.
    pub fn finish(&mut self, result: &RunResult) -> Option<LabError> {
        let any_rows = self.left_out() > 0 || !self.rows.is_empty();
        if any_rows {
            let from = if self.dropped > 0 { self.rows.front().map_or(0, |row| row.at_ns) } else { 0 };
            let spoken = rows_of(result);
            spoken.iter().for_each(|row| self.write(row));
            let view = self.view;
            self.rows.extend(spoken.into_iter().filter(|row| row.at_ns >= from && view.shows(row)));
            self.rows.make_contiguous().sort_by_key(|row| (row.at_ns, row.event));
            self.mark(result);
        }
        self.problem.take().or_else(|| self.trace.take().and_then(|trace| trace.finish().err()))
    }

    /// The last row is where it broke, if no row is marked.
    fn mark(&mut self, result: &RunResult) {
        let marked = self.rows.iter().any(|row| row.kind == RowKind::Violation);
        if let (Some(failure), Some(row), false) = (&result.failure, self.rows.back_mut(), marked)
            && failure.event.is_none_or(|event| event == row.event)
        {
            row.kind = RowKind::Violation;
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The file of `--trace`.
pub struct Trace {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Trace {
    /// Begins the file.
    pub fn create(path: &Path) -> Result<Self, LabError> {
        let path = path.to_path_buf();
        match File::create(&path) {
            Ok(file) => Ok(Trace { path, file: BufWriter::new(file) }),
            Err(source) => Err(LabError::CannotWrite { path, source }),
        }
    }

    fn write(&mut self, row: &Row) -> Result<(), LabError> {
        let line = serde_json::to_string(row).unwrap_or_default();
        writeln!(self.file, "{line}").map_err(|source| LabError::CannotWrite { path: self.path.clone(), source })
    }

    fn finish(mut self) -> Result<(), LabError> {
        self.file.flush().map_err(|source| LabError::CannotWrite { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(event: u64, node: u32, peer: Option<u32>) -> Row {
        let kind = if peer.is_some() { RowKind::Message } else { RowKind::Timer };
        let (node, peer) = (NodeId(node), peer.map(NodeId));
        Row { event, at_ns: event * 1_000_000, node, kind, text: "x".to_owned(), peer, peer_text: None }
    }

    fn recorder(view: View, rows: impl IntoIterator<Item = Row>) -> Recorder {
        let mut recorder = Recorder::new(view, None);
        rows.into_iter().for_each(|row| recorder.take(row));
        recorder
    }

    fn events(recorder: &Recorder) -> Vec<u64> {
        recorder.rows().iter().map(|row| row.event).collect()
    }

    #[test]
    fn without_a_wish_the_last_rows_are_kept_and_the_others_counted_with_their_events() {
        let all = (1..=100).flat_map(|event| [row(event, 1, None), row(event, 2, None)]);
        let recorder = recorder(View::default(), all);
        assert_eq!((events(&recorder).first(), recorder.rows().len()), (Some(&71), SHOWN));
        let said = "  … 140 earlier rows (events 1 to 70); --from TIME shows more\n\n";
        assert_eq!(recorder.what_is_left_out(), said);
    }

    #[test]
    fn a_node_is_shown_with_what_it_sends_and_is_sent() {
        let view = View { node: Some(NodeId(2)), from: None };
        let broke = Row { kind: RowKind::Violation, ..row(5, 3, None) };
        let rows = [row(1, 1, None), row(2, 2, None), row(3, 1, Some(2)), row(4, 2, Some(3)), broke, row(6, 1, None)];
        let recorder = recorder(view, rows);
        assert_eq!(events(&recorder), [2, 3, 4, 5]);
        assert_eq!(recorder.what_is_left_out(), "  … only rows of node 2; 2 others left out\n\n");
    }

    #[test]
    fn from_a_time_on_every_row_is_shown() {
        let view = View { node: None, from: Some(Nanos::from_millis(50)) };
        let recorder = recorder(view, (1..=200).map(|event| row(event, 1, None)));
        assert_eq!(events(&recorder), (50..=200).collect::<Vec<_>>());
        assert_eq!(recorder.what_is_left_out(), "  … only rows from 0.050 s on; 49 others left out\n\n");
    }

    #[test]
    fn a_node_of_which_there_is_no_row_is_said_to_have_none() {
        let view = View { node: Some(NodeId(9)), from: None };
        let said = "  … no row of node 9, and 1 row besides\n\n";
        let broke = Row { kind: RowKind::Violation, ..row(2, 1, None) };
        assert_eq!(recorder(view, [row(1, 1, None), broke]).what_is_left_out(), said);
    }
}
