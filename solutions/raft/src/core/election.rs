//! Elections. (Section 5.2; figure 2, "RequestVote RPC" and "Rules for Servers")

use super::{Contact, Core, Follower, Heard, Standing};
use crate::messages::{RequestVote, Vote};
use lab_raft::{LogIndex, Term};
use std::collections::BTreeSet;
use windtunnel::NodeId;

impl Core {
    /// "On conversion to candidate, start election: increment currentTerm, vote for self, reset
    /// election timer." (Figure 2, Candidates)
    ///
    /// The vote for itself must be on the disk before [`vote_request`](Core::vote_request) goes out.
    pub(super) fn stand_for_election(&mut self) {
        self.heard = Some(Heard::Nobody);
        self.term = self.term.next();
        self.voted_for = Some(self.id);
        self.durability.hard_state_changed();
        self.standing = Standing::Candidate { votes: BTreeSet::new() };
    }

    /// The candidacy for `term` is on the disk: counts the candidate's own vote, and says what to
    /// send to all others, unless the election is over.
    pub fn vote_request(&mut self, term: Term) -> Option<RequestVote> {
        self.count_vote(term, self.id);
        if self.term != term || !matches!(self.standing, Standing::Candidate { .. }) {
            return None;
        }
        Some(RequestVote { term, last_index: self.log.last_index(), last_term: self.log.last_term() })
    }

    /// A candidate asks for this server's vote. (Figure 2, "RequestVote RPC: Receiver
    /// implementation") Who hears a leader does not listen to others. ([`Contact`])
    pub fn handle_request_vote(&mut self, from: NodeId, request: &RequestVote, contact: Contact) -> Vote {
        if self.is_loyal(contact) {
            return Vote { term: self.term, granted: false };
        }
        self.observe_term(request.term);
        let free = self.voted_for.is_none_or(|candidate| candidate == from);
        let granted = request.term == self.term && free && self.is_up_to_date(request.last_index, request.last_term);
        if granted {
            if self.voted_for.is_none() {
                self.voted_for = Some(from);
                self.durability.hard_state_changed();
            }
            self.heard.get_or_insert(Heard::Candidate);
        }
        Vote { term: self.term, granted }
    }

    /// Whether the candidate's log is at least as up-to-date as this server's: "If the logs have
    /// last entries with different terms, then the log with the later term is more up-to-date. If
    /// the logs end with the same term, then whichever log is longer is more up-to-date."
    /// (Section 5.4.1)
    pub(super) fn is_up_to_date(&self, last_index: LogIndex, last_term: Term) -> bool {
        (last_term, last_index) >= (self.log.last_term(), self.log.last_index())
    }

    /// A voter answered this server's request of `term`. A vote counts in the election it was
    /// asked for, and once, however often it arrives. (Section 5.2)
    pub fn handle_vote(&mut self, from: NodeId, term: Term, vote: &Vote) {
        self.observe_term(vote.term);
        if vote.granted {
            self.count_vote(term, from);
        }
    }

    /// "If votes received from majority of servers: become leader." (Figure 2, Candidates)
    fn count_vote(&mut self, term: Term, from: NodeId) {
        let (current, majority) = (self.term, self.majority());
        let Standing::Candidate { votes } = &mut self.standing else { return };
        if term != current {
            return;
        }
        votes.insert(from);
        // Its own vote is among them: nobody leads whose vote for himself is not on the disk.
        if votes.len() >= majority && votes.contains(&self.id) {
            self.become_leader();
        }
    }

    /// "(Reinitialized after election)": nextIndex is the last log index + 1, matchIndex 0.
    /// (Figure 2, "Volatile state on leaders")
    fn become_leader(&mut self) {
        let last_index = self.log.last_index();
        let followers = self.peers.iter().map(|&peer| (peer, Follower::at_election(last_index))).collect();
        self.standing = Standing::Leader { followers, reads: 0 };
        // It has a whole election timeout to hear from a majority again.
        self.heard = Some(Heard::Nobody);
    }
}
