//! Locks with leases and fencing tokens.

use super::short::quoted;
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
    Held {
        /// When the caller was told so.
        told: u64,
    },
    /// It is free now.
    Released {
        /// When the caller was told so.
        told: u64,
    },
    /// It was no more the caller's.
    Lost {
        /// When the caller was told so.
        told: u64,
    },
}

impl LockAnswer {
    /// When the caller was told, which is the latest that it can have happened.
    fn told(&self) -> u64 {
        let (Granted { told, .. } | Held { told } | Released { told } | Lost { told }) = self;
        *told
    }
}

/// Whose a lock is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockState {
    /// The largest token that is known to have been granted, if any is: the first may be 0.
    last: Option<Token>,
    holder: Holder,
    /// It is this late at least, since a lease had to end first.
    now: u64,
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

impl LockState {
    /// The same at the first moment at which it may be granted, if there is one until then. Of who holds it by an outcome that nobody knows, nobody knows
    /// for how long, either.
    fn once_free(&self, until: Option<u64>) -> Option<LockState> {
        let now = match self.holder {
            Holder::Nobody | Holder::Somebody => self.now,
            Holder::By(_, lease) => lease?.max(self.now),
        };
        until.is_none_or(|until| now <= until).then(|| LockState { now, ..self.clone() })
    }

    /// Tokens grow with every grant, also with one of which nobody knows.
    fn least_token(&self) -> Token {
        let next = self.last.map_or(0, |last| last.saturating_add(1));
        next.saturating_add(u64::from(self.holder == Holder::Somebody))
    }

    /// After the release by who holds it with this token.
    fn released(&self, token: Token) -> Option<LockState> {
        let holds_it = match self.holder {
            Holder::Nobody => false,
            Holder::By(by, _) => by == token,
            Holder::Somebody => Some(token) > self.last,
        };
        holds_it.then_some(LockState { last: Some(token), holder: Holder::Nobody, ..*self })
    }

    /// The same at the first moment at which who has this token does not hold it, if there is one until then.
    fn without(&self, token: Token, until: u64) -> Option<LockState> {
        match self.holder {
            Holder::By(by, _) if by == token => self.once_free(Some(until)),
            _ => Some(self.clone()),
        }
    }
}

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
        LockState { last: None, holder: Holder::Nobody, now: 0 }
    }

    fn step(&self, state: &LockState, asked: Asked<'_, Self>) -> Option<LockState> {
        if asked.output.is_some_and(|answer| answer.told() < state.now) {
            return None;
        }
        match (asked.input, asked.output) {
            (Acquire(_), Some(Granted { token, until, told })) => {
                let free = state.once_free(Some(*told)).filter(|free| *token >= free.least_token())?;
                Some(LockState { last: Some(*token), holder: Holder::By(*token, *until), ..free })
            }
            (Acquire(_), Some(Held { .. })) => (state.holder != Holder::Nobody).then(|| state.clone()),
            // What is held for ever is granted to nobody, whether or not the outcome is known.
            (Acquire(_), None) => Some(match state.once_free(None) {
                Some(free) => LockState { holder: Holder::Somebody, ..free },
                None => state.clone(),
            }),
            (Release(_, token), Some(Released { .. })) => state.released(*token),
            (Release(_, token), Some(Lost { told })) => state.without(*token, *told),
            (Release(_, token), None) => Some(match state.holder {
                Holder::By(by, _) if by == *token => state.released(*token)?,
                _ => state.clone(),
            }),
            (_, Some(_)) => None,
        }
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let asks = match asked.input {
            Acquire(name) => format!("acquire {}", quoted(name)),
            Release(name, token) => format!("release {} of token {token}", quoted(name)),
        };
        match asked.output {
            None => format!("{asks} (outcome unknown)"),
            Some(Granted { token, until: Some(until), .. }) => {
                format!("{asks} was granted token {token} until {until}")
            }
            Some(Granted { token, until: None, .. }) => format!("{asks} was granted token {token}"),
            Some(Held { .. }) => format!("{asks} found it held"),
            Some(Released { .. }) => format!("{asks} was done"),
            Some(Lost { .. }) => format!("{asks} found it lost"),
        }
    }

    fn describe_state(&self, state: &LockState) -> Option<String> {
        Some(match &state.holder {
            Holder::Nobody => state.last.map_or_else(|| "free".to_owned(), |last| format!("free after token {last}")),
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

    fn asked_for(told: u64) -> (LockAsk, Option<LockAnswer>) {
        (Acquire("".into()), Some(Held { told }))
    }

    fn lost(token: Token, told: u64) -> (LockAsk, Option<LockAnswer>) {
        (Release("".into(), token), Some(Lost { told }))
    }

    fn nobody_knows() -> (LockAsk, Option<LockAnswer>) {
        (Acquire("".into()), None)
    }

    #[test]
    fn who_does_not_know_whether_it_was_granted_takes_no_lock_that_is_held_for_ever() {
        assert!(!is_possible(&[acquired(1, None, 5), nobody_knows(), acquired(2, None, 90)]));
        assert!(is_possible(&[nobody_knows(), asked_for(4), acquired(2, None, 5)]));
    }

    #[test]
    fn who_does_not_know_whether_it_was_granted_takes_no_lock_before_the_lease_on_it_has_ended() {
        let after = |told| [acquired(1, Some(20), 5), nobody_knows(), acquired(3, None, told)];
        assert!(!is_possible(&after(19)));
        assert!(is_possible(&after(20)));
        let taken = |answer| [acquired(1, Some(20), 5), nobody_knows(), answer];
        assert!(!is_possible(&taken(lost(1, 19))) && is_possible(&taken(lost(1, 20))));
        assert!(!is_possible(&taken(acquired(2, None, 20))), "token 2 at least is whose outcome nobody knows");
    }

    #[test]
    fn nobody_loses_a_lock_before_the_own_lease_has_ended() {
        for (until, told, is_right) in [(Some(20), 19, false), (Some(20), 20, true), (None, 90, false)] {
            assert_eq!(is_possible(&[acquired(1, until, 5), lost(1, told)]), is_right, "{until:?}, {told}");
        }
        assert!(is_possible(&[acquired(1, None, 5), lost(2, 6)]), "it never was the caller's");
        let granted_meanwhile = |told| [acquired(1, Some(20), 5), acquired(2, None, 30), lost(1, told)];
        assert!(!is_possible(&granted_meanwhile(19)) && is_possible(&granted_meanwhile(20)));
    }

    #[test]
    fn a_lease_ends_when_it_says_and_tokens_grow() {
        assert!(!is_possible(&[acquired(1, Some(20), 5), acquired(2, None, 19)]));
        assert!(is_possible(&[acquired(1, Some(20), 5), acquired(2, None, 20)]));
        assert!(!is_possible(&[acquired(2, Some(20), 5), acquired(2, None, 20)]));
        assert!(!is_possible(&[asked_for(1)]));
        assert!(is_possible(&[acquired(0, None, 5)]), "tokens may begin at 0");
        assert!(!is_possible(&[nobody_knows(), acquired(0, None, 5)]), "0 at least is whose outcome nobody knows");
    }
}
