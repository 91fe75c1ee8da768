//! The records of a split: its lines.

use super::LONGEST_RECORD;

/// Cuts what is read of a split, piece by piece, into records.
///
/// A record is a line without its newline; the last one may have none. A line longer than [`LONGEST_RECORD`] is cut into records of that
/// length, and a last shorter one.
#[derive(Debug)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where the next record begins in `bytes`.
    begin: usize,
    /// Where `bytes` begins in the object.
    at: u64,
    ended: bool,
    /// Whether the record before was cut off its line, so that an empty rest of it is no record.
    cut: bool,
}

impl Lines {
    /// Of a split that begins there in its object.
    #[must_use]
    pub const fn new(at: u64) -> Self {
        Lines { bytes: Vec::new(), begin: 0, at, ended: false, cut: false }
    }

    /// The next bytes of the split; to be given when [`next`](Lines::next) has nothing more, so that little is held.
    pub fn feed(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.begin);
        self.at += self.begin as u64;
        self.begin = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// The split is over.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// The next record, and where in the object it begins; nothing if more bytes are needed, or there are no more records.
    #[allow(clippy::should_implement_trait, reason = "it lends")]
    pub fn next(&mut self) -> Option<(u64, &[u8])> {
        loop {
            let rest = &self.bytes[self.begin..];
            let window = &rest[..rest.len().min(LONGEST_RECORD + 1)];
            let (length, taken, cut) = match window.iter().position(|byte| *byte == b'\n') {
                Some(length) => (length, length + 1, false),
                None if rest.len() > LONGEST_RECORD => (LONGEST_RECORD, LONGEST_RECORD, true),
                None if self.ended && !rest.is_empty() => (rest.len(), rest.len(), false),
                None => return None,
            };
            let (begin, was_cut) = (self.begin, self.cut);
            self.begin += taken;
            self.cut = cut;
            if length > 0 || !was_cut {
                return Some((self.at + begin as u64, &self.bytes[begin..begin + length]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All records of a text that is fed in pieces of that size.
    fn records(text: &[u8], piece: usize) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Lines::new(100);
        let mut records = Vec::new();
        for piece in text.chunks(piece) {
            lines.feed(piece);
            while let Some((at, line)) = lines.next() {
                records.push((at, line.to_vec()));
            }
        }
        lines.end();
        while let Some((at, line)) = lines.next() {
            records.push((at, line.to_vec()));
        }
        records
    }

    fn told(text: &str) -> Vec<(u64, String)> {
        let decoded = |line: Vec<u8>| String::from_utf8(line).expect("it was text");
        records(text.as_bytes(), 3).into_iter().map(|(at, line)| (at, decoded(line))).collect()
    }

    #[test]
    fn a_record_is_a_line_and_the_last_one_needs_no_newline() {
        let expected = [(100, "one"), (104, ""), (105, "two")].map(|(at, line)| (at, line.to_owned()));
        assert_eq!(told("one\n\ntwo"), expected);
        assert_eq!(told("one\n\ntwo\n"), expected);
        assert_eq!(told(""), []);
    }

    #[test]
    fn a_long_line_is_several_records() {
        for (length, lengths) in [
            (LONGEST_RECORD, vec![LONGEST_RECORD]),
            (LONGEST_RECORD + 1, vec![LONGEST_RECORD, 1]),
            (2 * LONGEST_RECORD, vec![LONGEST_RECORD, LONGEST_RECORD]),
        ] {
            let text = [vec![b'x'; length], b"\ny".to_vec()].concat();
            let found: Vec<usize> = records(&text, 1_000).iter().map(|(_, line)| line.len()).collect();
            assert_eq!(found, [lengths, vec![1]].concat(), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(64), ..ProptestConfig::default() })]
        #[test]
        fn pieces_make_no_difference(text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), piece in 1_usize..50) {
            prop_assert_eq!(records(&text, piece), records(&text, 1_000));
        }
    }
}
