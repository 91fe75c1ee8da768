//! A hash index over things that lie in a vector elsewhere: it keeps their numbers alone.

/// Open addressing with linear probing. Nothing is ever taken out but all at once.
#[derive(Clone, Debug)]
pub(super) struct Index {
    numbers: Vec<u32>,
    count: usize,
}

const FREE: u32 = u32::MAX;

impl Index {
    pub fn new() -> Self {
        Index { numbers: vec![FREE; 64], count: 0 }
    }

    pub fn clear(&mut self) {
        self.numbers.fill(FREE);
        self.count = 0;
    }

    /// The first number with this hash that `is_it` accepts.
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.numbers.len() - 1;
        let mut place = spread(hash) & mask;
        loop {
            match self.numbers[place] {
                FREE => return None,
                number if is_it(number) => return Some(number),
                _ => place = (place + 1) & mask,
            }
        }
    }

    /// Adds a number; `hash_of` tells the hashes of those that are in.
    pub fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if self.is_full() {
            let doubled = vec![FREE; self.numbers.len() * 2];
            let before = std::mem::replace(&mut self.numbers, doubled);
            before.into_iter().filter(|number| *number != FREE).for_each(|number| self.place(hash_of(number), number));
        }
        self.place(hash, number);
        self.count += 1;
    }

    pub fn bytes(&self) -> usize {
        self.numbers.len() * size_of::<u32>()
    }

    /// How many bytes one more may take, at the moment at which the numbers move.
    pub fn growth(&self) -> usize {
        if self.is_full() { 2 * self.bytes() } else { 0 }
    }

    fn is_full(&self) -> bool {
        (self.count + 1) * 4 > self.numbers.len() * 3
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.numbers.len() - 1;
        let mut place = spread(hash) & mask;
        while self.numbers[place] != FREE {
            place = (place + 1) & mask;
        }
        self.numbers[place] = number;
    }
}

#[allow(clippy::cast_possible_truncation)] // any bits will do
fn spread(hash: u64) -> usize {
    (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}
