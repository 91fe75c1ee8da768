//! What is about to be answered. A history that lies there whole tells what the next answers will be, and an order
//! that makes one of them impossible need not be carried until then.

use std::collections::VecDeque;

/// An operation that will return soon.
#[derive(Debug)]
pub(super) struct Coming {
    pub operation: usize,
    /// Those that may yet come before it and make possible what is not.
    pub revivers: Vec<usize>,
}

/// The operations that return next, in the order in which they do.
#[derive(Debug, Default)]
pub(super) struct Horizon {
    coming: VecDeque<Coming>,
}

impl Horizon {
    /// How many returns it looks ahead.
    pub const RETURNS: usize = 32;

    pub fn is_full(&self) -> bool {
        self.coming.len() >= Self::RETURNS
    }

    pub fn push(&mut self, coming: Coming) {
        self.coming.push_back(coming);
    }

    /// The next one returns now.
    pub fn pass(&mut self) {
        self.coming.pop_front();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Coming> {
        self.coming.iter()
    }

    pub fn newest(&self) -> Option<&Coming> {
        self.coming.back()
    }
}
