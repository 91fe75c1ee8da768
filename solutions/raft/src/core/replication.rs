//! Log replication. (Section 5.3; figure 2, "AppendEntries RPC" and "Rules for Servers")

use super::{Core, Standing};
use crate::messages::{AppendEntries, Appended, Entry, Outcome};
use lab_raft::{LogIndex, NotLeader, Proposed, Term};
use windtunnel::NodeId;

/// The most command bytes in one request; a single larger command still goes, alone.
const BATCH_BYTES: usize = 64 << 10;

/// What a leader must remember of a request to make sense of its reply.
///
/// The follower's position is computed from this and not from what the follower says of its log:
/// replies come late, twice and out of order, and its log may be longer than it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The term it was sent in.
    pub term: Term,
    /// The entry before those sent.
    pub previous: LogIndex,
    /// The last of those sent.
    pub last: LogIndex,
    /// The commitIndex it carried.
    pub commit: LogIndex,
}

impl Core {
    /// "If command received from client: append entry to local log." (Figure 2, Leaders)
    ///
    /// # Errors
    ///
    /// When this server does not lead.
    pub fn propose(&mut self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        if !matches!(self.standing, Standing::Leader { .. }) {
            return Err(self.not_leader());
        }
        let term = self.term;
        let index = self.log.push(Entry { term, command });
        self.log_changed_from(index);
        Ok(Proposed { index, term })
    }

    /// What to send to a follower now: what it lacks, or nothing but a heartbeat. Nothing at all
    /// unless this server leads. (Figure 2, Leaders: "if last log index ≥ nextIndex")
    #[must_use]
    pub fn append_for(&self, peer: NodeId) -> Option<(AppendEntries, Sent)> {
        let Standing::Leader { followers } = &self.standing else { return None };
        let previous = followers.get(&peer)?.next.previous();
        let entries = batch(self.log.from(previous.next())).to_vec();
        let (term, commit) = (self.term, self.commit);
        let sent = Sent { term, previous, last: previous.plus(entries.len()), commit };
        let previous_term = self.log.term_at(previous).expect("nextIndex is at most one past the log");
        Some((AppendEntries { term, previous_index: previous, previous_term, entries, commit }, sent))
    }

    /// Whether a follower lacks entries, or does not know that entries it has are committed.
    #[must_use]
    pub fn owes(&self, peer: NodeId) -> bool {
        let Standing::Leader { followers } = &self.standing else { return false };
        followers
            .get(&peer)
            .is_some_and(|follower| follower.next <= self.log.last_index() || follower.knows_commit < self.commit)
    }

    /// A leader sends entries or a heartbeat. (Figure 2, "AppendEntries RPC: Receiver
    /// implementation")
    pub fn handle_append_entries(&mut self, from: NodeId, request: &AppendEntries) -> Appended {
        self.observe_term(request.term);
        let term = self.term;
        // 1. Reply false if term < currentTerm.
        if request.term < term {
            return Appended { term, outcome: Outcome::Refused };
        }
        self.heard = true;
        // A candidate that hears of the winner gives up. (Section 5.2)
        self.standing = Standing::Follower { leader: Some(from) };
        // 2. Reply false if the log has no entry at prevLogIndex whose term matches prevLogTerm.
        if let Some(conflict) = self.conflict_at(request.previous_index, request.previous_term) {
            return Appended { term, outcome: conflict };
        }
        // 3. and 4. Delete what conflicts, append what is new.
        if let Some(first_new) = self.log.merge(request.previous_index, &request.entries) {
            self.log_changed_from(first_new);
        }
        // 5. Only what this request showed to match may be committed, not what lies behind it.
        let last_new = request.previous_index.plus(request.entries.len());
        self.commit = self.commit.max(request.commit.min(last_new));
        Appended { term, outcome: Outcome::Matched }
    }

    /// Where and how this log differs from one that has `term` at `index`, if it does.
    fn conflict_at(&self, index: LogIndex, term: Term) -> Option<Outcome> {
        match self.log.term_at(index) {
            Some(own) if own == term => None,
            Some(own) => {
                let first_index = self.log.first_of_term_at(index);
                Some(Outcome::Conflict { term: Some(own), first_index })
            }
            None => Some(Outcome::Conflict { term: None, first_index: self.log.last_index().next() }),
        }
    }

    /// A follower answered. "If successful: update nextIndex and matchIndex for follower; if
    /// AppendEntries fails because of log inconsistency: decrement nextIndex and retry."
    /// (Figure 2, Leaders)
    pub fn handle_appended(&mut self, from: NodeId, sent: Sent, reply: &Appended) {
        self.observe_term(reply.term);
        if sent.term != self.term {
            return;
        }
        match reply.outcome {
            Outcome::Refused => {}
            Outcome::Matched => self.matched(from, sent),
            Outcome::Conflict { term, first_index } => self.back_up(from, sent, term, first_index),
        }
    }

    /// What was sent is on the follower's disk. A late reply takes nothing back.
    fn matched(&mut self, from: NodeId, sent: Sent) {
        let Standing::Leader { followers } = &mut self.standing else { return };
        let Some(follower) = followers.get_mut(&from) else { return };
        follower.matched = follower.matched.max(sent.last);
        follower.next = follower.next.max(follower.matched.next());
        // It takes over the commitIndex only as far as the request showed its log to match.
        follower.knows_commit = follower.knows_commit.max(sent.commit.min(sent.last));
        self.advance_commit();
    }

    /// Skips a whole term at each refusal instead of one entry: to the end of that term in the
    /// leader's log if it has entries of it, else to the beginning of it in the follower's.
    /// (End of section 5.3)
    fn back_up(&mut self, from: NodeId, sent: Sent, term: Option<Term>, first_index: LogIndex) {
        let own_last = term.and_then(|term| self.log.last_of_term(term));
        let next = own_last.map_or(first_index, LogIndex::next);
        let Standing::Leader { followers } = &mut self.standing else { return };
        let Some(follower) = followers.get_mut(&from) else { return };
        // Backwards only, or a late refusal would undo an earlier one; and never behind what is
        // known to match.
        follower.next = follower.next.min(next).min(sent.previous).max(follower.matched.next());
    }
}

/// As many entries as fit one request, at least one if there is one.
fn batch(entries: &[Entry]) -> &[Entry] {
    let mut bytes = 0;
    let fits = |entry: &&Entry| {
        bytes += entry.command.len();
        bytes <= BATCH_BYTES
    };
    let count = entries.iter().take_while(fits).count();
    &entries[..count.max(1).min(entries.len())]
}
