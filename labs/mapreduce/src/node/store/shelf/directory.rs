//! In flight: every object is a file of its own below a directory of the machine, through crate `object_store`.
//!
//! - `objects/` has an object under its name, escaped so that it is one file name;
//! - `uploads/NODE-UPLOAD/` has the parts of an upload; `new/` what nobody sees yet.
//!
//! The store's process does one thing at a time, and waits for the disk: a node's tasks hear only of what happens to the node.

use super::{Id, Shelf};
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutPayload};
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::thread;
use windtunnel::NodeId;

const OBJECTS: &str = "objects";
const UPLOADS: &str = "uploads";
const NEW: &str = "new";

/// All objects and uploads.
pub struct DirectoryShelf {
    files: LocalFileSystem,
    /// What is not visible yet has a number for a name.
    made: Cell<u64>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct Object {
    path: Path,
    length: u64,
}

impl DirectoryShelf {
    /// What is below this directory; what was not visible at the end of an earlier process is gone.
    pub fn open(directory: &std::path::Path) -> io::Result<Self> {
        let files = wait(async { LocalFileSystem::new_with_prefix(directory) })?.with_fsync(true);
        let shelf = DirectoryShelf { files, made: Cell::new(0) };
        for left in [NEW, UPLOADS] {
            shelf.empty(&Path::from(left))?;
        }
        Ok(shelf)
    }

    fn empty(&self, directory: &Path) -> io::Result<()> {
        for file in self.below(directory)? {
            wait(self.files.delete(&file.location))?;
        }
        Ok(())
    }

    fn below(&self, directory: &Path) -> io::Result<Vec<ObjectMeta>> {
        let files = &self.files;
        // What lists must be made on the thread that waits for it.
        wait(async { files.list(Some(directory)).try_collect().await })
    }

    fn new_path(&self) -> Path {
        self.made.set(self.made.get() + 1);
        Path::from_iter([NEW.to_owned(), self.made.get().to_string()])
    }
}

fn of_object(name: &str) -> Path {
    Path::from_iter([OBJECTS, name])
}

fn of_upload((NodeId(node), upload): Id) -> Path {
    Path::from_iter([UPLOADS.to_owned(), format!("{node}-{}", upload.0)])
}

/// Waits for the library, on a thread of its own: the node's is one of tokio's runtime, which lets a task wait for no more than about a
/// hundred things in one step, and then for nothing until the step is over.
fn wait<T: Send>(future: impl Future<Output = Result<T, Error>> + Send) -> io::Result<T> {
    answer(future).map_err(io::Error::from)
}

#[allow(clippy::disallowed_methods, reason = "the store is the harness's, and is there in flight alone")]
fn answer<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let answered = thread::scope(|scope| scope.spawn(|| pollster::block_on(future)).join());
    answered.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Whether it is there.
fn if_any<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Shelf for DirectoryShelf {
    type Object = Object;

    fn length(&self, object: &Object) -> u64 {
        object.length
    }

    async fn object(&self, name: &str) -> io::Result<Option<Object>> {
        let path = of_object(name);
        let found = if_any(wait(self.files.head(&path)))?;
        Ok(found.map(|found| Object { path, length: found.size }))
    }

    async fn read(&self, object: &Object, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let end = from.saturating_add(length).min(object.length);
        if from >= end {
            return Ok(Vec::new());
        }
        wait(self.files.get_range(&object.path, from..end)).map(Vec::from)
    }

    async fn names(&self, prefix: &str) -> io::Result<Vec<String>> {
        let directory = Path::from(OBJECTS);
        let mut names = Vec::new();
        for file in self.below(&directory)? {
            let escaped = file.location.filename().unwrap_or_default();
            let name = percent_encoding::percent_decode_str(escaped).decode_utf8_lossy();
            names.extend(name.starts_with(prefix).then(|| name.into_owned()));
        }
        names.sort();
        Ok(names)
    }

    async fn store(&self, body: &[u8]) -> io::Result<Object> {
        let path = self.new_path();
        wait(self.files.put(&path, PutPayload::from(body.to_vec())))?;
        Ok(Object { path, length: body.len() as u64 })
    }

    async fn insert(&self, name: String, object: Object) -> io::Result<bool> {
        match answer(self.files.rename_if_not_exists(&object.path, &of_object(&name))) {
            Ok(()) => Ok(true),
            Err(Error::AlreadyExists { .. }) => {
                wait(self.files.delete(&object.path))?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn remove(&self, name: &str) -> io::Result<bool> {
        if_any(wait(self.files.delete(&of_object(name)))).map(|found| found.is_some())
    }

    async fn add_part(&self, id: Id, number: u32, body: &[u8]) -> io::Result<()> {
        let path = of_upload(id).join(number.to_string());
        wait(self.files.put(&path, PutPayload::from(body.to_vec()))).map(|_| ())
    }

    async fn upload(&self, id: Id, parts: u32) -> io::Result<Option<Object>> {
        let (path, mut length) = (self.new_path(), 0);
        let mut whole = wait(self.files.put_multipart(&path))?;
        for number in 0..parts {
            let files = &self.files;
            let part = async { files.get(&of_upload(id).join(number.to_string())).await?.bytes().await };
            let Some(part) = if_any(wait(part))? else {
                wait(whole.abort())?;
                return Ok(None);
            };
            length += part.len() as u64;
            wait(whole.put_part(part.into()))?;
        }
        wait(whole.complete())?;
        Ok(Some(Object { path, length }))
    }

    async fn forget(&self, id: Id) {
        // What is left of it takes room until the next start, and no more.
        let _ = self.empty(&of_upload(id));
    }
}
