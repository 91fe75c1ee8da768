//! One step of a server, set into what is known: what the rules look at.

use super::known::{Head, Known, Server};
use crate::contract::{LogIndex, Role, Term};
use crate::observation::{AppliedEntry, AppliedSnapshot};
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// Something that was seen of a server. It is part of `known` already.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When.
    pub moment: Moment,
    /// Of whom.
    pub node: NodeId,
    /// What.
    pub what: &'a What<'a>,
    /// All that is known, this included.
    pub known: &'a Known,
}

/// What can be seen of a server.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// It has been started, and knows what is on its disk.
    Started,
    /// Its view has changed.
    View(ViewSeen),
    /// Its state machine was handed an entry.
    Applied {
        /// The entry.
        entry: &'a AppliedEntry,
        /// What was handed over last.
        previous: LogIndex,
    },
    /// Its state machine was handed a snapshot.
    AppliedSnapshot {
        /// The snapshot.
        snapshot: &'a AppliedSnapshot,
        /// What was handed over last.
        previous: LogIndex,
    },
}

/// A view that differs from the one before.
#[derive(Clone, Copy, Debug)]
pub struct ViewSeen {
    /// The view before; none if it is the first of this incarnation.
    pub before: Option<Head>,
    /// Whether it is the first one after a restart: what the disk gave back.
    pub after_restart: bool,
    /// The view.
    pub now: Head,
    /// What has become of the log.
    pub log: Difference,
    /// The view shows something as committed that was not known as committed, or not in so low a term.
    pub news_of_commit: bool,
}

/// Where a log differs from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first entry that is new or another; one past the last if there is none.
    pub first: LogIndex,
    /// How many of those known before are gone.
    pub dropped: usize,
    /// The term of the first of those.
    pub dropped_term: Option<Term>,
}

impl<'a> Seen<'a> {
    /// The view, if that is what was seen.
    #[must_use]
    pub const fn view(&self) -> Option<&'a ViewSeen> {
        match self.what {
            What::View(view) => Some(view),
            _ => None,
        }
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &'a Server {
        self.known.server(self.node)
    }
}

impl ViewSeen {
    /// The term whose leader it has become in this step.
    #[must_use]
    pub fn became_leader(&self) -> Option<Term> {
        (self.now.role == Role::Leader && !self.led_on()).then_some(self.now.term)
    }

    /// Whether it has led this term before this step, and still does.
    #[must_use]
    pub fn led_on(&self) -> bool {
        let leads = |head: Head| head.role == Role::Leader && head.term == self.now.term;
        leads(self.now) && self.before.is_some_and(leads)
    }
}
