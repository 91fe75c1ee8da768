//! Asking before standing. (Section 9.6 of Ongaro's dissertation, "Preventing disruptions when a
//! server rejoins the cluster")
//!
//! No part of figure 2, and no safety rests on it. Without it a server that is cut off raises its
//! term again and again, and when it comes back it ends the term of a leader who did well.

use super::{Contact, Core, Heard, Standing};
use crate::messages::{PreVote, Vote};
use lab_raft::Term;
use std::collections::BTreeSet;
use windtunnel::NodeId;

impl Core {
    /// The election timer ran out. A leader looks whether it still has a majority; anybody else asks
    /// first whether a majority would vote for this server; its term stays as it is until then.
    pub fn election_timeout(&mut self) {
        self.heard = Some(Heard::Nobody);
        if let Standing::Leader { .. } = self.standing {
            return self.check_quorum();
        }
        self.standing = Standing::Asking { willing: BTreeSet::new() };
        self.count_willing(self.id);
    }

    /// What to send to all others while this server asks.
    #[must_use]
    pub fn pre_vote_request(&self) -> Option<PreVote> {
        let asking = matches!(self.standing, Standing::Asking { .. });
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        asking.then(|| PreVote { term: self.term.next(), last_index, last_term })
    }

    /// Another server asks. Nothing is promised, so nothing changes.
    #[must_use]
    pub fn handle_pre_vote(&self, request: &PreVote, contact: Contact) -> Vote {
        let is_newer = request.term > self.term && self.is_up_to_date(request.last_index, request.last_term);
        let granted = is_newer && !self.is_loyal(contact);
        Vote { term: self.term, granted }
    }

    /// The answer to a request that was sent for `term`.
    pub fn handle_pre_voted(&mut self, from: NodeId, term: Term, vote: &Vote) {
        self.observe_term(vote.term);
        if vote.granted && term == self.term.next() {
            self.count_willing(from);
        }
    }

    fn count_willing(&mut self, from: NodeId) {
        let majority = self.majority();
        let Standing::Asking { willing } = &mut self.standing else { return };
        willing.insert(from);
        if willing.len() >= majority {
            self.stand_for_election();
        }
    }
}
