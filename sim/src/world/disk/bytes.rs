//! The bytes of a file: in memory, or of a long file with a scratch file all but its end there.

use super::scratch::{BLOCK, Place, Scratch};

/// So many blocks of the end stay in memory: who appends little by little stores every block once.
const IN_MEMORY: usize = 2;

/// A file grows by so many zeros at a time.
const AT_A_TIME: usize = 1 << 20;

/// The bytes of a file.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    /// The beginning, in blocks.
    blocks: Vec<Block>,
    /// What is behind the blocks.
    rest: Vec<u8>,
    scratch: Option<Scratch>,
}

/// A block, where there is room for it.
#[derive(Debug)]
enum Block {
    Stored(Place),
    /// The real disk has not taken it.
    Kept(Box<[u8; BLOCK]>),
}

impl Bytes {
    pub fn new(scratch: Option<Scratch>) -> Self {
        Bytes { scratch, ..Bytes::default() }
    }

    pub const fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.rest.len()
    }

    /// The bytes from `begin` to before `end`, both within the file.
    pub fn copy(&self, begin: usize, end: usize) -> Vec<u8> {
        let stored = self.blocks.len() * BLOCK;
        if begin >= stored {
            return self.rest[begin - stored..end - stored].to_vec();
        }
        let mut bytes = vec![0; end - begin];
        let mut at = begin;
        while at < end.min(stored) {
            let (number, from) = (at / BLOCK, at % BLOCK);
            let until = end.min((number + 1) * BLOCK);
            let to = &mut bytes[at - begin..until - begin];
            match &self.blocks[number] {
                Block::Stored(place) => place.read_part(from, to),
                Block::Kept(kept) => to.copy_from_slice(&kept[from..from + to.len()]),
            }
            at = until;
        }
        if end > stored {
            bytes[stored - begin..].copy_from_slice(&self.rest[..end - stored]);
        }
        bytes
    }

    /// Puts bytes in the place of others.
    pub fn overwrite(&mut self, begin: usize, data: &[u8]) {
        let (stored, end) = (self.blocks.len() * BLOCK, begin + data.len());
        let mut at = begin;
        while at < end.min(stored) {
            let (number, from) = (at / BLOCK, at % BLOCK);
            let until = end.min((number + 1) * BLOCK);
            self.blocks[number].change(from, &data[at - begin..until - begin]);
            at = until;
        }
        if end > stored {
            self.rest[at - stored..end - stored].copy_from_slice(&data[at - begin..]);
        }
    }

    /// Puts bytes behind the last.
    pub fn extend(&mut self, data: &[u8]) {
        self.rest.extend_from_slice(data);
        self.store();
    }

    /// Cuts the file, or grows it with zeros.
    pub fn resize(&mut self, length: usize) {
        if length < self.blocks.len() * BLOCK {
            let cut = self.blocks.drain(length / BLOCK..).next().expect("the cut is within a block");
            self.rest = cut.into_bytes().to_vec();
        }
        self.rest.truncate(length - self.blocks.len() * BLOCK);
        while self.len() < length {
            let more = (length - self.len()).min(AT_A_TIME);
            self.rest.resize(self.rest.len() + more, 0);
            self.store();
        }
    }

    pub fn flip(&mut self, bit: u64) {
        let byte = (bit / 8) as usize;
        let flipped = self.copy(byte, byte + 1)[0] ^ 1 << (bit % 8);
        self.overwrite(byte, &[flipped]);
    }

    /// Takes all of them into memory; none are left.
    pub fn take(&mut self) -> Vec<u8> {
        let all = if self.blocks.is_empty() { std::mem::take(&mut self.rest) } else { self.copy(0, self.len()) };
        self.resize(0);
        all
    }

    /// Takes these for all there are.
    pub fn set(&mut self, bytes: Vec<u8>) {
        self.blocks.clear();
        self.rest = bytes;
        self.store();
    }

    /// Stores blocks until few enough are in memory.
    fn store(&mut self) {
        let Some(scratch) = self.scratch.as_ref().filter(|_| self.rest.len() > IN_MEMORY * BLOCK) else { return };
        let (blocks, end) = self.rest.as_chunks::<BLOCK>();
        self.blocks.extend(blocks.iter().map(|block| match scratch.store(block) {
            Ok(place) => Block::Stored(place),
            Err(_) => Block::Kept(Box::new(*block)),
        }));
        self.rest = end.to_vec();
    }
}

/// In memory: a copy is for a look at what a disk would be after a power loss.
impl Clone for Bytes {
    fn clone(&self) -> Self {
        Bytes { blocks: Vec::new(), rest: self.copy(0, self.len()), scratch: None }
    }
}

impl Block {
    fn change(&mut self, from: usize, data: &[u8]) {
        match self {
            Block::Kept(kept) => kept[from..from + data.len()].copy_from_slice(data),
            Block::Stored(place) => {
                let mut bytes = place.read();
                bytes[from..from + data.len()].copy_from_slice(data);
                if place.write(&bytes).is_err() {
                    *self = Block::Kept(bytes);
                }
            }
        }
    }

    fn into_bytes(self) -> Box<[u8; BLOCK]> {
        match self {
            Block::Stored(place) => place.read(),
            Block::Kept(kept) => kept,
        }
    }
}
