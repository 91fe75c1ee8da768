//! Section 8, and section 6.4 of the dissertation.

use super::*;
use crate::core::Answer;
use lab_raft::NotLeader;

/// A leader of three that has committed entry 1 of its own term.
fn with_a_commit() -> Core {
    let mut core = leader(3, 2, &[]);
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    acknowledge(&mut core, TWO);
    assert_eq!(core.commit, LogIndex(1));
    core
}

fn acknowledge(core: &mut Core, peer: NodeId) {
    let (request, sent) = append_for(core, peer);
    core.handle_appended(peer, sent, &matched(request.term.0));
}

#[test]
fn dissertation_6_4_a_read_waits_for_answers_to_what_was_sent_after_it() {
    let mut core = with_a_commit();
    let (_, before) = append_for(&mut core, TWO);
    let question = core.ask_to_read().unwrap();
    core.handle_appended(TWO, before, &matched(2));
    assert_eq!(core.answer(&question), Answer::Wait, "a later leader may have been elected before the question");
    acknowledge(&mut core, TWO);
    assert_eq!(core.answer(&question), Answer::Read(LogIndex(1)));
}

#[test]
fn dissertation_6_4_a_read_needs_a_majority() {
    let mut core = leader(5, 2, &[]);
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    acknowledge(&mut core, TWO);
    acknowledge(&mut core, THREE);
    let question = core.ask_to_read().unwrap();
    acknowledge(&mut core, TWO);
    acknowledge(&mut core, TWO);
    assert_eq!(core.answer(&question), Answer::Wait, "two of five");
    acknowledge(&mut core, THREE);
    assert_eq!(core.answer(&question), Answer::Read(LogIndex(1)));
}

#[test]
fn dissertation_6_4_a_new_leader_knows_what_is_committed_when_an_entry_of_its_own_is() {
    let mut core = leader(3, 2, &[1, 1]);
    let question = core.ask_to_read().unwrap();
    acknowledge(&mut core, TWO);
    assert_eq!(core.answer(&question), Answer::Wait, "entries 1 and 2 may be committed or not");
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    acknowledge(&mut core, TWO);
    assert_eq!(core.answer(&question), Answer::Read(LogIndex(3)));
}

#[test]
fn dissertation_6_4_reads_that_wait_share_a_round() {
    let mut core = with_a_commit();
    let (_, sent) = due_for(&mut core, THREE).unwrap();
    core.handle_appended(THREE, sent, &matched(2));
    while let Some((_, sent)) = due_for(&mut core, TWO) {
        core.handle_appended(TWO, sent, &matched(2));
    }
    let first = core.ask_to_read().unwrap();
    let (what, sent) = due_for(&mut core, TWO).expect("it does not wait for the next heartbeat");
    assert_eq!(what, (1, 0));
    let others = [core.ask_to_read().unwrap(), core.ask_to_read().unwrap()];
    assert_eq!(due_for(&mut core, TWO), None, "one round at a time");
    core.handle_appended(TWO, sent, &matched(2));
    assert_eq!(core.answer(&first), Answer::Read(LogIndex(1)));
    assert_eq!(core.answer(&others[0]), Answer::Wait);
    let (_, sent) = due_for(&mut core, TWO).unwrap();
    core.handle_appended(TWO, sent, &matched(2));
    assert!(others.iter().all(|read| core.answer(read) == Answer::Read(LogIndex(1))));
    assert_eq!(due_for(&mut core, TWO), None);
}

#[test]
fn dissertation_6_4_a_deposed_leader_says_so_even_if_it_leads_again() {
    let mut core = with_a_commit();
    let question = core.ask_to_read().unwrap();
    core.handle_append_entries(THREE, &appends(3, (0, 0), &[], 0));
    assert_eq!(core.answer(&question), Answer::NotLeader(NotLeader { hint: Some(THREE) }));
    assert!(core.ask_to_read().is_err());
    core.stand_for_election();
    core.vote_request(Term(4)).unwrap();
    core.handle_vote(TWO, Term(4), &Vote { term: Term(4), granted: true });
    assert_eq!(core.answer(&question), Answer::NotLeader(NotLeader { hint: None }));
}

#[test]
fn dissertation_6_4_a_server_alone_answers_at_once() {
    let mut core = server(ONE, 1, 0, &[]);
    core.election_timeout();
    core.vote_request(Term(1));
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    let question = core.ask_to_read().unwrap();
    assert_eq!(core.answer(&question), Answer::Read(LogIndex(1)));
}
