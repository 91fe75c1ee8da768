//! Says in a learner's words why a run could not go on.

use crate::failed::Failed;
use windtunnel::Nanos;
use windtunnel::world::Failure;

/// How a run stood when it could not go on.
pub(crate) struct Standing<'a> {
    /// What the test did, as `waited for a leader`; `None` if nobody said.
    pub awaited: Option<&'a str>,
    /// The virtual time the run may take.
    pub time_budget: Nanos,
    /// The events the run may take.
    pub event_budget: u64,
}

/// The rule, the sentence and the advice for a failure of the world.
pub(crate) fn of_failure(failure: &Failure, standing: &Standing<'_>) -> Failed {
    let (rule, source) = match failure {
        Failure::Panicked { .. } => ("panic", None),
        Failure::NeverIdle { .. } => {
            ("never-idle", Some("A node must run out of things to do: look for a loop that sleeps for no time."))
        }
        Failure::Undecodable { .. } => {
            ("undecodable", Some("Both ends of an RPC must agree on the types of request and reply."))
        }
        Failure::OutOfTime => ("out-of-time", None),
        Failure::OutOfEvents { .. } => {
            ("out-of-events", Some("A quiet cluster sends a few messages a heartbeat: look for a storm of them."))
        }
        Failure::TimeStandsStill { .. } => {
            ("time-stands-still", Some("Something happens again and again without time passing in between."))
        }
        Failure::MessageStorm { .. } => (
            "message-storm",
            Some("Nothing waits for an answer, or for time, before it calls again: look for a loop that spawns calls."),
        ),
        Failure::Deadlock => ("deadlock", None),
        Failure::ProcessLost { .. } => ("process-lost", None),
        Failure::CouldNotBegin { .. } => ("could-not-begin", None),
        Failure::Unobserved { .. } => ("tester-behind", None),
    };
    let mut failed = Failed::new(rule, capitalised(&sentence(failure, standing)));
    failed.source = source;
    match failure.node() {
        Some(node) => failed.on([node]),
        None => failed,
    }
}

/// What happened; and where something ran out, what the test was doing meanwhile.
fn sentence(failure: &Failure, standing: &Standing<'_>) -> String {
    let meanwhile = match standing.awaited {
        Some(awaited) => format!("while it {awaited}"),
        None => "while its body slept, or waited for what it did not name".to_owned(),
    };
    match failure {
        Failure::OutOfTime => {
            format!("the test had no virtual time left ({}) {meanwhile}", seconds(standing.time_budget))
        }
        Failure::OutOfEvents { busiest } => {
            let budget = standing.event_budget;
            format!("the test had no events left (after {budget}: too many messages or timers) {meanwhile}; {busiest}")
        }
        Failure::TimeStandsStill { busiest } => {
            format!("the test saw virtual time stand still {meanwhile}: of the last events at one instant {busiest}")
        }
        Failure::MessageStorm { under_way, busiest } => {
            format!("the test saw a storm ({under_way} messages under way at once) {meanwhile}; {busiest}")
        }
        Failure::Deadlock => format!("the test came to a point where nothing more could happen, {meanwhile}"),
        Failure::NeverIdle { .. } => match standing.awaited {
            Some(awaited) => format!("{failure}; the test {awaited}"),
            None => failure.to_string(),
        },
        Failure::Panicked { .. }
        | Failure::Undecodable { .. }
        | Failure::ProcessLost { .. }
        | Failure::CouldNotBegin { .. }
        | Failure::Unobserved { .. } => failure.to_string(),
    }
}

/// `120 s`, `0.25 s`.
fn seconds(span: Nanos) -> String {
    let text = span.to_string();
    let number = text.trim_end_matches(" s").trim_end_matches('0').trim_end_matches('.');
    format!("{number} s")
}

/// A sentence begins with a capital and ends with a full stop.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::NodeId;
    use windtunnel::world::Busiest;

    fn title(failure: &Failure, awaited: Option<&str>) -> String {
        let standing = Standing { awaited, time_budget: Nanos::from_secs(120), event_budget: 5_000_000 };
        of_failure(failure, &standing).title
    }

    #[test]
    fn what_ran_out_is_said_with_what_was_awaited() {
        let awaited = Some("waited for a leader");
        let busiest = Busiest { handled: (NodeId(1), 90), called: (NodeId(2), 50) };
        let both = Busiest { handled: (NodeId(2), 90), ..busiest };
        let alone = Busiest { handled: (NodeId(3), 50_000), called: (NodeId::TESTER, 0) };
        let cases = [
            (Failure::OutOfTime, "The test had no virtual time left (120 s) while it waited for a leader."),
            (
                Failure::OutOfEvents { busiest },
                "The test had no events left (after 5000000: too many messages or timers) while it waited for a leader; \
                 node 1 handled the most events (90), node 2 made the most calls (50).",
            ),
            (
                Failure::TimeStandsStill { busiest: alone },
                "The test saw virtual time stand still while it waited for a leader: of the last events at one instant \
                 node 3 handled the most events (50000), and nobody made a call.",
            ),
            (
                Failure::MessageStorm { under_way: 101, busiest: both },
                "The test saw a storm (101 messages under way at once) while it waited for a leader; \
                 node 2 handled the most events (90) and made the most calls (50).",
            ),
            (
                Failure::Deadlock,
                "The test came to a point where nothing more could happen, while it waited for a leader.",
            ),
            (
                Failure::NeverIdle { node: NodeId(2) },
                "Node 2 never becomes idle: its tasks were polled 100000 times in one event; \
                 the test waited for a leader.",
            ),
        ];
        for (failure, said) in cases {
            assert_eq!(title(&failure, awaited), said);
        }
    }

    #[test]
    fn without_a_name_the_body_is_said_to_have_slept() {
        let said =
            "The test had no virtual time left (120 s) while its body slept, or waited for what it did not name.";
        assert_eq!(title(&Failure::OutOfTime, None), said);
    }

    #[test]
    fn a_budget_is_said_in_seconds_without_zeros() {
        let said = [Nanos::from_secs(5), Nanos::from_millis(250), Nanos::from_secs(40)].map(seconds);
        assert_eq!(said, ["5 s", "0.25 s", "40 s"]);
    }
}
