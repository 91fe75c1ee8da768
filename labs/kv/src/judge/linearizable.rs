//! The whole of linearizability, by the checker of histories: whether any order explains all answers so far.

use crate::contract::{GetError, PutError, Versioned};
use crate::node::SERVER;
use crate::observation::{Asked, Told};
use lab_harness::failed::{Evidence, Failed};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use windtunnel::check::ClientId;
use windtunnel::check::linearizability::{Budget, Online, Verdict, Violation};
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};
use windtunnel::{Nanos, NodeId, fold};

/// The rule.
pub const LINEARIZABILITY: &str = "linearizability";

const SOURCE: &str = "Herlihy and Wing, \"Linearizability\": each operation seems to take effect at one moment between \
                          its call and its return.";

/// What a test's history may cost; the suite's take a thousandth of it.
const BUDGET: Budget = Budget { steps: 20_000_000, bytes: 256 << 20 };

/// The check of a run. Each operation is a client of its own, since the clerks of a node may be asked several things at a time.
#[derive(Debug)]
pub struct Linearizable {
    check: Online<'static, Kv>,
    /// The nodes of all operations, in the order of the calls.
    callers: Vec<NodeId>,
}

impl Default for Linearizable {
    fn default() -> Self {
        Linearizable { check: Online::new(&Kv, BUDGET), callers: Vec::new() }
    }
}

impl Linearizable {
    /// Operation `number` is called, which is one more than the one before it.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, number: u64, node: NodeId, asked: &Asked, at: Nanos) -> Result<(), Failed> {
        let ask = match asked {
            Asked::Get { key } => KvAsk::Get(key.as_str().into()),
            Asked::Put { key, value, version } => KvAsk::Put(key.as_str().into(), name_of(value), version.0),
        };
        self.callers.push(node);
        self.check.called(ClientId(number), ask, at.0).map(drop).map_err(undecided)
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
        match self.check.returned(ClientId(number), answer, at.0).map_err(undecided)? {
            Verdict::Linearizable => Ok(()),
            Verdict::NotLinearizable(violation) => Err(self.broken(violation)),
            Verdict::Undecided(exhausted) => Err(undecided(exhausted)),
        }
    }

    /// Nobody will ever know what became of operation `number`.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn unknown(&mut self, number: u64, at: Nanos) -> Result<(), Failed> {
        self.check.unknown(ClientId(number), at.0).map_err(undecided)
    }

    /// Shown beside each other: the server, and whose operations contradict one another.
    fn broken(&self, violation: Violation) -> Failed {
        let title = format!("No order of the operations explains all answers: {}.", violation.sentence);
        let callers = violation.core.iter().filter_map(|operation| self.callers.get(operation.0).copied());
        let nodes: BTreeSet<NodeId> = callers.chain([SERVER]).collect();
        let evidence = Evidence { facts: violation.described, calls: None };
        Failed::new(LINEARIZABILITY, title).from_source(SOURCE).on(nodes).with_evidence(evidence)
    }
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

    const A: NodeId = NodeId(2);
    const B: NodeId = NodeId(3);

    fn put(value: &str, version: u64) -> Asked {
        Asked::Put { key: "k".to_owned(), value: value.to_owned(), version: Version(version) }
    }

    #[test]
    fn a_history_without_an_order_is_broken_and_one_with_an_order_is_not() {
        let mut check = Linearizable::default();
        let found =
            |value: &str, version| Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(version) }));
        let get = Asked::Get { key: "k".to_owned() };
        check.called(1, A, &put("a", 0), Nanos(1)).expect("short");
        check.called(2, A, &get, Nanos(2)).expect("short");
        assert_eq!(check.returned(2, &found("a", 1), Nanos(3)), Ok(()));
        assert_eq!(check.returned(1, &Told::Put(Ok(())), Nanos(4)), Ok(()));
        check.called(3, B, &get, Nanos(5)).expect("short");
        let failed = check.returned(3, &Told::Got(Err(GetError::NoKey)), Nanos(6)).expect_err("the key is there");
        assert_eq!(failed.rule, LINEARIZABILITY);
        assert!(failed.nodes.contains(&SERVER) && failed.nodes.contains(&B), "{:?}", failed.nodes);
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
