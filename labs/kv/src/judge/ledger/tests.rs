//! Short histories that can and cannot be.

use super::*;
use windtunnel::EventNumber;

/// Tells a ledger what happens, a moment after the other. Calls of a client are numbered as it likes.
#[derive(Default)]
struct Script {
    ledger: Ledger,
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
        self.ledger.called(moment, node, Called { call, asked }).expect("the history is short");
        self
    }

    fn gets(&mut self, node: NodeId, call: u64) -> &mut Self {
        let moment = self.moment();
        let asked = Asked::Get { key: "k".to_owned() };
        self.ledger.called(moment, node, Called { call, asked }).expect("the history is short");
        self
    }

    fn refused_by_server(&mut self, from: NodeId, version: u64) -> &mut Self {
        let (version, answer) = (Version(version), Err(PutRefused::Version));
        self.ledger.answered(&Answered { from, key: "k".to_owned(), version, answer });
        self
    }

    fn told(&mut self, node: NodeId, call: u64, told: Told) -> Result<(), Failed> {
        let moment = self.moment();
        self.ledger.returned(moment, node, Returned { call, told })
    }

    fn done(&mut self, node: NodeId, call: u64) -> &mut Self {
        self.can(node, call, Told::Put(Ok(())))
    }

    /// It can be answered so.
    fn can(&mut self, node: NodeId, call: u64, told: Told) -> &mut Self {
        self.told(node, call, told).expect("that can be");
        self
    }

    /// It cannot be answered so, by which rule and in which words.
    fn cannot(&mut self, node: NodeId, call: u64, told: Told, rule: &str, words: &str) {
        let failed = self.told(node, call, told).expect_err("that cannot be");
        assert_eq!((failed.rule, failed.title.as_str()), (rule, words));
    }
}

fn found(value: &str, version: u64) -> Told {
    Told::Got(Ok(Versioned { value: value.to_owned(), version: Version(version) }))
}

const NO_KEY: Told = Told::Got(Err(GetError::NoKey));
const REFUSED: Told = Told::Put(Err(PutError::Version));
const MAYBE: Told = Told::Put(Err(PutError::Maybe));
const RULE: &str = "linearizability";

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
fn a_put_of_a_dead_client_may_be_read_later_and_may_never_be() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0);
    let moment = script.moment();
    script.ledger.died(moment, A).expect("the history is short");
    assert_eq!(script.ledger.oldest_open(), None);
    script.gets(B, 1).can(B, 1, NO_KEY).gets(B, 2).can(B, 2, found("a", 1));
}

#[test]
fn a_get_finds_nothing_older_than_what_was_known_at_its_call() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).puts(A, 2, "b", 1).gets(B, 1).done(A, 2);
    script.can(B, 1, found("a", 1)); // called before version 2 was known
    script.gets(B, 2);
    script.cannot(B, 2, found("a", 1), RULE, "A get returned version 1 after version 2 was known to a client.");
    script.gets(B, 3);
    script.cannot(B, 3, NO_KEY, RULE, "A key is said not to be there after its version 2 was known to a client.");
}

#[test]
fn the_version_of_a_value_counts_and_not_the_value_alone() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).gets(B, 1);
    script.cannot(B, 1, found("a", 2), RULE, "A get returned \"a\" as version 2, and no put can have made that of it.");
    script.gets(B, 2);
    script.cannot(B, 2, found("b", 1), RULE, "Version 1 was \"a\", and now it is \"b\".");
}

#[test]
fn one_put_makes_a_version() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).puts(B, 1, "b", 0).done(A, 1);
    script.cannot(B, 1, Told::Put(Ok(())), RULE, "A put of version 0 was done, and version 1 is \"a\".");
}

#[test]
fn a_version_has_all_before_it() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 2);
    script.cannot(A, 1, Told::Put(Ok(())), RULE, "There is a version 3, and no put can have made version 1.");
}

#[test]
fn a_put_that_was_refused_is_never_read_and_one_that_was_read_was_not_refused() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).puts(A, 2, "b", 1).puts(B, 1, "c", 1).can(B, 1, REFUSED).gets(B, 2);
    script.cannot(B, 2, found("c", 2), RULE, "A get returned \"c\" as version 2, and no put can have made that of it.");
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).gets(B, 1).can(B, 1, found("a", 1));
    script.cannot(A, 1, REFUSED, RULE, "A put was refused, and yet its value was read, as version 1.");
}

#[test]
fn a_put_is_refused_for_a_version_that_the_key_did_not_have() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).done(A, 1).puts(A, 2, "b", 1);
    script.cannot(A, 2, REFUSED, RULE, "A put was refused for its version 1, which the key had all the time.");
    let mut script = Script::default();
    script.puts(A, 1, "a", 3);
    script.cannot(A, 1, REFUSED, RULE, "A put was refused for the version of a key that nobody has put.");
    script.puts(A, 2, "a", 0);
    script.cannot(A, 2, Told::Put(Err(PutError::NoKey)), RULE, "A put that creates its key cannot miss it.");
}

#[test]
fn maybe_is_for_puts_that_the_server_has_refused() {
    let mut script = Script::default();
    script.puts(A, 1, "a", 0).refused_by_server(A, 0).can(A, 1, MAYBE);
    script.gets(B, 1).can(B, 1, found("a", 1));
    script.puts(A, 2, "b", 1).refused_by_server(B, 1).refused_by_server(A, 0);
    let words = "A clerk says maybe of a put that the server has never refused for its version.";
    script.cannot(A, 2, MAYBE, "needless-maybe", words);
}
