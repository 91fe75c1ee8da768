//! Short histories that can and cannot be.

use super::*;
use crate::contract::PutRefused;
use lab_harness::failed::Failed;
use lab_harness::history::LINEARIZABILITY;
use lab_harness::operations::Writes;
use windtunnel::world::Moment;
use windtunnel::{EventNumber, Nanos};

/// Tells the judge what happens, a moment after the other. Calls of a client are numbered as it likes.
#[derive(Default)]
struct Script {
    operations: Operations,
    now: u64,
}

const A: NodeId = NodeId(4);
const B: NodeId = NodeId(5);

const DONE: Told = Told::Put(Ok(()));
const REFUSED: Told = Told::Put(Err(PutError::Version));
const MAYBE: Told = Told::Put(Err(PutError::Maybe));
const NO_KEY: Told = Told::Got(Err(GetError::NoKey));
const LOST: Told = Told::Counter(Err(NotServed::Lost));
const NOT_BEGUN: Told = Told::Counter(Err(NotServed::NotLeader { hint: None }));

fn put(key: &str, value: &str, version: u64) -> Asked {
    Asked::Put { key: key.to_owned(), value: value.to_owned(), version: Version(version) }
}

fn append(value: &str) -> Asked {
    Asked::Append { key: "k".to_owned(), value: value.to_owned() }
}

fn get() -> Asked {
    Asked::Get { key: "k".to_owned() }
}

fn found(value: &str, version: u64) -> Told {
    Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(version) }))
}

impl Script {
    fn moment(&mut self) -> Moment {
        self.now += 1;
        Moment { at: Nanos(self.now), event: EventNumber(self.now) }
    }

    fn asks(&mut self, node: NodeId, call: u64, asked: Asked) -> &mut Self {
        let moment = self.moment();
        self.operations.called(moment, node, call, asked).expect("the history is short");
        self
    }

    /// A server has answered a put.
    fn server(&mut self, from: NodeId, key: &str, version: u64, answer: Result<Result<(), PutRefused>, NotServed>) {
        let answered = Answered { from, key: key.to_owned(), version: Version(version), answer };
        self.operations.answered(&answered);
    }

    fn told(&mut self, node: NodeId, call: u64, told: Told) -> Result<(), Failed> {
        let moment = self.moment();
        self.operations.returned(moment, node, call, &told)
    }

    /// It can be answered so.
    fn can(&mut self, node: NodeId, call: u64, told: Told) -> &mut Self {
        self.told(node, call, told).expect("that can be");
        self
    }

    /// It cannot be answered so, by which rule.
    fn cannot(&mut self, node: NodeId, call: u64, told: Told, rule: &str) {
        assert_eq!(self.told(node, call, told).map_err(|failed| failed.rule), Err(rule));
    }
}

#[test]
fn what_is_put_and_appended_is_what_is_found() {
    let mut script = Script::default();
    script.asks(A, 1, get()).can(A, 1, NO_KEY);
    script.asks(A, 2, put("k", "a", 0)).can(A, 2, DONE).asks(B, 1, append("b")).can(B, 1, Told::Appended);
    script.asks(A, 3, put("k", "c", 1)).can(A, 3, REFUSED);
    script.asks(A, 4, get()).can(A, 4, found("ab", 2));
    script.asks(B, 2, get()).cannot(B, 2, found("a", 1), LINEARIZABILITY);
}

#[test]
fn maybe_is_for_puts_that_a_server_has_refused_for_their_version() {
    let refused = Ok(Err(PutRefused::Version));
    let mut script = Script::default();
    script.asks(A, 1, put("k", "a", 0)).server(A, "k", 0, refused);
    script.can(A, 1, MAYBE).asks(B, 1, get()).can(B, 1, found("a", 1));
    script.asks(A, 2, put("k", "b", 1));
    script.server(B, "k", 1, refused);
    script.server(A, "other", 1, refused);
    script.server(A, "k", 0, refused);
    for answer in [Ok(Ok(())), Err(NotServed::Lost)] {
        script.server(A, "k", 1, answer);
    }
    script.cannot(A, 2, MAYBE, "needless-maybe");
}

#[test]
fn what_may_be_done_is_found_later_or_never() {
    let mut script = Script::default();
    for (call, key) in [(1, "k"), (2, "other")] {
        script.asks(A, call, put(key, "a", 0)).server(A, key, 0, Ok(Err(PutRefused::Version)));
        script.can(A, call, MAYBE);
    }
    script.asks(B, 1, get()).can(B, 1, NO_KEY).asks(B, 2, get()).can(B, 2, found("a", 1));
    script.asks(B, 3, get()).cannot(B, 3, NO_KEY, LINEARIZABILITY);
}

#[test]
fn a_lost_command_may_be_done_and_one_that_was_not_begun_is_not() {
    let increment = || Asked::Submit(Count::Increment);
    for (first, second) in [(LOST, 1), (LOST, 2), (NOT_BEGUN, 1)] {
        let mut script = Script::default();
        script.asks(A, 1, increment()).can(A, 1, first).asks(B, 1, increment());
        script.can(B, 1, Told::Counter(Ok(second)));
    }
    let mut script = Script::default();
    script.asks(A, 1, increment()).can(A, 1, NOT_BEGUN).asks(B, 1, increment());
    script.cannot(B, 1, Told::Counter(Ok(2)), LINEARIZABILITY);
}

#[test]
fn only_an_increment_makes_the_counter_more() {
    let mut script = Script::default();
    script.asks(A, 1, Asked::Submit(Count::Increment)).can(A, 1, Told::Counter(Ok(1)));
    for (call, asked) in [(2, Asked::Submit(Count::Nothing)), (3, Asked::Read)] {
        script.asks(A, call, asked).can(A, call, Told::Counter(Ok(1)));
    }
    script.asks(A, 4, Asked::Read).cannot(A, 4, Told::Counter(Ok(2)), LINEARIZABILITY);
}

#[test]
fn what_returned_is_counted_for_each_node_and_writes_for_each_key() {
    let mut script = Script::default();
    script.asks(A, 1, put("k", "a", 0)).can(A, 1, DONE).asks(A, 2, put("k", "b", 0));
    script.can(A, 2, REFUSED).asks(A, 3, put("k", "c", 0)).server(A, "k", 0, Ok(Err(PutRefused::Version)));
    script.can(A, 3, MAYBE).asks(B, 1, get()).can(B, 1, found("a", 1));
    script.asks(B, 2, append("b")).can(B, 2, Told::Appended).asks(B, 3, put("other", "d", 0)).can(B, 3, DONE);
    assert_eq!([A, B].map(|node| script.operations.returned_to(node)), [3, 3]);
    let writes = ["k", "other", "nobody's"].map(|key| script.operations.writes_of(key));
    let counted = |(done, maybe)| Writes { done, maybe };
    assert_eq!(writes, [(2, 1), (1, 0), (0, 0)].map(counted));
}

#[test]
fn an_answer_is_one_to_what_was_asked() {
    let told = [found("a", 1), DONE, Told::Appended, Told::Counter(Ok(1))];
    let asked = [get(), put("k", "a", 0), append("a"), Asked::Read];
    for (at, asked) in asked.iter().enumerate() {
        for told in told.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, told)| told) {
            let mut script = Script::default();
            script.asks(A, 1, asked.clone()).cannot(A, 1, told.clone(), "own-observations");
        }
    }
    for told in [DONE, MAYBE] {
        let mut script = Script::default();
        script.asks(A, 1, get()).cannot(A, 1, told, "own-observations");
        let counted = (script.operations.returned_to(A), script.operations.writes_of("k"));
        assert_eq!(counted, (0, Writes::default()), "it is no write, and nothing else either");
    }
}

#[test]
fn the_oldest_operation_without_an_answer_is_told_until_its_client_dies() {
    let mut script = Script::default();
    let oldest = |script: &Script| script.operations.oldest_open();
    assert_eq!(oldest(&script), None);
    script.asks(A, 1, append("a")).asks(B, 1, put("k", "b", 7)).asks(B, 2, get());
    assert_eq!(oldest(&script), Some(("an append to \"k\" of node 4".to_owned(), Nanos(1))));
    let moment = script.moment();
    script.operations.died(moment, A).expect("the history is short");
    assert_eq!(oldest(&script), Some(("a put of version 7 of \"k\" of node 5".to_owned(), Nanos(2))));
    script.can(B, 2, found("a", 1)).can(B, 1, REFUSED);
    assert_eq!(oldest(&script), None);
}

/// So many increments are called at once and answered in that order.
fn answered(values: impl IntoIterator<Item = u64>) -> Result<(), Failed> {
    let (mut script, values) = (Script::default(), Vec::from_iter(values));
    for call in 1..=values.len() as u64 {
        script.asks(A, call, Asked::Submit(Count::Increment));
    }
    (1..).zip(values).try_for_each(|(call, value)| script.told(A, call, Told::Counter(Ok(value))))
}

#[test]
fn a_hundred_commands_at_once_are_judged_and_none_is_done_twice() {
    assert_eq!(answered(1..=100), Ok(()));
    assert_eq!(answered((1..=100).rev()), Ok(()));
    let failed = answered((1..=99).chain([99])).expect_err("two are the 99th");
    assert_eq!(failed.rule, LINEARIZABILITY);
}
