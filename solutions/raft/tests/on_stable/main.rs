//! The suite on the same server with [`lab_raft::Stable`] in the place of its journal: nobody has to write a log of
//! their own to pass every part.
#![allow(dead_code, unused_imports)] // of the tests of these modules, which are run where they belong

#[path = "../../src/core/mod.rs"]
mod core;
#[path = "../../src/elector.rs"]
mod elector;
mod journal;
#[path = "../../src/messages.rs"]
mod messages;
#[path = "../../src/raft.rs"]
mod raft;
#[path = "../../src/reader.rs"]
mod reader;
#[path = "../../src/replicator.rs"]
mod replicator;

use raft::Raft;

fn main() -> lab_raft::ExitCode {
    lab_raft::suite_main::<Raft>()
}
