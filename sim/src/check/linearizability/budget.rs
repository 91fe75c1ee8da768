//! What a check may cost: steps and bytes, never time, so that its verdict is the same on every machine. Whatever a search does
//! that can grow is counted as one or the other.

use std::fmt::{self, Display};

/// What a check may cost before it is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps of the model. What costs less counts as well: sixteen comparisons of orders, or looks at steps that are known or
    /// at what is coming, as one step.
    pub steps: u64,
    /// Bytes of the search at any moment, estimated, without the history itself. They are asked for before they are taken.
    pub bytes: u64,
}

impl Default for Budget {
    /// A hundred million steps, which take half a minute or so, and a minute or two where dozens of calls are open on one object; and half a gigabyte.
    fn default() -> Self {
        Budget { steps: 100_000_000, bytes: 512 << 20 }
    }
}

impl Budget {
    /// Steps that an explanation may take in any case, which is a few milliseconds. Beyond that it may take [so many
    /// times](Budget::EXPLANATION_TIMES) what the verdict took.
    pub const EXPLANATION: u64 = 20_000;
    /// How many times the steps of the verdict an explanation may take.
    pub const EXPLANATION_TIMES: u64 = 4;

    /// What an explanation may cost: little beside what the verdict did, and a little in any case.
    pub(super) fn for_explaining(&self, verdict: Cost) -> Budget {
        let steps = verdict.steps.saturating_mul(Self::EXPLANATION_TIMES).max(Self::EXPLANATION);
        Budget { steps, bytes: self.bytes }
    }
}

/// What a check did cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Steps of the model, and comparisons: see [`Budget::steps`].
    pub steps: u64,
    /// The most bytes that the search had or was about to take, estimated, without the history itself.
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
    /// Bytes that lie beside whatever is told of.
    beside: usize,
    /// What was told of last, and what was asked for since.
    held: usize,
    /// Once it has run out it has.
    ran_out: Option<Exhausted>,
    /// Steps of what need not have been done.
    aside: u64,
}

/// So many comparisons count as one step of the model, which they take about as long as.
const COMPARISONS: u64 = 16;
/// What need not be done may take one of so many steps that are left, each time;
const ASIDE: u64 = 16;
/// in all so many, a few dozen milliseconds,
const ALL_ASIDE: u64 = 100_000;
/// and so many more for each operation, which is ten times what looks take where searching is not hard.
const ASIDE_AN_OPERATION: u64 = 2_000;

impl Meter {
    pub fn new(budget: Budget) -> Self {
        Meter { budget, cost: Cost::default(), compared: 0, beside: 0, held: 0, ran_out: None, aside: 0 }
    }

    /// So many bytes lie beside whatever it will be told of: searches that wait for their turn.
    pub fn lies_beside(&mut self, bytes: usize) {
        self.beside = bytes;
    }

    /// How many do.
    pub fn beside(&self) -> usize {
        self.beside
    }

    /// An account of what need not be done, beside so many bytes, in a history of so many operations: of the steps that are left
    /// it may take a share. None if there is nothing left for such.
    pub fn aside(&self, bytes: usize, operations: usize) -> Option<Meter> {
        let left = self.budget.steps.saturating_sub(self.cost.steps);
        let in_all = ALL_ASIDE + ASIDE_AN_OPERATION * operations as u64;
        let share = (left / ASIDE).min(in_all.saturating_sub(self.aside));
        let budget = Budget { steps: self.cost.steps + share, ..self.budget };
        (share > 0).then_some(Meter { budget, beside: bytes, ..*self })
    }

    /// That was done, or given up: then it took no bytes, since it may have been refused more than there are.
    pub fn did_aside(&mut self, aside: Meter, is_done: bool) {
        let peak_bytes = if is_done { aside.cost.peak_bytes } else { self.cost.peak_bytes };
        self.aside += aside.cost.steps - self.cost.steps;
        self.cost = Cost { peak_bytes, ..aside.cost };
    }

    /// So many configurations were compared, or remembered steps looked at.
    pub fn compared(&mut self, comparisons: u64) {
        self.compared += comparisons;
    }

    /// The search holds so many bytes now: what was exceeded by all that was counted.
    pub fn holds(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.cost.steps += self.compared / COMPARISONS;
        self.compared %= COMPARISONS;
        self.held = self.beside;
        self.has_room(bytes);
        self.goes_on()
    }

    /// What was exceeded, as far as that was asked.
    pub fn goes_on(&self) -> Result<(), Exhausted> {
        self.ran_out.map_or(Ok(()), Err)
    }

    /// Whether so many bytes more may be taken, and another step. If not, nothing that is found from now on says anything, and what the search
    /// [`holds`](Meter::holds) next is an error.
    pub fn has_room(&mut self, bytes: usize) -> bool {
        self.held += bytes;
        self.cost.peak_bytes = self.cost.peak_bytes.max(self.held as u64);
        if self.ran_out.is_none() {
            let steps = (self.cost.steps > self.budget.steps).then_some(Exhausted::Steps(self.budget.steps));
            let bytes = (self.cost.peak_bytes > self.budget.bytes).then_some(Exhausted::Bytes(self.budget.bytes));
            self.ran_out = steps.or(bytes);
        }
        self.ran_out.is_none()
    }
}
