//! Combines values of the same key that follow each other in a merge, on their way into a run. (Section 4.3)

use super::sorter::RunWriter;
use crate::messages::Trouble;
use lab_mapreduce::{Attempt, Values};

/// What was given of the key at hand.
#[derive(Debug)]
enum Given {
    /// Nothing, or all of it is written.
    Nothing,
    /// One value, kept until it is known whether there are more.
    One(Vec<u8>),
    /// Several, which are being combined.
    Several(Values),
    /// Several, which the application leaves as they are.
    Plain,
}

/// Passes pairs on into a run, combined if there is who combines.
#[derive(Debug)]
pub struct Combiner<'a> {
    attempt: Option<&'a Attempt>,
    partition: u32,
    key: Vec<u8>,
    given: Given,
}

impl<'a> Combiner<'a> {
    pub const fn new(attempt: Option<&'a Attempt>) -> Self {
        Combiner { attempt, partition: 0, key: Vec::new(), given: Given::Nothing }
    }

    /// The next pair, not before those that were given.
    pub fn add(&mut self, partition: u32, key: &[u8], value: &[u8], into: &mut RunWriter) -> Result<(), Trouble> {
        let Some(attempt) = self.attempt else {
            into.blocks.add(partition, key, value);
            return Ok(());
        };
        if matches!(self.given, Given::Nothing) || self.partition != partition || self.key != key {
            self.end(into)?;
            self.partition = partition;
            self.key.clear();
            self.key.extend_from_slice(key);
            self.given = Given::One(value.to_vec());
            return Ok(());
        }
        if let Given::One(first) = &self.given {
            self.given = match attempt.combine(key)? {
                Some(mut values) => {
                    values.value(first, &mut |value| into.blocks.add(partition, key, value))?;
                    Given::Several(values)
                }
                None => {
                    into.blocks.add(partition, key, first);
                    Given::Plain
                }
            };
        }
        match &mut self.given {
            Given::Several(values) => values.value(value, &mut |value| into.blocks.add(partition, key, value))?,
            _ => into.blocks.add(partition, key, value),
        }
        Ok(())
    }

    /// There are no more pairs of the key at hand.
    pub fn end(&mut self, into: &mut RunWriter) -> Result<(), Trouble> {
        let (partition, key) = (self.partition, &self.key);
        match std::mem::replace(&mut self.given, Given::Nothing) {
            Given::Nothing | Given::Plain => {}
            Given::One(value) => into.blocks.add(partition, key, &value),
            Given::Several(values) => values.end(&mut |value| into.blocks.add(partition, key, value))?,
        }
        Ok(())
    }
}
