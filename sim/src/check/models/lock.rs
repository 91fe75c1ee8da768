//! Locks with leases and fencing tokens.

use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Locks by name. A lock is granted with a token that is larger than all before (Kleppmann, "How to do distributed locking", 2016), for ever or until its
/// lease ends. It is not granted again before it was released or the lease has ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lock;

/// A fencing token.
pub type Token = u64;

/// What a lock is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockAsk {
    /// For itself.
    Acquire(Rc<str>),
    /// To be free, by who holds it with this token.
    Release(Rc<str>, Token),
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockAnswer {
    /// It is the caller's.
    Granted {
        /// By this token.
        token: Token,
        /// Until then, on the history's clock; for ever if there is no lease.
        until: Option<u64>,
        /// When the caller was told so, which is the latest that it can have happened.
        told: u64,
    },
    /// It is somebody else's.
    Held,
    /// It is free now.
    Released,
    /// It was no more the caller's.
    Lost,
}

/// Whose a lock is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockState {
    last: Token,
    holder: Holder,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Nobody,
    /// Until then, if it has a lease.
    By(Token, Option<u64>),
    /// It was granted, and nobody knows by which token and for how long.
    Somebody,
}

use LockAnswer::{Granted, Held, Lost, Released};
use LockAsk::{Acquire, Release};

impl Model for Lock {
    type Key = Rc<str>;
    type State = LockState;
    type Input = LockAsk;
    type Output = LockAnswer;

    fn key(&self, input: &LockAsk) -> Rc<str> {
        let (Acquire(key) | Release(key, _)) = input;
        Rc::clone(key)
    }

    fn initial(&self, _key: &Rc<str>) -> LockState {
        LockState { last: 0, holder: Holder::Nobody }
    }

    fn step(&self, state: &LockState, asked: Asked<'_, Self>) -> Option<LockState> {
        let LockState { last, holder } = state;
        let after = match (asked.input, asked.output, holder) {
            (Acquire(_), Some(Granted { token, until, told }), _) => {
                let is_free = match holder {
                    Holder::By(_, until) => until.is_some_and(|until| until <= *told),
                    Holder::Nobody | Holder::Somebody => true,
                };
                (is_free && token > last).then_some(LockState { last: *token, holder: Holder::By(*token, *until) })?
            }
            (Acquire(_), Some(Held), Holder::By(..) | Holder::Somebody) => state.clone(),
            // What is held for ever is granted to nobody, whether or not the outcome is known.
            (Acquire(_), None, Holder::By(_, None)) => state.clone(),
            (Acquire(_), None, _) => LockState { last: *last, holder: Holder::Somebody },
            (Release(_, token), Some(Released) | None, Holder::By(by, _)) if token == by => {
                LockState { last: *last, holder: Holder::Nobody }
            }
            (Release(_, token), Some(Released), Holder::Somebody) if token > last => {
                LockState { last: *token, holder: Holder::Nobody }
            }
            (Release(_, token), Some(Lost), Holder::By(by, until)) => {
                (token != by || until.is_some()).then(|| state.clone())?
            }
            (Release(..), Some(Lost), _) | (Release(..), None, _) => state.clone(),
            _ => return None,
        };
        Some(after)
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let asks = match asked.input {
            Acquire(name) => format!("acquire {name:?}"),
            Release(name, token) => format!("release {name:?} of token {token}"),
        };
        match asked.output {
            None => format!("{asks} (outcome unknown)"),
            Some(Granted { token, until: Some(until), .. }) => {
                format!("{asks} was granted token {token} until {until}")
            }
            Some(Granted { token, until: None, .. }) => format!("{asks} was granted token {token}"),
            Some(Held) => format!("{asks} found it held"),
            Some(Released) => format!("{asks} was done"),
            Some(Lost) => format!("{asks} found it lost"),
        }
    }

    fn describe_state(&self, state: &LockState) -> Option<String> {
        Some(match &state.holder {
            Holder::Nobody => format!("free after token {}", state.last),
            Holder::By(token, Some(until)) => format!("held by token {token} until {until}"),
            Holder::By(token, None) => format!("held by token {token}"),
            Holder::Somebody => "held by somebody unknown".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a lock can have been asked and have answered so, one after the other.
    fn is_possible(answers: &[(LockAsk, Option<LockAnswer>)]) -> bool {
        let initial = Lock.initial(&"".into());
        let step = |state: LockState, (input, output): &(LockAsk, Option<LockAnswer>)| {
            Lock.step(&state, Asked { input, output: output.as_ref() })
        };
        answers.iter().try_fold(initial, step).is_some()
    }

    fn acquired(token: Token, until: Option<u64>, told: u64) -> (LockAsk, Option<LockAnswer>) {
        (Acquire("".into()), Some(Granted { token, until, told }))
    }

    #[test]
    fn who_does_not_know_whether_it_was_granted_takes_no_lock_that_is_held_for_ever() {
        let nobody_knows = || (Acquire("".into()), None);
        assert!(!is_possible(&[acquired(1, None, 5), nobody_knows(), acquired(2, None, 90)]));
        assert!(is_possible(&[nobody_knows(), (Acquire("".into()), Some(Held)), acquired(2, None, 5)]));
    }

    #[test]
    fn a_lease_ends_when_it_says_and_tokens_grow() {
        assert!(!is_possible(&[acquired(1, Some(20), 5), acquired(2, None, 19)]));
        assert!(is_possible(&[acquired(1, Some(20), 5), acquired(2, None, 20)]));
        assert!(!is_possible(&[acquired(2, Some(20), 5), acquired(2, None, 20)]));
        assert!(!is_possible(&[(Acquire("".into()), Some(Held))]));
    }
}
