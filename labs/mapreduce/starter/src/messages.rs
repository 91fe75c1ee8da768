//! What the coordinator and the workers say to each other. All of it is yours.

use serde::{Deserialize, Serialize};
use windtunnel::net::Request;

/// A worker asks for something to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForTask;

impl Request for AskForTask {
    // TODO(you): a task, and all that a worker must know to do it. And more requests: "I have finished", "I am still at it", and
    // between workers "give me what map task 3 has left for reduce task 7".
    type Reply = ();
    const NAME: &'static str = "ask_for_task";
}
