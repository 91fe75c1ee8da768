//! A key/value service with versions: MIT's since 2025.

use super::short::quoted;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Versioned key/value: a put says which version it replaces, 0 for a key that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kv;

/// What such a service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvAsk {
    /// The value of a key and its version.
    Get(Rc<str>),
    /// To make this the value of a key that has this version, which makes it one more.
    Put(Rc<str>, Rc<str>, u64),
}

/// What it answers. A put that came to *maybe* has no output: its outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvAnswer {
    /// What a get found.
    Found(Rc<str>, u64),
    /// The put is done.
    Done,
    /// There is no such key.
    NoKey,
    /// The key has another version.
    OtherVersion,
}

use KvAnswer::{Done, Found, NoKey, OtherVersion};
use KvAsk::{Get, Put};

impl Model for Kv {
    type Key = Rc<str>;
    /// The value and its version, if the key is there.
    type State = Option<(Rc<str>, u64)>;
    type Input = KvAsk;
    type Output = KvAnswer;

    fn key(&self, input: &KvAsk) -> Rc<str> {
        let (Get(key) | Put(key, _, _)) = input;
        Rc::clone(key)
    }

    fn initial(&self, _key: &Rc<str>) -> Self::State {
        None
    }

    fn step(&self, state: &Self::State, asked: Asked<'_, Self>) -> Option<Self::State> {
        let after = match (asked.input, state) {
            (Get(_), _) => state.clone(),
            (Put(_, value, 0), None) => Some((Rc::clone(value), 1)),
            (Put(_, value, version), Some((_, current))) if version == current => Some((Rc::clone(value), current + 1)),
            (Put(..), _) => state.clone(),
        };
        let answered_so = match (asked.input, state, asked.output) {
            (_, _, None) => true,
            (Get(_), None, Some(answer)) => *answer == NoKey,
            (Get(_), Some((value, version)), Some(answer)) => {
                matches!(answer, Found(read, of) if read == value && of == version)
            }
            (Put(_, _, version), None, Some(answer)) => *answer == if *version == 0 { Done } else { NoKey },
            (Put(_, _, version), Some((_, current)), Some(answer)) => {
                *answer == if version == current { Done } else { OtherVersion }
            }
        };
        answered_so.then_some(after)
    }

    fn is_read(&self, input: &KvAsk) -> bool {
        matches!(input, Get(_))
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        match (earlier.input, later.input, later.output) {
            // It makes one version, and what was answered or can be done about others stands on others.
            (Put(_, value, version), Get(_), Some(Found(read, of))) => {
                version.checked_add(1) == Some(*of) && value == read
            }
            (Put(_, _, version), Put(_, _, next), Some(Done) | None) => version.checked_add(1) == Some(*next),
            (Put(..), Put(..), Some(OtherVersion)) => true,
            _ => false,
        }
    }

    fn is_past(&self, state: &Self::State, asked: Asked<'_, Self>) -> bool {
        let Some((value, current)) = state else { return false };
        match (asked.input, asked.output) {
            (Get(_), Some(Found(read, of))) => current > of || current == of && value != read,
            (Put(_, _, version), Some(Done)) => current > version,
            (_, Some(NoKey)) => true,
            _ => false,
        }
    }

    /// Versions only grow.
    fn revives(&self, _earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        false
    }

    fn weight(&self, state: &Self::State) -> usize {
        size_of::<Self::State>() + state.as_ref().map_or(0, |(value, _)| value.len().min(64))
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let asks = match asked.input {
            Get(key) => format!("get {}", quoted(key)),
            Put(key, value, version) => format!("put {} {} over version {version}", quoted(key), quoted(value)),
        };
        match asked.output {
            None => format!("{asks} (outcome unknown)"),
            Some(Done) => format!("{asks} was done"),
            Some(Found(value, version)) => format!("{asks} returned {} (version {version})", quoted(value)),
            Some(NoKey) => format!("{asks} found no such key"),
            Some(OtherVersion) => format!("{asks} found another version"),
        }
    }

    fn describe_state(&self, state: &Self::State) -> Option<String> {
        Some(
            state.as_ref().map_or_else(
                || "absent".to_owned(),
                |(value, version)| format!("{} (version {version})", quoted(value)),
            ),
        )
    }
}
