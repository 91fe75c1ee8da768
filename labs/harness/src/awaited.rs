//! What a test body waits for, in plain words: said when virtual time or events run out meanwhile.
//!
//! Each wait is on the list for as long as its [`Awaiting`] lives. When a run ends early, its tasks
//! are dropped and their waits with them; so the list is sealed first, by [`Sealed`].

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use windtunnel::{Nanos, NodeId};

/// The waits that are on, oldest first. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Rc<List>);

#[derive(Debug, Default)]
struct List {
    begun: Cell<u64>,
    on: RefCell<Vec<(u64, Awaited)>>,
    sealed: Cell<bool>,
}

/// What is waited for. The commonest waits are put into words only if somebody asks.
#[derive(Debug)]
enum Awaited {
    Answer(NodeId),
    Sleep(Nanos),
    Other(String),
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Answer(node) => write!(f, "waited for an answer of {node}"),
            Awaited::Sleep(span) => write!(f, "slept for {span}"),
            Awaited::Other(what) => f.write_str(what),
        }
    }
}

impl Waits {
    /// A wait begins: `what` goes on after "while it", as in "waited for a leader".
    pub fn begin(&self, what: impl fmt::Display) -> Awaiting {
        self.begin_with(Awaited::Other(what.to_string()))
    }

    /// A wait for what a node answers to a control request begins.
    #[inline]
    pub fn begin_answer(&self, node: NodeId) -> Awaiting {
        self.begin_with(Awaited::Answer(node))
    }

    /// A sleep begins.
    #[inline]
    pub fn begin_sleep(&self, span: Nanos) -> Awaiting {
        self.begin_with(Awaited::Sleep(span))
    }

    #[inline]
    fn begin_with(&self, what: Awaited) -> Awaiting {
        let number = self.0.begun.get() + 1;
        self.0.begun.set(number);
        self.0.on.borrow_mut().push((number, what));
        Awaiting { waits: self.clone(), number }
    }

    /// The wait that began last and is still on: the innermost one, if they are nested.
    pub fn latest(&self) -> Option<String> {
        self.0.on.borrow().last().map(|(_, what)| what.to_string())
    }

    /// A body with which this list stops as it stands.
    pub fn sealed_with<F>(&self, body: F) -> Sealed<F> {
        Sealed { waits: self.clone(), body }
    }
}

/// A wait that is on, until this is dropped.
#[must_use = "the wait is over when this is dropped"]
#[derive(Debug)]
pub struct Awaiting {
    waits: Waits,
    number: u64,
}

impl Drop for Awaiting {
    #[inline]
    fn drop(&mut self) {
        let list = &self.waits.0;
        if !list.sealed.get() {
            list.on.borrow_mut().retain(|(number, _)| *number != self.number);
        }
    }
}

/// The first task of a run, which is the first to be dropped: then the list of waits stays as it is.
#[derive(Debug)]
pub(crate) struct Sealed<F> {
    waits: Waits,
    body: F,
}

impl<F: Future + Unpin> Future for Sealed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(&mut self.body).poll(context)
    }
}

impl<F> Drop for Sealed<F> {
    fn drop(&mut self) {
        self.waits.0.sealed.set(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_wait_is_told_and_the_outer_one_after_it() {
        let waits = Waits::default();
        let _outer = waits.begin("waited for a leader");
        let inner = waits.begin("waited for an answer of node 2");
        assert_eq!(waits.latest().as_deref(), Some("waited for an answer of node 2"));
        drop(inner);
        assert_eq!(waits.latest().as_deref(), Some("waited for a leader"));
    }

    #[test]
    fn of_waits_at_the_same_time_each_ends_alone_whatever_the_order() {
        let waits = Waits::default();
        let first = waits.begin("waited for one");
        let second = waits.begin("waited for two");
        drop(first);
        assert_eq!(waits.latest().as_deref(), Some("waited for two"));
        drop(second);
        assert_eq!(waits.latest(), None);
    }

    #[test]
    fn waits_that_are_dropped_with_their_run_are_still_told() {
        let waits = Waits::default();
        let guard = waits.begin("waited for a leader");
        let body = waits.sealed_with(Box::pin(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }));
        drop(body);
        assert_eq!(waits.latest().as_deref(), Some("waited for a leader"));
    }
}
