//! What survives a power loss: one file, to which each put adds a record.
//!
//! ```text
//! kv.journal   records: length of body (4 bytes), checksum of body (8), body: key, value and version in postcard
//! ```
//!
//! A record is written and synced before the next one is, so only the last one can be half there, and nobody was told of
//! it. Its checksum tells; it is left out.
//!
//! When most of the records have been overtaken by later ones, and at every start, the file is written anew with one record
//! for each key: aside, synced, renamed, the directory synced. So a start trusts nothing for having been read: after a kill it
//! may have been in the page cache only.

use lab_kv::Versioned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use windtunnel::fold;
use windtunnel::fs::{self, File};

/// The pairs of the server, by key.
pub type Pairs = BTreeMap<String, Versioned>;

/// What a record holds.
type Pair = (String, Versioned);

const FILE: &str = "kv.journal";
const ASIDE: &str = "kv.journal.new";
const HEADER_BYTES: usize = 12;

/// A file is not written anew before it has grown by as much, and to twice its size.
const WORTH_IT: u64 = 64 << 10;

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    bytes: u64,
    /// How long it was when it was written anew.
    bytes_anew: u64,
}

impl Journal {
    /// Opens the journal, and says what it holds.
    pub async fn open() -> io::Result<(Self, Pairs)> {
        let content = match fs::read(FILE).await {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let pairs = RefCell::new(read(&content));
        let journal = Self::write(&pairs).await?;
        Ok((journal, pairs.into_inner()))
    }

    /// Adds a record. It is safe when this returns.
    pub async fn append(&mut self, pair: &Pair) -> io::Result<()> {
        let record = record(&(&pair.0, &pair.1));
        self.file.write_through(self.bytes, &record).await?;
        self.bytes += record.len() as u64;
        Ok(())
    }

    /// Whether it is worth while to write the file anew.
    pub fn is_long(&self) -> bool {
        self.bytes > 2 * self.bytes_anew + WORTH_IT
    }

    /// Writes the file anew, with these pairs alone.
    pub async fn begin_anew(&mut self, pairs: &RefCell<Pairs>) -> io::Result<()> {
        *self = Self::write(pairs).await?;
        Ok(())
    }

    async fn write(pairs: &RefCell<Pairs>) -> io::Result<Self> {
        let content: Vec<u8> = pairs.borrow().iter().flat_map(|pair| record(&pair)).collect();
        let file = File::create(ASIDE).await?;
        file.write_through(0, &content).await?;
        fs::rename(ASIDE, FILE).await?;
        fs::sync_dir(".").await?;
        let bytes = content.len() as u64;
        Ok(Journal { file, bytes, bytes_anew: bytes })
    }
}

fn record(pair: &(&String, &Versioned)) -> Vec<u8> {
    let mut record = vec![0; HEADER_BYTES];
    record = postcard::to_extend(pair, record).expect("a pair is plain data");
    let (header, body) = record.split_at_mut(HEADER_BYTES);
    let length = u32::try_from(body.len()).expect("a record is smaller than 4 GiB");
    header[..4].copy_from_slice(&length.to_le_bytes());
    header[4..].copy_from_slice(&fold::of_bytes(body).to_le_bytes());
    record
}

/// What the records say, up to the first that is not whole.
fn read(mut content: &[u8]) -> Pairs {
    let mut pairs = Pairs::new();
    while let Some(((key, value), rest)) = first(content) {
        pairs.insert(key, value);
        content = rest;
    }
    pairs
}

/// The first record, and what follows it.
fn first(content: &[u8]) -> Option<(Pair, &[u8])> {
    let (length, rest) = content.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let is_whole = fold::of_bytes(body) == u64::from_le_bytes(*checksum);
    Some((postcard::from_bytes(body).ok().filter(|_| is_whole)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_kv::Version;

    fn pair(key: &str, version: u64) -> Pair {
        (key.to_owned(), Versioned { value: format!("{key} {version}"), version: Version(version) })
    }

    fn written(pairs: &[Pair]) -> Vec<u8> {
        pairs.iter().flat_map(|(key, value)| record(&(key, value))).collect()
    }

    #[test]
    fn the_last_record_of_a_key_counts() {
        let pairs = read(&written(&[pair("a", 1), pair("b", 1), pair("a", 2)]));
        assert_eq!(pairs, Pairs::from([pair("a", 2), pair("b", 1)]));
    }

    #[test]
    fn a_last_record_that_is_cut_anywhere_is_left_out() {
        let whole = written(&[pair("a", 1)]);
        let content = written(&[pair("a", 1), pair("a", 2)]);
        for length in whole.len()..content.len() {
            assert_eq!(read(&content[..length]), Pairs::from([pair("a", 1)]), "cut at {length}");
        }
    }

    #[test]
    fn a_last_record_with_a_byte_wrong_is_left_out() {
        let whole = written(&[pair("a", 1)]);
        let content = written(&[pair("a", 1), pair("a", 2)]);
        for byte in whole.len()..content.len() {
            let mut damaged = content.clone();
            damaged[byte] ^= 4;
            assert_eq!(read(&damaged), Pairs::from([pair("a", 1)]), "byte {byte}");
        }
    }

    /// The length of a file may be safe before its content is.
    #[test]
    fn zeros_are_no_record() {
        let content = [written(&[pair("a", 1)]), vec![0; 100]].concat();
        assert_eq!(read(&content), Pairs::from([pair("a", 1)]));
    }
}
