//! The task behind one connection to a peer: connects, says who this node is, and reads replies until the end.

use super::input::{Input, Room, tell};
use super::own_task::OwnTask;
use super::peer::LinkNews;
use super::socket;
use super::wire::{self, FromCaller, FromServer, Hello, LARGEST_FRAME, LARGEST_HELLO, PROTOCOL, Unframe, WireError};
use crate::line::Event;
use crate::units::{Incarnation, Nanos, NodeId, Seed};
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How long a peer may take to accept a connection and to say welcome.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);

/// Who this node is, and where the others are.
#[derive(Clone, Debug)]
pub struct Settings {
    pub cluster: String,
    pub node: NodeId,
    pub incarnation: Incarnation,
    pub seed: Seed,
    pub peers: BTreeMap<NodeId, SocketAddr>,
}

/// Makes connections.
#[derive(Debug)]
pub struct Connector {
    settings: Settings,
    inputs: mpsc::Sender<Input>,
    room: Room,
}

impl Connector {
    pub const fn new(settings: Settings, inputs: mpsc::Sender<Input>, room: Room) -> Self {
        Connector { settings, inputs, room }
    }

    /// Begins an attempt; news of it comes under its number.
    pub fn connect(&self, peer: NodeId, attempt: u64) -> OwnTask {
        let Settings { cluster, node, incarnation, peers, .. } = &self.settings;
        let address = peers.get(&peer).copied();
        let hello =
            Hello { protocol: PROTOCOL, cluster: cluster.clone(), from: *node, to: peer, incarnation: *incarnation };
        let (inputs, room) = (self.inputs.clone(), self.room.clone());
        OwnTask::spawn(async move {
            let tell = async |news| tell(&inputs, Input::Link { peer, attempt, news }).await;
            let Some(address) = address else { return };
            let introduced = async {
                let stream = TcpStream::connect(address).await.map_err(Failure::Connect)?;
                introduce(stream, address, hello).await
            };
            let news = match timeout(CONNECT_DEADLINE, introduced).await {
                Err(_) => LinkNews::Silent { why: format!("{address} does not answer") },
                Ok(Err(failure)) => failure.news(address),
                Ok(Ok((stream, mut unframe))) => {
                    let (mut input, output) = stream.into_split();
                    if !tell(LinkNews::Up(output)).await {
                        return;
                    }
                    let mut was_of_use = false;
                    let nonsense = read_replies(&mut input, &mut unframe, &inputs, &room, &mut was_of_use).await;
                    LinkNews::Lost { nonsense, was_of_use }
                }
            };
            tell(news).await;
        })
    }

    /// Waits before the next attempt.
    pub fn rest(&self, peer: NodeId, attempt: u64, pause: Nanos) -> OwnTask {
        let inputs = self.inputs.clone();
        OwnTask::spawn(async move {
            sleep(pause.to_duration()).await;
            let _ = inputs.send(Input::Link { peer, attempt, news: LinkNews::Rested }).await;
        })
    }
}

/// Why there is no connection.
#[derive(Debug)]
enum Failure {
    Connect(io::Error),
    /// Connected to itself: the kernel chose as this end's port the one where nobody listens.
    Itself,
    /// Closed before a welcome: behind that address is nobody, as behind a proxy whose server is dead.
    NoWelcome(WireError),
    Unwelcome(String),
}

impl Failure {
    fn news(self, address: SocketAddr) -> LinkNews {
        let refused = |why: String| LinkNews::Refused { why };
        match self {
            Failure::Connect(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                refused(format!("nobody listens at {address}"))
            }
            Failure::Itself => refused(format!("nobody listens at {address}")),
            Failure::Connect(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                refused(format!("{address} closes the connection"))
            }
            Failure::Connect(error) => LinkNews::Silent { why: format!("{address}: {error}") },
            Failure::NoWelcome(error) => refused(format!("{address} says no welcome: {error}")),
            Failure::Unwelcome(reason) => refused(format!("{address} says: {reason}")),
        }
    }
}

/// Says who this node is and waits for the peer's welcome: a call is sent only to a peer that is there.
async fn introduce(mut stream: TcpStream, address: SocketAddr, hello: Hello) -> Result<(TcpStream, Unframe), Failure> {
    if stream.local_addr().ok() == Some(address) {
        return Err(Failure::Itself);
    }
    socket::prepare(&stream).map_err(Failure::Connect)?;
    let mut greeting = BytesMut::new();
    wire::encode(&FromCaller::Hello(hello), LARGEST_HELLO, &mut greeting).map_err(Failure::NoWelcome)?;
    stream.write_all(&greeting).await.map_err(|error| Failure::NoWelcome(error.into()))?;
    let mut unframe = Unframe::with_limit(LARGEST_HELLO);
    match unframe.read(&mut stream).await {
        Ok(FromServer::Welcome { .. }) => {
            unframe.set_limit(LARGEST_FRAME);
            Ok((stream, unframe))
        }
        Ok(FromServer::Unwelcome { reason }) => Err(Failure::Unwelcome(reason)),
        Ok(_) => Err(Failure::Unwelcome("something else than a welcome".into())),
        Err(error) => Err(Failure::NoWelcome(error)),
    }
}

/// Reads until the connection ends, or the peer talks nonsense, which ends it: what it was. With the first answer it was of use.
async fn read_replies(
    input: &mut OwnedReadHalf,
    unframe: &mut Unframe,
    inputs: &mpsc::Sender<Input>,
    room: &Room,
    was_of_use: &mut bool,
) -> Option<String> {
    loop {
        let (size, event) = match unframe.read(input).await {
            Ok(FromServer::Reply { call, body }) => (body.len(), Event::Reply { call, result: Ok(body) }),
            Ok(FromServer::Rejected { call, rejection }) => (0, Event::Reply { call, result: Err(rejection) }),
            Ok(FromServer::Welcome { .. } | FromServer::Unwelcome { .. }) => {
                return Some("it says once more whether this node is welcome".into());
            }
            Err(error) => return error.nonsense(),
        };
        *was_of_use = true;
        let held = room.hold(size).await;
        if !tell(inputs, Input::Reply { event, held }).await {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::loopback::{pair, run, soon};
    use std::io::Write;
    use tokio::net::TcpSocket;

    fn hello() -> Hello {
        let (from, to) = (NodeId(1), NodeId(2));
        Hello { protocol: PROTOCOL, cluster: "test".into(), from, to, incarnation: Incarnation(1) }
    }

    /// What it says would come back to it, and a hello reads like a welcome.
    #[test]
    fn a_node_that_has_connected_to_itself_has_found_nobody() {
        run(async || {
            let socket = TcpSocket::new_v4().expect("the system has sockets");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
            let own = socket.local_addr().expect("it has one");
            let stream = socket.connect(own).await.expect("both ends are there");
            let failure = soon(introduce(stream, own, hello())).await.expect_err("nobody says welcome");
            assert!(matches!(failure, Failure::Itself), "{failure:?}");
            let news = failure.news(own);
            assert!(matches!(&news, LinkNews::Refused { why } if why.starts_with("nobody listens")), "{news:?}");
        });
    }

    #[test]
    fn a_peer_that_says_welcome_is_at_a_connection_whose_silent_end_is_noticed() {
        run(async || {
            let (stream, mut peer) = pair().await;
            let mut welcome = BytesMut::new();
            let said = FromServer::Welcome { incarnation: Incarnation(1) };
            wire::encode(&said, LARGEST_HELLO, &mut welcome).expect("it is small");
            peer.write_all(&welcome).expect("the system takes it");
            let introduced = soon(introduce(stream, ([127, 0, 0, 1], 1).into(), hello())).await;
            assert!(socket::is_prepared(&introduced.expect("a welcome was said").0));
        });
    }

    #[test]
    fn who_resets_a_connection_before_it_is_made_refuses_and_all_else_is_silence() {
        let address = ([127, 0, 0, 1], 7_000).into();
        let news = |kind: io::ErrorKind| Failure::Connect(kind.into()).news(address);
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused] {
            assert!(matches!(news(kind), LinkNews::Refused { .. }), "{kind}");
        }
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::NetworkUnreachable] {
            assert!(matches!(news(kind), LinkNews::Silent { .. }), "{kind}");
        }
    }
}
