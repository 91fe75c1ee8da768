//! What reaches the driver: everything that can happen to a node in flight.

use super::control_protocol::ToNode;
use super::peer::LinkNews;
use super::wire::{Hello, Unframe};
use crate::line::{CallId, Event, Method};
use crate::units::NodeId;
use tokio::net::TcpStream;

/// How many may wait before those that bring more have to.
pub const INPUT_QUEUE: usize = 1_024;

/// One thing that happens.
#[derive(Debug)]
pub enum Input {
    /// An event for the node as it is: a reply, the end of a disk operation.
    Event(Event),
    /// Something became of the connection to a peer.
    Link {
        peer: NodeId,
        /// Which of the attempts to connect it is about.
        attempt: u64,
        news: LinkNews,
    },
    /// Somebody has said who it is, and is who it should be.
    Greeted { hello: Hello, stream: TcpStream, unframe: Unframe },
    /// A peer asks.
    Request { from: NodeId, connection: u64, call: CallId, method: Method, body: Vec<u8> },
    /// A connection from a peer has ended.
    CallerLost { from: NodeId, connection: u64 },
    /// A tester who knows the token has come.
    TesterCame { stream: TcpStream, unframe: Unframe },
    /// The tester says something.
    Tester { connection: u64, frame: ToNode },
    /// The tester is gone.
    TesterLost { connection: u64 },
}
