//! What a reader is told of a contradiction: what it is that an answer contradicts, however far back that lies, and what was not found out.

#[path = "../../benches/linearizability/load.rs"]
mod load;

use super::bare::Bare;
use load::Load;
use std::rc::Rc;
use windtunnel::check::linearizability::{Budget, Exhausted, Explained, Verdict, Violation, check, verdict};
use windtunnel::check::models::{
    CasRegister, Counter, CounterAnswer, CounterAsk, Kv, KvAnswer, KvAppend, KvAppendAsk, KvAsk, Register,
    RegisterAnswer, Whole,
};
use windtunnel::check::{ClientId, History, Model, OperationId};

fn violation<M: Model>(model: &M, history: &History<M::Input, M::Output>) -> Violation {
    match check(model, history, Budget::default()).verdict {
        Verdict::NotLinearizable(violation) => violation,
        other => panic!("{other:?}"),
    }
}

/// One client's operations, one after the other.
fn in_turn<I, O>(history: &mut History<I, O>, client: u64, did: impl IntoIterator<Item = (I, O)>) {
    let mut now = history.operations().iter().filter_map(|operation| operation.returned).max().unwrap_or(0);
    for (input, output) in did {
        history.called(ClientId(client), input, now + 1).expect("it is idle");
        history.returned(ClientId(client), output, now + 2).expect("it is open");
        now += 2;
    }
}

fn put(version: u64) -> (KvAsk, KvAnswer) {
    (KvAsk::Put("k".into(), (version + 1).to_string().into(), version), KvAnswer::Done)
}

fn get(version: u64) -> (KvAsk, KvAnswer) {
    (KvAsk::Get("k".into()), KvAnswer::Found(version.to_string().into(), version))
}

#[test]
fn the_write_that_an_old_answer_contradicts_is_named_however_many_reads_lie_between() {
    for reads in [0, 1, 20, 2_000] {
        let mut history = History::new();
        in_turn(&mut history, 1, (0..4).map(put));
        in_turn(&mut history, 2, (0..reads).map(|_| get(4)).chain([get(3)]));
        let found = violation(&Kv, &history);
        let last = OperationId(reads + 4);
        assert_eq!((&found.core, found.explained), (&vec![OperationId(3), last], Explained::Fully), "{found:?}");
        let words = format!(
            "{last} get \"k\" returned \"3\" (version 3), called after #3 put \"k\" \"4\" over version 3 was done: \
             it can only have been \"4\" (version 4)"
        );
        assert_eq!((found.sentence, found.since), (words, None), "with {reads} reads");
    }
}

#[test]
fn a_write_of_which_nobody_knows_counts_among_what_it_can_have_been() {
    for ends in [true, false] {
        let mut history = History::new();
        in_turn(&mut history, 1, [put(0)]);
        history.called(ClientId(3), put(1).0, 2).expect("it is idle");
        if ends {
            history.unknown(ClientId(3), 2).expect("it is open");
        }
        in_turn(&mut history, 2, [get(1), get(7)]);
        let found = violation(&Kv, &history);
        assert_eq!(found.states, ["\"1\" (version 1)", "\"2\" (version 2)"], "{found:?}");
    }
}

#[test]
fn what_can_have_been_too_much_is_not_told() {
    for (unknown, named) in [(2, 3), (3, 4), (4, 0)] {
        let mut history = History::new();
        in_turn(&mut history, 1, [(Register::Write(0), RegisterAnswer::Done)]);
        for value in 1..=unknown {
            history.called(ClientId(10 + value), Register::Write(value as i64), 2).expect("it is idle");
        }
        in_turn(&mut history, 2, [(Register::Read, RegisterAnswer::Value(Some(7)))]);
        let found = violation(&CasRegister, &history);
        assert_eq!((found.states.len(), found.sentence.contains("can only")), (named, named > 0), "{found:?}");
    }
}

#[test]
fn an_answer_thirty_writes_old_in_a_long_history_is_told_with_a_write_that_came_after() {
    let mut history = History::new();
    in_turn(&mut history, 1, (0..50_000).flat_map(|version| [put(version), get(version + 1)]).chain([get(49_970)]));
    let found = violation(&Kv, &history);
    // Whether it is one whatever became of all those puts takes longer to find out than the history took to judge.
    assert!(matches!(found.explained, Explained::Partly(Exhausted::Steps(_))) && found.since.is_some(), "{found:?}");
    let [earlier, last] = found.core[..] else { panic!("{found:?}") };
    assert_eq!(last, OperationId(100_000));
    assert!(earlier.0 >= 2 * 49_970, "{found:?}");
    assert!(found.sentence.contains(&format!("called after {earlier} put")), "{}", found.sentence);
}

#[test]
fn what_is_no_contradiction_without_what_came_before_is_told_with_the_place_from_which_on_it_is_one() {
    let mut history = History::new();
    let add = |_| (CounterAsk::Add("".into(), 1), CounterAnswer::Done);
    let read = (CounterAsk::Read("".into()), CounterAnswer::Stands(59));
    in_turn(&mut history, 1, (0..60).map(add).chain([read]));
    let found = violation(&Counter, &history);
    let since = found.since.expect("each of the additions before counts");
    assert!((40..60).contains(&since.0), "{found:?}");
    assert_eq!(found.core, (since.0..=60).map(OperationId).collect::<Vec<_>>());

    let mut history = History::new();
    in_turn(&mut history, 1, (0..100).map(put).chain([get(70)]));
    let found = violation(&Kv, &history);
    assert_eq!((found.core.len(), found.since), (2, None), "no other put can help: {found:?}");
}

/// A compare-and-set that is open for long and then says that it found another value, and a read that says it did not, so many operations before.
fn who_changed_it(operations_before: u64, operations_between: u64) -> (History<Register, RegisterAnswer>, OperationId) {
    let mut history = History::new();
    let write = |_| (Register::Write(1), RegisterAnswer::Done);
    let read = |value| (Register::Read, RegisterAnswer::Value(Some(value)));
    let swap = history.called(ClientId(9), Register::CompareAndSet { from: 1, to: 2 }, 0).expect("it is idle");
    in_turn(&mut history, 1, (0..operations_before).map(write).chain([read(2)]));
    in_turn(&mut history, 1, (0..operations_between).map(|_| read(2)));
    let now = history.operations().iter().filter_map(|operation| operation.returned).max().unwrap_or(0);
    history.returned(ClientId(9), RegisterAnswer::Differs, now + 1).expect("it is open");
    (history, swap)
}

#[test]
fn a_contradiction_ends_with_the_answer_that_makes_it_one_however_late_that_comes() {
    for (before, between) in [(1, 0), (1, 3), (40, 3), (40, 100), (1, 1_000)] {
        let (history, swap) = who_changed_it(before, between);
        let found = violation(&CasRegister, &history);
        assert_eq!((found.operation, found.explained), (swap, Explained::Fully), "{before}, {between}: {found:?}");
        assert_eq!(found.states, ["nothing", "1"], "it has happened before anybody read 2: {found:?}");
    }
}

#[test]
fn what_is_not_explained_is_not_said_to_be_a_contradiction_where_the_search_foresaw_it() {
    let (history, swap) = who_changed_it(1, 1_000);
    let Verdict::NotLinearizable(found) = verdict(&CasRegister, &history, Budget::default()).verdict else {
        panic!("it is not linearizable")
    };
    assert_ne!(found.operation, swap, "the search knows what the swap will be answered");
    let mut until_then = History::new();
    for operation in &history.operations()[..=found.operation.0] {
        until_then.called(operation.client, operation.input, operation.called).expect("it is idle");
        if operation.client != ClientId(9) {
            let (output, at) = (operation.output.expect("it returned"), operation.returned.expect("it returned"));
            until_then.returned(operation.client, output, at).expect("it is open");
        }
    }
    assert_eq!(check(&CasRegister, &until_then, Budget::default()).verdict, Verdict::Linearizable);
    assert_eq!(
        found.sentence,
        format!(
            "when {} returned, a search that knows also what is answered later had no order left that explains all",
            found.operation
        )
    );
}

#[test]
fn a_value_that_nobody_wrote_contradicts_all_there_is_and_needs_no_other_operation() {
    let mut history = History::new();
    in_turn(&mut history, 1, (0..300).map(put).chain([get(301)]));
    let found = violation(&Kv, &history);
    assert_eq!((found.core, found.since, found.explained), (vec![OperationId(300)], None, Explained::Fully));
}

/// Ten clients append to ten keys, each its own piece, and read them; one of the last reads misses a piece.
fn appends() -> History<KvAppendAsk, Rc<str>> {
    let keys = (0..10).map(|key| Rc::<str>::from(key.to_string())).collect::<Vec<_>>();
    let mut values = vec![String::new(); keys.len()];
    let mut history = History::new();
    let rounds = 40;
    for round in 0..rounds {
        let (mut now, key_of) = (round * 100, |client: u64| ((client * 7 + round * 3) % 10 / 2) as usize);
        let reads = |client: u64| (client + round).is_multiple_of(3);
        for client in 0..10 {
            let (key, piece) = (Rc::clone(&keys[key_of(client)]), format!("{client}.{round} "));
            let ask = if reads(client) { KvAppendAsk::Get(key) } else { KvAppendAsk::Append(key, piece.into()) };
            history.called(ClientId(client), ask, now + client).expect("it is idle");
        }
        now += 50;
        // They take effect in another order than they were called in, and return in a third one.
        let mut answers = vec![String::new(); 10];
        for client in (0..10).map(|place| place * 3 % 10) {
            match reads(client) {
                true => answers[client as usize] = values[key_of(client)].clone(),
                false => values[key_of(client)].push_str(&format!("{client}.{round} ")),
            }
        }
        for client in (0..10).rev() {
            let answer = &mut answers[client as usize];
            if round + 1 == rounds && reads(client) && client > 4 {
                let cut = answer.trim_end().rfind(' ').map_or(0, |space| space + 1);
                answer.truncate(cut / 2);
            }
            history.returned(ClientId(client), answer.as_str().into(), now + 10 - client).expect("it is open");
        }
    }
    history
}

#[test]
fn keys_that_are_judged_together_are_explained_by_one_of_them() {
    let history = appends();
    let (apart, together) = (violation(&KvAppend, &history), violation(&Whole(KvAppend), &history));
    assert_eq!(together.explained, Explained::Fully);
    assert!((1..=3).contains(&together.core.len()), "{together:?}");
    assert_eq!(apart.core.len(), together.core.len(), "{apart:?} {together:?}");
    // Of all keys at once a state has no name.
    assert!(together.sentence.contains("it can only have been"), "{}", together.sentence);
}

#[test]
fn an_explanation_that_runs_out_of_its_budget_says_so_and_names_no_operation() {
    let history = appends();
    let cost = verdict(&KvAppend, &history, Budget::default()).cost;
    let budget = Budget { bytes: cost.peak_bytes, ..Budget::default() };
    let Verdict::NotLinearizable(found) = check(&KvAppend, &history, budget).verdict else { panic!("it is not") };
    let failed = Explained::Failed(Exhausted::Bytes(cost.peak_bytes));
    assert_eq!((found.explained, found.core, found.described), (failed, vec![], vec![]));
    assert!(found.sentence.contains("had no order left that explains all"), "{}", found.sentence);
}

#[test]
fn a_verdict_alone_explains_nothing() {
    let mut history = History::new();
    in_turn(&mut history, 1, [put(0), get(3)]);
    let Verdict::NotLinearizable(found) = verdict(&Kv, &history, Budget::default()).verdict else {
        panic!("it is not")
    };
    assert_eq!((found.explained, found.core), (Explained::NotAsked, vec![]));
}

/// What an explanation may cost, as a reader is told: ten times the verdict, or what it may take in any case.
fn costs_little<M: Model>(model: &M, history: &History<M::Input, M::Output>) {
    let checked = check(model, history, Budget::default());
    let Verdict::NotLinearizable(found) = checked.verdict else { panic!("{:?}", checked.verdict) };
    let (took, allowed) = (checked.explanation.steps, (10 * checked.cost.steps).max(Budget::EXPLANATION));
    assert!(took > 0 && took <= allowed, "{took} steps for {:?}: {:?}", checked.cost, found.explained);
}

#[test]
fn no_explanation_costs_more_than_ten_times_the_verdict() {
    for seed in 1..=4 {
        let load = Load { operations: 6_000, one_wrong_read: true, ..Load::default() };
        costs_little(&KvAppend, &load::history(&load, seed));
        let load = Load { operations: 600, keys: 2, clients: 8, unknown_ppm: 5_000, one_wrong_read: true };
        costs_little(&Bare::<KvAppend>::default(), &load::history(&load, seed));
    }
    let history = appends();
    costs_little(&KvAppend, &history);
    costs_little(&Whole(KvAppend), &history);
    let right = load::history(&Load { operations: 300, ..Load::default() }, 1);
    assert_eq!(check(&KvAppend, &right, Budget::default()).explanation.steps, 0);
}

/// So many appends, one after the other, and a get that misses the last of them.
fn a_get_that_misses_the_last_append(appends: usize) -> History<KvAppendAsk, Rc<str>> {
    let piece = |place: usize| format!("{place} ");
    let append = |place| (KvAppendAsk::Append("k".into(), piece(place).into()), Rc::from(""));
    let mut history = History::new();
    in_turn(&mut history, 1, (0..appends).map(append));
    let read = (0..appends - 1).map(piece).collect::<String>();
    in_turn(&mut history, 2, [(KvAppendAsk::Get("k".into()), read.into())]);
    history
}

#[test]
fn what_was_not_found_out_of_all_that_came_before_is_said() {
    let ran_out = Explained::Partly(Exhausted::Steps(Budget::EXPLANATION));
    for (appends, explained, names_a_place) in [(50, Explained::Fully, false), (500, ran_out, true)] {
        let found = violation(&KvAppend, &a_get_that_misses_the_last_append(appends));
        assert_eq!(found.core, [OperationId(appends - 1), OperationId(appends)]);
        assert_eq!((found.explained, found.since.is_some()), (explained, names_a_place), "{appends}: {found:?}");
    }
}
