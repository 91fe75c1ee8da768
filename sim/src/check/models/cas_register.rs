//! A register with read, write and compare-and-set: what Jepsen's first histories are of.

use crate::check::model::{Asked, Model};

/// A register of whole numbers, empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct CasRegister;

/// What a register is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// What it holds.
    Read,
    /// To hold this.
    Write(i64),
    /// To hold `to` if it holds `from`.
    CompareAndSet {
        /// What it should hold.
        from: i64,
        /// What it holds then.
        to: i64,
    },
}

/// What a register answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterAnswer {
    /// What it holds, if it was ever written.
    Value(Option<i64>),
    /// Done.
    Done,
    /// It held something else.
    Differs,
}

impl Model for CasRegister {
    type Key = ();
    type State = Option<i64>;
    type Input = Register;
    type Output = RegisterAnswer;

    fn key(&self, _input: &Register) {}

    fn initial(&self, (): &()) -> Option<i64> {
        None
    }

    fn step(&self, state: &Option<i64>, asked: Asked<'_, Self>) -> Option<Option<i64>> {
        use RegisterAnswer::{Differs, Done, Value};
        match (asked.input, asked.output) {
            (Register::Read, None) => Some(*state),
            (Register::Read, Some(Value(read))) => (read == state).then_some(*state),
            (Register::Write(value), None | Some(Done)) => Some(Some(*value)),
            (Register::CompareAndSet { from, to }, answer) => match (*state == Some(*from), answer) {
                (true, None | Some(Done)) => Some(Some(*to)),
                (false, None | Some(Differs)) => Some(*state),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_read(&self, input: &Register) -> bool {
        matches!(input, Register::Read)
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        use RegisterAnswer::{Differs, Done, Value};
        let makes = match *earlier.input {
            Register::Write(value) => value,
            Register::CompareAndSet { from, to } if from != to => to,
            Register::CompareAndSet { .. } | Register::Read => return false,
        };
        match (later.input, later.output) {
            (Register::Read, Some(Value(read))) => *read == Some(makes),
            (Register::CompareAndSet { from, .. }, Some(Differs)) => *from != makes,
            (Register::CompareAndSet { from, .. }, Some(Done) | None) => *from == makes,
            _ => false,
        }
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let answer = match asked.output {
            None => " (outcome unknown)".to_owned(),
            Some(RegisterAnswer::Done) => String::new(),
            Some(RegisterAnswer::Differs) => " found another value".to_owned(),
            Some(RegisterAnswer::Value(None)) => " returned nothing".to_owned(),
            Some(RegisterAnswer::Value(Some(value))) => format!(" returned {value}"),
        };
        match asked.input {
            Register::Read => format!("read{answer}"),
            Register::Write(value) => format!("write {value}{answer}"),
            Register::CompareAndSet { from, to } => format!("compare-and-set {from} to {to}{answer}"),
        }
    }

    fn describe_state(&self, state: &Option<i64>) -> Option<String> {
        Some(state.map_or_else(|| "nothing".to_owned(), |value| value.to_string()))
    }
}
