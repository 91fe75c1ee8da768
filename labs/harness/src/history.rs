//! What clients of a run ask and are told, and whether all of it is linearizable: judged while it goes on.

use crate::failed::{Evidence, Failed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use windtunnel::check::linearizability::{Budget, Explained, Online, Verdict, Violation};
use windtunnel::check::{ClientId, Model};
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId, fold};

/// The rule.
pub const LINEARIZABILITY: &str = "linearizability";

/// What ends a run whose history cannot be judged. It is no pass, and proves nothing.
pub const UNDECIDED: &str = "undecided";

const SOURCE: &str = "Herlihy and Wing, \"Linearizability\": each operation seems to take effect at one moment between \
                          its call and its return.";

/// What a test's history may cost; the suites' take a thousandth of it.
const BUDGET: Budget = Budget { steps: 20_000_000, bytes: 256 << 20 };

/// All operations of a run, by node and the number that the node gave its call; `A` is what a lab wants to remember of each as
/// long as it is open.
///
/// To the checker each operation is a client of its own, since a node may be asked several things at a time.
pub struct History<M: Model + 'static, A> {
    check: Online<'static, M>,
    open: BTreeMap<(NodeId, u64), Open<A>>,
    /// The nodes of all operations, in the order of the calls.
    callers: Vec<NodeId>,
}

/// An operation that has not returned.
#[derive(Clone, Debug)]
pub struct Open<A> {
    /// What the lab remembers of it.
    pub about: A,
    /// When it was called.
    pub called: Nanos,
    number: u64,
}

impl<M: Model, A> fmt::Debug for History<M, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("operations", &self.callers.len()).finish_non_exhaustive()
    }
}

impl<M: Model, A> History<M, A> {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(model: &'static M) -> Self {
        History { check: Online::new(model, BUDGET), open: BTreeMap::new(), callers: Vec::new() }
    }

    /// The operation that was called first of those that are open, and whose it is.
    #[must_use]
    pub fn oldest_open(&self) -> Option<(NodeId, &Open<A>)> {
        let ((node, _), oldest) = self.open.iter().min_by_key(|(_, open)| open.number)?;
        Some((*node, oldest))
    }

    /// All that are open, and whose they are.
    pub fn all_open(&mut self) -> impl Iterator<Item = (NodeId, &mut A)> {
        self.open.iter_mut().map(|((node, _), open)| (*node, &mut open.about))
    }

    /// A client asks.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, call: u64, input: M::Input, about: A) -> Result<(), Failed> {
        self.callers.push(node);
        let number = self.callers.len() as u64;
        self.open.insert((node, call), Open { about, called: moment.at, number });
        self.check.called(ClientId(number), input, moment.at.0).map(drop).map_err(undecided)
    }

    /// What is known of an operation that is open.
    #[must_use]
    pub fn open(&self, node: NodeId, call: u64) -> Option<&A> {
        self.open.get(&(node, call)).map(|open| &open.about)
    }

    /// A client is answered. No output: nobody will ever know what became of it. Of what is not open nothing is noted.
    ///
    /// # Errors
    /// When no order explains all answers, or the check cannot say.
    pub fn returned(
        &mut self,
        moment: Moment,
        node: NodeId,
        call: u64,
        output: Option<M::Output>,
    ) -> Result<(), Failed> {
        let Some(open) = self.open.remove(&(node, call)) else { return Ok(()) };
        let client = ClientId(open.number);
        let verdict = match output {
            Some(output) => self.check.returned(client, output, moment.at.0),
            None => self.check.unknown(client, moment.at.0),
        };
        self.passes(verdict.map_err(undecided)?)
    }

    /// The run is over: what is open stays so, and every answer is judged that was not yet.
    ///
    /// # Errors
    /// When no order explains all answers, or the check cannot say.
    pub fn over(&mut self) -> Result<(), Failed> {
        let verdict = self.check.finish();
        self.passes(verdict)
    }

    fn passes(&self, verdict: Verdict) -> Result<(), Failed> {
        match verdict {
            Verdict::Linearizable => Ok(()),
            Verdict::NotLinearizable(violation) => Err(self.broken(violation)),
            Verdict::Undecided(exhausted) => Err(undecided(exhausted)),
        }
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// When no order explains all answers that were waiting for this, or the check cannot say.
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        let calls: Vec<u64> = self.open.range((node, 0)..=(node, u64::MAX)).map(|((_, call), _)| *call).collect();
        calls.into_iter().try_for_each(|call| self.returned(moment, node, call, None))
    }

    /// Whose operations contradict one another are shown beside each other.
    fn broken(&self, violation: Violation) -> Failed {
        let title = format!("No order of the operations explains all answers: {}.", violation.sentence);
        let callers = violation.core.iter().filter_map(|operation| self.callers.get(operation.0).copied());
        let nodes: BTreeSet<NodeId> = callers.collect();
        let mut facts = violation.described;
        if let Explained::Partly(exhausted) = violation.explained {
            facts.push(format!("There may be a smaller contradiction: to look for it used up {exhausted}."));
        }
        let evidence = Evidence { facts, calls: None };
        Failed::new(LINEARIZABILITY, title).from_source(SOURCE).on(nodes).with_evidence(evidence)
    }
}

/// What cannot be judged is not passed.
fn undecided(why: impl fmt::Display) -> Failed {
    Failed::new(UNDECIDED, format!("The history cannot be judged: {why}."))
}

/// A value, or of a long one what tells it from all others.
#[must_use]
pub fn name_of(value: &str) -> String {
    const SHORT: usize = 40;
    if value.len() <= SHORT {
        return value.to_owned();
    }
    let beginning: String = value.chars().take(16).collect();
    format!("{beginning}… {:016x}", fold::of_bytes(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::EventNumber;
    use windtunnel::check::models::{Kv, KvAnswer, KvAsk};

    const A: NodeId = NodeId(2);
    const B: NodeId = NodeId(3);

    fn at(now: u64) -> Moment {
        Moment { at: Nanos(now), event: EventNumber(now) }
    }

    fn put(value: &str) -> KvAsk {
        KvAsk::Put("k".into(), value.into(), 0)
    }

    fn get() -> KvAsk {
        KvAsk::Get("k".into())
    }

    #[test]
    fn a_history_without_an_order_is_broken_and_names_whose_operations_contradict_one_another() {
        let mut history = History::<Kv, ()>::new(&Kv);
        history.called(at(1), A, 7, put("a"), ()).expect("short");
        history.called(at(2), B, 7, get(), ()).expect("short");
        assert_eq!(history.returned(at(3), B, 7, Some(KvAnswer::Found("a".into(), 1))), Ok(()));
        assert_eq!(history.returned(at(4), A, 7, Some(KvAnswer::Done)), Ok(()));
        history.called(at(5), B, 8, get(), ()).expect("short");
        let failed = history.returned(at(6), B, 8, Some(KvAnswer::NoKey)).expect_err("the key is there");
        assert_eq!((failed.rule, failed.nodes), (LINEARIZABILITY, vec![A, B]));
        assert!(failed.title.contains("found no such key"), "{}", failed.title);
    }

    #[test]
    fn what_the_dead_had_asked_may_happen_at_any_time_or_never() {
        let mut history = History::<Kv, &str>::new(&Kv);
        history.called(at(1), A, 1, put("a"), "put").expect("short");
        history.called(at(2), B, 1, get(), "get").expect("short");
        assert_eq!(
            history.oldest_open().map(|(node, open)| (node, open.about, open.called)),
            Some((A, "put", Nanos(1)))
        );
        history.died(at(3), A).expect("short");
        assert_eq!((history.open(A, 1), history.open(B, 1)), (None, Some(&"get")));
        assert_eq!(history.returned(at(4), B, 1, Some(KvAnswer::NoKey)), Ok(()));
        history.called(at(5), B, 2, get(), "get").expect("short");
        assert_eq!(history.returned(at(6), B, 2, Some(KvAnswer::Found("a".into(), 1))), Ok(()));
        history.called(at(7), B, 3, get(), "get").expect("short");
        assert!(history.returned(at(8), B, 3, Some(KvAnswer::NoKey)).is_err(), "it has happened");
    }

    #[test]
    fn what_was_answered_behind_an_open_call_is_judged_however_that_ends() {
        type End = fn(&mut History<Kv, ()>) -> Result<(), Failed>;
        let ends: [End; 3] =
            [|history| history.returned(at(9), A, 1, None), |history| history.died(at(9), A), |history| history.over()];
        for end in ends {
            for (answer, is_right) in [(KvAnswer::NoKey, true), (KvAnswer::Found("b".into(), 1), false)] {
                let mut history = History::<Kv, ()>::new(&Kv);
                history.called(at(1), A, 1, put("a"), ()).expect("short");
                history.called(at(2), B, 1, get(), ()).expect("short");
                let answered = history.returned(at(3), B, 1, Some(answer));
                let failed = answered.and_then(|()| end(&mut history)).map_err(|failed| failed.rule);
                assert_eq!(failed, if is_right { Ok(()) } else { Err(LINEARIZABILITY) });
            }
        }
    }

    #[test]
    fn long_values_that_differ_at_their_ends_have_different_names() {
        let long = "x".repeat(5_000);
        assert_eq!(name_of(&long), name_of(&long));
        assert_ne!(name_of(&long), name_of(&format!("{long}y")));
        assert!(name_of(&long).len() < 50);
    }
}
