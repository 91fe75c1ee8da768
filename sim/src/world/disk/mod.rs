//! The simulated disk of one node: a page cache, a file system, and what a power loss leaves of them.
//!
//! It knows neither tasks nor futures: operations go in as data, and each takes effect when the world says
//! so. Operations wait in one queue, first in, first out. Each gets its fate (latency, errors) when it is
//! submitted, from a stream of this disk alone. What the file system promises is told where it is done:
//! `content` (changes and fsync), `bytes`, `stored` and `scratch` (where they are), `filesystem` (open files), `names` and `name_journal` (directories),
//! `crash_image` (power loss). Next to read: `filesystem`, then `crash_image/content`.

mod bytes;
mod content;
mod crash_image;
mod fate;
mod filesystem;
mod inodes;
mod name_journal;
mod names;
mod ranges;
mod report;
mod scratch;
mod statistics;
mod stored;
#[cfg(test)]
mod tests;
mod weather;
mod young;

pub use report::{Loss, LostOperation, PowerLossReport, UnsyncedOperation};
pub use scratch::Scratch;
pub use statistics::DiskStatistics;
pub use weather::DiskWeather;

use crate::line::{DiskError, DiskReply, DiskRequest, DiskResult, FileId, OperationId};
use crate::streams::{Purpose, Stream};
use crate::units::{Incarnation, Nanos, NodeId, Seed};
use crash_image::Draws;
use fate::{Decisions, Fate, Kind};
use filesystem::FileSystem;
use inodes::InodeNumber;
use std::collections::{BTreeMap, VecDeque};

/// What a disk in memory holds: enough for any lab, too little to fill the memory of the machine that simulates it.
const LARGEST_IN_MEMORY: u64 = 256 << 20;
/// The same for a disk with a scratch file, and for the disk that this is on.
const LARGEST_IN_SCRATCH: u64 = 64 << 30;

/// The disk of one node.
#[derive(Clone, Debug)]
pub struct Disk {
    seed: Seed,
    node: NodeId,
    weather: DiskWeather,
    /// More than so many bytes it cannot hold, whatever the weather says.
    largest: u64,
    system: FileSystem,
    queue: VecDeque<InFlight>,
    busy_until: Nanos,
    decisions: Decisions,
    statistics: DiskStatistics,
}

/// An operation that has not taken effect yet, or one of the two parts of a write-through: between them the
/// disk may lose power as between any two operations.
#[derive(Clone, Debug)]
struct InFlight {
    operation: OperationId,
    request: DiskRequest,
    fate: Fate,
    /// Whether the next in the queue is its second part.
    goes_on: bool,
}

impl Disk {
    /// An empty disk. With a scratch file the bytes of all files are there.
    #[must_use]
    pub fn new(seed: Seed, node: NodeId, weather: DiskWeather, scratch: Option<Scratch>) -> Disk {
        Disk {
            seed,
            node,
            weather,
            largest: if scratch.is_some() { LARGEST_IN_SCRATCH } else { LARGEST_IN_MEMORY },
            system: FileSystem::new(scratch),
            queue: VecDeque::new(),
            busy_until: Nanos::ZERO,
            decisions: Decisions::new(seed, node),
            statistics: DiskStatistics::default(),
        }
    }

    /// How the disk behaves now.
    #[must_use]
    pub fn weather(&self) -> &DiskWeather {
        &self.weather
    }

    /// Changes how it behaves, from the next submitted operation on.
    pub fn set_weather(&mut self, weather: DiskWeather) {
        self.weather = weather;
    }

    /// Queues an operation behind those in flight and says when it ends. Draws a fixed number of words
    /// whichever faults are on.
    pub fn submit(&mut self, now: Nanos, operation: OperationId, request: DiskRequest) -> Nanos {
        self.busy_until = self.busy_until.max(now);
        match request {
            DiskRequest::WriteThrough { file, offset, data } => {
                self.enqueue(operation, DiskRequest::Write { file, offset, data }, true);
                self.enqueue(operation, DiskRequest::Sync { file }, false);
            }
            request => self.enqueue(operation, request, false),
        }
        self.busy_until
    }

    fn enqueue(&mut self, operation: OperationId, request: DiskRequest, goes_on: bool) {
        let kind = match &request {
            DiskRequest::Read { .. } => Kind::Read,
            DiskRequest::Write { .. } => Kind::Write,
            DiskRequest::Sync { .. } | DiskRequest::SyncDirectory { .. } => Kind::Sync,
            _ => Kind::Other,
        };
        let fate = self.decisions.draw(&self.weather, kind);
        self.busy_until = self.busy_until.saturating_add(fate.latency);
        self.queue.push_back(InFlight { operation, request, fate, goes_on });
    }

    /// The oldest operation in flight takes effect now; its result. To be called at the time
    /// [`Disk::submit`] said, just before the node is told; after a kill or a power loss the times said
    /// before it mean nothing any more.
    pub fn complete(&mut self) -> Option<(OperationId, DiskResult)> {
        loop {
            let (operation, result, goes_on) = self.finish_first()?;
            if !goes_on {
                return Some((operation, result));
            }
        }
    }

    /// The first in the queue takes effect, and whether its second part is next: what fails has none.
    fn finish_first(&mut self) -> Option<(OperationId, DiskResult, bool)> {
        let InFlight { operation, request, fate, goes_on } = self.queue.pop_front()?;
        let result = self.take_effect(request, fate);
        if goes_on && result.is_err() {
            self.queue.pop_front();
        }
        let goes_on = goes_on && result.is_ok();
        Some((operation, result, goes_on))
    }

    fn take_effect(&mut self, request: DiskRequest, fate: Fate) -> DiskResult {
        self.statistics.slow += u64::from(fate.slow);
        if fate.error {
            return self.fail(&request, fate);
        }
        let result = self.perform(request, fate);
        self.statistics.full += u64::from(result == Err(DiskError::StorageFull));
        result
    }

    /// EIO. The operation has no effect, but for a write, which may leave a part behind, for a close, which
    /// closes whatever it says, and for an fsync, after which the pages count as clean.
    fn fail(&mut self, request: &DiskRequest, fate: Fate) -> DiskResult {
        self.statistics.errors_injected += 1;
        match request {
            DiskRequest::Write { file, offset, data } => self.leave_part(*file, *offset, data, fate),
            DiskRequest::Close { file } => {
                self.system.close(*file)?;
            }
            DiskRequest::Sync { file } => {
                self.statistics.sync_errors_injected += 1;
                self.system.fail_sync(*file);
            }
            DiskRequest::SyncDirectory { path } => {
                self.statistics.sync_errors_injected += 1;
                self.system.fail_sync_directory(path);
            }
            _ => {}
        }
        Err(DiskError::Device)
    }

    /// A write has failed on its way: a drawn beginning of it is there, as after any short write.
    fn leave_part(&mut self, file: FileId, offset: u64, data: &[u8], fate: Fate) {
        let left = self.system.write_part(file, offset, data, self.capacity(), fate.left);
        self.statistics.short_writes += u64::from(left > 0);
        self.decisions.take(left);
    }

    fn perform(&mut self, request: DiskRequest, fate: Fate) -> DiskResult {
        let capacity = self.capacity();
        let (system, statistics) = (&mut self.system, &mut self.statistics);
        match request {
            DiskRequest::Open { file, path, mode } => system.open(file, &path, mode),
            DiskRequest::Close { file } => system.close(file),
            DiskRequest::Read { file, offset, length } => {
                let rots =
                    fate.rotten.is_some_and(|place| system.rot(file, offset, length, place, self.weather.young_rots));
                statistics.bits_rotted += u64::from(rots);
                let result = system.read(file, offset, length);
                if let Ok(DiskReply::Data(data)) = &result {
                    statistics.reads += 1;
                    statistics.bytes_read += data.len() as u64;
                }
                result
            }
            DiskRequest::Write { file, offset, data } => {
                let result = system.write(file, offset, &data, capacity);
                match result {
                    Ok(_) => {
                        statistics.writes += 1;
                        statistics.bytes_written += data.len() as u64;
                    }
                    Err(DiskError::StorageFull) => self.leave_part(file, offset, &data, fate),
                    Err(_) => {}
                }
                result
            }
            DiskRequest::SetLength { file, length } => system.set_length(file, length, capacity),
            DiskRequest::WriteThrough { .. } => unreachable!("a write-through is queued as a write and a sync"),
            DiskRequest::Sync { file } => {
                let result = system.sync(file);
                statistics.syncs += u64::from(result.is_ok());
                result
            }
            DiskRequest::FileMetadata { file } => system.file_metadata(file),
            DiskRequest::PathMetadata { path } => system.path_metadata(&path),
            DiskRequest::CreateDirectory { path, all } => system.create_directory(&path, all),
            DiskRequest::Rename { from, to } => system.rename(&from, &to),
            DiskRequest::Replace { from, to } => system.replace(&from, &to),
            DiskRequest::RemoveFile { path } => system.remove_file(&path),
            DiskRequest::RemoveDirectory { path } => system.remove_directory(&path),
            DiskRequest::ReadDirectory { path } => system.read_directory(&path),
            DiskRequest::SyncDirectory { path } => {
                let result = system.sync_directory(&path);
                statistics.directory_syncs += u64::from(result.is_ok());
                result
            }
        }
    }

    /// The process dies, the machine lives: of the operations in flight a drawn prefix takes effect, the
    /// rest never does; open files close; the page cache stays.
    pub fn process_killed(&mut self, incarnation: Incarnation) {
        let mut stream = self.incarnation_stream(Purpose::KilledInFlight, incarnation);
        let finished = stream.below(self.queue.len() as u64 + 1);
        self.decisions.take(finished);
        for _ in 0..finished {
            self.finish_first();
        }
        self.queue.clear();
        self.busy_until = Nanos::ZERO;
        self.system.close_all();
    }

    /// The machine loses power: of the operations in flight a drawn prefix was done, and of all that is not
    /// durable a drawn, legal part is left. Draws from a stream of this incarnation, so that one more
    /// unsynced write moves nothing else. What is gone is counted; told one by one only if `is_told`, since
    /// that takes the names of all files.
    pub fn power_loss(&mut self, incarnation: Incarnation, is_told: bool) -> PowerLossReport {
        let mut draws = Draws::new(self.incarnation_stream(Purpose::CrashImage, incarnation), self.weather.torn_writes);
        let in_flight = self.queue.len() as u64;
        for _ in 0..draws.below(in_flight + 1) {
            self.finish_first();
        }
        let paths = is_told.then(|| self.system.paths());
        let never_done = self.queue.iter().map(|in_flight| &in_flight.request).filter(|request| self.changes(request));
        let (never_done, with_data) = never_done
            .fold((0, 0), |(all, with_data), request| (all + 1, with_data + u64::from(holds_something(request))));
        let told: Vec<_> = paths.iter().flat_map(|paths| self.tell_never_done(paths)).collect();
        self.queue.clear();
        self.busy_until = Nanos::ZERO;
        let mut report = crash_image::strike(&mut self.system, &mut draws, paths.as_ref());
        self.decisions.take(draws.value());
        report.unsynced_operations += never_done;
        report.unsynced_data += with_data;
        report.lost += never_done;
        report.lost_operations.extend(told);
        self.statistics.power_losses += 1;
        self.statistics.lost_operations += report.lost;
        report
    }

    fn capacity(&self) -> u64 {
        self.weather.capacity.unwrap_or(u64::MAX).min(self.largest)
    }

    /// Whether it changes something, or makes a change durable.
    fn changes(&self, request: &DiskRequest) -> bool {
        match request {
            DiskRequest::Write { .. }
            | DiskRequest::SetLength { .. }
            | DiskRequest::Sync { .. }
            | DiskRequest::SyncDirectory { .. }
            | DiskRequest::Rename { .. }
            | DiskRequest::Replace { .. }
            | DiskRequest::RemoveFile { .. }
            | DiskRequest::RemoveDirectory { .. } => true,
            DiskRequest::Open { path, mode, .. } => mode.create_new || (mode.create && self.is_missing(path)),
            DiskRequest::CreateDirectory { path, .. } => self.is_missing(path),
            _ => false,
        }
    }

    /// The operations in flight that would have changed something, for the report.
    fn tell_never_done(&self, paths: &BTreeMap<InodeNumber, String>) -> Vec<LostOperation> {
        let path_of = |file| {
            let inode = self.system.open.get(file).map(|open| open.inode);
            inode.and_then(|inode| paths.get(&inode)).map_or_else(|| "(removed)".to_string(), Clone::clone)
        };
        let in_flight = self.queue.iter().filter(|in_flight| self.changes(&in_flight.request));
        let told = in_flight.filter_map(|in_flight| match &in_flight.request {
            DiskRequest::Write { file, offset, data } => {
                let length = data.len() as u64;
                Some(UnsyncedOperation::Write { path: path_of(file), offset: *offset, length })
            }
            DiskRequest::SetLength { file, length } => {
                Some(UnsyncedOperation::SetLength { path: path_of(file), length: *length })
            }
            DiskRequest::Sync { file } => Some(UnsyncedOperation::Sync { path: path_of(file) }),
            DiskRequest::SyncDirectory { path } => Some(UnsyncedOperation::Sync { path: path.clone() }),
            DiskRequest::Open { path, .. } => Some(UnsyncedOperation::Create { path: path.clone() }),
            DiskRequest::CreateDirectory { path, .. } => {
                Some(UnsyncedOperation::CreateDirectory { path: path.clone() })
            }
            DiskRequest::Rename { from, to } | DiskRequest::Replace { from, to } => {
                Some(UnsyncedOperation::Rename { from: from.clone(), to: to.clone() })
            }
            DiskRequest::RemoveFile { path } | DiskRequest::RemoveDirectory { path } => {
                Some(UnsyncedOperation::Remove { path: path.clone() })
            }
            _ => None,
        });
        told.map(|operation| LostOperation { operation, loss: Loss::InFlight }).collect()
    }

    fn is_missing(&self, path: &str) -> bool {
        self.system.path_metadata(path).is_err()
    }

    fn incarnation_stream(&self, purpose: Purpose, incarnation: Incarnation) -> Stream {
        Stream::keyed(self.seed, purpose, [u64::from(self.node.0), u64::from(incarnation.0)])
    }

    /// The fold of all decisions drawn so far: latencies, errors, rot, images. What other nodes do leaves
    /// it as it is.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.decisions.value()
    }

    /// Bytes of all files that have a name or are open: what counts against the capacity.
    #[must_use]
    pub fn bytes_used(&self) -> u64 {
        self.system.used
    }

    /// The content of a file as the page cache has it.
    #[must_use]
    pub fn read_whole(&self, path: &str) -> Option<Vec<u8>> {
        self.system.content(path)
    }

    /// The files that a power loss now would leave if nothing unsynced persisted.
    #[must_use]
    pub fn durable_files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut system = self.system.clone();
        crash_image::strike(&mut system, &mut Draws::durable_only(), None);
        crash_image::files(&system)
    }

    /// What the disk has done and suffered so far.
    #[must_use]
    pub fn statistics(&self) -> DiskStatistics {
        self.statistics
    }
}

/// Whether what is lost with it can be missed.
fn holds_something(request: &DiskRequest) -> bool {
    !matches!(
        request,
        DiskRequest::Sync { .. }
            | DiskRequest::SyncDirectory { .. }
            | DiskRequest::RemoveFile { .. }
            | DiskRequest::RemoveDirectory { .. }
    )
}
