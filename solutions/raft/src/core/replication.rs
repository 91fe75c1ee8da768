//! What a leader sends, and what it learns from the answers. (Section 5.3; figure 2, "Rules for
//! Servers", Leaders)

use super::progress::{Follower, Sent};
use super::{Core, Standing};
use crate::messages::{AppendEntries, Appended, Entry, InstallSnapshot, Outcome};
use lab_raft::{LogIndex, NotLeader, Proposed, Term};
use windtunnel::NodeId;

/// The most command bytes in one request; a single larger command still goes, alone.
const BATCH_BYTES: usize = 64 << 10;

/// What a leader has to say to a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Entries, or none as a heartbeat.
    Append(AppendEntries, Sent),
    /// A piece of the snapshot, since what comes next is not in the log any more.
    Install(InstallSnapshot, Sent),
}

impl Core {
    /// "If command received from client: append entry to local log." (Figure 2, Leaders)
    ///
    /// # Errors
    ///
    /// When this server does not lead.
    pub fn propose(&mut self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        if !self.leads() {
            return Err(self.not_leader());
        }
        let term = self.term;
        let index = self.log.push(Entry { term, command });
        self.log_changed_from(index);
        Ok(Proposed { index, term })
    }

    /// Whether this server leads.
    #[must_use]
    pub const fn leads(&self) -> bool {
        matches!(self.standing, Standing::Leader { .. })
    }

    /// What to send to a follower without waiting for the next heartbeat, if there is anything:
    /// entries it lacks, a read that waits. Ask until there is nothing.
    pub fn due_request(&mut self, peer: NodeId) -> Option<Request> {
        let Standing::Leader { followers, reads } = &self.standing else { return None };
        let follower = followers.get(&peer)?;
        if follower.is_due(self.log.last_index(), *reads) { self.request(peer) } else { None }
    }

    /// What to send to a follower that was sent nothing for a while: what it has not answered, or
    /// nothing but a heartbeat. Nothing at all unless this server leads. (Section 5.2)
    pub fn heartbeat(&mut self, peer: NodeId) -> Option<Request> {
        self.follower_mut(peer)?.retry();
        self.request(peer)
    }

    /// What comes next for a follower. (Figure 2, Leaders: "if last log index ≥ nextIndex")
    fn request(&mut self, peer: NodeId) -> Option<Request> {
        let follower = self.follower(peer)?;
        if follower.next <= self.log.base() {
            return self.next_piece(peer).map(|(piece, sent)| Request::Install(piece, sent));
        }
        let (request, sent) = self.append(follower);
        let follower = self.follower_mut(peer)?;
        follower.transfer = None;
        follower.note_sent(&sent);
        Some(Request::Append(request, sent))
    }

    pub(super) fn append(&self, follower: &Follower) -> (AppendEntries, Sent) {
        let (previous, term, commit) = (follower.next.previous(), self.term, self.commit);
        let previous_term =
            self.log.term_at(previous).expect("nextIndex is behind the snapshot, at most one past the log");
        let entries = follower.wants(batch(self.log.from(follower.next))).to_vec();
        let (number, last) = (follower.next_number(), previous.plus(entries.len()));
        let Standing::Leader { reads, .. } = self.standing else { unreachable!("followers are a leader's") };
        let sent = Sent { term, number, previous, last, reads };
        (AppendEntries { term, previous_index: previous, previous_term, entries, commit }, sent)
    }

    /// A follower answered. "If successful: update nextIndex and matchIndex for follower; if
    /// AppendEntries fails because of log inconsistency: decrement nextIndex and retry."
    /// (Figure 2, Leaders)
    pub fn handle_appended(&mut self, from: NodeId, sent: Sent, reply: &Appended) {
        self.observe_term(reply.term);
        let Some(follower) = self.answering_follower(from, &sent) else { return };
        match reply.outcome {
            Outcome::Refused => {}
            Outcome::Matched => {
                follower.note_match(&sent);
                self.advance_commit();
            }
            Outcome::Conflict { term, first_index } => {
                let next = self.next_after_conflict(term, first_index);
                if let Some(follower) = self.follower_mut(from) {
                    follower.note_conflict(&sent, next);
                }
            }
        }
    }

    /// Skips a whole term at each refusal instead of one entry: to the end of that term in the
    /// leader's log if it has entries of it, else to the beginning of it in the follower's.
    /// (End of section 5.3)
    fn next_after_conflict(&self, term: Option<Term>, first_index: LogIndex) -> LogIndex {
        let own_last = term.and_then(|term| self.log.last_of_term(term));
        own_last.map_or(first_index, LogIndex::next)
    }

    /// The follower, if it answers what was sent in this term: an answer of an older one says nothing.
    pub(super) fn answering_follower(&mut self, from: NodeId, sent: &Sent) -> Option<&mut Follower> {
        if sent.term != self.term {
            return None;
        }
        let follower = self.follower_mut(from)?;
        follower.note_answer(sent);
        Some(follower)
    }

    pub(super) fn follower(&self, peer: NodeId) -> Option<&Follower> {
        let Standing::Leader { followers, .. } = &self.standing else { return None };
        followers.get(&peer)
    }

    fn follower_mut(&mut self, peer: NodeId) -> Option<&mut Follower> {
        let Standing::Leader { followers, .. } = &mut self.standing else { return None };
        followers.get_mut(&peer)
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
