//! The whole of linearizability, by the checker of histories: whether any order explains all answers so far.

use crate::contract::{GetError, PutError, Versioned};
use crate::observation::{Asked, Told};
use lab_harness::failed::{Evidence, Failed};
use std::fmt;
use std::rc::Rc;
use windtunnel::check::ClientId;
use windtunnel::check::linearizability::{Budget, Online, Verdict, Violation};
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};
use windtunnel::{Nanos, fold};

/// The rule.
pub const LINEARIZABILITY: &str = "linearizability";

const SOURCE: &str = "Herlihy and Wing, \"Linearizability\": each operation seems to take effect at one moment between \
                          its call and its return.";

/// What a test's history may cost; the suite's take a thousandth of it.
const BUDGET: Budget = Budget { steps: 20_000_000, bytes: 256 << 20 };

/// The check of a run. Each operation is a client of its own, since the clerks of a node may be asked several things at a time.
#[derive(Debug)]
pub struct Linearizable(Online<'static, Kv>);

impl Default for Linearizable {
    fn default() -> Self {
        Linearizable(Online::new(&Kv, BUDGET))
    }
}

impl Linearizable {
    /// Operation `number` is called.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, number: u64, asked: &Asked, at: Nanos) -> Result<(), Failed> {
        let ask = match asked {
            Asked::Get { key } => KvAsk::Get(key.as_str().into()),
            Asked::Put { key, value, version } => KvAsk::Put(key.as_str().into(), name_of(value), version.0),
        };
        self.0.called(ClientId(number), ask, at.0).map(drop).map_err(undecided)
    }

    /// Operation `number` was answered.
    ///
    /// # Errors
    /// When no order explains all answers, or the check cannot say.
    pub fn returned(&mut self, number: u64, told: &Told, at: Nanos) -> Result<(), Failed> {
        let answer = match told {
            Told::Put(Err(PutError::Maybe)) => return self.unknown(number, at),
            Told::Got(Ok(Versioned { value, version })) => KvAnswer::Found(name_of(value), version.0),
            Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => KvAnswer::NoKey,
            Told::Put(Ok(())) => KvAnswer::Done,
            Told::Put(Err(PutError::Version)) => KvAnswer::OtherVersion,
        };
        match self.0.returned(ClientId(number), answer, at.0).map_err(undecided)? {
            Verdict::Linearizable => Ok(()),
            Verdict::NotLinearizable(violation) => Err(broken(violation)),
            Verdict::Undecided(exhausted) => Err(undecided(exhausted)),
        }
    }

    /// Nobody will ever know what became of operation `number`.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn unknown(&mut self, number: u64, at: Nanos) -> Result<(), Failed> {
        self.0.unknown(ClientId(number), at.0).map_err(undecided)
    }
}

fn broken(violation: Violation) -> Failed {
    let title = format!("No order of the operations explains all answers: {}.", violation.sentence);
    let evidence = Evidence { facts: violation.described, calls: None };
    Failed::new(LINEARIZABILITY, title).from_source(SOURCE).with_evidence(evidence)
}

/// What cannot be judged is not passed.
fn undecided(why: impl fmt::Display) -> Failed {
    Failed::new("undecided", format!("The history cannot be judged: {why}."))
}

/// A value, or of a long one what tells it from all others.
fn name_of(value: &str) -> Rc<str> {
    const SHORT: usize = 40;
    if value.len() <= SHORT {
        return value.into();
    }
    let beginning: String = value.chars().take(16).collect();
    format!("{beginning}… {:016x}", fold::of_bytes(value.as_bytes())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Version;

    fn put(value: &str, version: u64) -> Asked {
        Asked::Put { key: "k".to_owned(), value: value.to_owned(), version: Version(version) }
    }

    #[test]
    fn a_history_without_an_order_is_broken_and_one_with_an_order_is_not() {
        let mut check = Linearizable::default();
        let found =
            |value: &str, version| Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(version) }));
        let get = Asked::Get { key: "k".to_owned() };
        check.called(1, &put("a", 0), Nanos(1)).expect("short");
        check.called(2, &get, Nanos(2)).expect("short");
        assert_eq!(check.returned(2, &found("a", 1), Nanos(3)), Ok(()));
        assert_eq!(check.returned(1, &Told::Put(Ok(())), Nanos(4)), Ok(()));
        check.called(3, &get, Nanos(5)).expect("short");
        let failed = check.returned(3, &Told::Got(Err(GetError::NoKey)), Nanos(6)).expect_err("the key is there");
        assert_eq!(failed.rule, LINEARIZABILITY);
        assert!(failed.title.contains("found no such key"), "{}", failed.title);
    }

    #[test]
    fn long_values_that_differ_at_their_ends_have_different_names() {
        let long = "x".repeat(5_000);
        assert_eq!(name_of(&long), name_of(&long));
        assert_ne!(name_of(&long), name_of(&format!("{long}y")));
        assert!(name_of(&long).len() < 50);
    }
}
