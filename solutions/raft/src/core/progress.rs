//! What a leader knows of one follower: nextIndex, matchIndex, and which requests are under way.
//! (Figure 2, "Volatile state on leaders")
//!
//! Requests are pipelined: a leader that trusts a follower's log to match moves nextIndex on as it
//! sends, and does not wait for the answer. The consistency check makes that safe: a request that
//! was lost or overtaken makes the next one not fit, and the refusal says where to go on.
//! (Dissertation, section 10.2.1)

use super::snapshot::Transfer;
use crate::messages::Entry;
use lab_raft::{LogIndex, Term};

/// How many requests with entries may be under way to a follower whose log matches.
const WINDOW: u64 = 4;

/// What a leader must remember of a request to make sense of its reply.
///
/// The follower's position is computed from this and not from what the follower says of its log:
/// replies come late, twice and out of order, and its log may be longer than it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The term it was sent in.
    pub term: Term,
    /// Requests to this follower are counted; this is its number.
    pub number: u64,
    /// The entry before those sent.
    pub previous: LogIndex,
    /// The last of those sent.
    pub last: LogIndex,
    /// How many reads had been asked for when it was sent.
    pub reads: u64,
}

/// A follower, as its leader knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Follower {
    /// nextIndex: the next entry to send.
    pub next: LogIndex,
    /// matchIndex: the last entry known to be on the follower's disk.
    pub matched: LogIndex,
    /// The snapshot it is being sent, if it needs one.
    pub transfer: Option<Transfer>,
    /// Whether anything was heard from it since the leader last looked.
    pub heard: bool,
    /// It has confirmed the leader since so many reads had been asked for.
    pub confirmed_reads: u64,
    /// Where to begin again when no answer comes: nextIndex as the last answer left it.
    anchor: LogIndex,
    /// Requests sent.
    sent: u64,
    /// The latest whose refusal would be no news: it was answered, or all under way was refused.
    settled: u64,
    /// The latest whose answer is not waited for any more, though it still counts.
    given_up: u64,
    /// Its log is not known to match: one request at a time.
    probing: bool,
    /// It has not answered for a while: it is asked whether it is there before it is sent entries or a piece of the
    /// snapshot, which would only pile up before a closed door.
    pub silent: bool,
    /// So many reads had been asked for when something was last sent.
    told_reads: u64,
}

impl Follower {
    /// "(Reinitialized after election)": nextIndex is the last log index + 1, matchIndex 0.
    /// (Figure 2, "Volatile state on leaders")
    pub const fn at_election(last_index: LogIndex) -> Self {
        Follower {
            next: last_index.next(),
            matched: LogIndex::ZERO,
            transfer: None,
            heard: false,
            confirmed_reads: 0,
            anchor: last_index.next(),
            sent: 0,
            settled: 0,
            given_up: 0,
            probing: true,
            silent: false,
            told_reads: 0,
        }
    }

    /// Whether to send it something now and not only at the next heartbeat: entries while the
    /// window is open, and the question of a read if nothing else will carry it. That entries are
    /// committed goes with the next entries or the next heartbeat: no client waits for a follower.
    pub fn is_due(&self, last_index: LogIndex, reads: u64) -> bool {
        let lacks_entries = self.next <= last_index;
        match &self.transfer {
            Some(transfer) => transfer.is_answered() && !self.silent,
            None => self.sent == 0 || (lacks_entries && self.has_room()) || (self.told_reads < reads && self.is_idle()),
        }
    }

    fn has_room(&self) -> bool {
        self.under_way() < if self.probing { 1 } else { WINDOW }
    }

    fn is_idle(&self) -> bool {
        self.under_way() == 0
    }

    fn under_way(&self) -> u64 {
        self.sent - self.settled.max(self.given_up)
    }

    /// No answer came for as long as a heartbeat takes to be due: what was sent goes again, once it answers.
    /// "If network packets are lost, the leader retries AppendEntries RPCs indefinitely." (Section 5.3)
    pub fn retry(&mut self) {
        if !self.is_idle() {
            self.given_up = self.sent;
            self.probing = true;
            self.silent = true;
            self.next = self.anchor;
        }
    }

    /// What to send of these entries, which begin at nextIndex.
    pub fn wants<'a>(&self, entries: &'a [Entry]) -> &'a [Entry] {
        if self.silent { &[] } else { entries }
    }

    /// The number of the next request.
    pub const fn next_number(&self) -> u64 {
        self.sent + 1
    }

    /// A request goes out.
    pub fn note_sent(&mut self, sent: &Sent) {
        self.sent = sent.number;
        self.told_reads = sent.reads;
        if self.transfer.is_none() {
            self.next = sent.last.next();
        }
    }

    /// An answer of this term came, whatever it says: the follower is there, and takes the sender
    /// for its leader.
    pub fn note_answer(&mut self, sent: &Sent) {
        self.heard = true;
        self.silent = false;
        self.confirmed_reads = self.confirmed_reads.max(sent.reads);
    }

    /// What was sent is on the follower's disk. What was sent before it needs no answer any more: it
    /// is there as well. A late answer takes nothing back.
    pub fn note_match(&mut self, sent: &Sent) {
        self.matched = self.matched.max(sent.last);
        self.anchor = self.anchor.max(self.matched.next());
        self.next = self.next.max(self.anchor);
        self.settled = self.settled.max(sent.number);
        self.probing = false;
    }

    /// What was sent does not fit: back to `next`, and all that is under way is given up. Says so
    /// once for the whole window, since none of it fits, and never behind what is known to match.
    pub fn note_conflict(&mut self, sent: &Sent, next: LogIndex) {
        if sent.number <= self.settled {
            return;
        }
        self.settled = self.sent;
        self.probing = true;
        self.anchor = self.anchor.min(next).min(sent.previous).max(self.matched.next());
        self.next = self.anchor;
    }

    /// A piece of a snapshot arrived, and the follower says what it needs next.
    pub fn note_piece(&mut self, sent: &Sent, offset: u64) {
        let Some(transfer) = &mut self.transfer else { return };
        if sent.number > self.settled && transfer.index() == sent.last {
            transfer.note_needed(sent.number, offset);
            self.settled = sent.number;
        }
    }
}
