//! What test bodies and storms ask the judge, and what stories are told.

use super::*;
use crate::contract::{Role, View};
use crate::invariants::Script;
use crate::observation::Persisted;
use serde::Serialize;

#[test]
fn whoever_leads_the_highest_term_leads_and_a_dead_one_does_not() {
    let mut script = Script::of(3);
    assert_eq!(script.judge().leader(), None);
    script.leader(1, 4, 0, &[]);
    script.leader(2, 5, 0, &[]);
    assert_eq!(script.judge().leader(), Some(NodeId(2)));
    script.dies(2);
    assert_eq!(script.judge().leader(), Some(NodeId(1)));
    script.follower(1, 5, 0, &[]);
    assert_eq!(script.judge().leader(), None);
    let leaders = script.judge().known().leaders().clone();
    assert_eq!(leaders.into_iter().collect::<Vec<_>>(), [(Term(4), NodeId(1)), (Term(5), NodeId(2))]);
}

#[test]
fn applied_entries_are_counted_with_their_values_and_forgotten_at_a_restart() {
    let mut script = Script::of(3);
    for node in [1, 3] {
        script.follower(node, 1, 2, &[(1, "a"), (1, "b")]);
        script.applies(node, 1, 1, "a");
    }
    script.applies(3, 2, 1, "b");
    let known = script.judge().known();
    assert_eq!([1, 2, 3].map(|index| known.applied_count(LogIndex(index))), [2, 1, 0]);
    assert_eq!(known.first_applied(LogIndex(2)).map(|first| first.digest), Some(Digest::of(b"b")));
    script.starts(3);
    assert_eq!(script.judge().known().applied_count(LogIndex(1)), 1);
}

#[test]
fn a_log_that_grows_wakes_no_test_body_and_a_commit_does() {
    let mut script = Script::of(3);
    script.leader(1, 1, 0, &[(1, "a")]);
    script.leader(1, 1, 0, &[(1, "a"), (1, "b")]);
    assert_eq!(script.interest(), Some(Interest::None));
    script.leader(1, 1, 1, &[(1, "a"), (1, "b")]);
    assert_eq!(script.interest(), Some(Interest::Changed));
}

/// A server whose beginning is a snapshot from elsewhere is held against those who had the entries.
#[test]
fn behind_a_foreign_snapshot_logs_are_still_compared() {
    let mut script = Script::of(3);
    script.follower(1, 1, 2, &[(1, "a"), (1, "b"), (1, "c")]);
    script.follower_behind_snapshot(2, 1, 2, (2, 1), &[(1, "c")]);
    script.breaks("log-matching", "entry 4 of term 1", |script| {
        script.follower(1, 1, 2, &[(1, "a"), (1, "b"), (1, "c"), (1, "d")]);
        script.follower_behind_snapshot(2, 1, 2, (2, 1), &[(1, "c"), (1, "x")]);
    });
}

#[test]
fn a_snapshot_of_what_nobody_committed_is_not_believed() {
    let what = "its snapshot ends at entry 2 of term 1, which nobody has shown as committed";
    Script::of(3).breaks("snapshot-rule", what, |script| script.follower_behind_snapshot(2, 1, 2, (2, 1), &[]));
}

fn told(judge: &mut RaftJudge, kind: &str, body: &impl Serialize) -> Option<String> {
    judge.narrate(NodeId(2), kind, &postcard::to_stdvec(body).expect("serialises"))
}

fn view(term: u64, role: Role, voted_for: Option<u32>, commit: u64, terms: &[u64]) -> View {
    View {
        term: Term(term),
        voted_for: voted_for.map(NodeId),
        role,
        commit: LogIndex(commit),
        last_index: LogIndex(terms.len() as u64),
        changed_from: LogIndex(1),
        changed: terms.iter().map(|term| (Term(*term), Digest(0))).collect(),
        ..View::default()
    }
}

#[test]
fn stories_tell_the_most_telling_change_and_nothing_twice() {
    use Role::{Candidate, Follower, Leader};
    let mut judge = RaftJudge::new(3);
    let mut say = |change: View| told(&mut judge, observation::VIEW, &change).unwrap_or_default();
    assert_eq!(say(view(5, Candidate, Some(2), 0, &[])), "candidate of 5, votes for itself");
    assert_eq!(say(view(5, Leader, Some(2), 0, &[])), "leader of 5");
    assert_eq!(say(view(6, Follower, None, 0, &[])), "follower of 6");
    assert_eq!(say(view(6, Follower, Some(1), 0, &[])), "votes for node 1");
    assert_eq!(say(view(7, Follower, Some(3), 0, &[])), "votes for node 3");
    assert_eq!(say(view(8, Candidate, None, 0, &[])), "candidate of 8");
    assert_eq!(say(view(8, Candidate, Some(2), 0, &[])), "votes for itself");
    assert_eq!(say(view(8, Leader, Some(2), 0, &[])), "leader of 8");
    assert_eq!(say(view(7, Follower, Some(3), 0, &[])), "votes for node 3");
    assert_eq!(say(view(7, Follower, Some(3), 0, &[3, 3])), "log 1..2 of term 3");
    assert_eq!(
        say(View { changed: vec![], changed_from: LogIndex(3), ..view(7, Follower, Some(3), 2, &[3, 3]) }),
        "commits 2"
    );
    let cut = View { changed: vec![], changed_from: LogIndex(2), ..view(7, Follower, Some(3), 2, &[3]) };
    assert_eq!(say(cut.clone()), "log ends at 1");
    assert_eq!(say(cut), "");
}

#[test]
fn stories_stay_within_a_column() {
    let long = View {
        last_index: LogIndex(123_456),
        changed_from: LogIndex(123_400),
        ..view(1_000, Role::Follower, None, 0, &[999; 57])
    };
    let mut judge = RaftJudge::new(3);
    told(&mut judge, observation::VIEW, &view(1_000, Role::Follower, None, 0, &[]));
    assert_eq!(told(&mut judge, observation::VIEW, &long).as_deref(), Some("log 123456 of 999"));
    let on_disk = Persisted::Log {
        term: Term(1_000_000),
        voted_for: None,
        last_index: LogIndex(1),
        last_term: Term(1),
        state_bytes: 0,
        snapshot_bytes: 0,
    };
    assert_eq!(told(&mut judge, observation::PERSISTED, &on_disk).as_deref(), Some("term 1000000 on disk"));
}

#[test]
fn a_restart_tells_what_was_on_the_disk() {
    let mut judge = RaftJudge::new(3);
    let restored = |term: u64, vote: Option<u32>| {
        let (term, voted_for) = (Term(term), vote.map(NodeId));
        Restored { view: View { term, voted_for, changed_from: LogIndex(1), ..View::default() } }
    };
    assert_eq!(told(&mut judge, observation::RESTORED, &restored(0, None)), None);
    assert_eq!(told(&mut judge, observation::RESTORED, &restored(4, None)).as_deref(), Some("starts: 4, vote none"));
    assert_eq!(told(&mut judge, observation::RESTORED, &restored(5, Some(1))).as_deref(), Some("starts: 5, vote 1"));
}

#[test]
fn scenes_are_counted_where_a_test_body_sets_any() {
    let judge = RaftJudge::new(3);
    assert!(judge.counted().is_empty());
    judge.note_scene(false);
    assert_eq!(judge.counted(), BTreeMap::from([("scenes".to_owned(), 0)]));
    judge.note_scene(true);
    judge.note_scene(true);
    assert_eq!(judge.counted(), BTreeMap::from([("scenes".to_owned(), 2)]));
}
