//! What a check may cost: steps and bytes, never time, so that its verdict is the same on every machine. Whatever a search does
//! that can grow is counted as one or the other.

use std::fmt::{self, Display};

/// What a check may cost before it is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps of the model. What costs less counts as well: sixteen comparisons of orders, or looks at steps that are known, as one step.
    pub steps: u64,
    /// Bytes of the search at any moment, estimated, without the history itself.
    pub bytes: u64,
}

impl Default for Budget {
    /// A hundred million steps, which take ten seconds or so, and half a gigabyte.
    fn default() -> Self {
        Budget { steps: 100_000_000, bytes: 512 << 20 }
    }
}

impl Budget {
    /// What an explanation may cost: little beside what the verdict did, and a little in any case.
    pub(super) fn for_explaining(&self, verdict: Cost) -> Budget {
        Budget { steps: (verdict.steps * 4).max(20_000), bytes: self.bytes }
    }
}

/// What a check did cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Steps of the model, and comparisons: see [`Budget::steps`].
    pub steps: u64,
    /// The most bytes that the search of one key had at a time, estimated.
    pub peak_bytes: u64,
    /// The most configurations at a time.
    pub peak_configurations: usize,
}

/// Which budget a check ran out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// That of steps.
    Steps(u64),
    /// That of bytes.
    Bytes(u64),
}

impl Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exhausted::Steps(steps) => write!(f, "the budget of {steps} steps"),
            Exhausted::Bytes(bytes) => write!(f, "the budget of {} MiB", bytes >> 20),
        }
    }
}

/// The running account of a check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    pub budget: Budget,
    pub cost: Cost,
    /// Comparisons that are no whole step yet.
    compared: u64,
}

/// So many comparisons count as one step of the model, which they take about as long as.
const COMPARISONS: u64 = 16;

impl Meter {
    pub fn new(budget: Budget) -> Self {
        Meter { budget, cost: Cost::default(), compared: 0 }
    }

    /// So many configurations were compared, or remembered steps looked at.
    pub fn compared(&mut self, comparisons: u64) {
        self.compared += comparisons;
    }

    /// The search holds so many bytes now: what was exceeded by all that was counted.
    pub fn holds(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.cost.steps += self.compared / COMPARISONS;
        self.compared %= COMPARISONS;
        self.cost.peak_bytes = self.cost.peak_bytes.max(bytes as u64);
        if self.cost.steps > self.budget.steps {
            return Err(Exhausted::Steps(self.budget.steps));
        }
        if self.cost.peak_bytes > self.budget.bytes {
            return Err(Exhausted::Bytes(self.budget.bytes));
        }
        Ok(())
    }
}
