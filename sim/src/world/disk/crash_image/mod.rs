//! What a power loss leaves of a disk: any image that POSIX allows, drawn.
//!
//! Uniform odds for every sector would hide the images that find bugs, such as "all data, no length" or
//! "the last rename alone is missing". So names as a whole, and each file by itself, first draw a shape.
//! Content is in `content`, names in `names`; the rules are in their comments and, row by row, in
//! SEMANTICS.md.

mod content;
mod names;

use super::filesystem::FileSystem;
use super::inodes::{Body, InodeNumber};
use super::report::{Loss, LostOperation, PowerLossReport, UnsyncedOperation};
use crate::fold::Fold;
use crate::streams::Stream;
use std::collections::BTreeMap;

/// What the draws of an image come from.
#[derive(Debug)]
pub(super) struct Draws {
    source: Option<Stream>,
    fold: Fold,
    torn: bool,
}

impl Draws {
    /// Draws from `stream`; `torn` as in the weather.
    pub fn new(stream: Stream, torn: bool) -> Self {
        Draws { source: Some(stream), fold: Fold::default(), torn }
    }

    /// Always the lowest draw: the image that holds nothing but what is durable.
    pub fn durable_only() -> Self {
        Draws { source: None, fold: Fold::default(), torn: true }
    }

    /// A number in `0..bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.source.as_mut().map_or(0, |stream| stream.below(bound));
        self.fold.word(drawn);
        drawn
    }

    /// A number in `low..=high`.
    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below((high - low) as u64 + 1) as usize
    }

    /// All that was drawn.
    pub fn value(&self) -> u64 {
        self.fold.value()
    }
}

/// The paths that files had, where what they lost is to be told.
type Paths = BTreeMap<InodeNumber, String>;

/// The power goes. What was open is closed, what is left is durable.
pub(super) fn strike(system: &mut FileSystem, draws: &mut Draws, paths: Option<&Paths>) -> PowerLossReport {
    let mut report = PowerLossReport::default();
    names::strike(system, draws, paths, &mut report);
    for inode in system.inodes.numbers() {
        let reached = system.inodes.get(inode).linked;
        let Some(file) = system.inodes.file_mut(inode) else { continue };
        let before = report.unsynced_operations;
        let lost = file.strike(draws, reached, &mut report.unsynced_operations);
        if reached {
            report.unsynced_data += report.unsynced_operations - before;
        }
        report.lost += lost.len() as u64;
        if let Some(path) = paths.and_then(|paths| paths.get(&inode)) {
            report.lost_operations.extend(lost.into_iter().map(|lost| lost.told(path)));
        }
    }
    system.open.clear();
    system.inodes.forget_unreachable(std::iter::empty());
    system.used = system.inodes.numbers().map(|inode| system.inodes.get(inode).bytes_used()).sum();
    report
}

/// The files on the disk by path, once the image is made.
pub(super) fn files(system: &FileSystem) -> BTreeMap<String, Vec<u8>> {
    let files = system.paths().into_iter().filter_map(|(inode, path): (InodeNumber, String)| {
        let Body::File(content) = &system.inodes.get(inode).body else { return None };
        Some((path, content.read(0, u64::MAX)))
    });
    files.collect()
}

impl content::LostChange {
    fn told(self, path: &str) -> LostOperation {
        use super::content::Change;
        let path = path.to_string();
        let operation = match self.change {
            Change::Write { offset, length } => UnsyncedOperation::Write { path, offset, length },
            Change::SetLength { length } => UnsyncedOperation::SetLength { path, length },
        };
        LostOperation { operation, loss: if self.torn { Loss::Torn } else { Loss::Whole } }
    }
}
