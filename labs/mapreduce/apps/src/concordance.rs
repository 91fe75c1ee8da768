//! An inverted index with places (section 2.3: "It is easy to augment this computation to keep track of word positions").

use crate::app::{App, EmitPair, Group, Record};
use crate::values::Values;
use crate::words::words;

/// Where each word is: lines `word object:place object:place …`, of the records that have it, as often as they do.
#[derive(Clone, Copy, Debug)]
pub struct Concordance;

impl App for Concordance {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        let place = format!("{}:{}", record.object, record.at);
        words(record.line).for_each(|word| emit(word.as_bytes(), place.as_bytes()));
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Values::line(key)
    }
}
