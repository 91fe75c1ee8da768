//! Who may hold a lock when.

use super::*;
use windtunnel::EventNumber;

const A: NodeId = NodeId(2);
const B: NodeId = NodeId(3);

fn holding(token: u64) -> Holding {
    Holding { lock: "l".to_owned(), token: Token(token) }
}

fn takes(turns: &mut Turns, node: NodeId, token: u64, left: Nanos) -> Result<(), &'static str> {
    let moment = Moment { at: Nanos::from_secs(1), event: EventNumber(1) };
    turns.take(moment, node, &Acquired { holding: holding(token), left }).map_err(|failed| failed.rule)
}

fn a_holds_token_5() -> Turns {
    let mut turns = Turns::default();
    takes(&mut turns, A, 5, Nanos::from_secs(2)).expect("the lock is free");
    turns
}

const SECOND: Nanos = Nanos::from_secs(1);

#[test]
fn a_lock_that_is_held_is_nobody_elses() {
    let mut turns = a_holds_token_5();
    assert_eq!(takes(&mut turns, B, 6, SECOND), Err("one-holder"));
}

#[test]
fn it_is_free_after_its_lease_its_release_or_the_death_of_its_holder() {
    let mut lapsed = a_holds_token_5();
    lapsed.over(&holding(5));
    assert_eq!(takes(&mut lapsed, B, 6, SECOND), Ok(()));
    let mut dead = a_holds_token_5();
    dead.died(B);
    dead.died(A);
    assert_eq!(takes(&mut dead, B, 6, SECOND), Ok(()));
    assert_eq!((dead.acquired("l", A), dead.acquired("l", B)), (1, 1));
}

#[test]
fn who_has_stood_still_cannot_say_that_it_holds_it() {
    let mut turns = a_holds_token_5();
    turns.paused(A);
    assert_eq!(takes(&mut turns, B, 6, SECOND), Ok(()));
}

#[test]
fn tokens_grow() {
    for token in [4, 5] {
        let mut turns = a_holds_token_5();
        turns.over(&holding(5));
        assert_eq!(takes(&mut turns, B, token, SECOND), Err("fencing-token"));
    }
}

#[test]
fn who_has_stood_still_while_it_waited_may_tell_late_of_its_turn_but_not_of_anothers() {
    let after_a_pause = |token| {
        let mut turns = a_holds_token_5();
        turns.want("l", B);
        turns.paused(B);
        turns.over(&holding(5));
        (takes(&mut turns, B, token, SECOND), takes(&mut turns, A, 6, SECOND))
    };
    assert_eq!(after_a_pause(4), (Ok(()), Ok(())), "it had the lock before, and holds nothing now");
    assert_eq!(after_a_pause(5).0, Err("fencing-token"), "that token is another's");
    let mut waits_anew = a_holds_token_5();
    waits_anew.paused(B);
    waits_anew.over(&holding(5));
    waits_anew.want("l", B);
    assert_eq!(takes(&mut waits_anew, B, 4, SECOND), Err("fencing-token"));
}

#[test]
fn a_lease_is_not_over_yet_and_not_longer_than_allowed() {
    for (left, expected) in
        [(Nanos::ZERO, Err("lease-length")), (Nanos::from(LEASE), Ok(())), (Nanos::from_secs(4), Err("lease-length"))]
    {
        assert_eq!(takes(&mut Turns::default(), A, 1, left), expected, "{left}");
    }
}

#[test]
fn the_shortest_lease_is_remembered() {
    let mut turns = a_holds_token_5();
    assert_eq!(turns.shortest_lease("another"), None);
    assert_eq!(turns.shortest_lease("l"), Some((Nanos::from_secs(2), A)));
    for (node, token, left) in [(B, 6, SECOND), (A, 7, Nanos::from_secs(3))] {
        turns.over(&holding(token - 1));
        takes(&mut turns, node, token, left).expect("the lock is free");
    }
    assert_eq!(turns.shortest_lease("l"), Some((SECOND, B)));
}

#[test]
fn the_vault_turns_away_nobody_who_holds_the_lock() {
    let shown = |left| Shown { holding: holding(5), accepted: false, left };
    let mut turns = a_holds_token_5();
    assert_eq!(turns.shown(A, &shown(Nanos::ZERO)), Ok(()));
    assert_eq!(turns.shown(A, &shown(SECOND)).map_err(|failed| failed.rule), Err("one-holder"));
    turns.paused(A);
    assert_eq!(turns.shown(A, &shown(SECOND)), Ok(()));
}

/// What is told of turns: how many there were, and how many had who had fewest and most.
fn told(counted: [u64; 3]) -> BTreeMap<String, u64> {
    let names = ["turns", "fewest of a client", "most of a client"].map(str::to_owned);
    names.into_iter().zip(counted).collect()
}

#[test]
fn turns_are_counted_by_who_had_them() {
    let mut turns = Turns::default();
    assert!(turns.counted().is_empty());
    for (node, token) in [(A, 1), (A, 2), (B, 3)] {
        turns.want("l", node);
        takes(&mut turns, node, token, SECOND).expect("the lock is free");
        turns.over(&holding(token));
    }
    assert_eq!(turns.counted(), told([3, 1, 2]));
}

#[test]
fn who_wants_a_lock_and_never_has_it_had_no_turn() {
    let mut turns = Turns::default();
    turns.want("l", A);
    assert_eq!(turns.counted(), told([0, 0, 0]));
    takes(&mut turns, A, 1, SECOND).expect("the lock is free");
    turns.want("l", B);
    assert_eq!(turns.counted(), told([1, 0, 1]));
    turns.want("another", A);
    assert_eq!(turns.counted(), told([1, 0, 1]), "A had one with the other lock");
}
