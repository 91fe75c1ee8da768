//! Inverted index (section 2.3; MIT's `indexer`).

use crate::app::{App, Emit, EmitPair, Group, Record};
use crate::words::words;
use std::collections::BTreeSet;

/// Which objects have a word: lines `word count object,object,…`.
#[derive(Clone, Copy, Debug)]
pub struct InvertedIndex;

/// The objects of one word.
struct Objects {
    line: Vec<u8>,
    objects: BTreeSet<Vec<u8>>,
}

impl App for InvertedIndex {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        words(record.line).for_each(|word| emit(word.as_bytes(), record.object.as_bytes()));
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Box::new(Objects { line: key.to_vec(), objects: BTreeSet::new() })
    }

    fn combine(&self, _: &[u8]) -> Option<Box<dyn Group>> {
        Some(Box::new(Distinct(None)))
    }
}

impl Group for Objects {
    fn value(&mut self, value: &[u8], _: &mut Emit<'_>) {
        if !self.objects.contains(value) {
            self.objects.insert(value.to_vec());
        }
    }

    fn end(mut self: Box<Self>, emit: &mut Emit<'_>) {
        self.line.extend_from_slice(format!(" {} ", self.objects.len()).as_bytes());
        for (number, object) in self.objects.iter().enumerate() {
            if number > 0 {
                self.line.push(b',');
            }
            self.line.extend_from_slice(object);
        }
        self.line.push(b'\n');
        emit(&self.line);
    }
}

/// Leaves out a value that is the one before.
struct Distinct(Option<Vec<u8>>);

impl Group for Distinct {
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) {
        if self.0.as_deref() != Some(value) {
            emit(value);
            self.0 = Some(value.to_vec());
        }
    }

    fn end(self: Box<Self>, _: &mut Emit<'_>) {}
}
