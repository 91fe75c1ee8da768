//! Short histories that can and cannot be.

use super::*;
use lab_harness::failed::Failed;
use lab_harness::history::LINEARIZABILITY;
use windtunnel::world::Moment;
use windtunnel::{EventNumber, Nanos};

/// Tells the judge what happens, a moment after the other. Calls of a client are numbered as it likes.
#[derive(Default)]
struct Script {
    operations: Operations,
    now: u64,
}

const A: NodeId = NodeId(2);
const B: NodeId = NodeId(3);

impl Script {
    fn moment(&mut self) -> Moment {
        self.now += 1;
        Moment { at: Nanos(self.now), event: EventNumber(self.now) }
    }

    fn puts(&mut self, node: NodeId, call: u64, value: &str, version: u64) -> &mut Self {
        let asked = Asked::Put { key: "k".to_owned(), value: value.to_owned(), version: Version(version) };
        let moment = self.moment();
        self.operations.called(moment, node, call, asked).expect("the history is short");
        self
    }

    fn gets(&mut self, node: NodeId, call: u64) -> &mut Self {
        let moment = self.moment();
        let asked = Asked::Get { key: "k".to_owned() };
        self.operations.called(moment, node, call, asked).expect("the history is short");
        self
    }

    fn refused_by_server(&mut self, from: NodeId, version: u64) -> &mut Self {
        let (version, answer) = (Version(version), Err(PutRefused::Version));
        let answered = Answered { from, key: "k".to_owned(), version, answer };
        self.operations.answered(&answered);
        self
    }

    fn told(&mut self, node: NodeId, call: u64, told: Told) -> Result<(), Failed> {
        let moment = self.moment();
        self.operations.returned(moment, node, call, &told)
    }

    fn done(&mut self, node: NodeId, call: u64) -> &mut Self {
        self.can(node, call, Told::Put(Ok(())))
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

fn found(value: &str, version: u64) -> Told {
    Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(version) }))
}

const NO_KEY: Told = Told::Got(Err(GetError::NoKey));
const REFUSED: Told = Told::Put(Err(PutError::Version));
const MAYBE: Told = Told::Put(Err(PutError::Maybe));

#[test]
fn what_a_right_server_answers_can_be() {
    let mut script = Script::default();
    script.gets(A, 1).can(A, 1, NO_KEY);
    script.puts(A, 2, "a", 0).puts(B, 1, "b", 0).done(A, 2).can(B, 1, REFUSED);
    script.gets(B, 2).can(B, 2, found("a", 1));
    script.puts(A, 3, "c", 1).gets(B, 3).can(B, 3, found("c", 2)).done(A, 3);
    script.puts(B, 4, "d", 9).can(B, 4, REFUSED);
    script.gets(B, 5).can(B, 5, found("c", 2));
}

#[test]
fn what_was_answered_is_counted_and_of_what_else_was_asked_nobody_knows() {
    let asked = |answered, unknown| Some(lab_harness::operations::Asked { answered, unknown });
    let mut script = Script::default();
    assert_eq!(script.operations.asked(), None);
    script.puts(A, 1, "a", 0).puts(B, 1, "b", 0).gets(B, 2);
    assert_eq!(script.operations.asked(), asked(0, 3), "all are open");
    script.done(A, 1).refused_by_server(B, 0).can(B, 1, MAYBE);
    assert_eq!(script.operations.asked(), asked(1, 2), "a clerk that says maybe does not know");
    let moment = script.moment();
    script.operations.died(moment, B).expect("that can be");
    script.can(B, 2, NO_KEY).gets(A, 2).can(A, 2, found("a", 1));
    assert_eq!(script.operations.asked(), asked(2, 2), "what the dead are told nobody hears");
}

#[test]
fn a_put_of_a_dead_client_may_be_read_later_and_may_never_be() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0);
    let moment = script.moment();
    script.operations.died(moment, A).expect("the history is short");
    assert_eq!(script.operations.oldest_open(), None);
    script.gets(B, 1).can(B, 1, NO_KEY).gets(B, 2).can(B, 2, found("a", 1));
}

/// Versions 1 and 2 of the key were put.
fn two_versions() -> Script {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).puts(A, 2, "b", 1).done(A, 2);
    script
}

#[test]
fn a_get_finds_nothing_older_than_what_was_known_at_its_call() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).puts(A, 2, "b", 1).gets(B, 1).done(A, 2);
    script.can(B, 1, found("a", 1)); // called before version 2 was known
    two_versions().gets(B, 2).cannot(B, 2, found("a", 1), LINEARIZABILITY);
    two_versions().gets(B, 2).cannot(B, 2, NO_KEY, LINEARIZABILITY);
}

#[test]
fn value_version_and_error_count_all_three() {
    two_versions().gets(B, 2).cannot(B, 2, found("b", 1), LINEARIZABILITY);
    two_versions().gets(B, 2).cannot(B, 2, found("a", 2), LINEARIZABILITY);
    two_versions().puts(B, 2, "c", 1).can(B, 2, REFUSED);
    two_versions().puts(B, 2, "c", 2).cannot(B, 2, REFUSED, LINEARIZABILITY);
    two_versions().puts(B, 2, "c", 2).cannot(B, 2, Told::Put(Err(PutError::NoKey)), LINEARIZABILITY);
}

#[test]
fn one_put_makes_a_version_and_each_has_all_before_it() {
    two_versions().puts(B, 2, "c", 1).cannot(B, 2, Told::Put(Ok(())), LINEARIZABILITY);
    two_versions().puts(B, 2, "c", 3).cannot(B, 2, Told::Put(Ok(())), LINEARIZABILITY);
}

#[test]
fn a_put_that_was_refused_is_never_read() {
    let mut script = two_versions();
    script.puts(A, 3, "c", 2).puts(B, 2, "d", 2).done(A, 3).can(B, 2, REFUSED).gets(B, 3);
    script.cannot(B, 3, found("d", 3), LINEARIZABILITY);
}

#[test]
fn maybe_is_for_puts_that_the_server_has_refused() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).refused_by_server(A, 0).can(A, 1, MAYBE);
    script.gets(B, 1).can(B, 1, found("a", 1));
    script.puts(A, 2, "b", 1).refused_by_server(B, 1).refused_by_server(A, 0);
    script.cannot(A, 2, MAYBE, "needless-maybe");
}
