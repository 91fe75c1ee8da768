//! The 64-bit fold behind trace hashes, decision hashes and log digests.
//!
//! One step takes the state `h` and two words `x` and `y`, and folds the two halves of a 128-bit
//! product; a single word has a `y` of zero:
//!
//! ```text
//! m = (h ^ x) * (0x9E3779B97F4A7C15 ^ y)
//! h = low64(m) ^ high64(m) ^ 0x2545F4914F6CDD1D
//! ```
//!
//! Bytes are taken sixteen at a time as two little-endian words, the last ones padded with zeros, and
//! then their length as a word of its own. The definition is frozen: golden trace hashes depend on it. It is made
//! to notice any difference, not to resist somebody who looks for a collision.

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
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
        self.words(word, 0);
    }

    /// Takes two words, which is not the same as one after the other.
    #[inline]
    pub const fn words(&mut self, first: u64, second: u64) {
        let product = (self.0 ^ first) as u128 * (MULTIPLIER ^ second) as u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ OFFSET;
    }

    /// Takes a string of bytes and its length.
    #[inline]
    pub const fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
            let both = u128::from_le_bytes(*chunk);
            self.words(both as u64, (both >> 64) as u64);
            rest = tail;
        }
        match rest.split_first_chunk::<8>() {
            Some((first, rest)) => self.words(u64::from_le_bytes(*first), padded(rest)),
            None => self.words(padded(rest), 0),
        }
        self.word(bytes.len() as u64);
    }

    /// What has been folded so far.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.0
    }
}

/// Less than eight bytes as a little-endian word.
#[inline]
const fn padded(bytes: &[u8]) -> u64 {
    let (mut word, mut place) = (0, bytes.len());
    while place > 0 {
        place -= 1;
        word = word << 8 | bytes[place] as u64;
    }
    word
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
        assert_eq!(of_bytes(b""), 0x859c_98ca_8516_08cb);
        assert_eq!(of_bytes(b"a deterministic simulator"), 0x4ee2_b3fb_214f_f9bf);
        assert_eq!(of_bytes(b"windtunnel"), 0x56f7_13a0_80f5_52fa);
    }

    #[test]
    fn padding_is_told_from_zeros() {
        assert_ne!(of_bytes(b"ab"), of_bytes(b"ab\0"));
        assert_ne!(of_bytes(b""), of_bytes(b"\0"));
    }
}
