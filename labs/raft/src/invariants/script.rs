//! Observations made by hand, for the tests of the rules.

use crate::contract::{Digest, LogIndex, Role, Term, View};
use crate::judge::RaftJudge;
use crate::observation::{self, AppliedEntry, AppliedSnapshot, Persisted};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge};
use serde::Serialize;
use windtunnel::world::{Lifecycle, Moment};
use windtunnel::{EventNumber, Incarnation, Nanos, NodeId};

/// Entries of a log: term and command.
pub type Entries<'a> = &'a [(u64, &'a str)];

/// A judge that is shown things, each in a step of its own. What it does not expect to break fails the test.
pub struct Script {
    judge: RaftJudge,
    event: u64,
    in_one_step: bool,
    broken: Option<Failed>,
    interest: Option<Interest>,
}

impl Script {
    /// Servers that need not show how leaders were elected, nor how entries reached a majority.
    pub fn of(nodes: u32) -> Self {
        let mut script = Self::with_majorities(nodes);
        script.leave_out_majorities();
        script
    }

    /// Servers that must show it, and need not have heard one another.
    pub fn with_majorities(nodes: u32) -> Self {
        let mut script = Self::with_every_rule(nodes);
        script.judge.hears_of_no_deliveries();
        script
    }

    /// Servers that must have heard one another, and show nothing else of it.
    pub fn with_deliveries(nodes: u32) -> Self {
        let mut script = Self::with_every_rule(nodes);
        script.leave_out_majorities();
        script
    }

    fn leave_out_majorities(&mut self) {
        self.judge.leave_out(&super::majority_of_votes::RULE);
        self.judge.leave_out(&super::majority_of_replicas::RULE);
    }

    fn with_every_rule(nodes: u32) -> Self {
        let mut script =
            Script { judge: RaftJudge::new(nodes), event: 0, in_one_step: false, broken: None, interest: None };
        (1..=nodes).for_each(|node| script.starts(node));
        script
    }

    pub fn judge(&mut self) -> &mut RaftJudge {
        &mut self.judge
    }

    /// The next things happen in the step of the last one.
    pub fn same_step(&mut self, show: impl FnOnce(&mut Self)) {
        self.in_one_step = true;
        show(self);
        self.in_one_step = false;
    }

    /// What `show` shows must break that rule, in words that hold `words`.
    pub fn breaks(&mut self, rule: &str, words: &str, show: impl FnOnce(&mut Self)) -> Failed {
        assert_eq!(self.broken, None, "broken too early");
        show(self);
        let failed = self.broken.take().unwrap_or_else(|| panic!("{rule} was to be broken, and nothing was"));
        assert_eq!(failed.rule, rule, "{failed}");
        assert!(failed.title.contains(words), "`{failed}` does not say `{words}`");
        failed
    }

    pub fn starts(&mut self, node: u32) {
        let moment = self.moment();
        let told = self.judge.lifecycle(moment, NodeId(node), Lifecycle::Started(Incarnation(1)));
        self.note(told);
    }

    /// A message of one server comes to another one; its step is the next.
    pub fn delivers(&mut self, from: u32, to: u32) {
        self.judge.delivered(NodeId(from), NodeId(to));
    }

    pub fn dies(&mut self, node: u32) {
        let moment = self.moment();
        let told = self.judge.lifecycle(moment, NodeId(node), Lifecycle::Killed);
        self.note(told);
    }

    /// What the judge said to the last thing.
    pub fn interest(&self) -> Option<Interest> {
        self.interest
    }

    pub fn leader(&mut self, node: u32, term: u64, commit: u64, log: Entries<'_>) {
        self.view(node, term, Some(node), Role::Leader, commit, log);
    }

    pub fn candidate(&mut self, node: u32, term: u64, log: Entries<'_>) {
        self.view(node, term, Some(node), Role::Candidate, 0, log);
    }

    pub fn follower(&mut self, node: u32, term: u64, commit: u64, log: Entries<'_>) {
        self.view(node, term, None, Role::Follower, commit, log);
    }

    pub fn votes(&mut self, node: u32, term: u64, candidate: u32) {
        self.votes_with(node, term, candidate, &[]);
    }

    pub fn votes_with(&mut self, node: u32, term: u64, candidate: u32, log: Entries<'_>) {
        self.view(node, term, Some(candidate), Role::Follower, 0, log);
    }

    /// Its log begins behind a snapshot that ends at that index and term.
    pub fn follower_behind_snapshot(&mut self, node: u32, term: u64, commit: u64, end: (u64, u64), log: Entries<'_>) {
        let view = View {
            snapshot_index: LogIndex(end.0),
            snapshot_term: Term(end.1),
            last_index: LogIndex(end.0 + log.len() as u64),
            changed_from: LogIndex(end.0 + 1),
            ..view_of(term, None, Role::Follower, commit, log)
        };
        self.show(node, observation::VIEW, &view);
    }

    fn view(&mut self, node: u32, term: u64, vote: Option<u32>, role: Role, commit: u64, log: Entries<'_>) {
        let view = view_of(term, vote, role, commit, log);
        self.show(node, observation::VIEW, &view);
    }

    pub fn shows_hole(&mut self, node: u32) {
        let whole = view_of(1, None, Role::Follower, 0, &[(1, "a")]);
        let view = View { last_index: LogIndex(4), changed_from: LogIndex(4), ..whole };
        self.show(node, observation::VIEW, &view);
    }

    pub fn shows_rubbish(&mut self, node: u32) {
        self.show(node, observation::VIEW, &1_u8);
    }

    pub fn applies(&mut self, node: u32, index: u64, term: u64, command: &str) {
        let digest = Digest::of(command.as_bytes());
        let entry = AppliedEntry { index: LogIndex(index), term: Term(term), digest, command: command.into() };
        self.show(node, observation::APPLIED, &entry);
    }

    /// Says of its disk that the log there ends at an entry.
    pub fn persists(&mut self, node: u32, last_index: u64, last_term: u64) {
        let persisted = Persisted::Log {
            term: Term(last_term),
            voted_for: None,
            last_index: LogIndex(last_index),
            last_term: Term(last_term),
            state_bytes: 0,
            snapshot_bytes: 0,
        };
        self.show(node, observation::PERSISTED, &persisted);
    }

    /// Delivers a snapshot that was taken there.
    pub fn applies_snapshot(&mut self, node: u32, index: u64, term: u64) {
        self.judge.known().note_snapshot(LogIndex(index), Digest::of(b"state"));
        self.delivers_snapshot(node, index, term, b"state");
    }

    pub fn delivers_snapshot(&mut self, node: u32, index: u64, term: u64, data: &[u8]) {
        let (index, term, digest) = (LogIndex(index), Term(term), Digest::of(data));
        let snapshot = AppliedSnapshot { index, term, digest, data: data.to_vec() };
        self.show(node, observation::APPLIED_SNAPSHOT, &snapshot);
    }

    fn show(&mut self, node: u32, kind: &str, body: &impl Serialize) {
        let moment = self.moment();
        let body = postcard::to_stdvec(body).expect("observations serialise");
        let told = self.judge.observed(moment, NodeId(node), kind, &body);
        self.note(told);
    }

    fn moment(&mut self) -> Moment {
        self.event += u64::from(!self.in_one_step);
        Moment { at: Nanos(self.event), event: EventNumber(self.event) }
    }

    fn note(&mut self, told: Result<Interest, Failed>) {
        assert_eq!(self.broken, None, "something was shown after a rule was broken");
        self.interest = told.as_ref().ok().copied();
        self.broken = told.err();
    }
}

fn view_of(term: u64, vote: Option<u32>, role: Role, commit: u64, log: Entries<'_>) -> View {
    View {
        term: Term(term),
        voted_for: vote.map(NodeId),
        role,
        commit: LogIndex(commit),
        snapshot_index: LogIndex::ZERO,
        snapshot_term: Term::ZERO,
        last_index: LogIndex(log.len() as u64),
        changed_from: LogIndex(1),
        changed: log.iter().map(|(term, command)| (Term(*term), Digest::of(command.as_bytes()))).collect(),
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.broken, None, "nothing should have been broken");
        }
    }
}
