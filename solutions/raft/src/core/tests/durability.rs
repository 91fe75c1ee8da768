//! Figure 2, "Persistent state": what must be on the disk, and when it counts.

use super::*;

/// What a restart would find after these records.
fn recovered(records: &[super::super::Unsaved]) -> Recovered {
    let mut recovered = Recovered::default();
    for unsaved in records {
        recovered.replay(&unsaved.record);
    }
    recovered
}

#[test]
fn figure_2_a_term_and_a_vote_are_to_be_saved() {
    let mut core = server(ONE, 3, 0, &[]);
    assert!(!core.has_unsaved());
    core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost);
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.record.term, unsaved.record.voted_for), (Term(1), Some(TWO)));
    core.handle_append_entries(THREE, &appends(4, (0, 0), &[], 0));
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.record.term, unsaved.record.voted_for), (Term(4), None));
    core.stand_for_election();
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.record.term, unsaved.record.voted_for), (Term(5), Some(ONE)));
    assert!(!core.has_unsaved());
}

#[test]
fn figure_2_a_vote_in_a_term_that_was_saved_before_is_to_be_saved() {
    let mut core = server(ONE, 3, 1, &[]);
    core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost);
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.record.term, unsaved.record.voted_for), (Term(1), Some(TWO)));
}

#[test]
fn figure_2_a_vote_that_is_repeated_is_not_saved_again() {
    let mut core = server(ONE, 3, 0, &[]);
    core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost);
    save(&mut core);
    core.handle_request_vote(TWO, &asks(1, 0, 0), Contact::Lost);
    assert!(!core.has_unsaved());
}

#[test]
fn figure_2_all_records_together_give_the_log_however_often_it_changed() {
    let mut core = server(TWO, 3, 0, &[]);
    let mut records = Vec::new();
    for (request, saves) in [
        (appends(1, (0, 0), &[1, 1, 1, 1], 0), true),
        (appends(2, (2, 1), &[2], 0), false),
        // The old entries come back under a new leader, fewer than they were.
        (appends(3, (2, 1), &[1], 0), true),
        (appends(3, (3, 1), &[3, 3], 0), true),
    ] {
        assert_eq!(core.handle_append_entries(ONE, &request).outcome, Outcome::Matched);
        if saves {
            records.extend(core.take_unsaved());
            assert_eq!(recovered(&records).log, core.log);
        }
    }
    assert_eq!(terms(&core), [1, 1, 1, 3, 3]);
}

#[test]
fn figure_2_changes_between_two_writes_go_into_one_record() {
    let mut core = server(TWO, 3, 0, &[]);
    core.handle_append_entries(ONE, &appends(1, (0, 0), &[1, 1], 0));
    core.handle_append_entries(THREE, &appends(2, (1, 1), &[2, 2], 0));
    let unsaved = core.take_unsaved().unwrap();
    assert_eq!((unsaved.record.previous, unsaved.record.entries.len()), (LogIndex(0), 3));
    assert_eq!(core.take_unsaved(), None);
}

#[test]
fn a_write_that_ends_after_its_entries_were_replaced_counts_for_nothing() {
    let mut core = server(TWO, 3, 0, &[]);
    core.handle_append_entries(ONE, &appends(1, (0, 0), &[1, 1, 1], 0));
    let first = core.take_unsaved().unwrap();
    core.handle_append_entries(THREE, &appends(2, (1, 1), &[2, 2], 0));
    let second = core.take_unsaved().unwrap();
    core.saved(&first);
    assert_eq!(core.durability.last_index(), LogIndex(0));
    core.saved(&second);
    assert_eq!(core.durability.last_index(), LogIndex(3));
    core.handle_append_entries(ONE, &appends(3, (2, 2), &[3, 3], 0));
    assert_eq!(core.durability.last_index(), LogIndex(2), "what was saved and then replaced counts no longer");
}

#[test]
fn the_view_shows_every_entry_once_and_again_when_it_changes() {
    let shown = |core: &Core| {
        let view = core.view();
        assert_eq!(view.check(), Ok(()));
        (view.changed_from.0, view.changed.iter().map(|(term, _)| term.0).collect::<Vec<_>>())
    };
    let mut core = server(TWO, 3, 0, &[1, 1]);
    assert_eq!(shown(&core), (1, vec![1, 1]));
    assert_eq!(shown(&core), (3, vec![]));
    core.handle_append_entries(ONE, &appends(2, (1, 1), &[2, 2], 0));
    assert_eq!(shown(&core), (2, vec![2, 2]));
}
