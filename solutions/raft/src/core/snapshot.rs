//! Snapshots. (Section 7; figure 13, "InstallSnapshot RPC")
//!
//! A snapshot stands for the beginning of the log. A follower that lacks entries which the leader
//! has only in its snapshot is sent that, piece by piece.

use super::progress::Sent;
use super::{Core, Standing};
use crate::messages::{InstallSnapshot, Installed, Progress};
use lab_raft::{LogIndex, Term};
use std::rc::Rc;
use windtunnel::NodeId;

/// The most bytes of a snapshot in one request.
const PIECE_BYTES: usize = 64 << 10;

/// The state of a state machine that has applied everything up to `index`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// lastIncludedIndex, "the index of the last entry in the log that the snapshot replaces".
    pub index: LogIndex,
    /// lastIncludedTerm, the term of that entry.
    pub term: Term,
    /// The state.
    pub data: Vec<u8>,
}

/// A snapshot on its way to a follower. The one that was begun is sent to the end, even if the
/// leader makes a newer one meanwhile: else a slow follower might never get a whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    snapshot: Rc<Snapshot>,
    offset: usize,
    /// The request that carries the piece which begins there, until that or a later one is answered.
    carrier: Option<u64>,
}

impl Transfer {
    const fn of(snapshot: Rc<Snapshot>) -> Self {
        Transfer { snapshot, offset: 0, carrier: None }
    }

    pub fn index(&self) -> LogIndex {
        self.snapshot.index
    }

    /// Whether no piece is under way.
    pub const fn is_answered(&self) -> bool {
        self.carrier.is_none()
    }

    /// Request `number` was answered: the follower needs the piece that begins there. From far away answers come to what was asked
    /// before the piece was sent, and they say nothing of it.
    pub fn note_needed(&mut self, number: u64, offset: u64) {
        if self.carrier.is_none_or(|carrier| number >= carrier) {
            self.offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.snapshot.data.len());
            self.carrier = None;
        }
    }

    fn piece(&self, term: Term, most_bytes: usize) -> InstallSnapshot {
        let Snapshot { index, term: last_term, data } = &*self.snapshot;
        let end = (self.offset + most_bytes).min(data.len());
        InstallSnapshot {
            term,
            last_index: *index,
            last_term: *last_term,
            offset: self.offset as u64,
            data: data[self.offset..end].to_vec(),
            done: end == data.len(),
        }
    }
}

/// A snapshot on its way from a leader. Kept in memory: whoever restarts is sent it again.
#[derive(Debug)]
pub(super) struct Arriving {
    /// The leader's term. One leader sends one snapshot of an index; another one's may have other
    /// bytes, although it says the same.
    from_term: Term,
    snapshot: Snapshot,
}

impl Core {
    /// The state machine has everything up to `index` in `data`: the log up to there may go. "Each
    /// server takes snapshots independently, covering just the committed entries in its log."
    /// (Section 7) One that comes late, after a newer one, is of no use.
    pub fn take_snapshot(&mut self, index: LogIndex, data: Vec<u8>) {
        if index > self.applied || index <= self.log.base() {
            return;
        }
        let term = self.log.term_at(index).expect("what is applied and not in the snapshot is in the log");
        self.log.cover(index, term);
        self.snapshot = Some(Rc::new(Snapshot { index, term, data }));
    }

    /// The next piece for a follower that lacks what is in the snapshot only.
    ///
    /// One that has not answered for a while gets an empty one, which asks where to go on: on a narrow link the same
    /// piece again would stand in the way of the one that is coming through.
    pub(super) fn next_piece(&mut self, peer: NodeId) -> Option<(InstallSnapshot, Sent)> {
        let newest = self.snapshot.clone()?;
        let Standing::Leader { followers, reads } = &mut self.standing else { return None };
        let follower = followers.get_mut(&peer)?;
        let number = follower.next_number();
        let transfer = follower.transfer.get_or_insert_with(|| Transfer::of(newest));
        let most_bytes = if follower.silent { 0 } else { PIECE_BYTES };
        if !follower.silent {
            transfer.carrier = Some(number);
        }
        let (piece, index) = (transfer.piece(self.term, most_bytes), transfer.index());
        let sent = Sent { term: self.term, number, previous: index, last: index, reads: *reads };
        follower.note_sent(&sent);
        Some((piece, sent))
    }

    /// A leader sends a piece of its snapshot. (Figure 13, "Receiver implementation")
    pub fn handle_install_snapshot(&mut self, from: NodeId, request: &InstallSnapshot) -> Installed {
        self.observe_term(request.term);
        let term = self.term;
        // 1. Reply immediately if term < currentTerm.
        if request.term < term {
            return Installed { term, progress: Progress::Refused };
        }
        self.hear_leader(from);
        // What the snapshot stands for is here already: entry by entry, or in a newer snapshot.
        // That it is committed may be news. "Retain log entries following it and reply." (Step 6)
        let (index, last_term) = (request.last_index, request.last_term);
        if index <= self.commit || self.log.term_at(index) == Some(last_term) {
            self.commit = self.commit.max(index);
            self.arriving = None;
            return Installed { term, progress: Progress::Holds };
        }
        let progress = match self.take_piece(request) {
            Some(snapshot) => {
                self.install(snapshot);
                Progress::Holds
            }
            None => Progress::Needs { offset: self.arriving.as_ref().map_or(0, Arriving::length) },
        };
        Installed { term, progress }
    }

    /// Adds a piece to those before it, and gives out the snapshot if it is whole.
    fn take_piece(&mut self, request: &InstallSnapshot) -> Option<Snapshot> {
        // 2. Create a new one at the first piece, and whenever another one begins to come.
        let begins = || Snapshot { index: request.last_index, term: request.last_term, data: Vec::new() };
        let known = self.arriving.take().filter(|arriving| arriving.is_of(request));
        let mut arriving = known.unwrap_or_else(|| Arriving { from_term: request.term, snapshot: begins() });
        // 3. Write data at the offset. A piece that comes twice or too early is no use.
        let fits = request.offset == arriving.length();
        if fits {
            arriving.snapshot.data.extend_from_slice(&request.data);
        }
        // 4. Reply and wait for more if done is false.
        if fits && request.done {
            return Some(arriving.snapshot);
        }
        self.arriving = Some(arriving);
        None
    }

    /// Steps 5, 7 and 8: "Save snapshot, discard any existing or partial snapshot with a smaller index
    /// […] discard the entire log; reset state machine using snapshot contents." The state machine
    /// gets it when it is on the disk.
    fn install(&mut self, snapshot: Snapshot) {
        self.log.cover(snapshot.index, snapshot.term);
        self.log_changed_from(LogIndex(1));
        self.commit = snapshot.index;
        self.snapshot = Some(Rc::new(snapshot));
    }

    /// A follower answered a piece.
    pub fn handle_installed(&mut self, from: NodeId, sent: Sent, reply: &Installed) {
        self.observe_term(reply.term);
        let Some(follower) = self.answering_follower(from, &sent) else { return };
        match reply.progress {
            Progress::Refused => {}
            Progress::Needs { offset } => follower.note_piece(&sent, offset),
            Progress::Holds => {
                follower.transfer.take_if(|transfer| transfer.index() <= sent.last);
                follower.note_match(&sent);
                self.advance_commit();
            }
        }
    }
}

impl Arriving {
    const fn length(&self) -> u64 {
        self.snapshot.data.len() as u64
    }

    fn is_of(&self, request: &InstallSnapshot) -> bool {
        (self.from_term, self.snapshot.index) == (request.term, request.last_index)
    }
}
