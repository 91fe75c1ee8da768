//! What the end of a flight means. A rule that breaks is broken on any machine; a bound of time that is missed on a real
//! one proves nothing: it may have stood still, or its disk may have.

use crate::judge::Judge;
use crate::protocol::{FlightBroken, FlightVerdict};
use crate::run::Ran;
use crate::suite::Lab;
use windtunnel::Nanos;

/// The harness's own bounds; and why a node has ended itself, which in flight only its disk knows.
const BOUNDS: [&str; 3] = ["out-of-time", "tester-behind", "stopped-without-cause"];

/// A machine that stood still for so long may be the reason why something took too long.
const WORTH_TELLING: Nanos = Nanos::from_millis(100);

/// The verdict, and what broke.
pub(super) fn of<J: Judge>(
    lab: &Lab<J>,
    ran: &Ran,
    stood_still: Nanos,
    landed: bool,
) -> (FlightVerdict, Option<FlightBroken>) {
    let Some(broken) = ran.verdict() else {
        return (if landed { FlightVerdict::Interrupted } else { FlightVerdict::Safe }, None);
    };
    let rule = broken.failed.rule;
    let is_bound = BOUNDS.contains(&rule) || lab.flight.as_ref().is_some_and(|flight| flight.bounds.contains(&rule));
    let mut title = broken.failed.title;
    if is_bound && stood_still > WORTH_TELLING {
        title.push_str(&format!(" The machine let its tester stand still for up to {stood_still} meanwhile."));
    }
    let verdict = if is_bound { FlightVerdict::Undecided } else { FlightVerdict::Violated };
    let source = broken.failed.source.map(str::to_owned);
    (verdict, Some(FlightBroken { rule: rule.to_owned(), title, source, at_ms: broken.moment.at.0 / 1_000_000 }))
}
