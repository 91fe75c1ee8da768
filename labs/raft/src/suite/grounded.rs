//! Which stories do not fly, and why.

use lab_harness::grounded::{CLOCKS, COUNTS, DISKS, Grounded, LOSS, OVERTAKES, POWER};

/// The stories that do not fly.
pub(super) const GROUNDED: &Grounded = &[
    (
        POWER,
        &[
            "unsynced_votes",
            "unsynced_copies",
            "unsynced_append",
            "kill_and_then_power_loss",
            "power_loss_around_snapshots",
            "unsynced_snapshot",
        ],
    ),
    (
        LOSS,
        &[
            "unreliable_agreement",
            "figure_8_unreliable",
            "unreliable_churn",
            "snapshot_install_unreliable",
            "snapshot_install_unreliable_crash",
            "snapshot_all_crash",
            "snapshot_init",
        ],
    ),
    (DISKS, &["unsound_disks", "rotten_snapshots"]),
    (OVERTAKES, &["late_append", "stale_snapshot"]),
    (CLOCKS, &["double_vote", "late_confirmations", "late_reply"]),
    (COUNTS, &["rpc_bytes", "count", "fast_back_up"]),
];
