//! The bytes of a file in a scratch file, block by block: nothing of them is in memory, however many files there are and
//! however short they are.

use super::scratch::{BLOCK, Place, Scratch};

/// The bytes of a file.
#[derive(Debug)]
pub(super) struct Stored {
    scratch: Scratch,
    /// Of the last one there is a beginning, unless the length is a multiple of theirs.
    blocks: Vec<Block>,
    length: usize,
}

/// A block, where there is room for it.
#[derive(Debug)]
enum Block {
    Placed(Place),
    /// The real disk has not taken it.
    Kept(Box<[u8]>),
}

/// Some bytes of one block.
struct Part {
    block: usize,
    from: usize,
    length: usize,
}

/// A range of a file, block by block.
fn parts(begin: usize, end: usize) -> impl Iterator<Item = Part> {
    let mut at = begin;
    std::iter::from_fn(move || {
        let (block, from) = (at / BLOCK, at % BLOCK);
        let length = (BLOCK - from).min(end - at);
        at += length;
        (length > 0).then_some(Part { block, from, length })
    })
}

impl Stored {
    pub const fn new(scratch: Scratch) -> Self {
        Stored { scratch, blocks: Vec::new(), length: 0 }
    }

    pub const fn len(&self) -> usize {
        self.length
    }

    /// The bytes from `begin` to before `end`, both within the file.
    pub fn copy(&self, begin: usize, end: usize) -> Vec<u8> {
        let mut bytes = vec![0; end - begin];
        let mut rest = &mut bytes[..];
        for Part { block, from, length } in parts(begin, end) {
            let (to, behind) = rest.split_at_mut(length);
            self.blocks[block].read(from, to);
            rest = behind;
        }
        bytes
    }

    /// Puts bytes in the place of others.
    pub fn overwrite(&mut self, begin: usize, data: &[u8]) {
        let mut rest = data;
        for Part { block, from, length } in parts(begin, begin + data.len()) {
            let (now, behind) = rest.split_at(length);
            self.blocks[block].write(from, now, self.length - block * BLOCK);
            rest = behind;
        }
    }

    /// Puts bytes behind the last.
    pub fn extend(&mut self, data: &[u8]) {
        let mut rest = data;
        for Part { block, from, length } in parts(self.length, self.length + data.len()) {
            if block == self.blocks.len() {
                self.blocks.push(Block::Placed(self.scratch.place()));
            }
            let (now, behind) = rest.split_at(length);
            self.blocks[block].write(from, now, from);
            self.length += length;
            rest = behind;
        }
    }

    /// Cuts the file, or grows it with zeros.
    pub fn resize(&mut self, length: usize) {
        self.blocks.truncate(length.div_ceil(BLOCK));
        self.length = self.length.min(length);
        while self.length < length {
            self.extend(&vec![0; (length - self.length).min(BLOCK)]);
        }
    }
}

impl Block {
    fn read(&self, from: usize, to: &mut [u8]) {
        match self {
            Block::Placed(place) => place.read(from, to),
            Block::Kept(kept) => to.copy_from_slice(&kept[from..from + to.len()]),
        }
    }

    /// Writes into a block that holds so many bytes, or more.
    fn write(&mut self, from: usize, data: &[u8], holds: usize) {
        match self {
            Block::Kept(kept) => kept[from..from + data.len()].copy_from_slice(data),
            Block::Placed(place) => {
                if place.write(from, data).is_err() {
                    let mut kept = vec![0; BLOCK].into_boxed_slice();
                    place.read(0, &mut kept[..holds.min(BLOCK)]);
                    kept[from..from + data.len()].copy_from_slice(data);
                    *self = Block::Kept(kept);
                }
            }
        }
    }
}
