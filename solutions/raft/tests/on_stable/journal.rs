//! The journal of `src`, as somebody would have it who uses `Stable`: the whole state, again at every change.

use crate::core::log::Log;
use crate::core::{Recovered, Snapshot, Unsaved};
use crate::messages::Entry;
use lab_raft::{LogIndex, Stable, Term};
use serde::{Deserialize, Serialize};
use std::io;
use windtunnel::NodeId;

/// The state on the disk; the snapshot's data lies beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    term: Term,
    voted_for: Option<NodeId>,
    /// The last entry that the snapshot stands for, and its term.
    base: (LogIndex, Term),
    entries: Vec<Entry>,
}

/// The place on the disk, and what it holds.
#[derive(Debug)]
pub struct Journal {
    stable: Stable,
    kept: Recovered,
    bytes: u64,
}

impl Journal {
    pub async fn open(_: NodeId) -> io::Result<(Journal, Recovered)> {
        let stable = Stable::named("raft");
        let kept = match stable.load::<State>().await? {
            Some(saved) => recovered(saved.state, saved.snapshot),
            None => Recovered::default(),
        };
        Ok((Journal { stable, kept: kept.clone(), bytes: 0 }, kept))
    }

    pub async fn save(&mut self, unsaved: &Unsaved) -> io::Result<()> {
        if let Some(snapshot) = &unsaved.snapshot {
            self.kept.stand_on(Snapshot::clone(snapshot));
        }
        self.kept.replay(&unsaved.record);
        let Recovered { term, voted_for, log, snapshot } = &self.kept;
        let base = (log.base(), log.base_term());
        let state = State { term: *term, voted_for: *voted_for, base, entries: log.from(base.0.next()).to_vec() };
        self.bytes = postcard::to_stdvec(&state).map_or(0, |state| state.len() as u64);
        self.stable.save(&state, snapshot.as_ref().map_or(&[], |snapshot| &snapshot.data)).await
    }

    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn snapshot_bytes(&self) -> u64 {
        self.kept.snapshot.as_ref().map_or(0, |snapshot| snapshot.data.len() as u64)
    }
}

fn recovered(State { term, voted_for, base: (index, base_term), entries }: State, data: Vec<u8>) -> Recovered {
    let mut log = Log::behind(index, base_term);
    log.replace_after(index, &entries);
    let snapshot = (index > LogIndex::ZERO).then_some(Snapshot { index, term: base_term, data });
    Recovered { term, voted_for, log, snapshot }
}
