//! The server.

use lab_kv::{Get, GetError, Put, PutRefused, Versioned};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

/// The server. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Server(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Do not hold a borrow of it across an `.await`.
    pairs: RefCell<BTreeMap<String, Versioned>>,
}

impl lab_kv::Server for Server {
    async fn start() -> io::Result<Self> {
        // TODO(you): read what an earlier start has left on the disk (windtunnel::fs). What was half written when the
        // power went was answered to nobody; what was whole may have been.
        Ok(Server(Rc::new(Inner { pairs: RefCell::default() })))
    }

    async fn get(&self, request: Get) -> Result<Versioned, GetError> {
        self.0.pairs.borrow().get(&request.key).cloned().ok_or(GetError::NoKey)
    }

    async fn put(&self, request: Put) -> Result<(), PutRefused> {
        tracing::debug!("put {:?} at version {}", request.key, request.version);
        // TODO(you): refuse it if the key has another version. Else write it to the disk and sync it, and only then
        // let others see it. Another put may come at each `.await`.
        Err(PutRefused::NoKey)
    }
}
