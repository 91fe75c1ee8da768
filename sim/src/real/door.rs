//! The listening port: lets nobody in who has not said who it is.
//!
//! A stranger gets two seconds and a place among 64; when a 65th comes the oldest goes, so that a crowd of strangers
//! keeps no peer out: peers say who they are at once.

use super::connect::Settings;
use super::input::Input;
use super::log::{Log, Often};
use super::own_task::OwnTask;
use super::socket;
use super::wire::{self, FromCaller, FromServer, Hello, LARGEST_FRAME, LARGEST_HELLO, PROTOCOL, Unframe};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How long a stranger may take to say who it is.
pub const HELLO_DEADLINE: Duration = Duration::from_secs(2);
/// How many may be about to.
pub const STRANGERS: usize = 64;
/// How long to wait when the system gives no more connections, for lack of descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Greets all who come, for as long as it is kept.
pub fn open(listener: TcpListener, settings: Settings, inputs: mpsc::Sender<Input>, log: Log) -> OwnTask {
    let (settings, strangers) = (Rc::new(settings), Rc::<Often>::default());
    let greet = move |stream| {
        let (settings, strangers, inputs) = (settings.clone(), strangers.clone(), inputs.clone());
        async move {
            match greet(stream, &settings).await {
                // Fails only when the node has ended.
                Ok(input) => _ = inputs.send(input).await,
                Err(why) => log.warn_rarely(&strangers, format_args!("a connection {why}")),
            }
        }
    };
    OwnTask::spawn(let_in(listener, STRANGERS, log, greet))
}

/// Accepts connections, and greets at most `places` at a time.
pub async fn let_in<F: Future<Output = ()> + 'static>(
    listener: TcpListener,
    places: usize,
    log: Log,
    greet: impl Fn(TcpStream) -> F,
) {
    let mut strangers: VecDeque<OwnTask> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                strangers.retain(|stranger| !stranger.is_finished());
                if strangers.len() >= places {
                    strangers.pop_front();
                }
                strangers.push_back(OwnTask::spawn(greet(stream)));
            }
            Err(error) => {
                log.warn(format_args!("a connection is not accepted: {error}"));
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Waits for a hello and looks whether it is one for this node; if not, what is wrong.
async fn greet(mut stream: TcpStream, settings: &Settings) -> Result<Input, String> {
    let gone = |error: io::Error| format!("is gone: {error}");
    let address = stream.peer_addr().map_err(gone)?;
    socket::prepare(&stream).map_err(gone)?;
    let mut unframe = Box::new(Unframe::with_limit(LARGEST_HELLO));
    let hello = match timeout(HELLO_DEADLINE, unframe.read(&mut stream)).await {
        Err(_) => Err("says nothing".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(FromCaller::Request { .. })) => Err("asks before it says who it is".to_owned()),
        Ok(Ok(FromCaller::Hello(hello))) => Ok(hello),
    };
    let refused = match hello {
        Ok(hello) => match unwelcome(&hello, settings) {
            None => {
                unframe.set_limit(LARGEST_FRAME);
                return Ok(Input::Greeted { hello, stream, unframe });
            }
            Some(reason) => {
                let mut answer = BytesMut::new();
                let reply = FromServer::Unwelcome { reason: reason.clone() };
                if wire::encode(&reply, LARGEST_HELLO, &mut answer).is_ok() {
                    let _ = timeout(HELLO_DEADLINE, stream.write_all(&answer)).await;
                }
                reason
            }
        },
        Err(fault) => fault,
    };
    Err(format!("from {address} is closed: {refused}"))
}

/// Why somebody is not let in.
fn unwelcome(hello: &Hello, settings: &Settings) -> Option<String> {
    let Settings { cluster, node, peers, .. } = settings;
    if hello.protocol != PROTOCOL {
        return Some(format!(
            "protocol {} is spoken there and {PROTOCOL} here: build all nodes from one version",
            hello.protocol
        ));
    }
    if hello.cluster != *cluster {
        let other = &hello.cluster;
        return Some(format!(
            "it is of cluster `{other}`, and {node} is of `{cluster}`: look at `peers` and `cluster`"
        ));
    }
    if hello.to != *node {
        return Some(format!("it looks for {}, and this is {node}: look at `peers`", hello.to));
    }
    if !peers.contains_key(&hello.from) {
        return Some(format!("{} is not in `peers` of {node}: list every member there", hello.from));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LogLevel;
    use crate::real::loopback::{never, pair, run, soon};
    use crate::units::{Incarnation, NodeId, Seed};
    use std::cell::Cell;
    use std::future::pending;
    use std::io::{Read, Write};
    use tokio::io::AsyncReadExt;
    use tokio::time::Instant;

    /// A door with three places, and so many strangers who have come one after the other. The first `stay`, and are kept
    /// as long as the door lets them.
    async fn crowd(count: usize, stay: usize) -> (OwnTask, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let came = Rc::new(Cell::new(0));
        let counted = came.clone();
        let greet = move |stream| {
            counted.set(counted.get() + 1);
            let stays = counted.get() <= stay;
            async move {
                let _kept: TcpStream = stream;
                if stays {
                    pending::<()>().await;
                }
            }
        };
        let door = OwnTask::spawn(let_in(listener, 3, Log::of(NodeId(1), LogLevel::Error), greet));
        let mut crowd = Vec::new();
        for number in 1..=count {
            crowd.push(TcpStream::connect(address).await.unwrap());
            while came.get() < number {
                tokio::task::yield_now().await;
            }
        }
        (door, crowd)
    }

    #[test]
    fn when_all_places_are_taken_the_oldest_strangers_go() {
        run(async || {
            let (_door, mut crowd) = crowd(5, 5).await;
            for stream in &mut crowd[..2] {
                assert_eq!(soon(stream.read(&mut [0])).await.unwrap(), 0, "closed");
            }
            for stream in &mut crowd[2..] {
                assert!(never(stream.read(&mut [0])).await, "still there");
            }
        });
    }

    #[test]
    fn who_has_gone_leaves_a_place() {
        run(async || {
            let (_door, mut crowd) = crowd(9, 1).await;
            assert!(never(crowd[0].read(&mut [0])).await, "the first one is not pushed out by those who have gone");
        });
    }

    fn settings() -> Settings {
        Settings {
            cluster: "demo".into(),
            node: NodeId(1),
            incarnation: Incarnation(1),
            seed: Seed(0),
            peers: [1, 2].map(|node| (NodeId(node), ([127, 0, 0, 1], 7_000).into())).into(),
        }
    }

    fn hello() -> Hello {
        let (from, to) = (NodeId(2), NodeId(1));
        Hello { protocol: PROTOCOL, cluster: "demo".into(), from, to, incarnation: Incarnation(3) }
    }

    fn said_to(change: impl FnOnce(&mut Hello)) -> Option<String> {
        let mut hello = hello();
        change(&mut hello);
        unwelcome(&hello, &settings())
    }

    /// A length alone: the rest of such a frame would be waited for.
    #[test]
    fn a_length_that_no_hello_has_is_sent_away_at_once() {
        run(async || {
            for length in [LARGEST_HELLO as u32 + 1, LARGEST_FRAME as u32, u32::MAX] {
                let (stream, mut stranger) = pair().await;
                stranger.write_all(&length.to_be_bytes()).expect("the system takes it");
                let begin = Instant::now();
                assert!(soon(greet(stream, &settings())).await.is_err());
                assert!(begin.elapsed() < HELLO_DEADLINE, "a frame of {length} bytes is not waited for");
            }
        });
    }

    #[test]
    fn who_is_let_in_has_a_connection_whose_silent_end_is_noticed() {
        run(async || {
            let (stream, mut peer) = pair().await;
            assert!(!socket::is_prepared(&stream), "not by itself");
            let mut greeting = BytesMut::new();
            wire::encode(&FromCaller::Hello(hello()), LARGEST_HELLO, &mut greeting).expect("it is small");
            peer.write_all(&greeting).expect("the system takes it");
            let greeted = soon(greet(stream, &settings())).await;
            let Ok(Input::Greeted { stream, .. }) = greeted else { panic!("{greeted:?}") };
            assert!(socket::is_prepared(&stream));
        });
    }

    #[test]
    fn who_is_not_let_in_is_told_why() {
        run(async || {
            let (stream, mut stranger) = pair().await;
            let mut greeting = BytesMut::new();
            let other = Hello { cluster: "other".into(), ..hello() };
            wire::encode(&FromCaller::Hello(other), LARGEST_HELLO, &mut greeting).expect("it is small");
            stranger.write_all(&greeting).expect("the system takes it");
            assert!(soon(greet(stream, &settings())).await.is_err());
            let mut said = Vec::new();
            stranger.set_nonblocking(false).expect("sockets can"); // it ends by itself: the connection is closed
            stranger.read_to_end(&mut said).expect("the system gives it");
            let said = Unframe::with_limit(LARGEST_HELLO).read(&mut &said[..]).await.expect("it is a frame");
            let FromServer::Unwelcome { reason } = said else { panic!("{said:?}") };
            assert!(reason.contains("of cluster `other`"), "{reason}");
        });
    }

    #[test]
    fn only_members_of_the_cluster_who_look_for_this_node_are_let_in() {
        assert_eq!(said_to(|_| ()), None);
        let said = [
            said_to(|hello| hello.protocol += 1),
            said_to(|hello| hello.cluster = "other".into()),
            said_to(|hello| hello.to = NodeId(3)),
            said_to(|hello| hello.from = NodeId(9)),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        assert_eq!(
            said,
            [
                "protocol 2 is spoken there and 1 here: build all nodes from one version",
                "it is of cluster `other`, and node 1 is of `demo`: look at `peers` and `cluster`",
                "it looks for node 3, and this is node 1: look at `peers`",
                "node 9 is not in `peers` of node 1: list every member there",
            ]
        );
    }
}
