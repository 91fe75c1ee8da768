//! Objects and uploads: a table in memory, and one file with all bytes. What is removed leaves a hole.

use crate::contract::store::UploadId;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use windtunnel::NodeId;
use windtunnel::fs::File;

const FILE: &str = "objects";

/// An upload of a node.
type Id = (NodeId, UploadId);

/// All objects and uploads.
pub struct Shelf {
    file: File,
    end: Cell<u64>,
    objects: RefCell<BTreeMap<String, Object>>,
    uploads: RefCell<BTreeMap<Id, BTreeMap<u32, Extent>>>,
}

/// Where the bytes of an object are.
#[derive(Clone, Debug, Default)]
pub struct Object(Vec<Extent>);

/// A range of the file.
#[derive(Clone, Copy, Debug)]
struct Extent {
    offset: u64,
    length: u64,
}

impl Object {
    pub fn length(&self) -> u64 {
        self.0.iter().map(|extent| extent.length).sum()
    }
}

impl Shelf {
    pub async fn create() -> io::Result<Self> {
        let file = File::create(FILE).await?;
        Ok(Shelf { file, end: Cell::new(0), objects: RefCell::default(), uploads: RefCell::default() })
    }

    pub fn object(&self, name: &str) -> Option<Object> {
        self.objects.borrow().get(name).cloned()
    }

    pub fn names(&self, prefix: &str) -> Vec<String> {
        let objects = self.objects.borrow();
        let names = objects.range(prefix.to_owned()..).map(|(name, _)| name);
        names.take_while(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// Stores bytes of an object that nobody sees yet.
    pub async fn store(&self, body: &[u8]) -> io::Result<Object> {
        Ok(Object(vec![self.write(body).await?]))
    }

    /// Makes an object visible, if there is none of that name.
    pub fn insert(&self, name: String, object: Object) -> bool {
        let mut objects = self.objects.borrow_mut();
        let free = !objects.contains_key(&name);
        if free {
            objects.insert(name, object);
        }
        free
    }

    pub fn remove(&self, name: &str) -> bool {
        self.objects.borrow_mut().remove(name).is_some()
    }

    /// Puts bytes at the end of an object. The tester alone does so.
    pub async fn append(&self, name: &str, body: &[u8]) -> io::Result<()> {
        let extent = self.write(body).await?;
        self.objects.borrow_mut().entry(name.to_owned()).or_default().0.push(extent);
        Ok(())
    }

    pub async fn add_part(&self, id: Id, number: u32, body: &[u8]) -> io::Result<()> {
        let extent = self.write(body).await?;
        self.uploads.borrow_mut().entry(id).or_default().insert(number, extent);
        Ok(())
    }

    /// The object that an upload of so many parts makes; nothing if one is missing.
    pub fn upload(&self, id: Id, parts: u32) -> Option<Object> {
        let uploads = self.uploads.borrow();
        let known = uploads.get(&id);
        (0..parts).map(|number| known?.get(&number).copied()).collect::<Option<_>>().map(Object)
    }

    pub fn forget(&self, id: Id) {
        self.uploads.borrow_mut().remove(&id);
    }

    /// Up to `length` bytes of an object.
    pub async fn read(&self, object: &Object, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let (end, mut begin, mut bytes) = (from.saturating_add(length), 0, Vec::new());
        for extent in &object.0 {
            let (low, high) = (from.max(begin), end.min(begin + extent.length));
            if low < high {
                let piece = self.file.read_at(extent.offset + low - begin, (high - low) as usize).await?;
                if bytes.is_empty() {
                    bytes = piece;
                } else {
                    bytes.extend_from_slice(&piece);
                }
            }
            begin += extent.length;
        }
        Ok(bytes)
    }

    async fn write(&self, body: &[u8]) -> io::Result<Extent> {
        let extent = Extent { offset: self.end.get(), length: body.len() as u64 };
        self.end.set(extent.offset + extent.length);
        self.file.write_at(extent.offset, body).await?;
        Ok(extent)
    }
}
