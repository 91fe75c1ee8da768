//! The server: a map in memory, and every change of it on the disk before anybody can see it.

use crate::journal::{Journal, Pairs};
use lab_kv::{Get, GetError, Put, PutRefused, Version, Versioned};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use windtunnel::node;
use windtunnel::sync::Mutex;

/// The server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What is safe on the disk, and nothing else: gets read from here.
    pairs: RefCell<Pairs>,
    /// Whoever puts holds this from looking at the version to changing it, so puts come one after the other.
    journal: Mutex<Journal>,
}

impl lab_kv::Server for Server {
    async fn start() -> io::Result<Self> {
        let (journal, pairs) = Journal::open().await?;
        Ok(Server(Rc::new(Inner { pairs: RefCell::new(pairs), journal: Mutex::new(journal) })))
    }

    async fn get(&self, request: Get) -> Result<Versioned, GetError> {
        self.0.pairs.borrow().get(&request.key).cloned().ok_or(GetError::NoKey)
    }

    /// A request that comes twice finds another version the second time: nothing has to be remembered of it.
    async fn put(&self, request: Put) -> Result<(), PutRefused> {
        let mut journal = self.0.journal.lock().await;
        let Put { key, value, version } = request;
        self.allows(&key, version)?;
        let pair = (key, Versioned { value, version: version.next() });
        if let Err(error) = journal.append(&pair).await {
            node::stop(format_args!("the journal cannot be written: {error}"));
        }
        // Only now: whoever reads it may tell others, and it must not be gone after a power loss.
        self.0.pairs.borrow_mut().insert(pair.0, pair.1);
        if journal.is_long()
            && let Err(error) = journal.begin_anew(&self.0.pairs).await
        {
            node::stop(format_args!("the journal cannot be written anew: {error}"));
        }
        Ok(())
    }
}

impl Server {
    /// Whether the key has the version that a put names.
    fn allows(&self, key: &str, version: Version) -> Result<(), PutRefused> {
        match self.0.pairs.borrow().get(key) {
            None if version == Version::NONE => Ok(()),
            None => Err(PutRefused::NoKey),
            Some(known) if known.version == version => Ok(()),
            Some(_) => Err(PutRefused::Version),
        }
    }
}
