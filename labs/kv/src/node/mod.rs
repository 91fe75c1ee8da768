//! The glue between a submission and its nodes: node 1 is the server, all others have clerks, and the last one is also the
//! vault that locks guard.

mod clients;
mod crowd;
mod locks;
mod server;
mod vault;

use crate::contract::{Clerk, Lock, Server};
use windtunnel::{NodeId, node};

/// The node of the server.
pub const SERVER: NodeId = NodeId(1);

/// A node's main: starts the server or opens the clients' control port, and returns; both live on in their tasks.
pub async fn host<S: Server, C: Clerk, L: Lock<C>>() {
    if node::id() == SERVER {
        return server::host::<S>().await;
    }
    vault::serve();
    clients::serve::<C, L>();
}

/// The node of the vault: the last one.
fn vault() -> NodeId {
    node::members().into_iter().max().expect("this node is a member")
}
