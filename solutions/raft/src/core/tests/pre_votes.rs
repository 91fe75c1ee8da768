//! Section 9.6 of the dissertation.

use super::*;

fn would_stand(term: u64, last_index: u64, last_term: u64) -> PreVote {
    PreVote { term: Term(term), last_index: LogIndex(last_index), last_term: Term(last_term) }
}

#[test]
fn dissertation_9_6_a_server_whose_leader_is_silent_asks_before_it_raises_its_term() {
    let mut core = server(ONE, 5, 3, &[1]);
    core.election_timeout();
    assert_eq!((core.status().term, core.status().role), (Term(3), Role::Follower));
    assert!(!core.has_unsaved());
    assert_eq!(core.pre_vote_request(), Some(would_stand(4, 1, 1)));
    let willing = Vote { term: Term(3), granted: true };
    core.handle_pre_voted(TWO, Term(4), &willing);
    core.handle_pre_voted(TWO, Term(4), &willing);
    assert_eq!(core.status().role, Role::Follower, "an answer that arrives twice counts once");
    core.handle_pre_voted(THREE, Term(4), &willing);
    assert_eq!((core.status().term, core.status().role), (Term(4), Role::Candidate));
    assert_eq!(core.pre_vote_request(), None);
}

#[test]
fn dissertation_9_6_a_server_that_could_not_win_disturbs_nobody() {
    let core = server(TWO, 3, 3, &[1, 3]);
    assert!(!core.handle_pre_vote(&would_stand(9, 1, 1), Contact::Lost).granted, "its log is behind");
    assert!(!core.handle_pre_vote(&would_stand(3, 2, 3), Contact::Lost).granted, "its term is no new one");
    assert!(core.handle_pre_vote(&would_stand(4, 2, 3), Contact::Lost).granted);
    assert_eq!(core.status().term, Term(3));
    assert_eq!(core.voted_for, None, "nothing is promised");
}

#[test]
fn dissertation_9_6_an_answer_tells_of_a_newer_term_and_a_late_one_does_not_count() {
    let mut core = server(ONE, 3, 3, &[]);
    core.election_timeout();
    core.handle_pre_voted(TWO, Term(4), &Vote { term: Term(7), granted: false });
    assert_eq!((core.status().term, core.status().role), (Term(7), Role::Follower));
    core.election_timeout();
    core.handle_pre_voted(TWO, Term(4), &Vote { term: Term(3), granted: true });
    assert_eq!(core.status().role, Role::Follower);
    core.handle_append_entries(THREE, &appends(7, (0, 0), &[], 0));
    core.handle_pre_voted(TWO, Term(8), &Vote { term: Term(7), granted: true });
    assert_eq!(core.status().role, Role::Follower, "a leader was heard meanwhile");
}
