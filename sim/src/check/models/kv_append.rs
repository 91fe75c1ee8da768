//! A key/value service with get, put and append: MIT's of 2024 and before.

use super::short::quoted;
use super::text::Text;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Key/value with append; a key that nobody wrote reads as "".
#[derive(Clone, Copy, Debug, Default)]
pub struct KvAppend;

/// What such a service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvAppendAsk {
    /// The value of a key.
    Get(Rc<str>),
    /// To make this the value of a key.
    Put(Rc<str>, Rc<str>),
    /// To add this at the end of a key's value.
    Append(Rc<str>, Rc<str>),
}

use KvAppendAsk::{Append, Get, Put};

impl Model for KvAppend {
    type Key = Rc<str>;
    type State = Text;
    type Input = KvAppendAsk;
    /// What a get read; what a put or an append answers says nothing.
    type Output = Rc<str>;

    fn key(&self, input: &KvAppendAsk) -> Rc<str> {
        let (Get(key) | Put(key, _) | Append(key, _)) = input;
        Rc::clone(key)
    }

    fn initial(&self, _key: &Rc<str>) -> Text {
        Text::default()
    }

    fn step(&self, state: &Text, asked: Asked<'_, Self>) -> Option<Text> {
        match asked.input {
            Get(_) => {
                asked.output.is_none_or(|read| read.len() == state.len() && state.begins(read)).then(|| state.clone())
            }
            Put(_, value) => Some(Text::new(value)),
            Append(_, value) => Some(state.append(value)),
        }
    }

    fn is_read(&self, input: &KvAppendAsk) -> bool {
        matches!(input, Get(_))
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        match (earlier.input, later.input, later.output) {
            (Put(_, value) | Append(_, value), Get(_), Some(read)) => read.contains(&**value),
            _ => false,
        }
    }

    fn is_past(&self, state: &Text, asked: Asked<'_, Self>) -> bool {
        match (asked.input, asked.output) {
            (Get(_), Some(read)) => !state.may_begin(read),
            _ => false,
        }
    }

    fn revives(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        match (earlier.input, later.output) {
            (Put(_, value), Some(read)) => read.starts_with(&**value),
            _ => false,
        }
    }

    fn weight(&self, state: &Text) -> usize {
        state.weight()
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        match (asked.input, asked.output) {
            (Get(key), Some(read)) => format!("get {} returned {}", quoted(key), quoted(read)),
            (Get(key), None) => format!("get {}", quoted(key)),
            (Put(key, value), _) => format!("put {} {}", quoted(key), quoted(value)),
            (Append(key, value), _) => format!("append {} {}", quoted(key), quoted(value)),
        }
    }

    fn describe_state(&self, state: &Text) -> Option<String> {
        Some(quoted(&state.to_string()))
    }
}
