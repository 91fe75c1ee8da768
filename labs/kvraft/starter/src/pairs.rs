//! The state of the service, of which each server has a replica.

use lab_kvraft::{Append, GetError, Put, PutRefused, StateMachine, Versioned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All pairs.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    pairs: BTreeMap<String, Versioned>,
    // TODO(you): what a replica must remember, so that an append that comes again is not done again.
}

/// What changes them: this goes through the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A put.
    Put(Put),
    /// An append.
    Append(Append),
}

/// What they say to that.
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
}

impl StateMachine for Pairs {
    type Command = Command;
    type Answer = Answer;

    fn apply(&mut self, command: Command) -> Answer {
        match command {
            // TODO(you): do it if the key has that version; each value that is written gives it one more.
            Command::Put(put) => {
                tracing::debug!("put {:?} at version {}", put.key, put.version);
                Answer::Put(Err(PutRefused::NoKey))
            }
            // TODO(you): do it once, however often it comes.
            Command::Append(append) => {
                tracing::debug!("append {} of {} to {:?}", append.number, append.clerk, append.key);
                Answer::Appended
            }
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        // TODO(you): the whole state. (Part snapshot)
        Vec::new()
    }

    fn restore(&mut self, _snapshot: &[u8]) {
        // TODO(you): the state that was written there, in place of this one. (Part snapshot)
    }
}
