//! What a check may cost: steps and bytes, never time, so that its verdict is the same on every machine.

use std::fmt::{self, Display};

/// What a check may cost before it is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps of the model.
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
    /// Steps of the model.
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
}

impl Meter {
    pub fn new(budget: Budget) -> Self {
        Meter { budget, cost: Cost::default() }
    }

    /// What was exceeded by what was counted.
    pub fn check(&self) -> Result<(), Exhausted> {
        if self.cost.steps > self.budget.steps {
            return Err(Exhausted::Steps(self.budget.steps));
        }
        if self.cost.peak_bytes > self.budget.bytes {
            return Err(Exhausted::Bytes(self.budget.bytes));
        }
        Ok(())
    }
}
