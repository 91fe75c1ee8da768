//! What is admitted, and what is owed.

use super::*;
use crate::line::LogLevel;
use crate::real::loopback::{never, pair, read, run, soon};
use crate::real::wire;
use std::io::{Read, Write};
use std::net::TcpStream as Blocking;
use tokio::task::yield_now;
use tokio_util::bytes::BytesMut;

const PEER: NodeId = NodeId(2);
const ECHO: Method = Method::Borrowed("echo");
const LARGE: usize = 16 << 20;

fn callers() -> (Callers, mpsc::Receiver<Input>) {
    let (inputs, outputs) = mpsc::channel(64);
    (Callers::new(Incarnation(1), inputs, Log::of(NodeId(1), LogLevel::Error)), outputs)
}

/// Lets a start of the peer in; its end of the connection.
async fn welcome(callers: &mut Callers, incarnation: u32) -> Blocking {
    let (stream, peer) = pair().await;
    let hello = Hello {
        protocol: wire::PROTOCOL,
        cluster: "test".into(),
        from: PEER,
        to: NodeId(1),
        incarnation: Incarnation(incarnation),
    };
    callers.welcome(&hello, stream, Unframe::with_limit(LARGEST_FRAME));
    peer
}

fn call(incarnation: u32) -> CallId {
    CallId::first_of(Incarnation(incarnation))
}

fn waiting_bytes(callers: &Callers) -> usize {
    callers.outboxes().map(Outbox::len).sum()
}

#[test]
fn requests_of_an_older_connection_are_nobodys_and_its_end_ends_nothing() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _older = welcome(&mut callers, 1).await;
        assert!(callers.admit(PEER, 1, &ECHO));
        let _newer = welcome(&mut callers, 1).await;
        assert!(!callers.admit(PEER, 1, &ECHO) && callers.admit(PEER, 2, &ECHO));
        callers.lost(PEER, 1);
        assert!(callers.admit(PEER, 2, &ECHO));
        callers.lost(PEER, 2);
        assert!(!callers.admit(PEER, 2, &ECHO) && callers.owe_nothing());
    });
}

#[test]
fn a_peer_that_is_gone_or_comes_anew_is_no_caller_any_more() {
    run(async || {
        let (mut callers, mut inputs) = callers();
        let mut older = welcome(&mut callers, 1).await;
        let newer = welcome(&mut callers, 2).await;
        // Its welcome was never flushed, so all there is to read is the end.
        let closed = async {
            while !matches!(older.read(&mut [0]), Ok(0)) {
                yield_now().await
            }
        };
        soon(closed).await;
        drop(newer);
        let Some(Input::CallerLost { from: PEER, connection: 2 }) = soon(inputs.recv()).await else {
            panic!("nobody says that it is gone")
        };
        callers.lost(PEER, 2);
        assert_eq!(callers.outboxes().count(), 0);
    });
}

#[test]
fn who_closes_admits_nothing_more_and_still_owes() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        assert!(callers.owe_nothing() && callers.admit(PEER, 1, &ECHO));
        callers.close();
        assert!(!callers.admit(PEER, 1, &ECHO) && !callers.owe_nothing());
        callers.respond(PEER, call(1), &ECHO, Ok(Vec::new()));
        assert!(callers.owe_nothing());
        let _late = welcome(&mut callers, 1).await;
        assert!(callers.callers[&PEER].number == 1, "nobody new is let in");
    });
}

#[test]
fn each_kind_has_a_bound_of_its_own_and_a_reply_makes_room() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        assert!((0..REQUESTS).all(|_| callers.admit(PEER, 1, &ECHO)));
        assert!(!callers.admit(PEER, 1, &ECHO) && callers.admit(PEER, 1, &"other".into()));
        callers.respond(PEER, call(1), &ECHO, Err(Rejection::NoHandler));
        assert!(callers.admit(PEER, 1, &ECHO) && !callers.admit(PEER, 1, &ECHO));
    });
}

#[test]
fn kinds_that_nobody_waits_for_are_forgotten() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        for number in 0..10 * IDLE_KINDS {
            let method = Method::Owned(format!("kind-{number}"));
            assert!(callers.admit(PEER, 1, &method));
            callers.respond(PEER, call(1), &method, Ok(Vec::new()));
        }
        assert!(callers.callers[&PEER].owed.len() <= IDLE_KINDS);
    });
}

#[test]
fn replies_that_are_too_large_too_many_or_too_late_are_not_sent() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 2).await;
        let welcome = waiting_bytes(&callers);
        callers.respond(PEER, call(1), &ECHO, Ok(vec![0; 9]));
        callers.respond(PEER, call(2), &ECHO, Ok(vec![0; FRAME_LIMIT + 1]));
        assert_eq!(waiting_bytes(&callers), welcome, "for an earlier start, and past the limit");
        for _ in 0..9 {
            callers.respond(PEER, call(2), &ECHO, Ok(vec![0; LARGE]));
        }
        let waiting = waiting_bytes(&callers);
        assert!((MOST_REPLY_BYTES - LARGE..=MOST_REPLY_BYTES).contains(&waiting), "{waiting} bytes");
    });
}

fn request(incarnation: u32) -> BytesMut {
    let mut frame = BytesMut::new();
    let request = FromCaller::Request { call: call(incarnation), method: ECHO, body: vec![7] };
    wire::encode(&request, LARGEST_FRAME, &mut frame).expect("it is small");
    frame
}

#[test]
fn from_a_peer_that_takes_no_replies_nothing_more_is_read_until_it_does() {
    run(async || {
        let (mut callers, mut inputs) = callers();
        let mut peer = welcome(&mut callers, 1).await;
        for _ in 0..3 {
            callers.respond(PEER, call(1), &ECHO, Ok(vec![0; LARGE]));
        }
        peer.write_all(&request(1)).expect("the system takes it");
        assert!(never(inputs.recv()).await);
        let waiting = waiting_bytes(&callers);
        callers.flush();
        assert_eq!(read(&mut peer, waiting).await.len(), waiting);
        let came = soon(inputs.recv()).await;
        assert!(matches!(came, Some(Input::Request { from: PEER, connection: 1, .. })), "{came:?}");
    });
}

#[test]
fn who_asks_for_another_start_of_its_own_talks_nonsense() {
    run(async || {
        let (mut callers, mut inputs) = callers();
        let mut peer = welcome(&mut callers, 2).await;
        peer.write_all(&request(1)).expect("the system takes it");
        assert!(matches!(soon(inputs.recv()).await, Some(Input::CallerLost { from: PEER, connection: 1 })));
    });
}
