//! The store: the harness's own service, which submissions and the tester call.
//!
//! - `shelf`: objects and uploads, and where their bytes are;
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
use crate::observation::{DELETED, Deleted, REFUSED, STORED, Stored};
use mood::Temper;
use shelf::Shelf;
use shelf::file::FileShelf;
use std::cell::RefCell;
use std::collections::BTreeMap;
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

/// The store.
struct Store<S>(Rc<Inner<S>>);

struct Inner<S> {
    shelf: S,
    temper: RefCell<Temper>,
    /// Parts of objects that the tester is putting, by name.
    coming: RefCell<BTreeMap<String, u32>>,
}

/// Cheap: it is the same store.
impl<S> Clone for Store<S> {
    fn clone(&self) -> Self {
        Store(self.0.clone())
    }
}

/// Starts the store.
pub async fn host() {
    #[cfg(feature = "real")]
    if let Some(directory) = node::directory() {
        return open(shelf::directory::DirectoryShelf::open(&directory));
    }
    open(FileShelf::create().await);
}

fn open(shelf: io::Result<impl Shelf>) {
    let shelf = match shelf {
        Ok(shelf) => shelf,
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    };
    let (temper, coming) = (RefCell::new(Temper::new()), RefCell::default());
    let store = Store(Rc::new(Inner { shelf, temper, coming }));
    store.serve(|store, from, put: Put| async move { store.put(from, put).await });
    store.serve(|store, from, part: Part| async move {
        let id = (from, part.upload);
        store.0.shelf.add_part(id, part.number, &short(part.body)?).await.map_err(unavailable)
    });
    store.serve(|store, from, complete: Complete| async move { store.complete(from, complete).await });
    store.serve(|store, _, get: Get| async move {
        let object = store.object(&get.name).await?;
        let length = get.length.min(LONGEST_PIECE);
        store.0.shelf.read(&object, get.from, length).await.map(Bytes).map_err(unavailable)
    });
    store.serve(|store, _, asked: Length| async move {
        store.object(&asked.name).await.map(|object| store.0.shelf.length(&object))
    });
    store.serve(|store, _, list: List| async move { store.0.shelf.names(&list.prefix).await.map_err(unavailable) });
    store.serve(|store, by, delete: Delete| async move {
        if !store.0.shelf.remove(&delete.name).await.map_err(unavailable)? {
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

impl<S: Shelf> Store<S> {
    /// Serves a request, as the store's mood has it.
    fn serve<R, T, F>(&self, handler: impl Fn(Store<S>, NodeId, R) -> F + Clone + 'static)
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

    async fn object(&self, name: &str) -> Result<S::Object, StoreError> {
        self.0.shelf.object(name).await.map_err(unavailable)?.ok_or(StoreError::NotFound)
    }

    async fn put(&self, by: NodeId, Put { name, body }: Put) -> Result<(), StoreError> {
        let object = self.0.shelf.store(&short(body)?).await.map_err(unavailable)?;
        self.show(by, name, object).await
    }

    async fn complete(&self, by: NodeId, complete: Complete) -> Result<(), StoreError> {
        let id: (NodeId, UploadId) = (by, complete.upload);
        let shelf = &self.0.shelf;
        let Some(object) = shelf.upload(id, complete.parts).await.map_err(unavailable)? else {
            // Whoever asks again because no answer came has no parts any more.
            return Err(self.object(&complete.name).await.map_or(StoreError::NotFound, |_| StoreError::Exists));
        };
        self.show(by, complete.name, object).await?;
        shelf.forget(id).await;
        Ok(())
    }

    /// Makes an object visible, to all at the same moment.
    async fn show(&self, by: NodeId, name: String, object: S::Object) -> Result<(), StoreError> {
        let shelf = &self.0.shelf;
        let (length, mut fold, mut body) = (shelf.length(&object), Fold::default(), Vec::new());
        let mut at = 0;
        while at < length {
            let piece = shelf.read(&object, at, LONGEST_PIECE).await.map_err(unavailable)?;
            fold.bytes(&piece);
            at += piece.len() as u64;
            if length <= SHOWN_WHOLE {
                body = piece;
            }
        }
        let is_first = shelf.insert(name.clone(), object).await.map_err(unavailable)?;
        let body = (length <= SHOWN_WHOLE).then(|| body.into());
        let kind = if is_first { STORED } else { REFUSED };
        node::observe(kind, &Stored { name, by, length, digest: fold.value(), body });
        if is_first { Ok(()) } else { Err(StoreError::Exists) }
    }

    /// How many parts of that object the tester has put.
    fn coming(&self, name: &str) -> u32 {
        self.0.coming.borrow().get(name).copied().unwrap_or_default()
    }

    async fn answer(&self, request: Request) -> Result<Reply, StoreError> {
        let shelf = &self.0.shelf;
        Ok(match request {
            Request::Append { name, body } => {
                let (parts, id) = (self.coming(&name), tester(&name));
                shelf.add_part(id, parts, &body).await.map_err(unavailable)?;
                self.0.coming.borrow_mut().insert(name, parts + 1);
                Reply::Done
            }
            Request::Finish(name) => {
                let (parts, id) = (self.coming(&name), tester(&name));
                let object = shelf.upload(id, parts).await.map_err(unavailable)?.ok_or(StoreError::NotFound)?;
                // An input of an earlier flight gives way.
                shelf.remove(&name).await.map_err(unavailable)?;
                shelf.insert(name.clone(), object).await.map_err(unavailable)?;
                shelf.forget(id).await;
                self.0.coming.borrow_mut().remove(&name);
                Reply::Done
            }
            Request::Read { name, from, length } => {
                let object = self.object(&name).await?;
                Reply::Bytes(shelf.read(&object, from, length).await.map_err(unavailable)?)
            }
            Request::List(prefix) => Reply::Names(shelf.names(&prefix).await.map_err(unavailable)?),
            Request::Mood(mood) => {
                self.0.temper.borrow_mut().set(mood);
                Reply::Done
            }
            _ => Reply::NotUnderstood,
        })
    }
}

/// The upload of what the tester puts under a name: no node is numbered 0.
fn tester(name: &str) -> (NodeId, UploadId) {
    (NodeId(0), UploadId(digest(name.as_bytes())))
}

fn short(body: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    if body.len() as u64 <= LONGEST_PIECE { Ok(body) } else { Err(StoreError::TooLong) }
}

/// What its own disk refuses, callers are told as any other trouble.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(_: io::Error) -> StoreError {
    StoreError::Unavailable
}
