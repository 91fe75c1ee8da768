//! Sections 5.1, 5.2 and 5.4.1.

use super::*;

#[test]
fn section_5_1_a_higher_term_makes_a_follower_of_everybody() {
    let mut core = server(ONE, 3, 2, &[]);
    core.stand_for_election();
    let vote = core.handle_request_vote(TWO, &asks(5, 0, 0), Contact::Lost);
    assert_eq!((core.status().term, core.status().role), (Term(5), Role::Follower));
    assert_eq!(vote, Vote { term: Term(5), granted: true });

    let mut core = leader(3, 2, &[]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &Appended { term: Term(3), outcome: Outcome::Refused });
    assert_eq!((core.status().term, core.status().role), (Term(3), Role::Follower));
    assert_eq!(core.voted_for, None, "the vote of an older term is not a vote of the new one");
}

#[test]
fn section_5_1_a_request_of_an_older_term_is_refused_and_told_the_term() {
    let mut core = server(ONE, 3, 4, &[]);
    assert_eq!(core.handle_request_vote(TWO, &asks(3, 9, 3), Contact::Lost), Vote { term: Term(4), granted: false });
    let _ = core.take_heard();
    let appended = core.handle_append_entries(TWO, &appends(3, (0, 0), &[3], 1));
    assert_eq!(appended, Appended { term: Term(4), outcome: Outcome::Refused });
    assert_eq!(core.take_heard(), None, "a leader of the past keeps nobody from an election");
    assert!(terms(&core).is_empty());
}

#[test]
fn section_5_2_a_server_votes_for_one_candidate_in_a_term() {
    let mut core = server(ONE, 3, 0, &[]);
    assert!(core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost).granted);
    assert!(!core.handle_request_vote(THREE, &asks(1, 0, 0), Contact::Lost).granted);
    assert!(
        core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost).granted,
        "the same request again has the same answer"
    );
    assert!(core.handle_request_vote(THREE, &asks(2, 0, 0), Contact::Lost).granted, "a new term is a new vote");
}

#[test]
fn section_5_2_a_candidate_votes_for_itself_and_for_nobody_else() {
    let mut core = server(ONE, 3, 0, &[]);
    core.stand_for_election();
    assert_eq!((core.status().term, core.status().role), (Term(1), Role::Candidate));
    assert_eq!(core.take_heard(), Some(Heard::Nobody), "the election timer begins anew");
    assert!(!core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost).granted);
}

#[test]
fn section_5_2_a_majority_of_votes_makes_a_leader() {
    let granted = Vote { term: Term(1), granted: true };
    let mut core = server(ONE, 5, 0, &[]);
    core.stand_for_election();
    core.vote_request(Term(1)).unwrap();
    core.handle_vote(TWO, Term(1), &granted);
    core.handle_vote(TWO, Term(1), &granted);
    core.handle_vote(THREE, Term(1), &Vote { granted: false, ..granted });
    assert_eq!(core.status().role, Role::Candidate, "a vote that arrives twice counts once");
    core.handle_vote(THREE, Term(1), &granted);
    assert_eq!(core.status().role, Role::Leader);
}

#[test]
fn section_5_2_a_late_vote_counts_in_its_own_election_only() {
    let mut core = server(ONE, 3, 0, &[]);
    core.stand_for_election();
    core.vote_request(Term(1)).unwrap();
    core.stand_for_election();
    core.vote_request(Term(2)).unwrap();
    core.handle_vote(TWO, Term(1), &Vote { term: Term(1), granted: true });
    assert_eq!(core.status().role, Role::Candidate);
    assert_eq!(core.vote_request(Term(1)), None, "nor is anybody asked for it any more");
}

#[test]
fn section_5_2_nobody_leads_before_the_vote_for_himself_is_on_the_disk() {
    let mut core = server(ONE, 3, 0, &[]);
    core.stand_for_election();
    for voter in [TWO, THREE] {
        core.handle_vote(voter, Term(1), &Vote { term: Term(1), granted: true });
    }
    assert_eq!(core.status().role, Role::Candidate);
    // The shell says that it is there.
    core.vote_request(Term(1));
    assert_eq!(core.status().role, Role::Leader);
}

#[test]
fn section_5_2_a_server_alone_elects_itself() {
    let mut core = server(ONE, 1, 0, &[]);
    core.election_timeout();
    assert_eq!(core.vote_request(Term(1)), None);
    assert_eq!(core.status().role, Role::Leader);
}

#[test]
fn section_5_2_a_candidate_gives_up_when_it_hears_of_the_winner() {
    let mut core = server(ONE, 3, 0, &[]);
    core.stand_for_election();
    core.handle_append_entries(TWO, &appends(1, (0, 0), &[], 0));
    assert_eq!(core.status().role, Role::Follower);
    assert_eq!(core.propose(vec![]).unwrap_err().hint, Some(TWO));
    assert_eq!(core.voted_for, Some(ONE), "the vote of this term stays given");
}

#[test]
fn section_5_2_a_leader_does_not_stand_for_election() {
    let mut core = leader(3, 2, &[]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &matched(2));
    core.election_timeout();
    assert_eq!((core.status().term, core.status().role), (Term(2), Role::Leader));
}

#[test]
fn section_5_4_1_a_vote_goes_to_a_log_that_is_at_least_as_up_to_date() {
    let granted = |last_index, last_term| {
        server(ONE, 3, 3, &[1, 1, 3]).handle_request_vote(TWO, &asks(4, last_index, last_term), Contact::Lost).granted
    };
    assert!(granted(3, 3), "an equal log");
    assert!(granted(4, 3), "a longer one of the same last term");
    assert!(granted(1, 4), "a shorter one of a later last term");
    assert!(!granted(2, 3), "a shorter one of the same last term");
    assert!(!granted(9, 2), "a longer one of an earlier last term");
}

#[test]
fn section_5_4_1_a_refused_candidate_leaves_the_vote_and_the_timer_alone() {
    let mut core = server(ONE, 3, 3, &[3]);
    let _ = core.take_heard();
    assert!(!core.handle_request_vote(TWO, &asks(4, 0, 0), Contact::Lost).granted);
    assert_eq!(core.take_heard(), None, "a candidate that cannot win must not keep one that can from standing");
    assert!(core.handle_request_vote(THREE, &asks(4, 1, 3), Contact::Lost).granted);
    assert_eq!(core.take_heard(), Some(Heard::Candidate));
}
