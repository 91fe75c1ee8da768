//! What a follower does with the entries it is sent. (Section 5.3; figure 2, "AppendEntries RPC")

use super::Core;
use crate::messages::{AppendEntries, Appended, Outcome};
use lab_raft::{LogIndex, Term};
use windtunnel::NodeId;

impl Core {
    /// A leader sends entries or a heartbeat. (Figure 2, "AppendEntries RPC: Receiver
    /// implementation")
    pub fn handle_append_entries(&mut self, from: NodeId, request: &AppendEntries) -> Appended {
        self.observe_term(request.term);
        let term = self.term;
        // 1. Reply false if term < currentTerm.
        if request.term < term {
            return Appended { term, outcome: Outcome::Refused };
        }
        self.hear_leader(from);
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

    /// Where and how this log differs from one that has `term` at `index`, if it does. What the
    /// snapshot stands for is committed: the log of every later leader has the same there.
    /// (Figure 3, "Leader Completeness")
    fn conflict_at(&self, index: LogIndex, term: Term) -> Option<Outcome> {
        if index <= self.log.base() {
            return None;
        }
        match self.log.term_at(index) {
            Some(own) if own == term => None,
            Some(own) => {
                let first_index = self.log.first_of_term_at(index);
                Some(Outcome::Conflict { term: Some(own), first_index })
            }
            None => Some(Outcome::Conflict { term: None, first_index: self.log.last_index().next() }),
        }
    }
}
