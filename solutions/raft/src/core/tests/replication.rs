//! Section 5.3 and figure 2, "AppendEntries RPC".

use super::*;

#[test]
fn section_5_3_a_leader_appends_to_its_log_and_sends_what_followers_lack() {
    let mut core = leader(3, 1, &[]);
    assert_eq!(core.propose(b"x".to_vec()).unwrap().index, LogIndex(1));
    assert_eq!(core.propose(b"y".to_vec()).unwrap().index, LogIndex(2));
    assert_eq!(sends(&core, TWO), (0, 2));
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &matched(1));
    assert_eq!(sends(&core, TWO), (2, 0), "what it has is not sent again");
    assert_eq!(sends(&core, THREE), (0, 2));
}

#[test]
fn section_5_3_a_follower_appends_what_fits_and_refuses_what_leaves_a_gap() {
    let mut core = server(TWO, 3, 1, &[]);
    assert_eq!(core.handle_append_entries(ONE, &appends(1, (0, 0), &[1, 1], 0)), matched(1));
    assert_eq!(core.handle_append_entries(ONE, &appends(1, (5, 1), &[1], 0)), conflict(1, None, 3));
    assert_eq!(terms(&core), [1, 1]);
}

#[test]
fn section_5_3_a_refusal_names_the_conflicting_term_and_where_it_begins() {
    let mut core = server(TWO, 3, 4, &[1, 2, 2, 2, 3]);
    assert_eq!(core.handle_append_entries(ONE, &appends(4, (4, 4), &[], 0)), conflict(4, Some(2), 2));
    assert_eq!(core.handle_append_entries(ONE, &appends(4, (1, 4), &[], 0)), conflict(4, Some(1), 1));
    assert_eq!(terms(&core), [1, 2, 2, 2, 3], "a refusal changes nothing");
}

#[test]
fn section_5_3_entries_that_conflict_are_replaced_and_those_after_them_too() {
    let mut core = server(TWO, 3, 4, &[1, 2, 2, 2]);
    assert_eq!(core.handle_append_entries(ONE, &appends(4, (1, 1), &[2, 4], 0)), matched(4));
    assert_eq!(terms(&core), [1, 2, 4]);
}

#[test]
fn section_5_3_a_late_request_does_not_cut_off_entries_that_match() {
    let mut core = server(TWO, 3, 1, &[]);
    let early = appends(1, (0, 0), &[1], 0);
    core.handle_append_entries(ONE, &early);
    core.handle_append_entries(ONE, &appends(1, (1, 1), &[1, 1], 0));
    assert_eq!(core.handle_append_entries(ONE, &early), matched(1));
    assert_eq!(core.handle_append_entries(ONE, &appends(1, (0, 0), &[], 0)), matched(1));
    assert_eq!(terms(&core), [1, 1, 1]);
}

#[test]
fn section_5_3_a_request_twice_is_as_good_as_once() {
    let mut core = server(TWO, 3, 1, &[]);
    let request = appends(1, (0, 0), &[1, 1], 0);
    core.handle_append_entries(ONE, &request);
    save(&mut core);
    assert_eq!(core.handle_append_entries(ONE, &request), matched(1));
    assert_eq!(core.take_unsaved(), None, "nothing new is written");
    assert_eq!(terms(&core), [1, 1]);
}

#[test]
fn section_5_3_a_late_reply_takes_nothing_back() {
    let mut core = leader(3, 1, &[]);
    let (_, empty) = append_for(&mut core, TWO);
    core.handle_appended(TWO, empty, &matched(1));
    core.propose(b"x".to_vec()).unwrap();
    let (_, full) = append_for(&mut core, TWO);
    core.handle_appended(TWO, full, &matched(1));
    core.handle_appended(TWO, empty, &matched(1));
    assert_eq!(sends(&core, TWO), (1, 0));
    core.handle_appended(TWO, empty, &conflict(1, None, 1));
    assert_eq!(sends(&core, TWO), (1, 0), "nor does a late refusal");
    save(&mut core);
    assert_eq!(core.commit, LogIndex(1), "the follower still counts");
}

#[test]
fn section_5_3_a_late_refusal_does_not_undo_an_earlier_one() {
    let mut core = leader(3, 7, &[1, 4, 4, 5, 5, 6, 6, 6]);
    let (_, first) = append_for(&mut core, TWO);
    core.handle_appended(TWO, first, &conflict(7, None, 7));
    let (_, second) = append_for(&mut core, TWO);
    core.handle_appended(TWO, second, &conflict(7, None, 3));
    core.handle_appended(TWO, first, &conflict(7, None, 7));
    assert_eq!(sends(&core, TWO).0, 2);
}

#[test]
fn section_5_3_a_reply_to_an_older_term_says_nothing() {
    let mut core = leader(3, 1, &[]);
    core.propose(b"x".to_vec()).unwrap();
    let (_, sent) = append_for(&mut core, TWO);
    // It loses office and wins it again: the same index is under way in another term.
    core.handle_append_entries(THREE, &appends(2, (0, 0), &[], 0));
    core.stand_for_election();
    core.vote_request(Term(3)).unwrap();
    core.handle_vote(TWO, Term(3), &Vote { term: Term(3), granted: true });
    core.handle_appended(TWO, sent, &matched(1));
    save(&mut core);
    assert_eq!(core.follower(TWO).unwrap().matched, LogIndex::ZERO);
    assert!(!core.follower(TWO).unwrap().heard, "nor does it show that the follower follows now");
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(3, None, 1));
    assert_eq!(sends(&core, TWO), (0, 1), "the follower never had it");
}

#[test]
fn section_5_3_back_up_skips_a_whole_term_that_the_leader_lacks() {
    let mut core = leader(3, 7, &[1, 4, 4, 5, 5, 6, 6, 6]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(7, Some(2), 3));
    assert_eq!(sends(&core, TWO).0, 2, "before the follower's first entry of term 2");
}

#[test]
fn section_5_3_back_up_goes_to_the_end_of_a_term_that_both_have() {
    let mut core = leader(3, 7, &[1, 4, 4, 5, 5, 6, 6, 6]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(7, Some(4), 2));
    assert_eq!(sends(&core, TWO).0, 3);
}

#[test]
fn section_5_3_back_up_goes_to_the_end_of_a_log_that_is_too_short() {
    let mut core = leader(3, 7, &[1, 4, 4, 5, 5, 6, 6, 6]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(7, None, 5));
    assert_eq!(sends(&core, TWO).0, 4);
}

#[test]
fn section_5_3_back_up_takes_one_round_a_term_and_no_more() {
    // Figure 7 (f): terms 2 and 3 that nobody else has.
    let mut follower = server(TWO, 3, 7, &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]);
    let mut leader = leader(3, 8, &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
    let mut rounds = 0;
    while terms(&follower) != terms(&leader) {
        let (request, sent) = append_for(&mut leader, TWO);
        let reply = follower.handle_append_entries(ONE, &request);
        leader.handle_appended(TWO, sent, &reply);
        rounds += 1;
        assert!(rounds <= 4, "a round for term 3, one for term 2, one that fits");
    }
    assert_eq!(terms(&follower), terms(&leader));
}

#[test]
fn section_5_3_a_large_backlog_goes_in_several_requests() {
    let mut core = leader(3, 1, &[]);
    for _ in 0..40 {
        core.propose(vec![7; 5_000]).unwrap();
    }
    core.propose(vec![7; 10 << 20]).unwrap();
    let (mut requests, mut last) = (0, 0);
    while let Some(((previous, count), sent)) = due_for(&mut core, TWO) {
        assert_eq!(previous, last, "each entry goes once");
        assert!((1..40).contains(&count), "one entry goes, however large");
        last += count as u64;
        requests += 1;
        core.handle_appended(TWO, sent, &matched(1));
    }
    assert_eq!((requests, last), (5, 41));
}

#[test]
fn section_5_3_a_follower_that_only_lacks_the_commit_index_is_told_with_what_goes_next() {
    let mut core = leader(3, 1, &[]);
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    let (_, sent) = due_for(&mut core, TWO).unwrap();
    assert_eq!(due_for(&mut core, TWO), None, "it is on its way");
    core.handle_appended(TWO, sent, &matched(1));
    assert_eq!(core.commit, LogIndex(1));
    assert_eq!(due_for(&mut core, TWO), None, "that alone is worth no request");
    let (heartbeat, _) = append_for(&mut core, TWO);
    assert_eq!((heartbeat.commit, heartbeat.entries.len()), (LogIndex(1), 0));
}
