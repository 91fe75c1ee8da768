//! Who still has a leader, and who still has followers.
//!
//! No part of figure 2, and no safety rests on it. A leader that cannot reach a majority only keeps
//! its clients waiting: it steps down. (Section 6.2 of Ongaro's dissertation) And who still hears a
//! leader helps nobody to depose it. (Section 4.2.3 there; end of section 6 of the paper)

use super::{Core, Standing};
use windtunnel::NodeId;

/// Whether a server has heard from a leader within the shortest election timeout: the shell knows,
/// since it has the clock. A server that has just started has heard nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It has. "If a server receives a RequestVote within the minimum election timeout of hearing
    /// from a current leader, it does not update its term or grant its vote."
    Recent,
    /// It has not.
    Lost,
}

/// Why the election timer is to be set anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A leader of this term was heard.
    Leader,
    /// A candidate got the vote.
    Candidate,
    /// The server has just started, or an election has begun or ended.
    Nobody,
}

impl Core {
    /// Whether to set the election timer anew, and why. Asking clears it.
    pub const fn take_heard(&mut self) -> Option<Heard> {
        self.heard.take()
    }

    /// The leader of this term sent something. A candidate that hears of the winner gives up.
    /// (Section 5.2)
    pub(super) fn hear_leader(&mut self, leader: NodeId) {
        self.heard = Some(Heard::Leader);
        self.standing = Standing::Follower { leader: Some(leader) };
    }

    /// Whether this server has a leader, or is one: [`check_quorum`](Core::check_quorum) sees to it
    /// that a leader stays one only while it is in touch with a majority.
    pub(super) const fn is_loyal(&self, contact: Contact) -> bool {
        matches!(self.standing, Standing::Leader { .. }) || matches!(contact, Contact::Recent)
    }

    /// "A leader steps down if an election timeout elapses without a successful round of heartbeats
    /// to a majority of its cluster." (Dissertation, section 6.2)
    pub(super) fn check_quorum(&mut self) {
        let majority = self.majority();
        let Standing::Leader { followers, .. } = &mut self.standing else { return };
        let heard =
            followers.values_mut().filter_map(|follower| std::mem::take(&mut follower.heard).then_some(())).count();
        if heard + 1 < majority {
            self.standing = Standing::Follower { leader: None };
        }
    }
}
