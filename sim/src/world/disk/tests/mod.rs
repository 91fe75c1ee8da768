//! What the disk does, by example and against reference models.

mod behaviour;
mod decisions;
mod faults;
mod images;
mod legal;
mod model;
mod rot;
mod scratch;
mod statistics;
mod syncs;
mod write_back;
mod write_through;

use super::*;
use crate::line::{FileId, OpenMode};

/// For reading and writing, made if missing.
const ANY: OpenMode =
    OpenMode { read: true, write: true, append: false, truncate: false, create: true, create_new: false };
const READ: OpenMode = OpenMode { read: true, write: false, create: false, ..ANY };
const APPEND: OpenMode = OpenMode { write: false, append: true, ..ANY };

/// A disk and somebody who waits for each operation.
#[derive(Clone)]
struct Host {
    disk: Disk,
    files: u64,
}

impl Host {
    fn new(seed: u64, weather: DiskWeather) -> Host {
        Host::with(seed, weather, None)
    }

    fn with(seed: u64, weather: DiskWeather, scratch: Option<Scratch>) -> Host {
        Host { disk: Disk::new(Seed(seed), NodeId(1), weather, scratch), files: 0 }
    }

    fn calm(seed: u64) -> Host {
        Host::new(seed, DiskWeather::default())
    }

    fn begin(&mut self, request: DiskRequest) -> Nanos {
        self.disk.submit(Nanos::ZERO, OperationId(7), request)
    }

    fn ask(&mut self, request: DiskRequest) -> DiskResult {
        self.begin(request);
        self.disk.complete().expect("it was submitted").1
    }

    fn open_as(&mut self, path: &str, mode: OpenMode) -> Result<FileId, DiskError> {
        self.files += 1;
        let file = FileId(self.files);
        self.ask(DiskRequest::Open { file, path: path.to_string(), mode }).map(|_| file)
    }

    fn open(&mut self, path: &str) -> FileId {
        self.open_as(path, ANY).expect("it can be opened")
    }

    fn write(&mut self, file: FileId, offset: u64, data: &[u8]) -> DiskResult {
        self.ask(DiskRequest::Write { file, offset, data: data.to_vec() })
    }

    fn set_length(&mut self, file: FileId, length: u64) -> DiskResult {
        self.ask(DiskRequest::SetLength { file, length })
    }

    fn sync(&mut self, file: FileId) -> DiskResult {
        self.ask(DiskRequest::Sync { file })
    }

    fn sync_directory(&mut self, path: &str) -> DiskResult {
        self.ask(DiskRequest::SyncDirectory { path: path.to_string() })
    }

    fn rename(&mut self, from: &str, to: &str) -> DiskResult {
        self.ask(DiskRequest::Rename { from: from.to_string(), to: to.to_string() })
    }

    fn replace(&mut self, from: &str, to: &str) -> DiskResult {
        self.ask(DiskRequest::Replace { from: from.to_string(), to: to.to_string() })
    }

    fn remove(&mut self, path: &str) -> DiskResult {
        self.ask(DiskRequest::RemoveFile { path: path.to_string() })
    }

    fn make_directory(&mut self, path: &str) -> DiskResult {
        self.ask(DiskRequest::CreateDirectory { path: path.to_string(), all: false })
    }

    fn list(&mut self, path: &str) -> Result<Vec<String>, DiskError> {
        match self.ask(DiskRequest::ReadDirectory { path: path.to_string() })? {
            DiskReply::Names(names) => Ok(names),
            other => panic!("not names: {other:?}"),
        }
    }

    fn read(&mut self, file: FileId, offset: u64, length: u64) -> Result<Vec<u8>, DiskError> {
        match self.ask(DiskRequest::Read { file, offset, length })? {
            DiskReply::Data(data) => Ok(data),
            other => panic!("not data: {other:?}"),
        }
    }

    /// A file with content and name both durable, if its directory is.
    fn durable(&mut self, path: &str, data: &[u8]) -> FileId {
        let file = self.open(path);
        self.write(file, 0, data).unwrap();
        self.sync(file).unwrap();
        let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
        self.sync_directory(directory).unwrap();
        file
    }

    /// A durable file that is old enough to rot, but for one byte behind its content.
    fn aged(&mut self, path: &str, data: &[u8]) -> FileId {
        let file = self.durable(path, data);
        self.write(file, data.len() as u64, b"+").unwrap();
        self.sync(file).unwrap();
        file
    }

    fn whole(&self, path: &str) -> Option<Vec<u8>> {
        self.disk.read_whole(path)
    }

    fn power_loss(&mut self) -> PowerLossReport {
        self.disk.power_loss(Incarnation(1), true)
    }
}

/// How many of 400 seeds end in `found` after `story` and a power loss.
fn count(story: impl Fn(&mut Host), found: impl Fn(&Host) -> bool) -> usize {
    let ends = |seed| {
        let mut host = Host::calm(seed);
        story(&mut host);
        host.power_loss();
        found(&host)
    };
    (0..400).filter(|seed| ends(*seed)).count()
}

/// Some seeds but not all, each way.
fn sometimes(seen: usize) -> bool {
    (20..=380).contains(&seen)
}
