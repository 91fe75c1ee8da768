//! The bytes of a file: all in memory, or with a scratch file all in `stored`.

use super::scratch::Scratch;
use super::stored::Stored;

/// The bytes of a file.
#[derive(Debug)]
pub(super) enum Bytes {
    InMemory(Vec<u8>),
    Stored(Stored),
}

impl Bytes {
    pub fn new(scratch: Option<Scratch>) -> Self {
        scratch.map_or_else(Bytes::default, |scratch| Bytes::Stored(Stored::new(scratch)))
    }

    pub const fn len(&self) -> usize {
        match self {
            Bytes::InMemory(bytes) => bytes.len(),
            Bytes::Stored(stored) => stored.len(),
        }
    }

    /// The bytes from `begin` to before `end`, both within the file.
    pub fn copy(&self, begin: usize, end: usize) -> Vec<u8> {
        match self {
            Bytes::InMemory(bytes) => bytes[begin..end].to_vec(),
            Bytes::Stored(stored) => stored.copy(begin, end),
        }
    }

    /// Puts bytes in the place of others.
    pub fn overwrite(&mut self, begin: usize, data: &[u8]) {
        match self {
            Bytes::InMemory(bytes) => bytes[begin..begin + data.len()].copy_from_slice(data),
            Bytes::Stored(stored) => stored.overwrite(begin, data),
        }
    }

    /// Puts bytes behind the last.
    pub fn extend(&mut self, data: &[u8]) {
        match self {
            Bytes::InMemory(bytes) => bytes.extend_from_slice(data),
            Bytes::Stored(stored) => stored.extend(data),
        }
    }

    /// Cuts the file, or grows it with zeros.
    pub fn resize(&mut self, length: usize) {
        match self {
            Bytes::InMemory(bytes) => bytes.resize(length, 0),
            Bytes::Stored(stored) => stored.resize(length),
        }
    }

    pub fn flip(&mut self, bit: u64) {
        let byte = (bit / 8) as usize;
        let flipped = self.copy(byte, byte + 1)[0] ^ 1 << (bit % 8);
        self.overwrite(byte, &[flipped]);
    }

    /// Takes all of them into memory; none are left.
    pub fn take(&mut self) -> Vec<u8> {
        match self {
            Bytes::InMemory(bytes) => std::mem::take(bytes),
            Bytes::Stored(stored) => {
                let all = stored.copy(0, stored.len());
                stored.resize(0);
                all
            }
        }
    }

    /// Takes these for all there are.
    pub fn set(&mut self, all: Vec<u8>) {
        match self {
            Bytes::InMemory(bytes) => *bytes = all,
            Bytes::Stored(stored) => {
                stored.resize(0);
                stored.extend(&all);
            }
        }
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Bytes::InMemory(Vec::new())
    }
}

/// In memory: a copy is for a look at what a disk would be after a power loss.
impl Clone for Bytes {
    fn clone(&self) -> Self {
        Bytes::InMemory(self.copy(0, self.len()))
    }
}
