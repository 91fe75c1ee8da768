//! How a disk behaves: its speed, its faults, its size.

use crate::units::{Nanos, Ppm};
use serde::{Deserialize, Serialize};

/// How a disk behaves. The default is a calm SSD without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiskWeather {
    /// Lowest and highest latency of what the page cache answers: reads, writes, names.
    pub operation_latency: [Nanos; 2],
    /// Lowest and highest latency of an fsync, of a file or a directory.
    pub sync_latency: [Nanos; 2],
    /// How often an operation takes `slow` longer.
    pub slow_ppm: Ppm,
    /// How much longer a slow operation takes: low and high end.
    pub slow: [Nanos; 2],
    /// How often an operation fails with EIO. A write may then leave a part
    /// behind, an fsync fails as told below, and other operations had no effect.
    pub error_ppm: Ppm,
    /// How often an fsync fails with EIO. As on Linux the pages count as clean from then on, so that a
    /// later fsync succeeds without them being durable.
    pub sync_error_ppm: Ppm,
    /// Size in bytes; what would pass it fails with ENOSPC, and of a write a part may be left that fits.
    /// Without one it is 256 MiB, or with a scratch file 64 GiB.
    pub capacity: Option<u64>,
    /// How often a read meets a bit that has rotted, and stays so.
    pub bit_rot_ppm: Ppm,
    /// Whether what was written last may rot as well. No log can stand that: it is for data that can be made again,
    /// with checksums.
    pub young_rots: bool,
    /// Whether writes tear into sectors of 512 bytes at a power loss, persisting in any order. If not,
    /// each file is left as it was at some moment since its last fsync.
    pub torn_writes: bool,
}

impl Default for DiskWeather {
    fn default() -> Self {
        DiskWeather {
            operation_latency: [Nanos::from_micros(1), Nanos::from_micros(5)],
            sync_latency: [Nanos::from_micros(200), Nanos::from_micros(800)],
            slow_ppm: Ppm::NEVER,
            slow: [Nanos::from_millis(5), Nanos::from_millis(50)],
            error_ppm: Ppm::NEVER,
            sync_error_ppm: Ppm::NEVER,
            capacity: None,
            bit_rot_ppm: Ppm::NEVER,
            young_rots: false,
            torn_writes: true,
        }
    }
}
