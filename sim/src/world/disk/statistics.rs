//! What a disk has done and suffered, in numbers.

use serde::{Deserialize, Serialize};

/// What a disk has done and suffered so far. Operations count when they take effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskStatistics {
    /// Reads that were answered.
    pub reads: u64,
    /// Bytes they returned.
    pub bytes_read: u64,
    /// Writes that were taken.
    pub writes: u64,
    /// Bytes they carried.
    pub bytes_written: u64,
    /// Successful fsyncs of files.
    pub syncs: u64,
    /// Successful fsyncs of directories.
    pub directory_syncs: u64,
    /// Operations that failed because the weather said so, failed fsyncs included.
    pub errors_injected: u64,
    /// Fsyncs among them.
    pub sync_errors_injected: u64,
    /// Operations that found the disk full.
    pub full: u64,
    /// Writes that failed and left a part of them behind.
    pub short_writes: u64,
    /// Bits that rotted.
    pub bits_rotted: u64,
    /// Operations that took 20 to 100 times as long.
    pub slow: u64,
    /// Power losses.
    pub power_losses: u64,
    /// Operations that those undid, in part or in full.
    pub lost_operations: u64,
}
