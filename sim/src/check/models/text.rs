//! A string that grows at its end and is compared often: versions of it share what they have in common.

use std::fmt::{self, Debug, Display};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A text made by appending. Clones are cheap; two that are different differ in length or digest almost always, so that
/// comparing costs a look at two words.
#[derive(Clone, Default)]
pub struct Text {
    last: Option<Rc<Piece>>,
    length: usize,
    digest: u64,
}

struct Piece {
    before: Text,
    piece: Rc<str>,
}

impl Text {
    /// This text with a piece behind it.
    #[must_use]
    pub fn append(&self, piece: &Rc<str>) -> Text {
        if piece.is_empty() {
            return self.clone();
        }
        let digest = piece.bytes().fold(self.digest, step);
        let length = self.length + piece.len();
        Text { last: Some(Rc::new(Piece { before: self.clone(), piece: Rc::clone(piece) })), length, digest }
    }

    /// A text of one piece.
    #[must_use]
    pub fn new(piece: &Rc<str>) -> Text {
        Text::default().append(piece)
    }

    /// In bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was ever appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes of its own, roughly: what came before it is another's.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Text>() * 2 + 32 + self.length.min(64)
    }

    /// The pieces from the last to the first.
    fn pieces(&self) -> impl Iterator<Item = &Rc<str>> {
        std::iter::successors(self.last.as_deref(), |piece| piece.before.last.as_deref()).map(|piece| &piece.piece)
    }

    /// Whether this is a first part of `whole` as far as its last piece tells: a quick no, and a yes that has to be looked at.
    #[must_use]
    pub fn may_begin(&self, whole: &str) -> bool {
        let first = whole.as_bytes().get(..self.length);
        first.is_some_and(|first| self.last.as_ref().is_none_or(|last| first.ends_with(last.piece.as_bytes())))
    }

    /// Whether this is a first part of `whole`, or all of it.
    #[must_use]
    pub fn begins(&self, whole: &str) -> bool {
        let mut rest = match whole.as_bytes().get(..self.length) {
            Some(first) => first,
            None => return false,
        };
        for piece in self.pieces() {
            match rest.strip_suffix(piece.as_bytes()) {
                Some(shorter) => rest = shorter,
                None => return false,
            }
        }
        true
    }
}

/// FNV-1a's step: the digest of a text goes on from that of its first part.
fn step(digest: u64, byte: u8) -> u64 {
    (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(5)
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        if self.length != other.length || self.digest != other.digest {
            return false;
        }
        let (mut left, mut right) = (self, other);
        loop {
            match (&left.last, &right.last) {
                (Some(one), Some(two)) if Rc::ptr_eq(one, two) => return true,
                (Some(one), Some(two)) if one.piece == two.piece => (left, right) = (&one.before, &two.before),
                (None, None) => return true,
                _ => break,
            }
        }
        // Cut into other pieces, or different after all.
        left.pieces().flat_map(|piece| piece.bytes().rev()).eq(right.pieces().flat_map(|piece| piece.bytes().rev()))
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest);
    }
}

impl Drop for Text {
    /// Piece by piece: a text of many pieces would drop itself deeper than a stack goes.
    fn drop(&mut self) {
        let mut last = self.last.take();
        while let Some(mut piece) = last.and_then(Rc::into_inner) {
            last = piece.before.last.take();
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = self.pieces().collect::<Vec<_>>();
        pieces.reverse();
        pieces.into_iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
