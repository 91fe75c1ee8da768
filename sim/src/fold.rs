//! The 64-bit fold behind trace hashes, decision hashes and log digests.
//!
//! One step takes the state `h` and a word `x`, and gives both halves of a 128-bit product, folded:
//!
//! ```text
//! m = (h ^ x) * 0x9E3779B97F4A7C15F39CC0605CEDC835      (mod 2^128)
//! h = low64(m) ^ high64(m) ^ 0x2545F4914F6CDD1D
//! ```
//!
//! Bytes are taken as little-endian words, the last one padded with zeros, and then their length
//! as a word of its own. The definition is frozen: golden trace hashes depend on it. It is made
//! to notice any difference, not to resist somebody who looks for a collision.

const MULTIPLIER: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
const OFFSET: u64 = 0x2545_F491_4F6C_DD1D;

/// A running fold.
///
/// ```
/// use windtunnel::fold::Fold;
/// let mut fold = Fold::default();
/// fold.bytes(b"append entries");
/// assert_ne!(fold.value(), Fold::default().value());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold(u64);

impl Default for Fold {
    fn default() -> Self {
        Fold(OFFSET)
    }
}

impl Fold {
    /// A fold that goes on from an earlier [`value`](Fold::value).
    #[must_use]
    pub const fn from_value(value: u64) -> Self {
        Fold(value)
    }

    /// Takes one word.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        let product = ((self.0 ^ word) as u128).wrapping_mul(MULTIPLIER);
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ OFFSET;
    }

    /// Takes a string of bytes and its length.
    #[inline]
    pub const fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
            self.word(u64::from_le_bytes(*chunk));
            rest = tail;
        }
        let mut last = [0; 8];
        let mut i = 0;
        while i < rest.len() {
            last[i] = rest[i];
            i += 1;
        }
        self.word(u64::from_le_bytes(last));
        self.word(bytes.len() as u64);
    }

    /// What has been folded so far.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.0
    }
}

/// The fold of one string of bytes.
#[must_use]
pub const fn of_bytes(bytes: &[u8]) -> u64 {
    let mut fold = Fold(OFFSET);
    fold.bytes(bytes);
    fold.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_frozen() {
        assert_eq!(of_bytes(b""), 0x8b0d_e48e_a138_0c61);
        assert_eq!(of_bytes(b"windtunnel"), 0x6c6c_fdef_f145_02e1);
    }

    #[test]
    fn padding_is_told_from_zeros() {
        assert_ne!(of_bytes(b"ab"), of_bytes(b"ab\0"));
        assert_ne!(of_bytes(b""), of_bytes(b"\0"));
    }
}
