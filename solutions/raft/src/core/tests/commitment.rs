//! Sections 5.3 and 5.4.2, and figure 8.

use super::*;

/// The peer acknowledges everything that the leader would send it.
fn acknowledge(core: &mut Core, peer: NodeId) {
    let (request, sent) = append_for(core, peer);
    core.handle_appended(peer, sent, &matched(request.term.0));
}

#[test]
fn section_5_3_an_entry_on_a_majority_is_committed() {
    let mut core = leader(5, 1, &[]);
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    acknowledge(&mut core, TWO);
    assert_eq!(core.commit, LogIndex::ZERO, "two of five");
    acknowledge(&mut core, THREE);
    assert_eq!(core.commit, LogIndex(1), "three of five");
}

#[test]
fn section_5_3_a_leader_counts_itself_for_what_is_on_its_disk() {
    let mut core = leader(3, 1, &[]);
    core.propose(b"x".to_vec()).unwrap();
    acknowledge(&mut core, TWO);
    assert_eq!(core.commit, LogIndex::ZERO, "its own disk does not have it yet");
    save(&mut core);
    assert_eq!(core.commit, LogIndex(1));
    core.propose(b"y".to_vec()).unwrap();
    acknowledge(&mut core, TWO);
    acknowledge(&mut core, THREE);
    assert_eq!(core.commit, LogIndex(2), "the others are a majority without it");
}

#[test]
fn section_5_4_2_an_entry_of_an_older_term_is_not_committed_by_counting() {
    // Figure 8 (c): the entry of term 2 is on a majority, and may yet be overwritten (d).
    let mut core = leader(5, 4, &[1, 2]);
    for peer in [TWO, THREE] {
        let (_, sent) = append_for(&mut core, peer);
        core.handle_appended(peer, sent, &matched(4));
    }
    assert_eq!(core.commit, LogIndex::ZERO);
    // Figure 8 (e): with an entry of the leader's own term on a majority it is safe.
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    acknowledge(&mut core, TWO);
    assert_eq!(core.commit, LogIndex::ZERO);
    acknowledge(&mut core, THREE);
    assert_eq!(core.commit, LogIndex(3), "and with it all before it");
}

#[test]
fn section_5_3_a_follower_commits_what_the_request_showed_to_match_and_no_more() {
    let mut core = server(TWO, 3, 2, &[1, 1, 1]);
    core.handle_append_entries(ONE, &appends(2, (1, 1), &[], 3));
    assert_eq!(core.commit, LogIndex(1), "entries 2 and 3 may differ from the leader's");
    core.handle_append_entries(ONE, &appends(2, (1, 1), &[1], 3));
    assert_eq!(core.commit, LogIndex(2));
}

#[test]
fn section_5_3_a_late_request_does_not_take_a_commit_back() {
    let mut core = server(TWO, 3, 1, &[1, 1]);
    core.handle_append_entries(ONE, &appends(1, (2, 1), &[], 2));
    core.handle_append_entries(ONE, &appends(1, (0, 0), &[1], 1));
    assert_eq!(core.commit, LogIndex(2));
}

#[test]
fn section_5_3_committed_entries_are_applied_once_and_in_order() {
    let mut core = server(TWO, 3, 1, &[1, 1]);
    assert_eq!(applies(&mut core), None, "a restarted server does not know what is committed");
    core.handle_append_entries(ONE, &appends(1, (2, 1), &[1], 2));
    let applied: Vec<u64> = std::iter::from_fn(|| applies(&mut core)).collect();
    assert_eq!(applied, [1, 2]);
    core.handle_append_entries(ONE, &appends(1, (3, 1), &[], 3));
    assert_eq!(applies(&mut core), Some(3));
    assert_eq!(applies(&mut core), None);
}
