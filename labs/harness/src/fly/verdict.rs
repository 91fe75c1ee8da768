//! What the end of a flight means. A rule that breaks is broken on any machine; a bound of time that is missed on a real
//! one proves nothing: it may have stood still, or its disk may have.

use crate::history::UNDECIDED;
use crate::judge::Judge;
use crate::protocol::{FlightBroken, FlightVerdict};
use crate::run::Ran;
use crate::suite::Flight;
use windtunnel::Nanos;

/// The harness's own bounds; why a node has ended itself, or could not begin again, which in flight only its disk knows; and a
/// history that cannot be judged.
const BOUNDS: [&str; 5] = ["out-of-time", "tester-behind", "could-not-begin", "stopped-without-cause", UNDECIDED];

/// A machine that stood still for so long may be the reason why something took too long.
const WORTH_TELLING: Nanos = Nanos::from_millis(100);

/// The rules of who judges that are no proof in flight.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules<'a> {
    /// Bounds of time.
    pub bounds: &'a [&'a str],
    /// Those that need to have seen how the nodes' data came about.
    pub whole_history: &'a [&'a str],
}

impl Rules<'static> {
    /// Those of a lab, if it flies.
    pub fn of<J: Judge>(flight: Option<&Flight<J>>) -> Self {
        flight
            .map_or_else(Rules::default, |flight| Rules { bounds: flight.bounds, whole_history: flight.whole_history })
    }
}

/// What a flight was like, besides what its judge saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Circumstances {
    /// For how long the machine let the tester stand still at most.
    pub stood_still: Nanos,
    /// Somebody outside wanted it to land.
    pub landed: bool,
    /// Its nodes began with the data of an earlier flight.
    pub inherited: bool,
}

/// The verdict, and what broke.
pub(crate) fn of(
    rules: Rules<'_>,
    ran: &Ran,
    Circumstances { stood_still, landed, inherited }: Circumstances,
) -> (FlightVerdict, Option<FlightBroken>) {
    let is_bound = |rule: &str| BOUNDS.contains(&rule) || rules.bounds.contains(&rule);
    // What cannot be on any machine is worse than what came late on this one.
    let Some(broken) = ran.verdict(is_bound) else {
        let verdict = match ran.kept.has_history {
            _ if landed => FlightVerdict::Interrupted,
            true => FlightVerdict::Linearizable,
            false => FlightVerdict::Safe,
        };
        return (verdict, None);
    };
    let rule = broken.failed.rule;
    let is_bound = is_bound(rule);
    let is_unseen = inherited && rules.whole_history.contains(&rule);
    let facts = broken.failed.facts().to_vec();
    let mut title = broken.failed.title;
    if is_bound && stood_still > WORTH_TELLING {
        title.push_str(&format!(" The machine let its tester stand still for up to {stood_still} meanwhile."));
    }
    if is_unseen {
        title.push_str(
            " The nodes began with the data of an earlier flight, so this may be from before: fly without it.",
        );
    }
    let verdict = if is_bound || is_unseen { FlightVerdict::Undecided } else { FlightVerdict::Violated };
    let source = broken.failed.source.map(str::to_owned);
    let at_ms = broken.moment.at.0 / 1_000_000;
    (verdict, Some(FlightBroken { rule: rule.to_owned(), title, source, facts, at_ms }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failed::{Evidence, Failed, TestResult};
    use crate::fly::tests::lab;
    use crate::history::LINEARIZABILITY;
    use crate::ticks::Anything;
    use crate::watch::{Broken, Kept};
    use windtunnel::line::PanicReport;
    use windtunnel::world::{Counters, Decisions, Failure, Moment, Outcome, Report};
    use windtunnel::{EventNumber, NodeId};

    fn rules() -> Rules<'static> {
        Rules::of(lab::<Anything>().flight.as_ref())
    }

    const CALM: Circumstances = Circumstances { stood_still: Nanos::ZERO, landed: false, inherited: false };

    fn ran(outcome: Outcome<TestResult>, broken: Option<Failed>) -> Ran {
        let moment = Moment { at: Nanos::from_millis(700), event: EventNumber(5) };
        let broken = broken.map(|failed| Broken { failed, moment, node: NodeId(2) });
        let report = Report {
            outcome,
            trace_hash: 0,
            events: 9,
            ended_at: Nanos::from_millis(900),
            last_node: NodeId(1),
            counters: Counters::default(),
            decisions: Decisions::default(),
            recording: None,
            hash_at: None,
        };
        let kept = Kept { broken, ..Kept::default() };
        Ran { report, kept, lineup: crate::lineup::Lineup::of(3), is_storm: true, time_budget: Nanos::from_secs(9) }
    }

    fn verdict(outcome: Outcome<TestResult>) -> FlightVerdict {
        of(rules(), &ran(outcome, None), CALM).0
    }

    fn failed(rule: &'static str) -> Outcome<TestResult> {
        Outcome::Finished(Err(Failed::new(rule, "What happened.")))
    }

    #[test]
    fn a_flight_to_its_end_is_safe_and_one_that_was_landed_is_not_known_to_be() {
        assert_eq!(verdict(Outcome::Finished(Ok(()))), FlightVerdict::Safe);
        let landed = of(rules(), &ran(Outcome::Finished(Ok(())), None), Circumstances { landed: true, ..CALM });
        assert_eq!(landed, (FlightVerdict::Interrupted, None));
    }

    #[test]
    fn who_passes_with_a_history_of_clients_is_linearizable() {
        let passed = |landed| {
            let mut ran = ran(Outcome::Finished(Ok(())), None);
            ran.kept.has_history = true;
            of(rules(), &ran, Circumstances { landed, ..CALM }).0
        };
        assert_eq!(passed(false), FlightVerdict::Linearizable);
        assert_eq!(passed(true), FlightVerdict::Interrupted);
    }

    #[test]
    fn a_rule_that_breaks_is_violated_landed_or_not_and_told_with_its_source_facts_and_time() {
        let evidence = Evidence { facts: vec!["node 1  leader 5".to_owned()], calls: None };
        let rule = Failed::new("election-safety", "Two lead.").from_source("Raft, section 5.2");
        let rule = rule.with_evidence(evidence);
        let ran = ran(Outcome::Stopped, Some(rule));
        for landed in [false, true] {
            let (verdict, broken) =
                of(rules(), &ran, Circumstances { stood_still: Nanos::from_secs(5), landed, inherited: false });
            let told = FlightBroken {
                rule: "election-safety".to_owned(),
                title: "Two lead.".to_owned(),
                source: Some("Raft, section 5.2".to_owned()),
                facts: vec!["node 1  leader 5".to_owned()],
                at_ms: 700,
            };
            assert_eq!((verdict, broken), (FlightVerdict::Violated, Some(told)), "a slow machine is no excuse");
        }
    }

    #[test]
    fn a_command_that_is_lost_a_panic_and_a_process_that_is_gone_are_violated() {
        let report = PanicReport { message: "index out of bounds".into(), place: "lib.rs:7".into() };
        let panicked = Failure::Panicked { node: NodeId(1), report };
        let gone = Failure::ProcessLost { node: NodeId(1), message: "signal: 11".into() };
        for outcome in [failed("lost-command"), Outcome::Failed(panicked), Outcome::Failed(gone)] {
            assert_eq!(verdict(outcome), FlightVerdict::Violated);
        }
    }

    #[test]
    fn a_bound_of_time_of_the_lab_or_the_harness_and_a_node_that_ended_itself_decide_nothing() {
        let ended = ["no-leader", "stopped-without-cause", UNDECIDED].map(failed);
        let full = Failure::CouldNotBegin { node: NodeId(1), message: "its disk is full".into() };
        for outcome in ended.into_iter().chain([Outcome::Failed(Failure::OutOfTime), Outcome::Failed(full)]) {
            assert_eq!(verdict(outcome), FlightVerdict::Undecided);
        }
        let stopped = ran(Outcome::Stopped, Some(Failed::new("stopped-without-cause", "Node 2 stopped.")));
        assert_eq!(of(rules(), &stopped, CALM).0, FlightVerdict::Undecided);
    }

    #[test]
    fn what_may_be_from_an_earlier_flight_decides_nothing_and_what_cannot_be_is_violated() {
        let of = |rule, inherited| {
            let (verdict, broken) = of(rules(), &ran(failed(rule), None), Circumstances { inherited, ..CALM });
            (verdict, broken.is_some_and(|broken| broken.title.contains("earlier flight")))
        };
        assert_eq!(of("snapshot-contents", true), (FlightVerdict::Undecided, true));
        assert_eq!(of("snapshot-contents", false), (FlightVerdict::Violated, false));
        assert_eq!(of("election-safety", true), (FlightVerdict::Violated, false));
    }

    #[test]
    fn what_the_judge_says_when_a_flight_is_over_counts_unless_something_else_broke_first() {
        let verdict = |outcome, last_word| {
            let mut ran = ran(outcome, None);
            ran.kept.broken_at_the_end = Some(Failed::new(last_word, "No order explains it."));
            let (verdict, broken) = of(rules(), &ran, CALM);
            (verdict, broken.map(|broken| broken.rule).unwrap_or_default())
        };
        let violated = |rule: &str| (FlightVerdict::Violated, rule.to_owned());
        let undecided = |rule: &str| (FlightVerdict::Undecided, rule.to_owned());
        assert_eq!(verdict(Outcome::Finished(Ok(())), LINEARIZABILITY), violated(LINEARIZABILITY));
        assert_eq!(
            verdict(failed("no-leader"), LINEARIZABILITY),
            violated(LINEARIZABILITY),
            "a bound alone would decide nothing"
        );
        assert_eq!(verdict(failed("lost-command"), LINEARIZABILITY), violated("lost-command"));
        assert_eq!(verdict(Outcome::Finished(Ok(())), UNDECIDED), undecided(UNDECIDED));
        assert_eq!(verdict(failed("no-leader"), UNDECIDED), undecided("no-leader"), "which says more");
    }

    #[test]
    fn a_machine_that_stood_still_is_told_where_it_may_be_the_reason() {
        let title = |stood_still| {
            let (_, broken) = of(rules(), &ran(failed("no-leader"), None), Circumstances { stood_still, ..CALM });
            broken.map(|broken| broken.title).unwrap_or_default()
        };
        assert_eq!(title(WORTH_TELLING), "What happened.");
        assert!(
            title(Nanos::from_millis(1_500)).ends_with("stand still for up to 1.500 s meanwhile."),
            "{}",
            title(Nanos::from_millis(1_500))
        );
    }
}
