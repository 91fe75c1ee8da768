//! Bytes that are nearly a frame, for tests of those who read them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// What becomes of some bytes of a frame.
#[derive(Clone, Debug)]
enum Change {
    Flip(u8),
    Cut(usize),
    Insert(Vec<u8>),
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>, at: Index) {
        let at = at.index(bytes.len() + 1);
        match self {
            Change::Flip(bits) => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits),
            Change::Cut(count) => drop(bytes.drain(at..bytes.len().min(at + count))),
            Change::Insert(more) => drop(bytes.splice(at..at, more)),
        }
    }
}

/// The bytes behind the length of a frame with a few of them changed, cut out or put in; or any bytes at all.
pub fn spoilt(bodies: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = prop_oneof![
        (1u8..).prop_map(Change::Flip),
        (1usize..40).prop_map(Change::Cut),
        vec(any::<u8>(), 1..40).prop_map(Change::Insert),
    ];
    let changed = (bodies, vec((any::<Index>(), change), 1..4)).prop_map(|(mut bytes, changes)| {
        changes.into_iter().for_each(|(at, change)| change.apply(&mut bytes, at));
        bytes
    });
    prop_oneof![3 => changed, 1 => vec(any::<u8>(), 0..400)]
}

/// Bytes behind their length.
pub fn behind_their_length(body: &[u8]) -> Vec<u8> {
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}
