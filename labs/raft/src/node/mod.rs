//! The glue between a submission and its node: hosts a [`Raft`] behind a control
//! port, and shows the oracle what it does.
//!
//! [`host`] is a node's whole main. A lab that builds on Raft calls [`start_observed`] instead,
//! and has a control port of its own.

mod control_port;
mod observer;
pub mod on_disk;

use crate::contract::{Applied, AppliedStream, Digest, Raft};
use crate::observation::{self, AppliedEntry, AppliedSnapshot, Restored};
use observer::Observer;
use std::io;
use windtunnel::node;

/// A node's main: starts `R`, serves the control port, and returns; the server lives on in its
/// tasks. Until it has started the node has no control handler, and the tester is told so.
///
/// When `R` cannot start, the node stops for good and says why: a server that cannot read its disk must not take part.
pub async fn host<R: Raft>() {
    match start_observed::<R>(AppliedStream::new(|_| ())).await {
        Ok(raft) => control_port::serve(raft),
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    }
}

/// Starts `R` and shows the oracle its views and everything it applies, on its way to `applied`.
///
/// # Errors
///
/// Those of [`Raft::start`].
pub async fn start_observed<R: Raft>(applied: AppliedStream) -> io::Result<R> {
    let raft = R::start(observed(applied)).await?;
    let first = checked(&raft);
    let mut observer = Observer::new(&first);
    node::observe(observation::RESTORED, &Restored { view: first });
    let server = raft.clone();
    node::before_output(move || {
        if let Some(change) = observer.look(&checked(&server)) {
            node::observe(observation::VIEW, &change);
        }
    });
    Ok(raft)
}

/// The server's view, if it holds together.
fn checked(raft: &impl Raft) -> crate::View {
    let view = raft.view();
    if let Err(fault) = view.check() {
        panic!("{fault}");
    }
    view
}

/// A stream that shows the oracle what passes through it.
fn observed(onward: AppliedStream) -> AppliedStream {
    AppliedStream::new(move |applied| match applied {
        Applied::Entry { index, term, command } => {
            let seen = AppliedEntry { index, term, digest: Digest::of(&command), command };
            node::observe(observation::APPLIED, &seen);
            onward.entry(index, term, seen.command);
        }
        Applied::Snapshot { index, term, data } => {
            let seen = AppliedSnapshot { index, term, digest: Digest::of(&data), data };
            node::observe(observation::APPLIED_SNAPSHOT, &seen);
            onward.snapshot(index, term, seen.data);
        }
    })
}

#[cfg(all(test, feature = "sim"))]
mod tests;
