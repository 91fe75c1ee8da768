//! Sections 4.2.3 and 6.2 of the dissertation.

use super::*;

/// The peer answers a heartbeat.
fn answer(core: &mut Core, peer: NodeId) {
    let (request, sent) = append_for(core, peer);
    core.handle_appended(peer, sent, &matched(request.term.0));
}

#[test]
fn dissertation_6_2_a_leader_that_hears_from_no_majority_for_an_election_timeout_steps_down() {
    let mut core = leader(5, 2, &[]);
    answer(&mut core, TWO);
    answer(&mut core, THREE);
    core.election_timeout();
    assert_eq!(core.status().role, Role::Leader);
    answer(&mut core, TWO);
    core.election_timeout();
    assert_eq!((core.status().term, core.status().role), (Term(2), Role::Follower), "two of five");
    assert_eq!(core.propose(vec![]).unwrap_err().hint, None);
}

#[test]
fn dissertation_6_2_an_answer_that_says_no_is_an_answer() {
    let mut core = leader(3, 2, &[1]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(2, None, 1));
    core.election_timeout();
    assert_eq!(core.status().role, Role::Leader);
}

#[test]
fn dissertation_6_2_a_new_leader_has_a_whole_election_timeout() {
    let mut core = server(ONE, 3, 0, &[]);
    core.stand_for_election();
    let _ = core.take_heard();
    core.vote_request(Term(1));
    core.handle_vote(TWO, Term(1), &Vote { term: Term(1), granted: true });
    assert_eq!(core.take_heard(), Some(Heard::Nobody), "its timer begins anew");
}

#[test]
fn dissertation_4_2_3_who_hears_a_leader_gives_no_vote_and_takes_no_term_over() {
    let mut core = server(ONE, 3, 2, &[]);
    core.handle_append_entries(TWO, &appends(2, (0, 0), &[], 0));
    assert_eq!(core.take_heard(), Some(Heard::Leader));
    save(&mut core);
    let refused = Vote { term: Term(2), granted: false };
    assert_eq!(core.handle_request_vote(THREE, &asks(7, 9, 7), Contact::Recent), refused);
    let request = PreVote { term: Term(7), last_index: LogIndex(9), last_term: Term(7) };
    assert_eq!(core.handle_pre_vote(&request, Contact::Recent), refused);
    assert!(!core.has_unsaved());
    assert!(core.handle_pre_vote(&request, Contact::Lost).granted);
    assert!(core.handle_request_vote(THREE, &asks(7, 9, 7), Contact::Lost).granted);
}

#[test]
fn dissertation_4_2_3_a_leader_hears_itself_and_obeys_a_leader_of_a_later_term() {
    let mut core = leader(3, 2, &[]);
    assert!(!core.handle_request_vote(THREE, &asks(7, 9, 7), Contact::Lost).granted);
    assert_eq!((core.status().term, core.status().role), (Term(2), Role::Leader));
    core.handle_append_entries(THREE, &appends(7, (0, 0), &[], 0));
    assert_eq!((core.status().term, core.status().role), (Term(7), Role::Follower));
}
