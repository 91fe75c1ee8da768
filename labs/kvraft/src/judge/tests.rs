//! Who is told what: Raft's judge of servers, the history of all, and both of deaths.

use super::*;
use crate::contract::{PutError, Version};
use crate::observation::{Asked, Called, Count, Counted, Returned, Told};
use lab_raft::{Digest, LogIndex, Role, Term, View};
use serde::Serialize;
use windtunnel::check::linearizability::Online;
use windtunnel::check::models::Counter;
use windtunnel::{EventNumber, Incarnation, Nanos};

const SERVER: NodeId = NodeId(3);
const CLIENT: NodeId = NodeId(4);
const OTHER: NodeId = NodeId(5);

fn judge() -> KvRaftJudge {
    KvRaftJudge::new(3)
}

const fn at(now: u64) -> Moment {
    Moment { at: Nanos(now), event: EventNumber(now) }
}

fn shows<T: Serialize>(judge: &mut KvRaftJudge, node: NodeId, kind: &str, what: &T) -> Result<Interest, Failed> {
    let body = postcard::to_stdvec(what).expect("observations are plain data");
    judge.observed(at(1), node, kind, &body)
}

fn asks(judge: &mut KvRaftJudge, node: NodeId) {
    let called = Called { call: 1, asked: Asked::Submit(Count::Increment) };
    assert_eq!(shows(judge, node, CALLED, &called), Ok(Interest::None));
}

#[test]
fn what_a_dead_node_has_asked_is_open_no_more_and_its_replica_is_gone() {
    use Lifecycle::{Killed, Paused, PowerLost, Stopped};
    for (what, is_dead) in [(Killed, true), (PowerLost, true), (Stopped, true), (Paused, false)] {
        let mut judge = judge();
        asks(&mut judge, SERVER);
        shows(&mut judge, SERVER, COUNTED, &Counted { value: 1, spoilt: false }).expect("it is whole");
        judge.lifecycle(at(2), SERVER, what).expect("nothing is wrong with that");
        assert_eq!(judge.operations().oldest_open().is_none(), is_dead, "{what:?}");
        assert_eq!(judge.replicas().counter(SERVER).is_none(), is_dead, "{what:?}");
    }
}

#[test]
fn answers_wake_whoever_waits_for_them() {
    let mut judge = judge();
    asks(&mut judge, SERVER);
    let told = Returned { call: 1, told: Told::Counter(Ok(1)) };
    assert_eq!(shows(&mut judge, SERVER, RETURNED, &told), Ok(Interest::Changed));
    assert_eq!(judge.operations().oldest_open(), None);
}

#[test]
fn a_wrong_answer_and_a_spoilt_replica_end_the_run() {
    let mut judge = judge();
    asks(&mut judge, SERVER);
    let failed = shows(&mut judge, SERVER, RETURNED, &Returned { call: 1, told: Told::Counter(Ok(2)) });
    assert_eq!(failed.map_err(|failed| failed.rule), Err(lab_harness::history::LINEARIZABILITY));
    let failed = shows(&mut judge, SERVER, COUNTED, &Counted { value: 1, spoilt: true });
    assert_eq!(failed.map_err(|failed| failed.rule), Err("lost-command-executed"));
}

#[test]
fn a_wrong_answer_behind_a_call_that_never_ends_is_found() {
    for (value, is_right) in [(0, true), (1, true), (2, false)] {
        let mut judge = judge();
        asks(&mut judge, SERVER);
        shows(&mut judge, CLIENT, CALLED, &Called { call: 1, asked: Asked::Read }).expect("it may ask");
        let told = Returned { call: 1, told: Told::Counter(Ok(value)) };
        let answered = shows(&mut judge, CLIENT, RETURNED, &told).map(drop);
        let over = answered.and_then(|()| judge.over()).map_err(|failed| failed.rule);
        assert_eq!(over, if is_right { Ok(()) } else { Err(lab_harness::history::LINEARIZABILITY) });
    }
}

const LEADER: NodeId = NodeId(1);

/// Of one server, which leads. A client increments, and another one is told what cannot be unless somebody else did too, after so much that not every answer is
/// looked at when it comes.
fn told_what_cannot_be() -> KvRaftJudge {
    let mut judge = KvRaftJudge::new(1);
    judge.lifecycle(at(1), LEADER, Lifecycle::Started(Incarnation(1))).expect("it may start");
    let (term, voted_for) = (Term(1), Some(LEADER));
    let leads = View { term, voted_for, role: Role::Leader, changed_from: LogIndex(1), ..View::default() };
    shows(&mut judge, LEADER, lab_raft::observation::VIEW, &leads).expect("one is a majority of one");
    asks(&mut judge, CLIENT);
    let right = Online::<Counter>::LITTLE as u64 / 2 + 1;
    for call in 1..=right + 1 {
        shows(&mut judge, OTHER, CALLED, &Called { call, asked: Asked::Read }).expect("it may ask");
        let told = Returned { call, told: Told::Counter(Ok(if call > right { 2 } else { 0 })) };
        assert_eq!(shows(&mut judge, OTHER, RETURNED, &told), Ok(Interest::Changed), "the increment is open");
    }
    judge
}

#[test]
fn the_leader_is_in_the_story_of_answers_that_no_order_explains_however_that_shows() {
    type End = fn(&mut KvRaftJudge) -> Result<(), Failed>;
    let ends: [End; 3] = [
        |judge| shows(judge, CLIENT, RETURNED, &Returned { call: 1, told: Told::Counter(Ok(1)) }).map(drop),
        |judge| judge.lifecycle(at(2), CLIENT, Lifecycle::Killed).map(drop),
        KvRaftJudge::over,
    ];
    for end in ends {
        let failed = end(&mut told_what_cannot_be()).expect_err("one increment makes it 1");
        let rule = lab_harness::history::LINEARIZABILITY;
        assert_eq!((failed.rule, failed.nodes.contains(&LEADER)), (rule, true), "{failed:?}");
    }
}

#[test]
fn the_leader_is_not_in_the_story_of_what_a_clerk_alone_did() {
    let answers = [(Told::Put(Err(PutError::Maybe)), "needless-maybe"), (Told::Appended, "own-observations")];
    for (answer, rule) in answers {
        let mut judge = told_what_cannot_be();
        let asked = Asked::Put { key: "k".to_owned(), value: "a".to_owned(), version: Version(0) };
        shows(&mut judge, CLIENT, CALLED, &Called { call: 2, asked }).expect("it may ask");
        let failed = shows(&mut judge, CLIENT, RETURNED, &Returned { call: 2, told: answer });
        let failed = failed.expect_err("no server has answered it");
        assert_eq!((failed.rule, failed.nodes), (rule, vec![CLIENT]));
    }
}

#[test]
fn the_judge_of_raft_knows_snapshots_and_sees_servers_alone() {
    let mut judge = judge();
    let taken = Taken { index: LogIndex(7), bytes: 12, digest: Digest(3) };
    shows(&mut judge, SERVER, SNAPSHOT, &taken).expect("a snapshot may be taken");
    assert_eq!(judge.raft().known().snapshot(LogIndex(7)), Some(Digest(3)));
    assert_eq!(judge.replicas().largest_snapshot(), Some((SERVER, 12)));

    let view = lab_raft::observation::VIEW;
    assert!(judge.observed(at(2), SERVER, view, b"no view").is_err(), "a server's views are judged");
    assert_eq!(judge.observed(at(2), CLIENT, view, b"no view"), Ok(Interest::None));
    assert_eq!((judge.standing(CLIENT), judge.standing(SERVER).is_some()), (None, true));
}

#[test]
fn what_is_none_of_the_labs_observations_is_told() {
    for kind in [CALLED, RETURNED, ANSWERED, SNAPSHOT, COUNTED] {
        let failed = judge().observed(at(1), SERVER, kind, &[0xFF; 3]).expect_err("it does not decode");
        assert_eq!((failed.rule, failed.nodes), ("own-observations", vec![SERVER]), "{kind}");
    }
}
