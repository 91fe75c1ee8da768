//! What reaches the driver: everything that can happen to a node in flight.

use super::control_protocol::ToNode;
use super::peer::LinkNews;
use super::wire::{Hello, Unframe};
use crate::line::{CallId, Event, Method};
use crate::units::NodeId;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may wait before those that bring more have to.
pub const INPUT_QUEUE: usize = 1_024;

/// How many bytes of large bodies that peers send may wait, of all connections together; more than any frame has. The
/// others are bounded by their number.
pub const INPUT_BYTES: usize = 64 << 20;
const LARGE: usize = 4 << 10;

/// The room there is for what peers send: who has read a frame waits for it before anything more is read, and so the
/// peer waits too.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

/// Room that is taken, until this is dropped.
pub type Held = Option<OwnedSemaphorePermit>;

impl Room {
    pub fn new() -> Self {
        Room(Arc::new(Semaphore::new(INPUT_BYTES)))
    }

    /// Waits for so many bytes of it, if they are many. Who waited longer goes first, so that small frames do not keep a
    /// large one out.
    pub async fn hold(&self, bytes: usize) -> Held {
        if bytes < LARGE {
            return None;
        }
        let bytes = bytes.min(INPUT_BYTES) as u32;
        // Nobody closes it.
        // Only what waits is worth a future; those who do have taken all there is, so nobody gets in before them.
        match self.0.clone().try_acquire_many_owned(bytes) {
            Ok(held) => Some(held),
            Err(_) => self.0.clone().acquire_many_owned(bytes).await.ok(),
        }
    }
}

/// Tells the driver, and waits for its turn if need be. False when the node has ended.
pub async fn tell(inputs: &mpsc::Sender<Input>, input: Input) -> bool {
    match inputs.try_send(input) {
        Ok(()) => true,
        Err(TrySendError::Full(input)) => inputs.send(input).await.is_ok(),
        Err(TrySendError::Closed(_)) => false,
    }
}

/// One thing that happens. All are of about one size, since each is moved a few times: what is larger is boxed.
#[derive(Debug)]
pub enum Input {
    /// An event for the node as it is: the end of a disk operation, say.
    Event(Event),
    /// A reply, or what was said in its place.
    Reply { event: Event, held: Held },
    /// Something became of the connection to a peer.
    Link {
        peer: NodeId,
        /// Which of the attempts to connect it is about.
        attempt: u64,
        news: LinkNews,
    },
    /// Somebody has said who it is, and is who it should be.
    Greeted { hello: Hello, stream: TcpStream, unframe: Box<Unframe> },
    /// A peer asks.
    Request { from: NodeId, connection: u64, call: CallId, method: Method, body: Vec<u8>, held: Held },
    /// A connection from a peer has ended, for what the peer has said if it was that.
    CallerLost { from: NodeId, connection: u64, nonsense: Option<String> },
    /// A tester who knows the token has come.
    TesterCame { stream: TcpStream, unframe: Box<Unframe> },
    /// The tester says something.
    Tester { connection: u64, frame: ToNode },
    /// The tester is gone.
    TesterLost { connection: u64 },
    /// Something else is wanted of the node than before: it looks what.
    Switched,
}
