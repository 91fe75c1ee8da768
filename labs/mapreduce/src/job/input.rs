//! Input files, read piece by piece and cut into splits where records end.

use super::Ended;
use crate::contract::store::LONGEST_PIECE;
use crate::contract::{LONGEST_RECORD, Split};
use lab_harness::file_names::unescaped;
use mapreduce_apps::Sort;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// The application whose parameters come from a sample of the input.
pub const SORT: &str = "sort";

/// So many records are sampled, for each reduce task.
const SAMPLES: u64 = 100;

/// A file that is to be read.
#[derive(Clone, Debug)]
pub struct Input {
    /// What the application knows it by.
    pub name: String,
    path: PathBuf,
    split_bytes: u64,
}

impl Input {
    pub fn new(name: &str, split_bytes: u64) -> Self {
        Input { name: name.to_owned(), path: unescaped(name), split_bytes: split_bytes.max(1) }
    }

    /// The bytes, a piece after the other, and none at the end.
    pub fn pieces(&self) -> io::Result<Pieces> {
        Ok(Pieces { file: File::open(&self.path)?, cutter: Cutter::new(self.split_bytes) })
    }

    /// All bytes.
    pub fn read(&self) -> Result<Vec<u8>, Ended> {
        std::fs::read(&self.path).map_err(|error| self.unreadable(&error))
    }

    /// The splits of these bytes, which are all there are.
    pub fn splits(&self, bytes: &[u8]) -> Vec<Split> {
        let mut cutter = Cutter::new(self.split_bytes);
        cutter.feed(bytes);
        self.named(cutter.ranges())
    }

    /// These ranges as splits.
    pub fn named(&self, ranges: Vec<[u64; 2]>) -> Vec<Split> {
        let split = |[from, to]: [u64; 2]| Split { object: self.name.clone(), from, length: to - from };
        ranges.into_iter().map(split).collect()
    }

    pub fn unreadable(&self, error: &io::Error) -> Ended {
        Ended::failed("input", format!("{} cannot be read: {error}.", self.name))
    }
}

/// A file that is being read.
#[derive(Debug)]
pub struct Pieces {
    file: File,
    cutter: Cutter,
}

impl Pieces {
    /// The next bytes; none at the end.
    pub fn next(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(LONGEST_PIECE as usize);
        (&mut self.file).take(LONGEST_PIECE).read_to_end(&mut piece)?;
        self.cutter.feed(&piece);
        Ok(piece)
    }

    /// The splits, when all was read.
    pub fn ranges(self) -> Vec<[u64; 2]> {
        self.cutter.ranges()
    }
}

/// Finds where splits end: behind the first newline at which they are long enough.
#[derive(Debug)]
struct Cutter {
    split_bytes: u64,
    ranges: Vec<[u64; 2]>,
    from: u64,
    at: u64,
}

impl Cutter {
    const fn new(split_bytes: u64) -> Self {
        Cutter { split_bytes, ranges: Vec::new(), from: 0, at: 0 }
    }

    fn feed(&mut self, piece: &[u8]) {
        let (begin, end) = (self.at, self.at + piece.len() as u64);
        loop {
            // The last byte of a split that is just long enough.
            let last = (self.from + self.split_bytes - 1).max(self.at);
            let Some(rest) = last.checked_sub(begin).and_then(|skip| piece.get(skip as usize..)) else { break };
            let Some(newline) = rest.iter().position(|byte| *byte == b'\n') else { break };
            self.at = last + newline as u64 + 1;
            self.ranges.push([self.from, self.at]);
            self.from = self.at;
        }
        self.at = end;
    }

    /// All splits. A file without a byte is one split all the same.
    fn ranges(mut self) -> Vec<[u64; 2]> {
        if self.from < self.at || self.ranges.is_empty() {
            self.ranges.push([self.from, self.at]);
        }
        self.ranges
    }
}

/// The parameters of a sort: from records at equal distances in all files as if they were one.
pub fn boundaries(inputs: &[Input], reduces: u32) -> Result<Vec<u8>, Ended> {
    let mut files = Vec::new();
    for input in inputs {
        let opened = File::open(&input.path).and_then(|file| Ok((file.metadata()?.len(), file)));
        files.push((input, opened.map_err(|error| input.unreadable(&error))?));
    }
    let all: u64 = files.iter().map(|(_, (length, _))| length).sum();
    let distance = (all / (SAMPLES * u64::from(reduces))).max(1);
    let (mut sample, mut at) = (Vec::new(), 0);
    for (input, (length, file)) in &mut files {
        while at < *length {
            sample.extend(record_behind(file, at).map_err(|error| input.unreadable(&error))?);
            at += distance;
        }
        at -= *length;
    }
    Ok(Sort::parameters(sample, reduces))
}

/// The first record that begins behind that place; nothing if none does.
fn record_behind(file: &mut File, at: u64) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(at))?;
    let mut reader = BufReader::with_capacity(1 << 10, file.take(2 * LONGEST_RECORD as u64));
    reader.read_until(b'\n', &mut Vec::new())?;
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    Ok(line.strip_suffix(b"\n").filter(|line| line.len() <= LONGEST_RECORD).map(<[u8]>::to_vec))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &[u8], split_bytes: u64, piece: usize) -> Vec<[u64; 2]> {
        let mut cutter = Cutter::new(split_bytes);
        text.chunks(piece).for_each(|piece| cutter.feed(piece));
        cutter.ranges()
    }

    #[test]
    fn a_split_ends_behind_the_first_newline_at_which_it_is_long_enough() {
        assert_eq!(cut(b"ab\ncd\nef\n", 3, 100), [[0, 3], [3, 6], [6, 9]]);
        assert_eq!(cut(b"ab\ncd\nef\n", 4, 100), [[0, 6], [6, 9]]);
        assert_eq!(cut(b"ab\ncd\nno end", 1, 100), [[0, 3], [3, 6], [6, 12]]);
        assert_eq!(cut(b"", 4, 100), [[0, 0]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(64), ..ProptestConfig::default() })]
        #[test]
        fn splits_are_all_bytes_once_end_at_newlines_and_do_not_depend_on_pieces(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'x')], 0..200),
            split_bytes in 1_u64..40,
            piece in 1_usize..50,
        ) {
            let ranges = cut(&text, split_bytes, piece);
            prop_assert_eq!(&ranges, &cut(&text, split_bytes, 1_000));
            prop_assert_eq!(ranges[0][0], 0);
            prop_assert_eq!(ranges[ranges.len() - 1][1], text.len() as u64);
            for pair in ranges.windows(2) {
                prop_assert_eq!(pair[0][1], pair[1][0]);
                prop_assert_eq!(text[pair[0][1] as usize - 1], b'\n');
                prop_assert!(pair[0][1] - pair[0][0] >= split_bytes);
            }
        }
    }
}
