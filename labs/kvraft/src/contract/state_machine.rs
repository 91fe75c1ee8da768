//! What is replicated.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A machine that does one command after the other. The same commands in the same order leave the same state everywhere: it
/// reads no clock, draws nothing at random and asks nobody. (Raft, section 2)
pub trait StateMachine: 'static {
    /// What changes it. Goes through the log.
    type Command: Serialize + DeserializeOwned + 'static;
    /// What it answers.
    type Answer: 'static;

    /// Does a command.
    fn apply(&mut self, command: Self::Command) -> Self::Answer;

    /// Its whole state.
    fn snapshot(&self) -> Vec<u8>;

    /// Takes the state of a [`snapshot`](StateMachine::snapshot) in place of its own.
    fn restore(&mut self, snapshot: &[u8]);
}
