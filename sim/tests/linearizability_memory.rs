//! What the checker takes from the allocator, against the budget that it was given.
#![allow(unsafe_code)] // an allocator that counts

#[path = "linearizability/bare.rs"]
mod bare;
#[path = "linearizability/peak.rs"]
mod peak;

use bare::Bare;
use peak::peak_of;
use windtunnel::check::linearizability::{Budget, Exhausted, Online, Verdict, verdict};
use windtunnel::check::models::{CasRegister, Counter, CounterAnswer, CounterAsk, Register, RegisterAnswer};
use windtunnel::check::{ClientId, History, Model};

const CALLS: u64 = 6_000;

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

/// The events and the parts of a history lie beside the search; they are in no budget of its.
const BESIDE: usize = 2 << 20;

fn stays_within<M: Model>(model: &M, history: &History<M::Input, M::Output>, bytes: usize) {
    let budget = Budget { bytes: bytes as u64, ..Budget::default() };
    let (found, peak) = peak_of(|| verdict(model, history, budget).verdict);
    assert_eq!(found, Verdict::Undecided(Exhausted::Bytes(bytes as u64)));
    assert!(peak < bytes + bytes / 2 + BESIDE, "{peak} bytes of {bytes}");
}

#[test]
fn thousands_of_open_calls_take_no_more_than_the_budget() {
    let last = (Register::Read, RegisterAnswer::Value(Some(CALLS as i64 - 1)));
    let write = |value: u64| Register::Write(value as i64);
    let unknown = open_calls(write, None::<fn() -> RegisterAnswer>, last);
    let answered = open_calls(write, Some(|| RegisterAnswer::Done), last);
    let add = |by: u64| CounterAsk::Add("".into(), if by.is_multiple_of(2) { 1 } else { by as i64 });
    let stands = (CounterAsk::Read("".into()), CounterAnswer::Stands(-1));
    let added = open_calls(add, None::<fn() -> CounterAnswer>, stands.clone());
    let equal = open_calls(|_| CounterAsk::Add("".into(), 1), Some(|| CounterAnswer::Done), stands);
    let bare = Bare::<CasRegister>::default();
    for bytes in [1 << 20, 8 << 20] {
        stays_within(&bare, &unknown, bytes);
        stays_within(&bare, &answered, bytes);
        stays_within(&Counter, &added, bytes);
    }
    stays_within(&Counter, &equal, 1 << 20);
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
