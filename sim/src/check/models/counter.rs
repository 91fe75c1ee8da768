//! A counter.

use super::short::quoted;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Counters by name, 0 at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

/// What a counter is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterAsk {
    /// What it stands at.
    Read(Rc<str>),
    /// To go on by so much.
    Add(Rc<str>, i64),
}

/// What it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterAnswer {
    /// Done, and nothing of where it stands.
    Done,
    /// Where it stands, after what was asked.
    Stands(i64),
}

/// No counter that stands below this comes to its end by as many operations as a history may have, none of which adds more than so much.
const FAR: i64 = 1 << 62;
const MUCH: i64 = 1 << 29;

impl Model for Counter {
    type Key = Rc<str>;
    type State = i64;
    type Input = CounterAsk;
    type Output = CounterAnswer;

    fn key(&self, input: &CounterAsk) -> Rc<str> {
        let (CounterAsk::Read(key) | CounterAsk::Add(key, _)) = input;
        Rc::clone(key)
    }

    fn initial(&self, _key: &Rc<str>) -> i64 {
        0
    }

    fn step(&self, state: &i64, asked: Asked<'_, Self>) -> Option<i64> {
        let after = match asked.input {
            CounterAsk::Read(_) => *state,
            CounterAsk::Add(_, by) => state.wrapping_add(*by),
        };
        let answered_so = match (asked.input, asked.output) {
            (_, None) | (CounterAsk::Add(..), Some(CounterAnswer::Done)) => true,
            (_, Some(CounterAnswer::Stands(at))) => *at == after,
            (CounterAsk::Read(_), Some(CounterAnswer::Done)) => false,
        };
        answered_so.then_some(after)
    }

    fn is_read(&self, input: &CounterAsk) -> bool {
        matches!(input, CounterAsk::Read(_))
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        matches!(earlier.input, CounterAsk::Add(_, by) if *by != 0)
            && matches!(later.output, Some(CounterAnswer::Stands(_)))
    }

    /// A counter that stands higher comes back by what takes from it, or by what is so much that it may wrap.
    fn is_past(&self, state: &i64, asked: Asked<'_, Self>) -> bool {
        let by = match asked.input {
            CounterAsk::Read(_) => 0,
            CounterAsk::Add(_, by) => *by,
        };
        match asked.output {
            Some(CounterAnswer::Stands(at)) => *state < FAR && by <= MUCH && state.saturating_add(by) > *at,
            Some(CounterAnswer::Done) | None => false,
        }
    }

    fn revives(&self, earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        matches!(earlier.input, CounterAsk::Add(_, by) if !(0..=MUCH).contains(by))
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let asks = match asked.input {
            CounterAsk::Read(key) => format!("read {}", quoted(key)),
            CounterAsk::Add(key, by) => format!("add {by} to {}", quoted(key)),
        };
        match asked.output {
            None => format!("{asks} (outcome unknown)"),
            Some(CounterAnswer::Done) => asks,
            Some(CounterAnswer::Stands(at)) => format!("{asks} returned {at}"),
        }
    }

    fn describe_state(&self, state: &i64) -> Option<String> {
        Some(state.to_string())
    }
}
