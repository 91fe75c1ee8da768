//! A table in memory, and one file of the node's disk with all bytes. What is removed leaves a hole.

use super::{Id, Shelf};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use windtunnel::fs::File;

const FILE: &str = "objects";

/// All objects and uploads.
pub struct FileShelf {
    file: File,
    end: Cell<u64>,
    objects: RefCell<BTreeMap<String, Object>>,
    uploads: RefCell<BTreeMap<Id, BTreeMap<u32, Extent>>>,
}

/// Where the bytes of an object are.
#[derive(Clone, Debug)]
pub struct Object(Rc<[Extent]>);

/// A range of the file.
#[derive(Clone, Copy, Debug)]
struct Extent {
    offset: u64,
    length: u64,
}

impl FileShelf {
    pub async fn create() -> io::Result<Self> {
        let file = File::create(FILE).await?;
        Ok(FileShelf { file, end: Cell::new(0), objects: RefCell::default(), uploads: RefCell::default() })
    }

    async fn write(&self, body: &[u8]) -> io::Result<Extent> {
        let extent = Extent { offset: self.end.get(), length: body.len() as u64 };
        self.end.set(extent.offset + extent.length);
        self.file.write_at(extent.offset, body).await?;
        Ok(extent)
    }
}

/// The object of these ranges; of those that lie one behind the other one is left, so that a long input is soon searched.
fn joined(extents: Vec<Extent>) -> Object {
    let mut joined: Vec<Extent> = Vec::new();
    for extent in extents {
        match joined.last_mut() {
            Some(last) if last.offset + last.length == extent.offset => last.length += extent.length,
            _ => joined.push(extent),
        }
    }
    Object(joined.into())
}

impl Shelf for FileShelf {
    type Object = Object;

    fn length(&self, object: &Object) -> u64 {
        object.0.iter().map(|extent| extent.length).sum()
    }

    async fn object(&self, name: &str) -> io::Result<Option<Object>> {
        Ok(self.objects.borrow().get(name).cloned())
    }

    async fn read(&self, object: &Object, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let (end, mut begin, mut bytes) = (from.saturating_add(length), 0, Vec::new());
        for extent in &*object.0 {
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

    async fn names(&self, prefix: &str) -> io::Result<Vec<String>> {
        let objects = self.objects.borrow();
        let names = objects.range(prefix.to_owned()..).map(|(name, _)| name);
        Ok(names.take_while(|name| name.starts_with(prefix)).cloned().collect())
    }

    async fn store(&self, body: &[u8]) -> io::Result<Object> {
        Ok(Object([self.write(body).await?].into()))
    }

    async fn insert(&self, name: String, object: Object) -> io::Result<bool> {
        let mut objects = self.objects.borrow_mut();
        let free = !objects.contains_key(&name);
        if free {
            objects.insert(name, object);
        }
        Ok(free)
    }

    async fn remove(&self, name: &str) -> io::Result<bool> {
        Ok(self.objects.borrow_mut().remove(name).is_some())
    }

    async fn add_part(&self, id: Id, number: u32, body: &[u8]) -> io::Result<()> {
        let extent = self.write(body).await?;
        self.uploads.borrow_mut().entry(id).or_default().insert(number, extent);
        Ok(())
    }

    async fn upload(&self, id: Id, parts: u32) -> io::Result<Option<Object>> {
        let uploads = self.uploads.borrow();
        let known = uploads.get(&id);
        let extents: Option<Vec<Extent>> = (0..parts).map(|number| known?.get(&number).copied()).collect();
        Ok(extents.map(joined))
    }

    async fn forget(&self, id: Id) {
        self.uploads.borrow_mut().remove(&id);
    }
}
