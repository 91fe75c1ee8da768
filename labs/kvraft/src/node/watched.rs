//! The Raft that a submission is handed: the one that was chosen, shown to the judge.

use crate::observation::{SNAPSHOT, Taken};
use lab_raft::node::{on_disk, start_observed};
use lab_raft::{Applied, AppliedStream, BarrierError, Digest, LogIndex, NotLeader, Proposed, Raft, Status, View};
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::Rc;
use windtunnel::{fs, node};

/// A Raft whose views, applied entries and snapshots the judge sees.
#[derive(Clone)]
pub struct Watched<R> {
    raft: R,
    /// The last snapshot that went into it or came out of it.
    snapshot: Rc<RefCell<Vec<u8>>>,
}

impl<R> fmt::Debug for Watched<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<R: Raft> Raft for Watched<R> {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        let snapshot = Rc::<RefCell<Vec<u8>>>::default();
        let last = snapshot.clone();
        let seen = AppliedStream::new(move |what| match what {
            Applied::Entry { index, term, command } => applied.entry(index, term, command),
            Applied::Snapshot { index, term, data } => {
                last.borrow_mut().clone_from(&data);
                applied.snapshot(index, term, data);
            }
        });
        Ok(Watched { raft: start_observed::<R>(seen).await?, snapshot })
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        self.raft.propose(command)
    }

    fn status(&self) -> Status {
        self.raft.status()
    }

    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        node::observe(SNAPSHOT, &Taken { index, bytes: data.len() as u64, digest: Digest::of(&data) });
        self.snapshot.borrow_mut().clone_from(&data);
        self.raft.snapshot(index, data);
    }

    async fn read_barrier(&self) -> Result<LogIndex, BarrierError> {
        self.raft.read_barrier().await
    }

    fn view(&self) -> View {
        self.raft.view()
    }
}

impl<R> Watched<R> {
    /// What the disk holds besides the last snapshot; nothing if files changed while they were looked at.
    pub async fn state_bytes(&self) -> Option<u64> {
        let snapshot = self.snapshot.borrow().clone();
        let copies = if snapshot.is_empty() { 0 } else { on_disk::count(&snapshot).await.ok()? };
        let all = bytes_below(".").await.ok()?;
        Some(all.saturating_sub(copies * snapshot.len() as u64))
    }
}

async fn bytes_below(root: &str) -> io::Result<u64> {
    let (mut bytes, mut paths) = (0, vec![root.to_owned()]);
    while let Some(path) = paths.pop() {
        let metadata = fs::metadata(&path).await?;
        if metadata.directory {
            paths.extend(fs::read_dir(&path).await?.into_iter().map(|name| format!("{path}/{name}")));
        } else {
            bytes += metadata.length;
        }
    }
    Ok(bytes)
}

#[cfg(all(test, feature = "sim"))]
mod tests;
