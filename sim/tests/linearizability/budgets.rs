//! What a check may cost holds whatever it does: one operation after the other, many at once, or comparisons alone.

use super::bare::Bare;
use super::history;
use windtunnel::check::linearizability::{Budget, Exhausted, Online, Verdict, check, check_by_search, verdict};
use windtunnel::check::models::{
    AppendList, CasRegister, Counter, CounterAnswer, CounterAsk, Element, Elements, ListAsk, Register, RegisterAnswer,
};
use windtunnel::check::{ClientId, History};

const SWAPS: [(i64, i64); 6] = [(0, 1), (1, 2), (2, 0), (0, 2), (2, 1), (1, 0)];

/// Compare-and-sets of unknown outcome, and reads that follow them.
fn swaps() -> History<Register, RegisterAnswer> {
    let unknown = |(from, to)| vec![(Register::CompareAndSet { from, to }, None, 2, 0)];
    let read = |(_, value)| (Register::Read, Some(RegisterAnswer::Value(Some(value))), 1, 1);
    let mut clients = SWAPS.map(unknown).to_vec();
    let write = (Register::Write(0), Some(RegisterAnswer::Done), 0, 1);
    clients.push([write].into_iter().chain(SWAPS.map(read)).collect());
    history(&clients)
}

fn one_after_the_other(operations: i64) -> History<Register, RegisterAnswer> {
    let write = |value| (Register::Write(value), Some(RegisterAnswer::Done), 1, 1);
    history(&[(0..operations).map(write).collect::<Vec<_>>()])
}

#[test]
fn comparisons_count_beside_the_steps_of_the_model() {
    let model = Bare::<CasRegister>::default();
    let cost = check_by_search(&model, &swaps(), Budget::default()).cost;
    assert!(cost.steps > model.steps.get(), "{cost:?}, {} of them steps", model.steps.get());
    let model = Bare::<CasRegister>::default();
    let cost = check_by_search(&model, &one_after_the_other(8), Budget::default()).cost;
    assert_eq!(cost.steps, model.steps.get(), "there is nothing to compare");
}

/// So many appends of unequal pieces at the same time, and who reads the list afterwards.
fn appends_at_once(appends: usize) -> History<ListAsk, Option<Elements>> {
    let names = (0..appends).map(|place| (place * 7 % appends).to_string()).collect::<Vec<_>>();
    let append = |(place, name): (usize, &String)| {
        vec![(ListAsk::Append("".into(), Element::new(name)), Some(None), 1, 1 + place as u64)]
    };
    let mut clients = names.iter().enumerate().map(append).collect::<Vec<_>>();
    let read = Elements::new(names.iter().rev().map(String::as_str));
    clients.push(vec![(ListAsk::Read("".into()), Some(Some(read)), 30, 1)]);
    history(&clients)
}

#[test]
fn many_appends_at_once_cost_little_if_somebody_reads_them_later() {
    let cost = check_by_search(&AppendList, &appends_at_once(12), Budget::default()).cost;
    assert!(cost.steps < 10_000 && cost.peak_bytes < 1_000_000, "{cost:?}");
}

/// So many equal additions at the same time, which end in another order than they began.
fn equal_additions(additions: u64, unknown: bool) -> History<CounterAsk, CounterAnswer> {
    let add = |place: u64| {
        let done = (!unknown).then_some(CounterAnswer::Done);
        vec![(CounterAsk::Add("".into(), 1), done, 1, 1 + place * 7 % additions)]
    };
    let mut clients = (0..additions).map(add).collect::<Vec<_>>();
    let read = |value| (CounterAsk::Read("".into()), Some(CounterAnswer::Stands(value)), 1, 1);
    clients.push([1, 2, 4, 6, 9].map(read).to_vec());
    history(&clients)
}

#[test]
fn equal_operations_at_the_same_time_are_tried_in_one_order() {
    for unknown in [false, true] {
        let history = equal_additions(24, unknown);
        let checked = check_by_search(&Counter, &history, Budget::default());
        assert_eq!(checked.verdict, Verdict::Linearizable);
        assert!(checked.cost.steps < 5_000, "unknown: {unknown}, {:?}", checked.cost);
    }
}

#[test]
fn a_budget_of_what_was_used_is_enough_and_a_smaller_one_is_not() {
    for history in [swaps(), one_after_the_other(100)] {
        let cost = verdict(&CasRegister, &history, Budget::default()).cost;
        let enough = Budget { steps: cost.steps, bytes: cost.peak_bytes };
        assert_eq!(verdict(&CasRegister, &history, enough).verdict, Verdict::Linearizable);
        let steps = enough.steps - 1;
        let found = verdict(&CasRegister, &history, Budget { steps, ..enough }).verdict;
        assert_eq!(found, Verdict::Undecided(Exhausted::Steps(steps)));
        let bytes = enough.bytes - 1;
        let found = verdict(&CasRegister, &history, Budget { bytes, ..enough }).verdict;
        assert_eq!(found, Verdict::Undecided(Exhausted::Bytes(bytes)));
    }
}

/// So many writes that nobody learns the outcome of, and a read that saw one of them, or what nobody wrote.
fn unknown_writes(writes: i64, read: i64) -> History<Register, RegisterAnswer> {
    let mut clients = (0..writes).map(|value| vec![(Register::Write(value), None, 1, 0)]).collect::<Vec<_>>();
    clients.push(vec![(Register::Read, Some(RegisterAnswer::Value(Some(read))), 2, 1)]);
    history(&clients)
}

#[test]
fn what_leads_to_no_answer_costs_next_to_nothing() {
    let writes = 17_000;
    let budget = Budget { bytes: 1 << 20, ..Budget::default() };
    for (read, is_right) in [(writes - 1, true), (writes, false)] {
        for checked in [
            check(&CasRegister, &unknown_writes(writes, read), budget),
            check_by_search(&CasRegister, &unknown_writes(writes, read), budget),
        ] {
            assert_eq!(checked.verdict == Verdict::Linearizable, is_right, "{:?}", checked.verdict);
            assert!(checked.cost.steps < 3_000 && checked.cost.peak_bytes < 100_000, "{:?}", checked.cost);
        }
    }
}

#[test]
fn a_thousand_times_the_same_of_unknown_outcome_costs_a_few_steps_each() {
    const CALLS: u64 = 1_000;
    let mut online = Online::new(&Counter, Budget::default());
    for call in 0..CALLS {
        online.called(ClientId(call), CounterAsk::Add("k".into(), 1), call).expect("it is idle");
        assert_eq!(online.unknown(ClientId(call), call), Ok(Verdict::Linearizable));
    }
    assert!(online.cost().steps < 2 * CALLS, "{} steps", online.cost().steps);
}
