//! What clients of a run ask and are told, and whether all of it is linearizable: judged while it goes on.

use crate::failed::{Evidence, Failed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use windtunnel::check::linearizability::{Budget, Explained, Online, Verdict, Violation};
use windtunnel::check::{ClientId, HistoryError, Model};
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId, fold};

/// The rule.
pub const LINEARIZABILITY: &str = "linearizability";

/// What ends a run whose history cannot be judged. It is no pass, and proves nothing.
pub const UNDECIDED: &str = "undecided";

const SOURCE: &str = "Herlihy and Wing, \"Linearizability\": each operation seems to take effect at one moment between \
                          its call and its return.";

/// What the history of one object may cost; those of the suites take a thousandth of it.
const BUDGET: Budget = Budget { steps: 20_000_000, bytes: 256 << 20 };

/// How many operations are judged: all of them are kept, each in some 300 bytes, since any of them may be a part of a contradiction.
pub const OPERATIONS: u64 = 5_000_000;

/// All operations of a run, by node and the number that the node gave its call; `A` is what a lab wants to remember of each as
/// long as it is open.
///
/// Each object (a key) has a check of its own, whose budget no other uses up: a flight has many keys, and lasts. To the
/// checker each operation is a client of its own, since a node may be asked several things at a time.
pub struct History<M: Model + 'static, A> {
    model: &'static M,
    objects: BTreeMap<M::Key, Object<M>>,
    open: BTreeMap<(NodeId, u64), (M::Key, Open<A>)>,
    /// How many operations there were.
    called: u64,
    limit: u64,
}

/// One object.
struct Object<M: Model + 'static> {
    /// Nothing once it has said what ends a run: behind a contradiction there is nothing left to judge.
    check: Option<Online<'static, M>>,
    /// The nodes of its operations, in the order of the calls.
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
        f.debug_struct("History").field("operations", &self.called).finish_non_exhaustive()
    }
}

impl<M: Model, A> History<M, A> {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(model: &'static M) -> Self {
        History { model, objects: BTreeMap::new(), open: BTreeMap::new(), called: 0, limit: OPERATIONS }
    }

    /// Whether nobody has asked anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.called == 0
    }

    /// The operation that was called first of those that are open, and whose it is.
    #[must_use]
    pub fn oldest_open(&self) -> Option<(NodeId, &Open<A>)> {
        let ((node, _), (_, oldest)) = self.open.iter().min_by_key(|(_, (_, open))| open.number)?;
        Some((*node, oldest))
    }

    /// All that are open, and whose they are.
    pub fn all_open(&mut self) -> impl Iterator<Item = (NodeId, &mut A)> {
        self.open.iter_mut().map(|((node, _), (_, open))| (*node, &mut open.about))
    }

    /// A client asks.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, call: u64, input: M::Input, about: A) -> Result<(), Failed> {
        if self.called == self.limit {
            let limit = self.limit;
            return Err(undecided(format_args!(
                "{limit} operations are judged, and there are more: fly for less time"
            )));
        }
        self.called += 1;
        let (number, key) = (self.called, self.model.key(&input));
        let begin = || Object { check: Some(Online::new(self.model, BUDGET)), callers: Vec::new() };
        let object = self.objects.entry(key.clone()).or_insert_with(begin);
        object.callers.push(node);
        self.open.insert((node, call), (key, Open { about, called: moment.at, number }));
        object.judge(|check| check.called(ClientId(number), input, moment.at.0).map(|_| Verdict::Linearizable))
    }

    /// What is known of an operation that is open.
    #[must_use]
    pub fn open(&self, node: NodeId, call: u64) -> Option<&A> {
        self.open.get(&(node, call)).map(|(_, open)| &open.about)
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
        let Some((key, open)) = self.open.remove(&(node, call)) else { return Ok(()) };
        let Some(object) = self.objects.get_mut(&key) else { return Ok(()) };
        let client = ClientId(open.number);
        object.judge(|check| match output {
            Some(output) => check.returned(client, output, moment.at.0),
            None => check.unknown(client, moment.at.0),
        })
    }

    /// The run is over: what is open stays so, and every answer is judged that was not yet. A contradiction counts more than an
    /// object that cannot be judged.
    ///
    /// # Errors
    /// When no order explains all answers, or the check cannot say.
    pub fn over(&mut self) -> Result<(), Failed> {
        let mut cannot_say = Ok(());
        for object in self.objects.values_mut() {
            match object.judge(|check| Ok(check.finish())) {
                Err(failed) if failed.rule == UNDECIDED => cannot_say = cannot_say.and(Err(failed)),
                passes => passes?,
            }
        }
        cannot_say
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// When no order explains all answers that were waiting for this, or the check cannot say.
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        let calls: Vec<u64> = self.open.range((node, 0)..=(node, u64::MAX)).map(|((_, call), _)| *call).collect();
        calls.into_iter().try_for_each(|call| self.returned(moment, node, call, None))
    }
}

impl<M: Model> Object<M> {
    /// Goes on with the check, to its first complaint.
    fn judge(
        &mut self,
        go_on: impl FnOnce(&mut Online<'static, M>) -> Result<Verdict, HistoryError>,
    ) -> Result<(), Failed> {
        let Some(check) = &mut self.check else { return Ok(()) };
        let complaint = match go_on(check) {
            Ok(Verdict::Linearizable) => return Ok(()),
            Ok(Verdict::NotLinearizable(violation)) => broken(&self.callers, violation),
            Ok(Verdict::Undecided(exhausted)) => undecided(exhausted),
            Err(error) => undecided(error),
        };
        self.check = None;
        Err(complaint)
    }
}

/// Whose operations contradict one another are shown beside each other; if nobody knows which do, who was told what cannot be.
fn broken(callers: &[NodeId], violation: Violation) -> Failed {
    let title = format!("No order of the operations explains all answers: {}.", violation.sentence);
    let named = if violation.core.is_empty() { &[violation.operation][..] } else { &violation.core };
    let nodes: BTreeSet<NodeId> = named.iter().filter_map(|operation| callers.get(operation.0).copied()).collect();
    let mut facts = violation.described;
    match violation.explained {
        Explained::Fully | Explained::NotAsked => {}
        // No longer than a line that is shown whole.
        Explained::Partly(exhausted) => {
            facts.push(format!("There may be a smaller one, or one that needs nothing of what came before: to look used up {exhausted}."));
        }
        Explained::Failed(exhausted) => {
            facts.push(format!("Unexplained: to look for what contradicts it used up {exhausted}."));
        }
    }
    let evidence = Evidence { facts, calls: None };
    Failed::new(LINEARIZABILITY, title).from_source(SOURCE).on(nodes).with_evidence(evidence)
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
    use windtunnel::check::OperationId;
    use windtunnel::check::linearizability::Exhausted;
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

    /// So long that it is tried by hand: `cargo test --release -p lab-harness --lib -- --ignored more_operations`.
    #[test]
    #[ignore = "takes two million operations, and as many again"]
    fn more_operations_than_one_object_may_have_are_judged() {
        let mut history = History::<Kv, ()>::new(&Kv);
        let mut now = 0;
        for version in 0..1_500_000 {
            for key in ["a", "b", "c"] {
                let value = format!("a value that nobody else puts, {version}");
                history
                    .called(at(now), A, now, KvAsk::Put(key.into(), value.as_str().into(), version), ())
                    .expect("judged");
                assert_eq!(history.returned(at(now + 1), A, now, Some(KvAnswer::Done)), Ok(()));
                now += 2;
            }
        }
        assert_eq!(history.over(), Ok(()));
    }

    #[test]
    fn what_is_too_long_to_be_judged_is_undecided_and_says_what_to_do() {
        let mut history = History::<Kv, ()> { limit: 2, ..History::new(&Kv) };
        for call in 1..=2 {
            history.called(at(call), A, call, get(), ()).expect("there is room");
        }
        let failed = history.called(at(3), A, 3, get(), ()).expect_err("it is full");
        assert_eq!(failed.rule, UNDECIDED);
        assert!(failed.title.contains("2 operations") && failed.title.contains("for less time"), "{}", failed.title);
    }

    #[test]
    fn a_contradiction_of_any_object_is_told_though_another_object_cannot_be_judged() {
        let mut history = History::<Kv, ()>::new(&Kv);
        for (node, key) in [(A, "k"), (B, "other")] {
            history.called(at(1), node, 1, KvAsk::Put(key.into(), "a".into(), 0), ()).expect("short");
            // So much lies behind the open put that not every answer is looked at when it comes.
            let right = Online::<Kv>::LITTLE as u64 + 3;
            for call in 2..=right + 2 {
                let answer = if call == right + 2 { KvAnswer::Found("b".into(), 1) } else { KvAnswer::NoKey };
                history.called(at(call), node, call, KvAsk::Get(key.into()), ()).expect("short");
                assert_eq!(history.returned(at(call), node, call, Some(answer)), Ok(()), "get {call} of {key}");
            }
        }
        let none = Budget { steps: 0, bytes: 0 };
        history.objects.get_mut("k").expect("it has operations").check = Some(Online::new(&Kv, none));
        history.called(at(90), A, 90, get(), ()).expect("short");
        let failed = history.over().expect_err("nobody put it");
        assert_eq!((failed.rule, failed.nodes), (LINEARIZABILITY, vec![B]));
    }

    #[test]
    fn of_an_object_nothing_is_judged_behind_its_first_contradiction() {
        let mut history = History::<Kv, ()>::new(&Kv);
        for call in 1..=40 {
            history.called(at(2 * call), A, call, put("a"), ()).expect("short");
            let told = history.returned(at(2 * call + 1), A, call, Some(KvAnswer::Done)).map_err(|failed| failed.rule);
            assert_eq!(told, if call == 2 { Err(LINEARIZABILITY) } else { Ok(()) }, "put {call} of version 0");
        }
        history.called(at(90), B, 1, KvAsk::Get("other".into()), ()).expect("short");
        let told = history.returned(at(91), B, 1, Some(KvAnswer::Found("b".into(), 1))).map_err(|failed| failed.rule);
        assert_eq!(told, Err(LINEARIZABILITY), "another object has its own");
        assert_eq!(history.over(), Ok(()));
    }

    #[test]
    fn who_was_told_what_cannot_be_is_named_where_no_explanation_was_found_and_that_is_said() {
        let unexplained = Violation {
            operation: OperationId(1),
            core: Vec::new(),
            explained: Explained::Failed(Exhausted::Steps(7)),
            since: None,
            described: Vec::new(),
            states: Vec::new(),
            sentence: "when #1 returned, a search had no order left".to_owned(),
        };
        let failed = broken(&[A, B], unexplained);
        assert_eq!(failed.nodes, [B]);
        let said = "Unexplained: to look for what contradicts it used up the budget of 7 steps.";
        assert_eq!(failed.facts(), [said]);
    }

    #[test]
    fn long_values_that_differ_at_their_ends_have_different_names() {
        let long = "x".repeat(5_000);
        assert_eq!(name_of(&long), name_of(&long));
        assert_ne!(name_of(&long), name_of(&format!("{long}y")));
        assert!(name_of(&long).len() < 50);
    }
}
