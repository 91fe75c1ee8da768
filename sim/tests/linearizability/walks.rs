//! The first order that comes to mind: it spares the search, and where it gets stuck the search says what it would have said alone.

use super::{Did, history};
use std::rc::Rc;
use windtunnel::check::History;
use windtunnel::check::linearizability::{Budget, Verdict, check, check_by_search};
use windtunnel::check::models::{KvAppend, KvAppendAsk};

/// Appends that return in another order than they are read in, and a write that nobody ever sees.
fn what_the_next_read_tells() -> History<KvAppendAsk, Rc<str>> {
    let key = || Rc::<str>::from("x");
    let append = |value: &str| KvAppendAsk::Append(key(), value.into());
    let done = || Some(Rc::<str>::from(""));
    let read = |value: &str| (KvAppendAsk::Get(key()), Some(value.into()), 1, 1);
    history(&[
        vec![(append("a"), done(), 1, 5)],
        vec![(append("b"), done(), 1, 4)],
        vec![(append("c"), done(), 1, 3)],
        vec![(KvAppendAsk::Get(key()), Some("".into()), 1, 1), (KvAppendAsk::Get(key()), Some("abc".into()), 7, 1)],
        vec![(KvAppendAsk::Put(key(), "u".into()), done(), 11, 6), read("w"), read("w")],
        vec![(KvAppendAsk::Put(key(), "w".into()), done(), 12, 2), read("w")],
    ])
}

#[test]
fn a_history_whose_next_read_tells_the_order_needs_no_search() {
    let history = what_the_next_read_tells();
    let (walked, searched) =
        (check(&KvAppend, &history, Budget::default()), check_by_search(&KvAppend, &history, Budget::default()));
    assert_eq!((walked.verdict, searched.verdict), (Verdict::Linearizable, Verdict::Linearizable));
    assert_eq!(walked.cost.peak_configurations, 0, "{:?}", walked.cost);
    assert!(walked.cost.steps < searched.cost.steps, "{:?}, {:?}", walked.cost, searched.cost);
}

/// An operation on the one key, called and answered at these times.
fn between(called: u64, returned: u64, input: KvAppendAsk, read: &str) -> Vec<Did<KvAppendAsk, Rc<str>>> {
    vec![(input, Some(read.into()), called, returned - called)]
}

#[test]
fn what_was_explained_before_a_walk_got_stuck_stays_so() {
    let get = || KvAppendAsk::Get("x".into());
    let append = |value: &str| KvAppendAsk::Append("x".into(), value.into());
    // The first read cannot tell "a" and "ab" from "aa" and "b", the second can; and who read nothing is told so last.
    let history = history(&[
        between(0, 60, get(), ""),
        between(1, 2, append("z"), ""),
        between(10, 40, append("a"), ""),
        between(10, 41, append("ab"), ""),
        between(10, 42, append("aa"), ""),
        between(10, 43, append("b"), ""),
        between(11, 20, get(), "zaab"),
        between(21, 25, get(), "zaaba"),
    ]);
    let (walked, searched) =
        (check(&KvAppend, &history, Budget::default()), check_by_search(&KvAppend, &history, Budget::default()));
    assert_eq!((walked.verdict, searched.verdict), (Verdict::Linearizable, Verdict::Linearizable));
    assert!(walked.cost.peak_configurations > 0, "it never got stuck: {:?}", walked.cost);
}
