//! The ready models as services.

use super::told::Service;
use std::rc::Rc;
use windtunnel::check::models::{
    AppendList, CasRegister, Counter, CounterAnswer, CounterAsk, Elements, Kv, KvAnswer, KvAppend, KvAppendAsk, KvAsk,
    ListAsk, Lock, LockAnswer, LockAsk, LockState, Register, RegisterAnswer, Text,
};

impl Service for CasRegister {
    fn answer(&self, state: &Option<i64>, input: &Register, _now: u64) -> RegisterAnswer {
        match input {
            Register::Read => RegisterAnswer::Value(*state),
            Register::CompareAndSet { from, .. } if *state != Some(*from) => RegisterAnswer::Differs,
            _ => RegisterAnswer::Done,
        }
    }

    fn lie(&self, _input: &Register, output: &RegisterAnswer, salt: u64) -> RegisterAnswer {
        match output {
            RegisterAnswer::Value(value) => {
                RegisterAnswer::Value(Some((value.unwrap_or(2) + 1 + (salt % 2) as i64) % 3))
            }
            RegisterAnswer::Done => RegisterAnswer::Differs,
            RegisterAnswer::Differs => RegisterAnswer::Done,
        }
    }
}

impl Service for Counter {
    fn answer(&self, state: &i64, input: &CounterAsk, now: u64) -> CounterAnswer {
        match input {
            CounterAsk::Read(_) => CounterAnswer::Stands(*state),
            CounterAsk::Add(..) if now.is_multiple_of(3) => CounterAnswer::Done,
            CounterAsk::Add(_, by) => CounterAnswer::Stands(state + by),
        }
    }

    fn lie(&self, _input: &CounterAsk, output: &CounterAnswer, salt: u64) -> CounterAnswer {
        match output {
            CounterAnswer::Stands(at) => CounterAnswer::Stands(at + [-2, -1, 1, 2][(salt % 4) as usize]),
            CounterAnswer::Done => CounterAnswer::Stands(salt as i64 % 4),
        }
    }
}

impl Service for AppendList {
    fn answer(&self, state: &Text, input: &ListAsk, _now: u64) -> Option<Elements> {
        // Elements are a digit each: `1:2` is the element 2.
        let digits = state.to_string().split(':').skip(1).map(|piece| piece[..1].to_owned()).collect::<Vec<_>>();
        matches!(input, ListAsk::Read(_)).then(|| Elements::new(digits.iter().map(String::as_str)))
    }

    fn lie(&self, _input: &ListAsk, output: &Option<Elements>, salt: u64) -> Option<Elements> {
        let all = [&["1"][..], &["2"], &["1", "1"], &["1", "2"], &["2", "1"], &["2", "2"], &["1", "2", "1"]];
        output.as_ref().map(|_| Elements::new(all[salt as usize % all.len()].iter().copied()))
    }
}

impl Service for Kv {
    fn answer(&self, state: &Self::State, input: &KvAsk, _now: u64) -> KvAnswer {
        match (input, state) {
            (KvAsk::Get(_), Some((value, version))) => KvAnswer::Found(Rc::clone(value), *version),
            (KvAsk::Get(_), None) => KvAnswer::NoKey,
            (KvAsk::Put(_, _, 0), None) => KvAnswer::Done,
            (KvAsk::Put(..), None) => KvAnswer::NoKey,
            (KvAsk::Put(_, _, version), Some((_, current))) if version == current => KvAnswer::Done,
            (KvAsk::Put(..), Some(_)) => KvAnswer::OtherVersion,
        }
    }

    fn lie(&self, input: &KvAsk, output: &KvAnswer, salt: u64) -> KvAnswer {
        match (input, output) {
            (KvAsk::Get(_), KvAnswer::Found(value, version)) if salt.is_multiple_of(2) => {
                KvAnswer::Found(Rc::clone(value), version + 1 - salt / 2 % 2 * 2)
            }
            (KvAsk::Get(_), KvAnswer::Found(..)) => KvAnswer::NoKey,
            (KvAsk::Get(_), _) => KvAnswer::Found("a".into(), 1),
            (KvAsk::Put(..), KvAnswer::Done) => KvAnswer::OtherVersion,
            (KvAsk::Put(..), _) => KvAnswer::Done,
        }
    }
}

impl Service for KvAppend {
    fn answer(&self, state: &Text, input: &KvAppendAsk, _now: u64) -> Rc<str> {
        match input {
            KvAppendAsk::Get(_) => state.to_string().into(),
            _ => "".into(),
        }
    }

    fn lie(&self, _input: &KvAppendAsk, output: &Rc<str>, salt: u64) -> Rc<str> {
        match salt % 3 {
            0 => format!("{output}a").into(),
            1 => output.strip_suffix(['a', 'b']).unwrap_or("b").into(),
            _ => output.replace('a', "b").into(),
        }
    }
}

/// A lease lasts for so many steps.
const LEASE: u64 = 12;

impl Service for Lock {
    fn answer(&self, state: &LockState, input: &LockAsk, now: u64) -> LockAnswer {
        // It is as its model says: whatever the model accepts first.
        let granted = |token| LockAnswer::Granted { token, until: Some(now + LEASE), told: now };
        let answers = match input {
            LockAsk::Acquire(_) => (1..30).map(granted).chain([LockAnswer::Held { told: now }]).collect::<Vec<_>>(),
            LockAsk::Release(..) => vec![LockAnswer::Released { told: now }, LockAnswer::Lost { told: now }],
        };
        let accepts = |output: &LockAnswer| {
            windtunnel::check::Model::step(self, state, windtunnel::check::Asked { input, output: Some(output) })
                .is_some()
        };
        answers.into_iter().find(accepts).expect("a lock answers always")
    }

    fn lie(&self, _input: &LockAsk, output: &LockAnswer, salt: u64) -> LockAnswer {
        match output {
            LockAnswer::Granted { token, until, told } if salt.is_multiple_of(2) => {
                LockAnswer::Granted { token: (token + salt / 2 % 4).saturating_sub(1), until: *until, told: *told }
            }
            LockAnswer::Granted { told, .. } => LockAnswer::Held { told: *told },
            LockAnswer::Held { told } => LockAnswer::Granted { token: 1 + salt % 5, until: None, told: *told },
            LockAnswer::Released { told } => LockAnswer::Lost { told: *told },
            LockAnswer::Lost { told } => LockAnswer::Released { told: *told },
        }
    }
}
