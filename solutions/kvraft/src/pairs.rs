//! The state of the service: what every replica of it has, and what its log does to it.

use lab_kvraft::{Append, ClerkId, GetError, Put, PutRefused, StateMachine, Version, Versioned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All pairs, and of each clerk the append that was done last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pairs {
    pairs: BTreeMap<String, Versioned>,
    /// Part of the state like the pairs: a replica that comes from a snapshot must not do again what that snapshot holds.
    /// (Ongaro's dissertation, section 6.3)
    appended: BTreeMap<ClerkId, u64>,
}

/// What changes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A put.
    Put(Put),
    /// An append.
    Append(Append),
}

/// What it says to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a put.
    Put(Result<(), PutRefused>),
    /// To an append: it is done, now or before.
    Appended,
}

impl Pairs {
    /// The value of a key.
    ///
    /// # Errors
    /// If nobody has written it.
    pub fn get(&self, key: &str) -> Result<Versioned, GetError> {
        self.pairs.get(key).cloned().ok_or(GetError::NoKey)
    }

    fn put(&mut self, Put { key, value, version }: Put) -> Result<(), PutRefused> {
        match self.pairs.get(&key) {
            None if version != Version::NONE => return Err(PutRefused::NoKey),
            Some(known) if known.version != version => return Err(PutRefused::Version),
            _ => {}
        }
        self.pairs.insert(key, Versioned { value, version: version.next() });
        Ok(())
    }

    fn append(&mut self, Append { key, value, clerk, number }: Append) {
        let last = self.appended.entry(clerk).or_default();
        if number <= *last {
            return; // it came again
        }
        *last = number;
        let nothing = || Versioned { value: String::new(), version: Version::NONE };
        let known = self.pairs.entry(key).or_insert_with(nothing);
        known.value.push_str(&value);
        known.version = known.version.next();
    }
}

impl StateMachine for Pairs {
    type Command = Command;
    type Answer = Answer;

    fn apply(&mut self, command: Command) -> Answer {
        match command {
            Command::Put(put) => Answer::Put(self.put(put)),
            Command::Append(append) => {
                self.append(append);
                Answer::Appended
            }
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("pairs are plain data")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        *self = postcard::from_bytes(snapshot).expect("a snapshot of this very type");
    }
}
