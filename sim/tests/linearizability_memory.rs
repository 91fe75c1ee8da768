//! What the checker takes from the allocator, against the budget that it was given.
#![allow(unsafe_code)] // an allocator that counts

#[path = "linearizability/bare.rs"]
mod bare;
#[path = "linearizability/peak.rs"]
mod peak;

use bare::Bare;
use peak::peak_of;
use windtunnel::check::linearizability::{Budget, Exhausted, Explained, Online, Verdict, check, verdict};
use windtunnel::check::models::{CasRegister, Counter, CounterAnswer, CounterAsk, Register, RegisterAnswer};
use windtunnel::check::{ClientId, History, Model};

const CALLS: u64 = 3_000;

/// Calls that nobody ever learns anything of, or that all end after the read if `ends`, and what a reader saw behind them.
fn open_calls<I, O>(ask: impl Fn(u64) -> I, done: Option<impl Fn() -> O>, (read, saw): (I, O)) -> History<I, O> {
    let mut history = History::new();
    for client in 0..CALLS {
        history.called(ClientId(client), ask(client), 1).expect("it is idle");
    }
    history.called(ClientId(CALLS), read, 2).expect("it is idle");
    history.returned(ClientId(CALLS), saw, 3).expect("it is open");
    for client in 0..CALLS {
        match &done {
            Some(done) => history.returned(ClientId(client), done(), 4 + client).map(drop),
            None => history.unknown(ClientId(client), 4 + client).map(drop),
        }
        .expect("it is open");
    }
    history
}

/// What lies beside the search, in no budget of its: for each operation a call and a return of 16 bytes and its number of 4, in a list that may have
/// doubled; and a few orders that are in hand.
const BESIDE: usize = (CALLS as usize + 1) * (2 * 16 + 2 * 4) + (32 << 10);

fn stays_within<M: Model>(model: &M, history: &History<M::Input, M::Output>, bytes: usize) {
    let budget = Budget { bytes: bytes as u64, ..Budget::default() };
    let (found, peak) = peak_of(|| check(model, history, budget).verdict);
    assert_eq!(found, Verdict::Undecided(Exhausted::Bytes(bytes as u64)));
    assert!(peak < bytes + BESIDE, "{} bytes more than {bytes}", peak - bytes);
}

/// Budgets of which some lie just before the end of what has doubled, whatever doubles.
const BUDGETS: [usize; 6] = [4 << 17, 5 << 17, 7 << 17, 8 << 17, 13 << 17, 20 << 17];

#[test]
fn thousands_of_open_calls_take_no_more_than_the_budget() {
    let last = (Register::Read, RegisterAnswer::Value(Some(CALLS as i64 - 1)));
    let write = |value: u64| Register::Write(value as i64);
    let unknown = open_calls(write, None::<fn() -> RegisterAnswer>, last);
    let answered = open_calls(write, Some(|| RegisterAnswer::Done), last);
    let add = |by: u64| CounterAsk::Add("".into(), if by.is_multiple_of(2) { 1 } else { by as i64 });
    let stands = (CounterAsk::Read("".into()), CounterAnswer::Stands(i64::MAX));
    let added = open_calls(add, None::<fn() -> CounterAnswer>, stands.clone());
    let equal = open_calls(|_| CounterAsk::Add("".into(), 1), Some(|| CounterAnswer::Done), stands);
    let bare = Bare::<CasRegister>::default();
    for bytes in BUDGETS {
        stays_within(&bare, &unknown, bytes);
        stays_within(&bare, &answered, bytes);
        stays_within(&Counter, &added, bytes);
    }
    stays_within(&Counter, &equal, BUDGETS[0]);
}

/// What was called last ends first, and goes before all that are equal to it: each of their sets grows by the same word at the same time.
#[test]
fn equal_calls_that_end_in_the_other_order_take_no_more_than_the_budget() {
    let mut history = History::new();
    for client in 0..CALLS {
        history.called(ClientId(client), CounterAsk::Add("".into(), 1), 1).expect("it is idle");
    }
    for client in (0..CALLS).rev() {
        history.returned(ClientId(client), CounterAnswer::Done, 2 + CALLS - client).expect("it is open");
    }
    let model = Bare::<Counter>::default();
    for bytes in &BUDGETS[..4] {
        stays_within(&model, &history, *bytes);
    }
}

#[test]
fn many_objects_that_are_judged_online_take_no_more_than_the_budget_together() {
    let bytes = 1 << 20;
    let (found, peak) = peak_of(|| {
        let mut online = Online::new(&Counter, Budget { bytes, ..Budget::default() });
        (0..4_000).find_map(|key: u64| {
            let name = key.to_string();
            online.called(ClientId(key), CounterAsk::Add(name.as_str().into(), 1), key).expect("it is idle");
            let verdict = online.returned(ClientId(key), CounterAnswer::Done, key).expect("it is open");
            (verdict != Verdict::Linearizable).then_some(verdict)
        })
    });
    assert_eq!(found, Some(Verdict::Undecided(Exhausted::Bytes(bytes))));
    assert!(peak < bytes as usize + BESIDE, "{peak} bytes");
}

/// Additions at the same time, of which no two orders of some lead to the same count, and then what a reader saw, if one did.
fn tangled(name: &str, read: Option<i64>) -> History<CounterAsk, CounterAnswer> {
    const ADDITIONS: u64 = 12;
    let mut history = History::new();
    for client in 0..ADDITIONS {
        history.called(ClientId(client), CounterAsk::Add(name.into(), 1 << client), 1).expect("it is idle");
    }
    for client in 0..ADDITIONS {
        history.returned(ClientId(client), CounterAnswer::Done, 2 + client).expect("it is open");
    }
    if let Some(count) = read {
        history.called(ClientId(ADDITIONS), CounterAsk::Read(name.into()), 20).expect("it is idle");
        history.returned(ClientId(ADDITIONS), CounterAnswer::Stands(count), 21).expect("it is open");
    }
    history
}

/// What lies beside so little.
const LITTLE: usize = 16 << 10;

#[test]
fn an_explanation_has_the_budget_that_the_verdict_had_and_not_another_beside_it() {
    let (model, history) = (Bare::<Counter>::default(), tangled("", Some(-1)));
    let needed = verdict(&model, &history, Budget::default()).cost.peak_bytes;
    for bytes in [needed, needed + needed / 4] {
        let (checked, peak) = peak_of(|| check(&model, &history, Budget { bytes, ..Budget::default() }));
        let Verdict::NotLinearizable(violation) = checked.verdict else { panic!("{checked:?}") };
        let ran_out = Explained::Failed(Exhausted::Bytes(bytes));
        assert_eq!(violation.explained, if bytes == needed { ran_out } else { Explained::Fully });
        assert!(checked.explanation.peak_bytes > needed / 2, "{:?}", checked.explanation);
        assert!(peak < bytes as usize + LITTLE, "{} bytes more than {bytes}", peak as i64 - bytes as i64);
    }
}

#[test]
fn an_explanation_online_lies_beside_the_searches_of_all_objects() {
    let model = Bare::<Counter>::default();
    let histories = [tangled("other", None), tangled("wrong", Some(-1))];
    let told = |bytes: u64| {
        let mut online = Online::new(&model, Budget { bytes, ..Budget::default() });
        let verdicts = histories.iter().map(|history| tell(&mut online, history)).collect::<Vec<_>>();
        (verdicts, online.cost().peak_bytes)
    };
    let (_, needed) = told(Budget::default().bytes);
    for bytes in [needed, 2 * needed] {
        let ((verdicts, _), peak) = peak_of(|| told(bytes));
        let [Verdict::Linearizable, Verdict::NotLinearizable(violation)] = &verdicts[..] else {
            panic!("{verdicts:?}")
        };
        let ran_out = Explained::Failed(Exhausted::Bytes(bytes));
        assert_eq!(violation.explained, if bytes == needed { ran_out } else { Explained::Fully });
        assert!(peak < bytes as usize + LITTLE, "{} bytes more than {bytes}", peak as i64 - bytes as i64);
    }
}

/// Tells a history of one object, all of which is answered.
fn tell<M: Model>(online: &mut Online<'_, M>, history: &History<M::Input, M::Output>) -> Verdict
where
    M::Input: Clone,
    M::Output: Clone,
{
    let mut events = Vec::new();
    for operation in history.operations() {
        events.push((operation.called, operation, None));
        events.extend(operation.returned.map(|at| (at, operation, operation.output.clone())));
    }
    events.sort_by_key(|(at, ..)| *at);
    let mut verdict = Verdict::Linearizable;
    for (_, operation, answer) in events {
        match answer {
            None => drop(online.called(operation.client, operation.input.clone(), 0).expect("it is idle")),
            Some(answer) => verdict = online.returned(operation.client, answer, 0).expect("it is open"),
        }
    }
    verdict
}

#[test]
fn objects_that_are_called_and_not_answered_count_as_well() {
    let bytes = 1 << 20;
    let mut online = Online::new(&Counter, Budget { bytes, ..Budget::default() });
    for key in 0..1_000 {
        online.called(ClientId(key), CounterAsk::Add(key.to_string().as_str().into(), 1), key).expect("it is idle");
    }
    let verdict = online.returned(ClientId(0), CounterAnswer::Done, 1_000).expect("it is open");
    assert_eq!(verdict, Verdict::Undecided(Exhausted::Bytes(bytes)));
}
