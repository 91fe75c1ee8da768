//! The way from the log to the state machine.

use super::{LogIndex, Term};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use windtunnel::sync::mpsc;

/// One thing the state machine is handed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Applied {
    /// A committed command. (Figure 2, "All Servers": if commitIndex > lastApplied, apply)
    Entry {
        /// Its place in the log.
        index: LogIndex,
        /// The term of its entry.
        term: Term,
        /// The command.
        #[serde(with = "serde_bytes")]
        command: Vec<u8>,
    },
    /// A state that stands for everything up to `index`. (Section 7)
    Snapshot {
        /// The last entry it covers.
        index: LogIndex,
        /// That entry's term.
        term: Term,
        /// The state, as the state machine wrote it.
        #[serde(with = "serde_bytes")]
        data: Vec<u8>,
    },
}

/// Where a server delivers what is committed: each index once, in order, without gaps.
///
/// The state machine begins empty with every start of the server. So a restarted server delivers
/// from index 1 again, or first the snapshot it kept and then what comes after it.
#[derive(Clone)]
pub struct AppliedStream {
    sink: Rc<RefCell<dyn FnMut(Applied)>>,
}

impl AppliedStream {
    /// A stream that hands everything to `sink`, at once.
    pub fn new(sink: impl FnMut(Applied) + 'static) -> Self {
        AppliedStream { sink: Rc::new(RefCell::new(sink)) }
    }

    /// A stream that ends in a channel, for a state machine that runs as a task of its own.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Applied>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        // A state machine that has stopped listening wants nothing more.
        let stream = AppliedStream::new(move |applied| drop(sender.send(applied)));
        (stream, receiver)
    }

    /// Delivers the committed command at `index`. (Section 5.3)
    pub fn entry(&self, index: LogIndex, term: Term, command: Vec<u8>) {
        self.deliver(Applied::Entry { index, term, command });
    }

    /// Delivers a snapshot in place of everything up to `index`. (Section 7)
    pub fn snapshot(&self, index: LogIndex, term: Term, data: Vec<u8>) {
        self.deliver(Applied::Snapshot { index, term, data });
    }

    fn deliver(&self, applied: Applied) {
        (self.sink.borrow_mut())(applied);
    }
}

impl fmt::Debug for AppliedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppliedStream").finish_non_exhaustive()
    }
}
