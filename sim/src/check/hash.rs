//! Hashes that are the same on every machine.

use crate::fold::Fold;
use std::hash::{Hash, Hasher};

pub(super) fn hash_of(state: &impl Hash) -> u64 {
    let mut hasher = FoldHasher(Fold::default());
    state.hash(&mut hasher);
    hasher.finish()
}

/// The project's fold as a hasher: the same on every machine.
struct FoldHasher(Fold);

impl Hasher for FoldHasher {
    fn finish(&self) -> u64 {
        self.0.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes);
    }

    fn write_u32(&mut self, word: u32) {
        self.0.word(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.0.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.0.word(word as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.0.word(u64::from(byte));
    }

    fn write_isize(&mut self, word: isize) {
        self.0.word(word.cast_unsigned() as u64);
    }
}
