//! A server's log as its views have shown it, with a hash over each prefix.

use super::committed::Committed;
use super::seen::Difference;
use crate::contract::{Digest, LogIndex, Term, View};
use std::fmt;
use thiserror::Error;
use windtunnel::fold::Fold;

/// Stands for an entry and all entries before it: two logs with the same chain at an index are
/// identical up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain(u64);

impl Chain {
    /// The chain one entry later.
    #[must_use]
    pub const fn then(self, term: Term, digest: Digest) -> Chain {
        let mut fold = Fold::from_value(self.0);
        fold.word(term.0);
        fold.word(digest.0);
        Chain(fold.value())
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One entry of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// Its term.
    pub term: Term,
    /// The digest of its command.
    pub digest: Digest,
    /// It and all before it.
    pub chain: Chain,
}

/// The log of one incarnation. What went into a snapshot of its own stays here.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    /// Before the first entry: nothing, or a snapshot that came from elsewhere.
    base: LogIndex,
    base_term: Term,
    base_chain: Chain,
    entries: Vec<ShownEntry>,
}

/// Why a view cannot follow the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ShadowFault {
    /// There are entries that no view has shown.
    #[error("its view says changed_from {changed_from}, and so far its log ends at {last_index}")]
    Hole {
        /// The first entry it shows.
        changed_from: LogIndex,
        /// The last one it has shown before.
        last_index: LogIndex,
    },
    /// The number of entries and the indices do not fit.
    #[error("its view shows {shown} entries from {changed_from} on, and says its log ends at {last_index}")]
    WrongCount {
        /// How many entries it shows.
        shown: usize,
        /// The first.
        changed_from: LogIndex,
        /// The last it claims.
        last_index: LogIndex,
    },
    /// A snapshot covers what nobody has ever shown as committed.
    #[error("its snapshot ends at entry {index} of term {term}, which nobody has shown as committed")]
    UnknownSnapshot {
        /// Where the snapshot ends.
        index: LogIndex,
        /// The term of its last entry.
        term: Term,
    },
}

impl Shadow {
    /// The last entry.
    #[must_use]
    pub const fn last_index(&self) -> LogIndex {
        self.base.plus(self.entries.len())
    }

    /// Its term; [`Term::ZERO`] of an empty log.
    #[must_use]
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base_term, |entry| entry.term)
    }

    /// An entry.
    #[must_use]
    pub fn get(&self, index: LogIndex) -> Option<&ShownEntry> {
        self.entries.get(usize::try_from(index.0.checked_sub(self.base.0 + 1)?).ok()?)
    }

    /// The term of an entry, also of the last one that a foreign snapshot covers.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base { Some(self.base_term) } else { self.get(index).map(|entry| entry.term) }
    }

    /// Stands for the log up to `index`.
    #[must_use]
    pub fn chain_at(&self, index: LogIndex) -> Option<Chain> {
        if index == self.base { Some(self.base_chain) } else { self.get(index).map(|entry| entry.chain) }
    }

    /// Whether it holds an entry, as such or in a snapshot from elsewhere.
    #[must_use]
    pub fn holds(&self, index: LogIndex, chain: Chain) -> bool {
        index < self.base || self.chain_at(index) == Some(chain)
    }

    /// The entries from `first` on, with their places.
    pub fn entries_from(&self, first: LogIndex) -> impl Iterator<Item = (LogIndex, &ShownEntry)> {
        let skipped = first.previous().since(self.base).min(self.entries.len());
        let places = (self.base.0 + 1 + skipped as u64..).map(LogIndex);
        places.zip(&self.entries[skipped..])
    }

    /// Makes the log what a view shows, and says where it differs from what it was.
    ///
    /// # Errors
    /// When the view does not follow.
    pub fn take(&mut self, change: &View, committed: &Committed) -> Result<Difference, ShadowFault> {
        let View { changed_from, last_index, ref changed, .. } = *change;
        if changed_from.previous().plus(changed.len()) != last_index || changed_from == LogIndex::ZERO {
            return Err(ShadowFault::WrongCount { shown: changed.len(), changed_from, last_index });
        }
        self.rebase(change, committed)?;
        if changed_from > self.last_index().next() || changed_from <= self.base {
            return Err(ShadowFault::Hole { changed_from, last_index: self.last_index() });
        }
        let at = changed_from.previous().since(self.base);
        let same = |(old, new): &(&ShownEntry, &(Term, Digest))| (old.term, old.digest) == **new;
        let kept = at + self.entries[at..].iter().zip(changed).take_while(same).count();
        let dropped = self.entries.len() - kept;
        let dropped_term = self.entries.get(kept).map(|entry| entry.term);
        self.entries.truncate(kept);
        let mut chain = self.chain_at(self.last_index()).unwrap_or(self.base_chain);
        for (term, digest) in &changed[kept - at..] {
            chain = chain.then(*term, *digest);
            self.entries.push(ShownEntry { term: *term, digest: *digest, chain });
        }
        Ok(Difference { first: self.base.plus(kept).next(), dropped, dropped_term })
    }

    /// Begins anew behind a snapshot that does not come out of this log.
    fn rebase(&mut self, change: &View, committed: &Committed) -> Result<(), ShadowFault> {
        let View { snapshot_index: index, snapshot_term: term, .. } = *change;
        let is_own = self.term_at(index) == Some(term) || index == LogIndex::ZERO;
        if is_own && change.changed_from > self.base {
            return Ok(());
        }
        // What it says of the snapshot's term is for a rule to judge; here counts what was committed.
        let (base_term, base_chain) = match committed.get(index) {
            Some(entry) => (entry.term, entry.chain),
            None if index == LogIndex::ZERO => (Term::ZERO, Chain::default()),
            None => return Err(ShadowFault::UnknownSnapshot { index, term }),
        };
        *self = Shadow { base: index, base_term, base_chain, entries: Vec::new() };
        Ok(())
    }
}
