//! The clerk.

use lab_kv::{Get, GetError, Put, PutError, Version, Versioned};
use windtunnel::{NodeId, net};

/// A clerk of one server.
#[derive(Clone, Copy, Debug)]
pub struct Clerk {
    server: NodeId,
}

impl lab_kv::Clerk for Clerk {
    fn connect(server: NodeId) -> Self {
        Clerk { server }
    }

    async fn get(&self, key: &str) -> Result<Versioned, GetError> {
        // TODO(you): no answer is no answer: ask again, for ever.
        net::call(self.server, Get { key: key.to_owned() }).await.unwrap_or(Err(GetError::NoKey))
    }

    async fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let put = Put { key: key.to_owned(), value: value.to_owned(), version };
        // TODO(you): ask again here too, and say `Maybe` where you cannot know.
        match net::call(self.server, put).await {
            Ok(answer) => answer.map_err(PutError::from),
            Err(_) => Err(PutError::NoKey),
        }
    }
}
