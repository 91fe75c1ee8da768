//! The one prefix of the log that somebody has shown as committed.

use super::shadow::{Chain, Shadow};
use crate::contract::{LogIndex, Term};
use windtunnel::NodeId;

/// A committed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommittedEntry {
    /// Its term.
    pub term: Term,
    /// It and all before it.
    pub chain: Chain,
    /// Who first showed it as committed.
    pub shown_by: NodeId,
    /// The lowest term in which a server has shown it as committed: some leader of that term, or of
    /// an earlier one, committed it. Not below its own term, before which it was not there.
    pub in_term: Term,
}

/// All committed entries. `in_term` never falls from one to the next: who shows an entry as
/// committed shows all before it.
#[derive(Clone, Debug, Default)]
pub struct Committed(Vec<CommittedEntry>);

impl Committed {
    /// The last one.
    #[must_use]
    pub const fn last_index(&self) -> LogIndex {
        LogIndex(self.0.len() as u64)
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, index: LogIndex) -> Option<&CommittedEntry> {
        self.0.get(usize::try_from(index.0.checked_sub(1)?).ok()?)
    }

    /// The last entry that was committed in a term before `term`, as far as is known.
    #[must_use]
    pub fn last_before(&self, term: Term) -> LogIndex {
        LogIndex(self.0.partition_point(|entry| entry.in_term < term) as u64)
    }

    /// Takes in that a server of `term` shows its log as committed up to `commit`. Says whether that
    /// is news: entries not known as committed, or committed in an earlier term than was known.
    pub fn take(&mut self, node: NodeId, term: Term, commit: LogIndex, log: &Shadow) -> bool {
        let known = self.0.len();
        self.extend(node, term, commit, log);
        self.lower(known, term, commit) || self.0.len() > known
    }

    /// The same of what its disk has given back: it was committed before, and the server may have been in a later term
    /// by then, which was not on the disk.
    pub fn take_given_back(&mut self, node: NodeId, term: Term, commit: LogIndex, log: &Shadow) -> bool {
        let known = self.0.len();
        self.extend(node, term, commit, log);
        self.0.len() > known
    }

    fn extend(&mut self, node: NodeId, term: Term, commit: LogIndex, log: &Shadow) {
        for (_, entry) in log.entries_from(self.last_index().next()).take(commit.since(self.last_index())) {
            self.0.push(CommittedEntry {
                term: entry.term,
                chain: entry.chain,
                shown_by: node,
                in_term: term.max(entry.term),
            });
        }
    }

    /// Takes in that of the first `known` entries those up to `commit` were committed in `term` at the latest.
    fn lower(&mut self, known: usize, term: Term, commit: LogIndex) -> bool {
        let shown = known.min(usize::try_from(commit.0).unwrap_or(usize::MAX));
        let earlier = self.0[..shown].iter_mut().rev().take_while(|entry| entry.in_term > term);
        let lowered = earlier.filter_map(|entry| {
            let lower = term.max(entry.term);
            (entry.in_term > lower).then(|| entry.in_term = lower)
        });
        lowered.count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Digest, View};

    fn log(terms: &[u64]) -> Shadow {
        let mut log = Shadow::default();
        let view = View {
            term: Term(9),
            voted_for: None,
            role: Default::default(),
            commit: LogIndex::ZERO,
            snapshot_index: LogIndex::ZERO,
            snapshot_term: Term::ZERO,
            last_index: LogIndex(terms.len() as u64),
            changed_from: LogIndex(1),
            changed: terms.iter().map(|term| (Term(*term), Digest(*term))).collect(),
        };
        log.take(&view, &Committed::default()).expect("a whole log");
        log
    }

    #[test]
    fn an_entry_is_committed_in_the_lowest_term_that_shows_it() {
        let mut committed = Committed::default();
        let log = log(&[1, 1, 2]);
        assert!(committed.take(NodeId(1), Term(5), LogIndex(3), &log));
        assert!(!committed.take(NodeId(2), Term(6), LogIndex(3), &log), "nothing new");
        assert!(committed.take(NodeId(2), Term(2), LogIndex(2), &log), "two entries are older than was known");
        let in_term = |index| committed.get(LogIndex(index)).expect("committed").in_term;
        assert_eq!([in_term(1), in_term(2), in_term(3)], [Term(2), Term(2), Term(5)]);
        assert_eq!(committed.last_before(Term(2)), LogIndex(0));
        assert_eq!(committed.last_before(Term(5)), LogIndex(2));
        assert_eq!(committed.last_before(Term(6)), LogIndex(3));
    }

    #[test]
    fn what_a_disk_gives_back_says_nothing_of_the_term_in_which_it_was_committed() {
        let mut committed = Committed::default();
        let log = log(&[1, 1]);
        assert!(committed.take(NodeId(1), Term(5), LogIndex(1), &log));
        assert!(!committed.take_given_back(NodeId(2), Term(2), LogIndex(1), &log));
        assert_eq!(committed.get(LogIndex(1)).map(|entry| entry.in_term), Some(Term(5)));
        assert!(committed.take_given_back(NodeId(2), Term(6), LogIndex(2), &log), "an entry that nobody had shown");
    }

    #[test]
    fn a_commit_past_the_end_of_the_log_adds_only_what_the_log_has() {
        let mut committed = Committed::default();
        assert!(committed.take(NodeId(1), Term(1), LogIndex(9), &log(&[1])));
        assert_eq!(committed.last_index(), LogIndex(1));
    }
}
