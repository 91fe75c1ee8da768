//! The glue between a submission and its nodes. The servers are the first group of nodes. Behind them come the nodes of clients; a
//! test without any is of part rsm, and its servers have a counter instead of a key/value service.

mod clients;
mod counter;
mod server;
mod watched;

use crate::contract::{Options, Submission};
use lab_raft::{Applied, AppliedStream, Raft};
use std::future::Future;
pub use watched::Watched;
use windtunnel::node;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// A node's main: starts a server on `R`, or opens the clients' control port, and returns; both live on in their tasks.
pub async fn host<S: Submission, R: Raft>() {
    let groups = node::groups();
    let servers = groups.first().cloned().unwrap_or_default();
    if !servers.contains(&node::id()) {
        clients::serve::<S::Clerk>(servers);
    } else if groups.len() == 1 {
        start::<R, _>(|raft, applied, options| counter::host::<S, R>(raft, applied, options)).await;
    } else {
        start::<R, _>(|raft, applied, options| server::host::<S::Server<Watched<R>>, R>(raft, applied, options)).await;
    }
}

/// Starts Raft, and what is built on it.
async fn start<R: Raft, F: Future<Output = ()>>(
    begin: impl FnOnce(Watched<R>, UnboundedReceiver<Applied>, Options) -> F,
) {
    let (stream, applied) = AppliedStream::channel();
    match Watched::<R>::start(stream).await {
        Ok(raft) => begin(raft, applied, Options::of_this_test()).await,
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    }
}

/// Gives a control port its answers.
fn answer_control<A, F>(answer: A)
where
    A: Fn(crate::control::Request) -> F + Clone + 'static,
    F: Future<Output = crate::control::Reply> + 'static,
{
    node::control(move |request: Vec<u8>| {
        let answer = answer.clone();
        async move {
            let reply = match postcard::from_bytes(&request) {
                Ok(request) => answer(request).await,
                Err(_) => crate::control::Reply::NotUnderstood,
            };
            postcard::to_stdvec(&reply).expect("replies are plain data")
        }
    });
}

#[cfg(all(test, feature = "sim"))]
mod tests;
