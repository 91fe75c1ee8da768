//! Says in a learner's words why a run could not go on.

use crate::failed::Failed;
use windtunnel::world::Failure;

/// The rule, the sentence and the advice for a failure of the world.
pub(crate) fn of_failure(failure: &Failure) -> Failed {
    let (rule, source) = match failure {
        Failure::Panicked { .. } => ("panic", None),
        Failure::NeverIdle { .. } => {
            ("never-idle", Some("A node must run out of things to do: look for a loop that sleeps for no time."))
        }
        Failure::Undecodable { .. } => {
            ("undecodable", Some("Both ends of an RPC must agree on the types of request and reply."))
        }
        Failure::OutOfTime => ("out-of-time", None),
        Failure::OutOfEvents => {
            ("out-of-events", Some("A quiet cluster sends a few messages a heartbeat: look for a storm of them."))
        }
        Failure::TimeStandsStill => {
            ("time-stands-still", Some("Something happens again and again without time passing in between."))
        }
        Failure::Deadlock => ("deadlock", None),
        Failure::ProcessLost { .. } => ("process-lost", None),
    };
    let mut failed = Failed::new(rule, capitalised(&failure.to_string()));
    failed.source = source;
    match failure {
        Failure::Panicked { node, .. }
        | Failure::NeverIdle { node }
        | Failure::Undecodable { node, .. }
        | Failure::ProcessLost { node, .. } => failed.on([*node]),
        _ => failed,
    }
}

/// A sentence begins with a capital and ends with a full stop.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
