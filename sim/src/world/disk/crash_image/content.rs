//! What a power loss leaves of the content of one file.
//!
//! The disk writes sectors of 512 bytes, whole or not at all, in any order. A sector is written from the
//! page cache, so it is as some moment since the last fsync had it: with the oldest so many of the writes
//! that touched it, never with a later one and without an earlier one. The length is metadata and goes its
//! own way: any length the file has had since its last fsync, or a page's end within a write that made it
//! longer (the kernel grows a file page by page). So:
//! - a length without its data reads zeros there; data beyond the length is not seen;
//! - a cut that persists with the length hides and zeroes what it cut off; a cut that does not leaves the
//!   old bytes, but for sectors that a later write took to the disk (blocks freed and used again, as on ext2);
//! - bytes that were synced and not touched since are always there.
//!
//! After a failed fsync (see `content`) a sector whose page a later, successful fsync wrote is durable.

use super::Draws;
use crate::world::disk::content::{Change, Content, Standing, Unsynced};
use std::collections::BTreeMap;
use std::ops::Range;

const SECTOR: u64 = 512;
const PAGE: u64 = 4_096;

/// A change that is gone, in part or in full.
#[derive(Debug)]
pub(super) struct LostChange {
    pub change: Change,
    pub torn: bool,
}

/// How much of one sector persists, counted in unsynced writes that touched it.
#[derive(Debug, Default)]
struct Sector {
    writes: usize,
    /// So many at least: an fsync covered them.
    least: usize,
    kept: usize,
    seen: usize,
}

type Sectors = BTreeMap<u64, Sector>;

/// How the writes of a file persist.
enum Shape {
    Nothing,
    Everything,
    /// As the file was after so many changes; without what a failed fsync covered, or with it.
    Moment {
        changes: usize,
        abandoned: bool,
    },
    /// Each sector by a draw of its own.
    Scattered,
}

impl Content {
    /// Leaves a legal image of the file. If no durable name leads to it, all unsynced changes are lost and
    /// nothing is drawn.
    pub(super) fn strike(&mut self, draws: &mut Draws, reached: bool, unsynced: &mut u64) -> Vec<LostChange> {
        let durable = |change: &&Unsynced| change.standing == Standing::Synced;
        *unsynced += (self.journal.len() - self.journal.iter().filter(durable).count()) as u64;
        if !reached {
            let lost = self.journal.iter().map(|unsynced| LostChange { change: unsynced.change, torn: false });
            return lost.collect();
        }
        if self.journal.is_empty() {
            return Vec::new();
        }
        let ends_at = self.length();
        self.roll_back();
        let least = self.journal.iter().rposition(|change| durable(&change)).map_or(0, |last| last + 1);
        let mut sectors = count_writes(self);
        let shape = draw_shape(draws, least, self.journal.len());
        draw_sectors(draws, &shape, self, &mut sectors);
        let changes = draw_length(draws, &shape, least, self.journal.len());
        let length = length_after(self, changes, ends_at) + draw_pages(draws, &shape, self, changes);
        let (image, lost) = replay(self, sectors, changes, length);
        self.settle(image);
        lost
    }
}

fn sectors_of(offset: u64, length: u64) -> Range<u64> {
    offset / SECTOR..(offset + length).div_ceil(SECTOR)
}

/// The writes of each sector, and how many of them are durable for certain.
fn count_writes(content: &Content) -> Sectors {
    let mut sectors = Sectors::new();
    for unsynced in &content.journal {
        let Change::Write { offset, length } = unsynced.change else { continue };
        for sector in sectors_of(offset, length) {
            sectors.entry(sector).or_default().writes += 1;
        }
        if unsynced.standing == Standing::Synced {
            let pages = offset / PAGE * PAGE / SECTOR..(offset + length).next_multiple_of(PAGE) / SECTOR;
            for (_, sector) in sectors.range_mut(pages) {
                sector.least = sector.writes;
            }
        }
    }
    sectors
}

fn draw_shape(draws: &mut Draws, least: usize, changes: usize) -> Shape {
    let (kind, moment, abandoned) = (draws.below(6), draws.between(least, changes), draws.below(2) == 1);
    match kind {
        _ if !draws.torn => Shape::Moment { changes: moment, abandoned },
        0 => Shape::Nothing,
        1 => Shape::Everything,
        2 => Shape::Moment { changes: moment, abandoned },
        _ => Shape::Scattered,
    }
}

fn draw_sectors(draws: &mut Draws, shape: &Shape, content: &Content, sectors: &mut Sectors) {
    if let Shape::Moment { changes, abandoned } = shape {
        for unsynced in content.journal.iter().take(*changes) {
            let Change::Write { offset, length } = unsynced.change else { continue };
            for sector in sectors_of(offset, length) {
                let sector = sectors.entry(sector).or_default();
                sector.seen += 1;
                if *abandoned || unsynced.standing != Standing::Abandoned {
                    sector.kept = sector.seen;
                }
            }
        }
    }
    for sector in sectors.values_mut() {
        let drawn = match shape {
            Shape::Nothing => 0,
            Shape::Everything => sector.writes,
            Shape::Moment { .. } => sector.kept,
            Shape::Scattered => draws.between(sector.least, sector.writes),
        };
        (sector.kept, sector.seen) = (drawn.max(sector.least), 0);
    }
}

/// So many changes of length persist, counted in changes of the file.
fn draw_length(draws: &mut Draws, shape: &Shape, least: usize, changes: usize) -> usize {
    let (kind, somewhere) = (draws.below(3), draws.between(least, changes));
    match (shape, kind) {
        (Shape::Moment { changes, .. }, _) => *changes,
        (_, 0) => least,
        (_, 1) => changes,
        _ => somewhere,
    }
}

fn length_after(content: &Content, changes: usize, ends_at: u64) -> u64 {
    content.journal.get(changes).map_or(ends_at, |next| next.length_before)
}

/// How far the first write whose length did not persist had come: to the end of some page, or nowhere.
fn draw_pages(draws: &mut Draws, shape: &Shape, content: &Content, changes: usize) -> u64 {
    let next = content.journal.get(changes).map(|next| (next.change, next.length_before));
    let Some((Change::Write { offset, length }, before)) = next else { return 0 };
    let first = before.max(offset) / PAGE + 1;
    let ends = ((offset + length - 1) / PAGE + 1).saturating_sub(first);
    let drawn = draws.below(ends + 1);
    if drawn == 0 || matches!(shape, Shape::Moment { .. }) { 0 } else { (first + drawn - 1) * PAGE - before }
}

/// Goes through the changes again, with only what persists.
fn replay(content: &mut Content, mut sectors: Sectors, changes: usize, length: u64) -> (Vec<u8>, Vec<LostChange>) {
    let mut image = content.bytes.take();
    let mut lost = Vec::new();
    for (at, unsynced) in content.journal.iter().enumerate() {
        let persists = at < changes;
        let (kept, all) = match unsynced.change {
            Change::Write { offset, length: written } => {
                let (mut kept, mut all) = (0, 0);
                for number in sectors_of(offset, written) {
                    let sector = sectors.entry(number).or_default();
                    let piece = (number * SECTOR).max(offset)..((number + 1) * SECTOR).min(offset + written);
                    let on_disk = sector.seen < sector.kept;
                    sector.seen += 1;
                    if on_disk {
                        let data = &unsynced.other[(piece.start - offset) as usize..(piece.end - offset) as usize];
                        put(&mut image, piece.start, data);
                    }
                    all += 1;
                    kept += u64::from(on_disk && (persists || piece.end <= length));
                }
                (kept, all)
            }
            Change::SetLength { length: cut } => {
                zero_cut(&mut image, &sectors, cut..unsynced.length_before, persists);
                (u64::from(persists), 1)
            }
        };
        if kept < all && unsynced.standing != Standing::Synced {
            lost.push(LostChange { change: unsynced.change, torn: kept > 0 });
        }
    }
    image.resize(length as usize, 0);
    (image, lost)
}

fn put(image: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let end = offset as usize + data.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[offset as usize..end].copy_from_slice(data);
}

/// Zeroes what a cut took: all of it if the cut persists, else in the sectors that a later write takes along.
fn zero_cut(image: &mut [u8], sectors: &Sectors, cut: Range<u64>, persists: bool) {
    let mut zero = |from: u64, to: u64| {
        let end = (to as usize).min(image.len());
        image[(from as usize).min(end)..end].fill(0);
    };
    if cut.is_empty() {
        return;
    }
    if persists {
        return zero(cut.start, cut.end);
    }
    for (number, sector) in sectors.range(cut.start / SECTOR..cut.end.div_ceil(SECTOR)) {
        if sector.seen < sector.kept {
            zero((number * SECTOR).max(cut.start), ((number + 1) * SECTOR).min(cut.end));
        }
    }
}
