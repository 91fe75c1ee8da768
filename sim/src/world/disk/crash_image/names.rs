//! Which changes of names a power loss leaves. What stands or falls together is told in `name_journal`.

use super::{Draws, Paths};
use crate::world::disk::filesystem::FileSystem;
use crate::world::disk::inodes::ROOT;
use crate::world::disk::name_journal::{Act, Dropped, NameChange, Slot};
use crate::world::disk::names::join;
use crate::world::disk::report::{Loss, LostOperation, PowerLossReport, UnsyncedOperation};

/// How many of the unsynced changes of names persist.
enum Shape {
    Nothing,
    Everything,
    /// The oldest so many, as a journal would have it.
    Oldest(usize),
    /// Each or not, by a draw of its own.
    Scattered,
}

impl Shape {
    fn draw(draws: &mut Draws, changes: usize) -> Self {
        match draws.below(5) {
            0 => Shape::Nothing,
            1 => Shape::Everything,
            2 => Shape::Oldest(draws.between(0, changes)),
            _ => Shape::Scattered,
        }
    }

    fn keeps(&self, at: usize, draws: &mut Draws) -> bool {
        match self {
            Shape::Nothing => false,
            Shape::Everything => true,
            Shape::Oldest(kept) => at < *kept,
            Shape::Scattered => draws.below(2) == 1,
        }
    }
}

/// Leaves a legal part of the unsynced changes of names; from then on what is cached is what is durable.
pub(super) fn strike(system: &mut FileSystem, draws: &mut Draws, paths: Option<&Paths>, report: &mut PowerLossReport) {
    let changes = std::mem::take(&mut system.names.changes);
    report.unsynced_operations += changes.len() as u64;
    report.unsynced_data += changes.iter().filter(|change| change.act != Act::Remove).count() as u64;
    if !changes.is_empty() {
        let shape = Shape::draw(draws, changes.len());
        let mut dropped = Dropped::default();
        for (at, change) in changes.iter().enumerate() {
            if shape.keeps(at, draws) && !dropped.bars(change) {
                system.make_durable(change);
            } else {
                dropped.drop_change(change);
                report.lost += 1;
                report.lost_operations.extend(paths.map(|paths| told(change, paths)));
            }
        }
    }
    restart_from_durable(system);
}

/// Forgets the page cache's names and who held what.
fn restart_from_durable(system: &mut FileSystem) {
    for inode in system.inodes.numbers() {
        let inode = system.inodes.get_mut(inode);
        (inode.linked, inode.handles) = (false, 0);
    }
    let mut next = vec![ROOT];
    while let Some(at) = next.pop() {
        system.inodes.get_mut(at).linked = true;
        if let Some(directory) = system.inodes.directory_mut(at) {
            directory.cached = directory.durable.clone();
            next.extend(directory.cached.values());
        }
    }
    // What no durable name leads to is gone, and must not be kept alive by names of its own.
    for inode in system.inodes.numbers().filter(|inode| !system.inodes.get(*inode).linked).collect::<Vec<_>>() {
        if let Some(directory) = system.inodes.directory_mut(inode) {
            directory.cached.clear();
            directory.durable.clear();
        }
    }
}

fn told(change: &NameChange, paths: &Paths) -> LostOperation {
    let path = |slot: &Slot| match paths.get(&slot.directory) {
        Some(directory) => join(directory, &slot.name),
        None => format!("(removed)/{}", slot.name),
    };
    let first = path(&change.puts[0].slot);
    let operation = match (change.act, change.puts.get(1)) {
        (Act::CreateFile, _) => UnsyncedOperation::Create { path: first },
        (Act::CreateDirectory, _) => UnsyncedOperation::CreateDirectory { path: first },
        (Act::Rename | Act::Replace, Some(second)) => UnsyncedOperation::Rename { from: first, to: path(&second.slot) },
        (Act::Remove | Act::Rename | Act::Replace, _) => UnsyncedOperation::Remove { path: first },
    };
    LostOperation { operation, loss: Loss::Whole }
}
