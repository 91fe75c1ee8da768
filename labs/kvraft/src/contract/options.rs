//! What a server is told when it starts.

use windtunnel::node;
use windtunnel::time::Duration;

/// What an entry takes besides its command, roughly, whatever Raft it is: its term, and what tells it from others on the disk.
pub const ENTRY_BYTES: u64 = 32;

/// How a server is to run. The test says, and all servers are told the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// When entries of so many bytes were applied since the last snapshot, another is due: then Raft is handed one. An entry counts
    /// as its command and [`ENTRY_BYTES`]. Nothing: never. (Part snapshot; MIT's `maxraftstate`)
    pub log_limit: Option<u64>,
    /// A leader may answer reads from its own replica, without asking anybody, for so long by its own clock. Nothing: it must ask a
    /// majority each time.
    pub lease: Option<Duration>,
}

impl Options {
    /// What this test has told this node.
    #[must_use]
    pub fn of_this_test() -> Self {
        Options { log_limit: node::setting("log_limit"), lease: node::setting("lease_ms").map(Duration::from_millis) }
    }
}
