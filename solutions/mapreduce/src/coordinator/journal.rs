//! What survives a power loss: one file, with all news of the job at hand.
//!
//! ```text
//! coordinator.journal   records: length of body (4 bytes), checksum of body (8), body: news in postcard
//! ```
//!
//! Records are written and synced before anybody is told, so only the last ones can be half there, and nobody was told of them; their
//! checksums tell. The file is written anew for each job and at every start: aside, synced, renamed, the directory synced. So a start trusts
//! nothing for having been read: after a kill it may have been in the page cache only.

use super::core::News;
use std::io::{self, ErrorKind};
use windtunnel::fold;
use windtunnel::fs::{self, File};

const FILE: &str = "coordinator.journal";
const ASIDE: &str = "coordinator.journal.new";
const HEADER_BYTES: usize = 12;

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    bytes: u64,
}

impl Journal {
    /// Opens the journal, and says what it holds.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn open() -> io::Result<(Self, Vec<News>)> {
        let content = match fs::read(FILE).await {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let news = read(&content);
        Ok((Self::write(&records(&news)).await?, news))
    }

    /// Adds news. They are safe when this returns.
    ///
    /// # Errors
    /// If the disk fails; nobody knows what is on it then.
    pub async fn append(&mut self, news: &[News]) -> io::Result<()> {
        let records = records(news);
        self.file.write_through(self.bytes, &records).await?;
        self.bytes += records.len() as u64;
        Ok(())
    }

    /// Forgets all but that.
    ///
    /// # Errors
    /// As [`append`](Journal::append).
    pub async fn begin_anew(&mut self, news: &News) -> io::Result<()> {
        *self = Self::write(&records(std::slice::from_ref(news))).await?;
        Ok(())
    }

    async fn write(content: &[u8]) -> io::Result<Self> {
        let file = File::create(ASIDE).await?;
        file.write_through(0, content).await?;
        fs::rename(ASIDE, FILE).await?;
        fs::sync_dir(".").await?;
        Ok(Journal { file, bytes: content.len() as u64 })
    }
}

fn records(news: &[News]) -> Vec<u8> {
    let mut records = Vec::new();
    for news in news {
        let body = postcard::to_stdvec(news).expect("news are plain data");
        let length = u32::try_from(body.len()).expect("a record is smaller than 4 GiB");
        records.extend_from_slice(&length.to_le_bytes());
        records.extend_from_slice(&fold::of_bytes(&body).to_le_bytes());
        records.extend_from_slice(&body);
    }
    records
}

/// What the records say, up to the first that is not whole.
fn read(mut content: &[u8]) -> Vec<News> {
    let mut all = Vec::new();
    while let Some((news, rest)) = first(content) {
        all.push(news);
        content = rest;
    }
    all
}

/// The first record, and what follows it.
fn first(content: &[u8]) -> Option<(News, &[u8])> {
    let (header, rest) = content.split_at_checked(HEADER_BYTES)?;
    let (length, checksum) = header.split_first_chunk()?;
    let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let is_whole = fold::of_bytes(body).to_le_bytes() == checksum;
    Some((postcard::from_bytes(body).ok().filter(|_| is_whole)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::WorkerId;
    use lab_mapreduce::Task;
    use windtunnel::NodeId;

    fn died(record: u64) -> News {
        News::Died(Task::Map(3), record, WorkerId { node: NodeId(2), life: 1 }, 1)
    }

    #[test]
    fn what_was_written_is_read() {
        let news = [died(1), died(2), died(300)];
        assert_eq!(read(&records(&news)), news);
        assert_eq!(read(&[]), []);
    }

    #[test]
    fn a_last_record_that_is_cut_or_has_a_byte_wrong_is_left_out() {
        let (whole, content) = (records(&[died(1)]), records(&[died(1), died(2)]));
        for place in whole.len()..content.len() {
            assert_eq!(read(&content[..place]), [died(1)], "cut at {place}");
            let mut damaged = content.clone();
            damaged[place] ^= 4;
            assert_eq!(read(&damaged), [died(1)], "byte {place}");
        }
    }

    /// The length of a file may be safe before its content is.
    #[test]
    fn zeros_are_no_record() {
        assert_eq!(read(&[records(&[died(1)]), vec![0; 100]].concat()), [died(1)]);
    }
}
