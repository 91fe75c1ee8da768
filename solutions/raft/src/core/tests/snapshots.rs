//! Section 7, and figure 13.

use super::*;
use crate::core::Snapshot;
use crate::messages::{InstallSnapshot, Installed, Progress};

/// A piece of the snapshot of entries 1 to `last` of these terms.
fn piece(term: u64, last: (u64, u64), offset: u64, data: &[u8], done: bool) -> InstallSnapshot {
    let (last_index, last_term) = (LogIndex(last.0), Term(last.1));
    InstallSnapshot { term: Term(term), last_index, last_term, offset, data: data.to_vec(), done }
}

fn holds(term: u64) -> Installed {
    Installed { term: Term(term), progress: Progress::Holds }
}

fn needs(term: u64, offset: u64) -> Installed {
    Installed { term: Term(term), progress: Progress::Needs { offset } }
}

fn piece_for(core: &mut Core, peer: NodeId) -> (InstallSnapshot, Sent) {
    match core.heartbeat(peer) {
        Some(Request::Install(piece, sent)) => (piece, sent),
        other => panic!("no piece of a snapshot: {other:?}"),
    }
}

fn apply_all(core: &mut Core) -> Vec<ToApply> {
    std::iter::from_fn(|| core.next_to_apply()).collect()
}

/// A server with everything applied up to `applied`.
fn applied(log_terms: &[u64], applied: u64) -> Core {
    let term = *log_terms.last().unwrap();
    let mut core = server(TWO, 3, term, log_terms);
    core.handle_append_entries(ONE, &appends(term, (log_terms.len() as u64, term), &[], applied));
    apply_all(&mut core);
    core
}

/// A leader that has committed and applied a log and has only a snapshot of the beginning of it.
pub(super) fn leader_with_snapshot(log_terms: &[u64], index: u64, data: &[u8]) -> Core {
    let term = *log_terms.last().unwrap();
    let mut core = leader(3, term + 1, log_terms);
    core.propose(b"x".to_vec()).unwrap();
    save(&mut core);
    let (_, sent) = append_for(&mut core, THREE);
    core.handle_appended(THREE, sent, &matched(term + 1));
    apply_all(&mut core);
    core.take_snapshot(LogIndex(index), data.to_vec());
    core
}

#[test]
fn section_7_a_snapshot_takes_the_place_of_the_log_up_to_its_index() {
    let mut core = applied(&[1, 1, 2, 3], 3);
    core.take_snapshot(LogIndex(2), b"state".to_vec());
    assert_eq!((core.log.base(), core.log.base_term()), (LogIndex(2), Term(1)), "the term of its last entry");
    assert_eq!(terms(&core), [2, 3]);
    assert_eq!((core.log.last_index(), core.commit), (LogIndex(4), LogIndex(3)));
    let view = core.view();
    assert_eq!(view.check(), Ok(()));
    assert_eq!((view.snapshot_index, view.snapshot_term), (LogIndex(2), Term(1)));
}

#[test]
fn section_7_a_snapshot_that_is_late_or_of_what_is_not_applied_changes_nothing() {
    let mut core = applied(&[1, 1, 1, 1], 3);
    core.take_snapshot(LogIndex(3), b"new".to_vec());
    core.take_snapshot(LogIndex(2), b"old".to_vec());
    core.take_snapshot(LogIndex(3), b"again".to_vec());
    core.take_snapshot(LogIndex(4), b"too early".to_vec());
    assert_eq!(core.snapshot.as_ref().map(|snapshot| &snapshot.data[..]), Some(&b"new"[..]));
    assert_eq!(core.log.base(), LogIndex(3));
}

#[test]
fn section_7_a_snapshot_is_saved_with_all_that_is_left_of_the_log() {
    let mut core = applied(&[1, 1, 2, 3], 3);
    core.take_snapshot(LogIndex(2), b"state".to_vec());
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!(unsaved.snapshot.as_ref().map(|snapshot| snapshot.index), Some(LogIndex(2)));
    assert_eq!((unsaved.record.previous, unsaved.record.entries.len()), (LogIndex(2), 2));
    core.saved(&unsaved);
    assert!(!core.has_unsaved());
    core.handle_append_entries(ONE, &appends(3, (4, 3), &[3], 3));
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.snapshot, unsaved.record.entries.len()), (None, 1), "once");
}

#[test]
fn section_7_a_restarted_server_hands_over_its_snapshot_before_anything_else() {
    let snapshot = Snapshot { index: LogIndex(2), term: Term(1), data: b"state".to_vec() };
    let mut recovered = Recovered { term: Term(3), log: log(&[1, 1, 2]), ..Recovered::default() };
    recovered.stand_on(snapshot);
    let mut core = Core::new(TWO, vec![ONE, THREE], recovered);
    assert!(matches!(&apply_all(&mut core)[..], [ToApply::Snapshot(snapshot)] if snapshot.index == LogIndex(2)));
    core.handle_append_entries(ONE, &appends(3, (3, 2), &[], 3));
    assert_eq!(applies(&mut core), Some(3));
}

#[test]
fn section_7_votes_and_consistency_checks_know_the_last_entry_of_the_snapshot() {
    let mut core = applied(&[1, 1, 3], 3);
    core.take_snapshot(LogIndex(3), Vec::new());
    assert!(!core.handle_request_vote(THREE, &asks(4, 2, 3), Contact::Lost).granted, "shorter");
    assert!(!core.handle_request_vote(THREE, &asks(4, 9, 2), Contact::Lost).granted, "of an earlier term");
    assert!(core.handle_request_vote(THREE, &asks(4, 3, 3), Contact::Lost).granted);
    assert_eq!(core.handle_append_entries(THREE, &appends(4, (3, 3), &[4], 0)), matched(4));
    assert_eq!(core.handle_append_entries(THREE, &appends(4, (1, 1), &[1, 3, 4, 4], 0)), matched(4));
    assert_eq!(
        core.handle_append_entries(THREE, &appends(4, (0, 0), &[1], 0)),
        matched(4),
        "all of it is in the snapshot"
    );
    assert_eq!(terms(&core), [4, 4]);
}

#[test]
fn figure_13_a_follower_that_lacks_what_only_the_snapshot_has_is_sent_it() {
    let mut core = leader_with_snapshot(&[1, 1, 2], 3, b"state");
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(3, None, 1));
    let (request, sent) = piece_for(&mut core, TWO);
    assert_eq!(request, piece(3, (3, 2), 0, b"state", true));
    core.handle_installed(TWO, sent, &holds(3));
    assert_eq!(sends(&core, TWO), (3, 1), "and then the entries behind it");
    assert_eq!(core.follower(TWO).unwrap().matched, LogIndex(3));
}

#[test]
fn figure_13_a_large_snapshot_goes_piece_by_piece_and_arrives_whole() {
    let data: Vec<u8> = (0..200_000_u32).map(|byte| byte as u8).collect();
    let mut core = leader_with_snapshot(&[1, 1, 2], 3, &data);
    let mut follower = server(TWO, 3, 1, &[]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(3, None, 1));
    let mut pieces = 0;
    while let Some(Request::Install(request, sent)) = core.due_request(TWO) {
        assert!(request.data.len() <= 64 << 10);
        let reply = follower.handle_install_snapshot(ONE, &request);
        core.handle_installed(TWO, sent, &reply);
        pieces += 1;
    }
    assert_eq!(pieces, 4);
    assert_eq!(follower.snapshot.as_ref().map(|snapshot| &snapshot.data), Some(&data));
    assert_eq!((follower.log.base(), follower.commit), (LogIndex(3), LogIndex(3)));
}

#[test]
fn figure_13_a_piece_that_is_lost_goes_again_and_one_that_comes_twice_counts_once() {
    let mut core = leader_with_snapshot(&[1, 1, 2], 3, &vec![7; 100_000]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(3, None, 1));
    let (first, _) = piece_for(&mut core, TWO);
    assert_eq!(core.due_request(TWO), None, "one at a time");
    let (question, sent) = piece_for(&mut core, TWO);
    assert_eq!((question.offset, question.data.len(), question.done), (0, 0, false), "nothing came back: it is asked");
    core.handle_installed(TWO, sent, &needs(3, 0));
    let (again, sent) = piece_for(&mut core, TWO);
    assert_eq!(first, again, "with the next heartbeat");
    let mut follower = server(TWO, 3, 1, &[]);
    assert_eq!(follower.handle_install_snapshot(ONE, &first), needs(3, 64 << 10));
    let reply = follower.handle_install_snapshot(ONE, &again);
    assert_eq!(reply, needs(3, 64 << 10));
    core.handle_installed(TWO, sent, &reply);
    assert_eq!(piece_for(&mut core, TWO).0.offset, 64 << 10);
}

#[test]
fn figure_13_a_follower_that_restarted_or_hears_another_leader_begins_anew() {
    let mut follower = server(TWO, 3, 3, &[]);
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 5, b"tail", true)), needs(3, 0));
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"head", false)), needs(3, 4));
    assert_eq!(follower.handle_install_snapshot(THREE, &piece(4, (3, 2), 4, b"tail", true)), needs(4, 0));
    assert_eq!(follower.handle_install_snapshot(THREE, &piece(4, (3, 2), 0, b"whole", true)), holds(4));
    assert_eq!(follower.snapshot.as_ref().map(|snapshot| &snapshot.data[..]), Some(&b"whole"[..]));
}

#[test]
fn figure_13_a_snapshot_of_a_newer_index_takes_the_place_of_one_that_was_on_its_way() {
    let mut follower = server(TWO, 3, 3, &[]);
    follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"old", false));
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (5, 3), 0, b"new", true)), holds(3));
    assert_eq!(follower.snapshot.as_ref().map(|snapshot| &snapshot.data[..]), Some(&b"new"[..]));
    assert_eq!(follower.log.base(), LogIndex(5));
}

#[test]
fn figure_13_a_transfer_is_finished_although_there_is_a_newer_snapshot() {
    let mut core = leader_with_snapshot(&[1, 1, 2], 3, &vec![7; 100_000]);
    let (_, sent) = append_for(&mut core, TWO);
    core.handle_appended(TWO, sent, &conflict(3, None, 1));
    let (_, sent) = piece_for(&mut core, TWO);
    core.take_snapshot(LogIndex(4), vec![8; 100_000]);
    core.handle_installed(TWO, sent, &needs(3, 64 << 10));
    let (second, sent) = piece_for(&mut core, TWO);
    assert_eq!((second.last_index, second.offset, second.done), (LogIndex(3), 64 << 10, true));
    core.handle_installed(TWO, sent, &holds(3));
    assert_eq!(piece_for(&mut core, TWO).0.last_index, LogIndex(4));
}

#[test]
fn figure_13_a_snapshot_of_an_older_term_is_refused() {
    let mut follower = server(TWO, 3, 4, &[]);
    let refused = Installed { term: Term(4), progress: Progress::Refused };
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"state", true)), refused);
    assert_eq!(follower.log.base(), LogIndex::ZERO);
}

#[test]
fn figure_13_step_6_entries_behind_a_snapshot_that_matches_are_kept() {
    let mut follower = server(TWO, 3, 3, &[1, 1, 2, 3, 3]);
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"state", true)), holds(3));
    assert_eq!(terms(&follower), [1, 1, 2, 3, 3]);
    assert_eq!(follower.commit, LogIndex(3), "what is in a snapshot is committed");
}

#[test]
fn figure_13_step_7_a_log_that_does_not_match_is_discarded() {
    let mut follower = server(TWO, 3, 3, &[1, 1, 1, 1, 1]);
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"state", true)), holds(3));
    assert!(terms(&follower).is_empty());
    assert_eq!((follower.log.last_index(), follower.log.last_term()), (LogIndex(3), Term(2)));
    assert_eq!(follower.view().check(), Ok(()));
}

#[test]
fn figure_13_step_8_the_state_machine_gets_a_snapshot_when_it_is_on_the_disk() {
    let mut follower = server(TWO, 3, 3, &[]);
    follower.handle_install_snapshot(ONE, &piece(3, (3, 2), 0, b"state", true));
    follower.handle_append_entries(ONE, &appends(3, (3, 2), &[3], 4));
    assert!(apply_all(&mut follower).is_empty(), "not before, nor what comes after it");
    save(&mut follower);
    assert!(matches!(
        &apply_all(&mut follower)[..],
        [ToApply::Snapshot(snapshot), ToApply::Entry(LogIndex(4), _)] if snapshot.index == LogIndex(3)
    ));
}

#[test]
fn section_7_a_stale_snapshot_changes_nothing() {
    let mut follower = applied(&[1, 1, 2, 3], 4);
    follower.take_snapshot(LogIndex(3), b"own".to_vec());
    save(&mut follower);
    assert_eq!(follower.handle_install_snapshot(ONE, &piece(3, (2, 1), 0, b"stale", true)), holds(3));
    assert_eq!((follower.log.base(), follower.commit), (LogIndex(3), LogIndex(4)));
    assert_eq!(terms(&follower), [3]);
    assert!(!follower.has_unsaved() && apply_all(&mut follower).is_empty());
}
