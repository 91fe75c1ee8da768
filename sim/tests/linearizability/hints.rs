//! What a service says of its own order: it saves the search, and it is never believed.

use super::{Did, clients, history, register};
use proptest::prelude::*;
use windtunnel::check::linearizability::{Budget, Verdict, check};
use windtunnel::check::models::{CasRegister, Counter, CounterAnswer, CounterAsk, Register, RegisterAnswer};
use windtunnel::check::{ClientId, History, OperationId};

/// No budget for a search at all.
const NOTHING: Budget = Budget { steps: 0, bytes: 0 };

/// Additions that are all open at the same time, each of which was told where the counter stood then.
fn additions(by: &[i64]) -> History<CounterAsk, CounterAnswer> {
    let mut history = History::new();
    let client = |place: usize| ClientId(place as u64);
    for (place, by) in by.iter().enumerate() {
        history.called(client(place), CounterAsk::Add("x".into(), *by), 0).expect("one each");
    }
    for place in 0..by.len() {
        let stands = by[place..].iter().sum();
        history.returned(client(place), CounterAnswer::Stands(stands), 1).expect("it is open");
    }
    history
}

#[test]
fn an_order_that_the_service_told_is_tried_before_any_search() {
    let mut history = additions(&[1, 2, 4, 8, 16, 32]);
    let searched = check(&Counter, &history, Budget::default());
    assert_eq!(searched.verdict, Verdict::Linearizable);
    assert!(searched.cost.steps > 20, "{:?}", searched.cost);
    (0..6).for_each(|place| history.hint(OperationId(place), 10 - place as u64));
    let told = check(&Counter, &history, NOTHING);
    assert_eq!((told.verdict, told.cost.steps), (Verdict::Linearizable, 0));
}

#[test]
fn one_hint_that_is_missing_leaves_the_search_to_be_done() {
    let mut history = additions(&[1, 2, 4]);
    (0..2).for_each(|place| history.hint(OperationId(place), 10 - place as u64));
    assert!(matches!(check(&Counter, &history, NOTHING).verdict, Verdict::Undecided(_)));
    assert_eq!(check(&Counter, &history, Budget::default()).verdict, Verdict::Linearizable);
}

#[test]
fn what_reads_at_a_place_comes_after_what_wrote_there() {
    let mut history = History::new();
    let (reader, writer) = (ClientId(1), ClientId(2));
    let read = history.called(reader, Register::Read, 1).expect("it is idle");
    let write = history.called(writer, Register::Write(7), 2).expect("it is idle");
    history.returned(reader, RegisterAnswer::Value(Some(7)), 3).expect("it is open");
    history.returned(writer, RegisterAnswer::Done, 3).expect("it is open");
    history.hint(read, 1);
    history.hint(write, 1);
    let checked = check(&CasRegister, &history, NOTHING);
    assert_eq!((checked.verdict, checked.cost.steps), (Verdict::Linearizable, 0));
}

#[test]
fn what_is_called_when_another_returns_may_have_happened_before_it() {
    let mut history = History::new();
    let write = history.called(ClientId(1), Register::Write(7), 1).expect("it is idle");
    let read = history.called(ClientId(2), Register::Read, 3).expect("it is idle");
    history.returned(ClientId(1), RegisterAnswer::Done, 3).expect("it is open");
    history.returned(ClientId(2), RegisterAnswer::Value(None), 4).expect("it is open");
    history.hint(read, 1);
    history.hint(write, 2);
    let checked = check(&CasRegister, &history, NOTHING);
    assert_eq!((checked.verdict, checked.cost.steps), (Verdict::Linearizable, 0));
}

#[test]
fn an_outcome_that_nobody_knows_happened_if_there_is_a_hint_of_it_and_did_not_otherwise() {
    let steps = |unknown_hint: Option<u64>, read: Option<i64>| {
        let mut history = History::new();
        let write = history.called(ClientId(1), Register::Write(7), 1).expect("it is idle");
        history.unknown(ClientId(1), 2).expect("it is open");
        let reads = history.called(ClientId(2), Register::Read, 3).expect("it is idle");
        history.returned(ClientId(2), RegisterAnswer::Value(read), 4).expect("it is open");
        history.hint(reads, 5);
        unknown_hint.into_iter().for_each(|hint| history.hint(write, hint));
        let checked = check(&CasRegister, &history, Budget::default());
        assert_eq!(checked.verdict, Verdict::Linearizable);
        checked.cost.steps
    };
    assert_eq!((steps(Some(4), Some(7)), steps(None, None)), (0, 0));
    assert!(steps(None, Some(7)) > 0 && steps(Some(4), None) > 0, "hints that do not explain it are not believed");
}

/// The places of the operations in the order of something: hints of a service that may be right.
fn ranks(of: impl Iterator<Item = (Option<u64>, u64)>) -> Vec<Option<u64>> {
    let keys = of.collect::<Vec<_>>();
    keys.iter().map(|key| Some(keys.iter().filter(|other| other < &key).count() as u64)).collect()
}

fn with_hints(
    clients: &[Vec<Did<Register, RegisterAnswer>>],
    how: u8,
    hints: &[Option<u64>],
) -> History<Register, RegisterAnswer> {
    let mut history = history(clients);
    let operations = history.operations().iter();
    let hints = match how {
        0 => ranks(operations.map(|operation| (Some(operation.called), 0))),
        1 => ranks(operations.map(|operation| (operation.returned, operation.called))),
        _ => hints.to_vec(),
    };
    for (place, hint) in (0..history.operations().len()).zip(hints) {
        hint.into_iter().for_each(|hint| history.hint(OperationId(place), hint));
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_hint_changes_a_verdict(
        clients in clients(register(), 9),
        how in 0..6_u8,
        hints in prop::collection::vec(prop::option::weighted(0.95, 0..9_u64), 9),
    ) {
        let without = check(&CasRegister, &history(&clients), Budget::default()).verdict;
        let with = check(&CasRegister, &with_hints(&clients, how, &hints), Budget::default()).verdict;
        prop_assert_eq!(with, without);
    }
}
