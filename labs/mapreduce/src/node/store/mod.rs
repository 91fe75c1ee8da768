//! The store: the harness's own service, which submissions and the tester call.
//!
//! - `shelf`: objects and uploads, and the file on the node's disk that has their bytes;
//! - `mood`: how callers are treated;
//! - here: requests, and what the judge is shown.
//!
//! Its disk is honest and it is never crashed, so it keeps its table in memory and syncs nothing.

mod mood;
mod shelf;

use super::answer_control;
use crate::contract::store::{
    Bytes, Complete, Delete, Get, LONGEST_PIECE, Length, List, Part, Put, StoreError, UploadId,
};
use crate::control::{Reply, Request};
use crate::observation::{DELETED, Deleted, STORED, Stored};
use mood::Temper;
use shelf::{Object, Shelf};
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::rc::Rc;
use windtunnel::fold::Fold;
use windtunnel::{NodeId, net, node};

/// Longer objects are shown to the judge by their digest alone.
const SHOWN_WHOLE: u64 = 64 << 10;

/// What tells the bytes of an object from those of another: a fold of its pieces of [`LONGEST_PIECE`].
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    let mut fold = Fold::default();
    bytes.chunks(LONGEST_PIECE as usize).for_each(|piece| fold.bytes(piece));
    fold.value()
}

/// The store. Cheap to clone.
#[derive(Clone)]
struct Store(Rc<Inner>);

struct Inner {
    shelf: Shelf,
    temper: RefCell<Temper>,
}

/// Starts the store.
pub async fn host() {
    let shelf = match Shelf::create().await {
        Ok(shelf) => shelf,
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    };
    let store = Store(Rc::new(Inner { shelf, temper: RefCell::new(Temper::new()) }));
    store.serve(|store, from, put: Put| async move { store.put(from, put).await });
    store.serve(|store, from, part: Part| async move {
        let id = (from, part.upload);
        store.0.shelf.add_part(id, part.number, &short(part.body)?).await.map_err(unavailable)
    });
    store.serve(|store, from, complete: Complete| async move { store.complete(from, complete).await });
    store.serve(|store, _, get: Get| async move {
        let object = store.0.shelf.object(&get.name).ok_or(StoreError::NotFound)?;
        let length = get.length.min(LONGEST_PIECE);
        store.0.shelf.read(&object, get.from, length).await.map(Bytes).map_err(unavailable)
    });
    store.serve(|store, _, asked: Length| async move {
        store.0.shelf.object(&asked.name).map(|object| object.length()).ok_or(StoreError::NotFound)
    });
    store.serve(|store, _, list: List| async move { Ok(store.0.shelf.names(&list.prefix)) });
    store.serve(|store, by, delete: Delete| async move {
        if !store.0.shelf.remove(&delete.name) {
            return Err(StoreError::NotFound);
        }
        node::observe(DELETED, &Deleted { name: delete.name, by });
        Ok(())
    });
    answer_control(move |request| {
        let store = store.clone();
        async move { store.answer(request).await.unwrap_or_else(Reply::Failed) }
    });
}

impl Store {
    /// Serves a request, as the store's mood has it.
    fn serve<R, T, F>(&self, handler: impl Fn(Store, NodeId, R) -> F + Clone + 'static)
    where
        R: net::Request<Reply = Result<T, StoreError>> + 'static,
        T: 'static,
        F: Future<Output = Result<T, StoreError>> + 'static,
    {
        let store = self.clone();
        net::serve(move |from, request: R| {
            let (store, handler) = (store.clone(), handler.clone());
            async move {
                let treatment = store.0.temper.borrow().draw();
                treatment.before().await?;
                let reply = handler(store, from, request).await;
                treatment.after().await;
                reply
            }
        });
    }

    async fn put(&self, by: NodeId, Put { name, body }: Put) -> Result<(), StoreError> {
        let object = self.0.shelf.store(&short(body)?).await.map_err(unavailable)?;
        self.show(by, name, object, || {}).await
    }

    async fn complete(&self, by: NodeId, complete: Complete) -> Result<(), StoreError> {
        let id: (NodeId, UploadId) = (by, complete.upload);
        if self.0.shelf.object(&complete.name).is_some() {
            return Err(StoreError::Exists);
        }
        let object = self.0.shelf.upload(id, complete.parts).ok_or(StoreError::NotFound)?;
        self.show(by, complete.name, object, || self.0.shelf.forget(id)).await
    }

    /// Makes an object visible, to all at the same moment.
    async fn show(&self, by: NodeId, name: String, object: Object, then: impl FnOnce()) -> Result<(), StoreError> {
        let shelf = &self.0.shelf;
        let (length, mut fold, mut body) = (object.length(), Fold::default(), Vec::new());
        let mut at = 0;
        while at < length {
            let piece = shelf.read(&object, at, LONGEST_PIECE).await.map_err(unavailable)?;
            fold.bytes(&piece);
            at += piece.len() as u64;
            if length <= SHOWN_WHOLE {
                body = piece;
            }
        }
        if !shelf.insert(name.clone(), object) {
            return Err(StoreError::Exists);
        }
        then();
        let body = (length <= SHOWN_WHOLE).then(|| body.into());
        node::observe(STORED, &Stored { name, by, length, digest: fold.value(), body });
        Ok(())
    }

    async fn answer(&self, request: Request) -> Result<Reply, StoreError> {
        let shelf = &self.0.shelf;
        Ok(match request {
            Request::Append { name, body } => {
                shelf.append(&name, &body).await.map_err(unavailable)?;
                Reply::Done
            }
            Request::Read { name, from, length } => {
                let object = shelf.object(&name).ok_or(StoreError::NotFound)?;
                Reply::Bytes(shelf.read(&object, from, length).await.map_err(unavailable)?)
            }
            Request::List(prefix) => Reply::Names(shelf.names(&prefix)),
            Request::Mood(mood) => {
                self.0.temper.borrow_mut().set(mood);
                Reply::Done
            }
            _ => Reply::NotUnderstood,
        })
    }
}

fn short(body: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    if body.len() as u64 <= LONGEST_PIECE { Ok(body) } else { Err(StoreError::TooLong) }
}

/// What its own disk refuses, callers are told as any other trouble.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(_: io::Error) -> StoreError {
    StoreError::Unavailable
}
