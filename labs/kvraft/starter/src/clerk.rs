//! The clerk.

use lab_kvraft::{Append, ClerkId, Get, GetError, Put, PutError, Version, Versioned};
use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use windtunnel::{NodeId, net, rand};

/// A clerk of all servers. Clones are the same clerk.
#[derive(Clone, Debug)]
pub struct Clerk(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Nobody else's, and never this node's before.
    id: ClerkId,
    servers: Vec<NodeId>,
    appends: Cell<u64>,
}

impl lab_kvraft::Clerk for Clerk {
    fn connect(servers: Vec<NodeId>) -> Self {
        let id = ClerkId(rand::stream("clerk").word());
        Clerk(Rc::new(Inner { id, servers, appends: Cell::new(0) }))
    }

    async fn get(&self, key: &str) -> Result<Versioned, GetError> {
        // TODO(you): the first server need not lead, nor hear. Ask again, and another one, for ever.
        match net::call(self.0.servers[0], Get { key: key.to_owned() }).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => pending().await,
        }
    }

    async fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let put = Put { key: key.to_owned(), value: value.to_owned(), version };
        // TODO(you): ask again here too. What does each way of having no answer say of the put: nothing came of it, or
        // perhaps something? After the second a refusal proves nothing: `Maybe`.
        match net::call(self.0.servers[0], put).await {
            Ok(Ok(answer)) => answer.map_err(PutError::from),
            Ok(Err(_)) | Err(_) => pending().await,
        }
    }

    async fn append(&self, key: &str, value: &str) {
        let number = self.0.appends.get() + 1;
        self.0.appends.set(number);
        let append = Append { key: key.to_owned(), value: value.to_owned(), clerk: self.0.id, number };
        // TODO(you): ask again, under the same number.
        if !matches!(net::call(self.0.servers[0], append).await, Ok(Ok(()))) {
            pending().await
        }
    }
}
