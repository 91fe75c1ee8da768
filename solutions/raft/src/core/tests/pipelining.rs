//! Section 10.2.1 of the dissertation: requests that do not wait for each other.

use super::*;

/// A leader whose follower has matched once, so that requests may overlap.
fn streaming() -> Core {
    let mut core = leader(3, 1, &[]);
    let (_, sent) = due_for(&mut core, TWO).expect("a new leader says so at once");
    core.handle_appended(TWO, sent, &matched(1));
    core
}

/// Proposes one command after the other, and what goes to the follower each time.
fn stream(core: &mut Core, count: usize) -> Vec<Option<((u64, usize), Sent)>> {
    let propose = |_| {
        core.propose(b"x".to_vec()).unwrap();
        due_for(core, TWO)
    };
    (0..count).map(propose).collect()
}

/// The request that one more command brings about.
fn next(core: &mut Core) -> (AppendEntries, Sent) {
    core.propose(b"x".to_vec()).unwrap();
    match core.due_request(TWO) {
        Some(Request::Append(request, sent)) => (request, sent),
        other => panic!("no entries: {other:?}"),
    }
}

#[test]
fn dissertation_10_2_1_entries_follow_without_waiting_until_the_window_is_full() {
    let mut core = streaming();
    let sent = stream(&mut core, 6);
    let went: Vec<_> = sent.iter().map(|sent| sent.map(|(what, _)| what)).collect();
    assert_eq!(went, [Some((0, 1)), Some((1, 1)), Some((2, 1)), Some((3, 1)), None, None]);
    core.handle_appended(TWO, sent[0].unwrap().1, &matched(1));
    assert_eq!(due_for(&mut core, TWO).unwrap().0, (4, 2), "what had to wait goes together");
}

#[test]
fn dissertation_10_2_1_an_answer_stands_for_all_requests_before_it() {
    let mut core = streaming();
    let sent = stream(&mut core, 4);
    core.handle_appended(TWO, sent[3].unwrap().1, &matched(1));
    save(&mut core);
    assert_eq!(core.commit, LogIndex(4));
    assert!(stream(&mut core, 4).iter().all(Option::is_some), "the window is open again");
}

#[test]
fn dissertation_10_2_1_until_a_log_is_known_to_match_one_request_goes_at_a_time() {
    let mut core = leader(3, 1, &[]);
    let (_, first) = due_for(&mut core, TWO).unwrap();
    assert!(stream(&mut core, 3).iter().all(Option::is_none));
    core.handle_appended(TWO, first, &matched(1));
    assert_eq!(due_for(&mut core, TWO).unwrap().0, (0, 3));
}

#[test]
fn dissertation_10_2_1_a_lost_request_is_found_out_by_the_next_one() {
    let mut core = streaming();
    let mut follower = server(TWO, 3, 1, &[]);
    let requests = [(); 3].map(|()| next(&mut core));
    // The second one is lost.
    for (request, sent) in [&requests[0], &requests[2]] {
        let reply = follower.handle_append_entries(ONE, request);
        core.handle_appended(TWO, *sent, &reply);
    }
    let (what, sent) = due_for(&mut core, TWO).unwrap();
    assert_eq!(what, (1, 2), "it goes on where the follower's log ends");
    core.handle_appended(TWO, sent, &matched(1));
    assert_eq!(sends(&core, TWO), (3, 0));
}

#[test]
fn section_5_3_what_is_not_answered_goes_again_once_a_heartbeat_is_answered() {
    let mut core = streaming();
    let sent = stream(&mut core, 6);
    core.handle_appended(TWO, sent[0].unwrap().1, &matched(1));
    let (heartbeat, _) = append_for(&mut core, TWO);
    assert_eq!((heartbeat.previous_index, heartbeat.entries.len()), (LogIndex(1), 0), "it may not be there");
    assert_eq!(due_for(&mut core, TWO), None, "one request at a time until an answer comes");
    core.handle_appended(TWO, sent[2].unwrap().1, &matched(1));
    assert_eq!(core.follower(TWO).unwrap().matched, LogIndex(3), "a late answer counts");
    assert_eq!(due_for(&mut core, TWO).unwrap().0, (3, 3), "it is there, and lacks these");
}

#[test]
fn section_5_3_a_new_leader_that_is_not_answered_asks_again_in_the_same_place() {
    let mut core = leader(3, 8, &[1, 4, 4, 5]);
    for _ in 0..3 {
        assert_eq!(append_for(&mut core, TWO).0.previous_index, LogIndex(4));
    }
    let (_, last) = append_for(&mut core, TWO);
    append_for(&mut core, TWO);
    core.handle_appended(TWO, last, &conflict(8, None, 3));
    assert_eq!(append_for(&mut core, TWO).0.previous_index, LogIndex(2), "a refusal that comes late counts");
}

#[test]
fn dissertation_10_2_1_one_refusal_counts_for_the_whole_window() {
    let mut core = streaming();
    let sent: Vec<Sent> = stream(&mut core, 4).into_iter().map(|sent| sent.unwrap().1).collect();
    core.handle_appended(TWO, sent[1], &conflict(1, None, 1));
    let (what, again) = due_for(&mut core, TWO).unwrap();
    assert_eq!(what, (0, 4));
    for late in &sent[2..] {
        core.handle_appended(TWO, *late, &conflict(1, None, 1));
        assert_eq!(due_for(&mut core, TWO), None, "nothing is sent again for what is known");
    }
    core.handle_appended(TWO, again, &matched(1));
    assert_eq!(sends(&core, TWO), (4, 0));
}

#[test]
fn dissertation_10_2_1_a_request_that_is_overtaken_still_counts() {
    let mut core = streaming();
    let mut follower = server(TWO, 3, 1, &[]);
    let requests = [(); 2].map(|()| next(&mut core));
    for (request, sent) in requests.iter().rev() {
        let reply = follower.handle_append_entries(ONE, request);
        core.handle_appended(TWO, *sent, &reply);
    }
    save(&mut core);
    assert_eq!(core.commit, LogIndex(1));
    assert_eq!(due_for(&mut core, TWO).unwrap().0, (1, 1));
}
