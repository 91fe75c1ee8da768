//! The glue between a submission and its nodes: node 1 is the coordinator, the others of its group are workers, and the first node of
//! the second group is the store, which is no part of a submission.

mod coordinator;
mod store;
mod worker;

pub use store::digest;

use crate::contract::{Coordinator, Worker, store as service};
use crate::control::{Reply, Request};
use mapreduce_apps::Registry;
use std::future::Future;
use windtunnel::{NodeId, node};

/// The node of the coordinator.
pub const COORDINATOR: NodeId = NodeId(1);

/// A node's main: starts what the node is, and returns; it lives on in its tasks.
pub async fn host<C: Coordinator, W: Worker>(apps: Registry) {
    if node::id() == service::node() {
        store::host().await;
    } else if node::id() == COORDINATOR {
        coordinator::host::<C>().await;
    } else {
        worker::host::<W>(apps).await;
    }
}

/// Gives a control port its answers.
fn answer_control<A, F>(answer: A)
where
    A: Fn(Request) -> F + Clone + 'static,
    F: Future<Output = Reply> + 'static,
{
    node::control(move |request: Vec<u8>| {
        let answer = answer.clone();
        async move {
            let reply = match postcard::from_bytes(&request) {
                Ok(request) => answer(request).await,
                Err(_) => Reply::NotUnderstood,
            };
            postcard::to_stdvec(&reply).expect("replies are plain data")
        }
    });
}
