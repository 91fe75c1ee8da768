//! Terms: Raft's logical clock. (Section 5.1)

use serde::{Deserialize, Serialize};
use std::fmt;

/// A term of office: each begins with an election, and has at most one leader. (Section 5.1)
///
/// Servers begin in [`Term::ZERO`]; the first election is held in term 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(pub u64);

impl Term {
    /// The term before the first election; also the term of "no entry".
    pub const ZERO: Term = Term(0);

    /// The term that a candidate of a new election begins. (Section 5.2)
    #[must_use]
    pub const fn next(self) -> Term {
        Term(self.0 + 1)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
