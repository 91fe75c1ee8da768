//! How a run came to the event that its worker did not survive. The dead tell nothing, so the same run is made
//! again in another worker and ended just before that event.

use crate::worker::{Outcome, Worker, WorkerCommand};
use lab_harness::protocol::{Failure, Row, RowKind, RunRequest, RunResult};
use windtunnel::NodeId;

/// Adds story, log lines and output to the result of a dead worker. A run that goes otherwise the second time adds
/// nothing: what is known stands.
pub fn tell(command: &WorkerCommand<'_>, request: &RunRequest, dead: &mut RunResult, on_row: &mut dyn FnMut(Row)) {
    let Some(failure) = &mut dead.failure else { return };
    let Some(before) = failure.event.and_then(|event| event.checked_sub(1)).filter(|before| *before > 0) else {
        return;
    };
    let again = RunRequest { stop_after: Some(before), hash_at: None, ..request.clone() };
    let Ok(mut worker) = Worker::start(command) else { return };
    let mut on_row_before = |row| not_the_end(row).into_iter().for_each(&mut *on_row);
    let Ok(Outcome::Finished(led)) = worker.run(&again, &mut on_row_before) else { return };
    if led.events != before {
        return;
    }
    let fatal = fatal_row(failure);
    if request.record {
        on_row(fatal.clone());
    }
    if let Some(led) = led.failure {
        failure.story = led.story.into_iter().filter_map(not_the_end).chain([fatal]).collect();
        failure.log = led.log;
        failure.output.splice(..0, led.output);
        failure.schedule = led.schedule;
    }
}

/// The event itself.
fn fatal_row(failure: &Failure) -> Row {
    let text = if failure.rule == "never-yields" { "never comes back" } else { "the process ends" };
    Row {
        event: failure.event.unwrap_or_default(),
        at_ns: failure.at_ns,
        node: failure.node.unwrap_or(NodeId::TESTER),
        kind: RowKind::Violation,
        text: text.to_owned(),
        peer: None,
        peer_text: None,
    }
}

/// A row of the run that was ended early, without the mark of that end.
fn not_the_end(mut row: Row) -> Option<Row> {
    if row.kind == RowKind::Violation {
        if row.text == "out-of-events" {
            return None;
        }
        row.kind = if row.peer.is_some() { RowKind::Message } else { RowKind::Observation };
    }
    Some(row)
}
