//! A tester that does not keep up with what a node shows.

use crate::fleet::{Fleet, PATIENCE};
use crate::{A, Answer, Ask, B, ask, echo, echoed, program};
use std::time::{Duration, Instant};

/// More than the sockets of a control port take while nobody reads.
const MUCH: u64 = 14 << 20;
/// Time enough for a message between two idle nodes.
const A_WHILE: Duration = Duration::from_millis(400);

fn heard(fleet: &mut Fleet) -> u64 {
    match ask(fleet, B, &Ask::Heard) {
        Ok(Answer::Heard(count)) => count,
        other => panic!("{other:?}"),
    }
}

/// Two nodes with connections both ways, of which the first has shown much, and told the second of it.
fn with_a_tester_that_does_not_read() -> Fleet {
    let mut fleet = Fleet::new(2, program());
    fleet.start(B);
    fleet.start(A);
    assert_eq!(echo(&mut fleet, A, B), echoed());
    assert_eq!(echo(&mut fleet, B, A), echoed());
    fleet.control(A, postcard::to_stdvec(&Ask::ShowAndTell { bytes: MUCH, to: B }).expect("it serialises"));
    // The tester is given of each step before others are.
    fleet.wait_for_bytes(A, 64 << 10);
    fleet
}

#[test]
fn a_peer_hears_nothing_of_what_the_tester_was_not_shown() {
    let mut fleet = with_a_tester_that_does_not_read();
    std::thread::sleep(A_WHILE);
    assert_eq!(heard(&mut fleet), 0, "it would have come in a moment");
    fleet.wait_for(A, "bytes");
    let begin = Instant::now();
    while heard(&mut fleet) == 0 {
        assert!(begin.elapsed() < PATIENCE / 4, "the message is lost");
    }
}

#[test]
fn a_node_that_waits_for_its_tester_answers_nobody_until_it_has_caught_up() {
    let mut fleet = with_a_tester_that_does_not_read();
    let silent = ask(&mut fleet, B, &Ask::Echo { to: A, within: A_WHILE });
    assert!(matches!(silent, Ok(Answer::Failed(_))), "{silent:?}");
    fleet.wait_for(A, "bytes");
    assert_eq!(echo(&mut fleet, B, A), echoed());
}

#[test]
fn a_tester_that_goes_away_holds_nothing_up() {
    let mut fleet = with_a_tester_that_does_not_read();
    std::thread::sleep(A_WHILE);
    fleet.leave(A);
    let begin = Instant::now();
    while heard(&mut fleet) == 0 {
        assert!(begin.elapsed() < PATIENCE / 4, "the message is lost");
    }
}
