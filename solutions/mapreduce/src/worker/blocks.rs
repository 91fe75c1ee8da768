//! Pairs in a file or on the wire: blocks of a few KiB, each with a checksum.
//!
//! ```text
//! block   length of body (4 bytes), checksum of body (8), body: pairs
//! pair    partition, length of key, length of value (4 bytes each), key, value
//! ```
//!
//! A pair is in one block as a whole, and all pairs of a block are of one partition.

use windtunnel::fold;

/// A block has no more bytes than this, unless one pair alone has.
pub const BLOCK: usize = 4 << 10;

const HEADER: usize = 12;

/// What a pair takes besides its key and its value.
const NUMBERS: usize = 12;

/// The bytes are not those that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// Makes blocks of pairs.
#[derive(Debug, Default)]
pub struct BlockWriter {
    /// Closed blocks, and the one that is open.
    bytes: Vec<u8>,
    /// Where the open block begins.
    open: Option<usize>,
    partition: u32,
}

impl BlockWriter {
    /// Adds a pair.
    pub fn add(&mut self, partition: u32, key: &[u8], value: &[u8]) {
        let pair = NUMBERS + key.len() + value.len();
        if self.partition != partition || self.open.is_some_and(|open| self.bytes.len() - open + pair > BLOCK) {
            self.close();
            self.partition = partition;
        }
        self.open.get_or_insert_with(|| {
            self.bytes.extend_from_slice(&[0; HEADER]);
            self.bytes.len() - HEADER
        });
        for number in [partition, length(key), length(value)] {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }

    /// Closes the open block.
    pub fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let (header, body) = self.bytes[open..].split_at_mut(HEADER);
        header[..4].copy_from_slice(&length(body).to_le_bytes());
        header[4..].copy_from_slice(&fold::of_bytes(body).to_le_bytes());
    }

    /// How many bytes of closed blocks there are.
    pub fn ready(&self) -> usize {
        self.open.unwrap_or(self.bytes.len())
    }

    /// Takes the closed blocks.
    pub fn take(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.ready());
        self.open = self.open.map(|_| 0);
        std::mem::replace(&mut self.bytes, rest)
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a pair is smaller than 4 GiB")
}

/// Finds the pairs in blocks that come piece by piece.
#[derive(Debug, Default)]
pub struct BlockReader {
    bytes: Vec<u8>,
    /// Where the next pair, or block, begins.
    at: usize,
    /// Where the block ends whose checksum was right.
    checked: usize,
}

/// A pair and its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    pub partition: u32,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

impl BlockReader {
    /// More bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.checked -= self.at;
        self.at = 0;
        // A reader is soon as large as it has to be, and there are many.
        self.bytes.reserve_exact(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is nothing left.
    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Whether the next pair is there: a block must be there as a whole before one of its pairs is.
    ///
    /// # Errors
    /// If the block is damaged.
    pub fn advance(&mut self) -> Result<bool, Damaged> {
        if self.at < self.checked {
            return Ok(true);
        }
        let rest = &self.bytes[self.at..];
        let Some((header, rest)) = rest.split_at_checked(HEADER) else { return Ok(false) };
        let (length, checksum) = header.split_first_chunk().ok_or(Damaged)?;
        let length = u32::from_le_bytes(*length) as usize;
        let Some(body) = rest.get(..length) else { return Ok(false) };
        if fold::of_bytes(body).to_le_bytes() != checksum || body.is_empty() {
            return Err(Damaged);
        }
        self.at += HEADER;
        self.checked = self.at + length;
        Ok(true)
    }

    /// The next pair, which must be there.
    pub fn peek(&self) -> Pair<'_> {
        let (_, pair) = self.parse();
        pair
    }

    /// Goes on behind the next pair.
    pub fn skip(&mut self) {
        let (length, _) = self.parse();
        self.at += length;
    }

    fn parse(&self) -> (usize, Pair<'_>) {
        let pair = &self.bytes[self.at..self.checked];
        let number =
            |place: usize| u32::from_le_bytes(*pair[4 * place..].first_chunk().expect("its checksum was right"));
        let (partition, key, value) = (number(0), number(1) as usize, number(2) as usize);
        let (value_at, end) = (NUMBERS + key, NUMBERS + key + value);
        (end, Pair { partition, key: &pair[NUMBERS..value_at], value: &pair[value_at..end] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A partition, a key and a value.
    type Owned = (u32, Vec<u8>, Vec<u8>);

    fn pairs(reader: &mut BlockReader) -> Result<Vec<Owned>, Damaged> {
        let mut pairs = Vec::new();
        while reader.advance()? {
            let Pair { partition, key, value } = reader.peek();
            pairs.push((partition, key.to_vec(), value.to_vec()));
            reader.skip();
        }
        Ok(pairs)
    }

    fn some() -> Vec<Owned> {
        (0..900_u32)
            .map(|number| (number / 400, number.to_string().into_bytes(), vec![b'v'; number as usize % 40]))
            .collect()
    }

    fn written(pairs: &[Owned]) -> Vec<u8> {
        let (mut writer, mut bytes) = (BlockWriter::default(), Vec::new());
        for (partition, key, value) in pairs {
            writer.add(*partition, key, value);
            if writer.ready() > 10_000 {
                bytes.extend(writer.take());
            }
        }
        writer.close();
        bytes.extend(writer.take());
        bytes
    }

    #[test]
    fn what_was_written_is_read_whatever_the_pieces() {
        let bytes = written(&some());
        for piece in [7, 1_000, 100_000] {
            let (mut reader, mut found) = (BlockReader::default(), Vec::new());
            for piece in bytes.chunks(piece) {
                reader.feed(piece);
                found.extend(pairs(&mut reader).expect("nothing is damaged"));
            }
            assert!(found == some() && reader.is_empty(), "pieces of {piece}");
        }
    }

    #[test]
    fn a_bit_that_is_another_one_is_noticed_or_leaves_something_over() {
        let bytes = written(&some()[..40]);
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            let mut reader = BlockReader::default();
            reader.feed(&damaged);
            assert!(pairs(&mut reader).is_err() || !reader.is_empty(), "byte {place}");
        }
    }
}
