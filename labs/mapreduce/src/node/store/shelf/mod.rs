//! Where the bytes of objects and uploads are: in one [`file`] of the node's simulated disk, or in flight below a [`directory`].

#[cfg(feature = "real")]
pub mod directory;
pub mod file;

use crate::contract::store::UploadId;
use std::future::Future;
use std::io;
use windtunnel::NodeId;

/// An upload of a node.
pub type Id = (NodeId, UploadId);

/// All objects and uploads. What fails leaves them as they were.
pub trait Shelf: 'static {
    /// An object, or bytes that are to become one and that nobody sees yet.
    type Object: Clone;

    /// How long it is.
    fn length(&self, object: &Self::Object) -> u64;

    /// The object of that name.
    fn object(&self, name: &str) -> impl Future<Output = io::Result<Option<Self::Object>>>;

    /// Up to `length` bytes of an object.
    fn read(&self, object: &Self::Object, from: u64, length: u64) -> impl Future<Output = io::Result<Vec<u8>>>;

    /// The names that begin so, in order.
    fn names(&self, prefix: &str) -> impl Future<Output = io::Result<Vec<String>>>;

    /// Stores bytes of an object that nobody sees yet.
    fn store(&self, body: &[u8]) -> impl Future<Output = io::Result<Self::Object>>;

    /// Makes an object visible, if there is none of that name.
    fn insert(&self, name: String, object: Self::Object) -> impl Future<Output = io::Result<bool>>;

    /// Removes an object, if it is there.
    fn remove(&self, name: &str) -> impl Future<Output = io::Result<bool>>;

    /// Stores a part of an upload.
    fn add_part(&self, id: Id, number: u32, body: &[u8]) -> impl Future<Output = io::Result<()>>;

    /// The object that an upload of so many parts makes; nothing if one is missing.
    fn upload(&self, id: Id, parts: u32) -> impl Future<Output = io::Result<Option<Self::Object>>>;

    /// Forgets the parts of an upload.
    fn forget(&self, id: Id) -> impl Future<Output = ()>;
}

#[cfg(test)]
mod tests;
