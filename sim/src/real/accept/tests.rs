//! What is admitted, and what is owed.
#![allow(clippy::disallowed_methods)] // a peer on a thread of its own

use super::*;
use crate::line::LogLevel;
use crate::real::input::INPUT_BYTES;
use crate::real::loopback::{never, pair, read, run, soon};
use crate::real::wire;
use bytes::BytesMut;
use std::io::{Read, Write};
use std::net::TcpStream as Blocking;
use tokio::task::yield_now;

const PEER: NodeId = NodeId(2);
const ECHO: Method = Method::Borrowed("echo");
const LARGEST: usize = 16 << 20;

fn callers() -> (Callers, mpsc::Receiver<Input>) {
    let (inputs, outputs) = mpsc::channel(64);
    (Callers::new(Incarnation(1), inputs, Room::new(), Log::of(NodeId(1), LogLevel::Error)), outputs)
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
    callers.welcome(&hello, stream, Box::new(Unframe::with_limit(LARGEST_FRAME)));
    peer
}

fn call(incarnation: u32) -> CallId {
    CallId::first_of(Incarnation(incarnation))
}

/// Lets in a small request.
fn admit(callers: &mut Callers, connection: u64, method: &Method) -> bool {
    callers.admit(PEER, connection, call(1), method, 9)
}

fn waiting_bytes(callers: &Callers) -> usize {
    callers.outboxes().map(Outbox::len).sum()
}

#[test]
fn requests_of_an_older_connection_are_nobodys_and_its_end_ends_nothing() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _older = welcome(&mut callers, 1).await;
        assert!(admit(&mut callers, 1, &ECHO));
        let _newer = welcome(&mut callers, 1).await;
        assert!(!admit(&mut callers, 1, &ECHO) && admit(&mut callers, 2, &ECHO));
        callers.lost(PEER, 1, None);
        assert!(admit(&mut callers, 2, &ECHO));
        callers.lost(PEER, 2, None);
        assert!(!admit(&mut callers, 2, &ECHO) && callers.owe_nothing());
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
        let Some(Input::CallerLost { from: PEER, connection: 2, nonsense: None }) = soon(inputs.recv()).await else {
            panic!("nobody says that it is gone")
        };
        callers.lost(PEER, 2, None);
        assert_eq!(callers.outboxes().count(), 0);
    });
}

#[test]
fn who_closes_admits_nothing_more_and_still_owes() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        assert!(callers.owe_nothing() && admit(&mut callers, 1, &ECHO));
        callers.close();
        assert!(!admit(&mut callers, 1, &ECHO) && !callers.owe_nothing());
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
        assert!((0..REQUESTS).all(|_| admit(&mut callers, 1, &ECHO)));
        assert!(!admit(&mut callers, 1, &ECHO) && admit(&mut callers, 1, &"other".into()));
        callers.respond(PEER, call(1), &ECHO, Err(Rejection::NoHandler));
        assert!(admit(&mut callers, 1, &ECHO) && !admit(&mut callers, 1, &ECHO));
    });
}

#[test]
fn a_request_whose_reply_is_too_large_to_send_is_owed_nothing() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        assert!((0..REQUESTS).all(|_| admit(&mut callers, 1, &ECHO)));
        callers.give_up(PEER, call(1), &ECHO);
        assert!(admit(&mut callers, 1, &ECHO) && !admit(&mut callers, 1, &ECHO));
    });
}

#[test]
fn large_requests_of_a_kind_have_a_bound_in_bytes_and_a_reply_makes_room() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        let number = |number: usize| CallId(call(1).0 + number as u64);
        let admitted = |callers: &mut Callers, at: usize| callers.admit(PEER, 1, number(at), &ECHO, LARGEST);
        let count = (0..64).take_while(|at| admitted(&mut callers, *at)).count();
        assert_eq!(count, REQUEST_BYTES / LARGEST);
        assert!(admit(&mut callers, 1, &ECHO), "a small one finds room");
        assert!(callers.admit(PEER, 1, number(80), &"other".into(), LARGEST), "and one of another kind");
        callers.respond(PEER, number(0), &ECHO, Ok(Vec::new()));
        assert!(admitted(&mut callers, 81) && !admitted(&mut callers, 82));
        callers.respond(PEER, number(81), &ECHO, Ok(Vec::new()));
        callers.respond(PEER, number(81), &ECHO, Ok(Vec::new()));
        assert!(admitted(&mut callers, 83) && !admitted(&mut callers, 84), "a second reply makes no more room");
    });
}

/// What is read and not yet handled: a node that is busy, or paused, does not fill its memory.
#[test]
fn a_peer_that_sends_faster_than_is_taken_waits() {
    const COUNT: usize = 9;
    run(async || {
        let (mut callers, mut inputs) = callers();
        let mut peer = welcome(&mut callers, 1).await;
        let send = move || {
            peer.set_nonblocking(false).expect("sockets can");
            let request = FromCaller::Request { call: call(1), method: ECHO, body: vec![7; LARGEST] };
            let mut frame = BytesMut::new();
            wire::encode(&request, LARGEST_FRAME, &mut frame).expect("it fits");
            (0..COUNT).for_each(|_| peer.write_all(&frame).expect("it is read"));
            peer
        };
        let sender = std::thread::spawn(send);
        let mut waiting = Vec::new();
        for _ in 0..INPUT_BYTES / LARGEST {
            waiting.push(soon(inputs.recv()).await);
        }
        assert!(never(inputs.recv()).await && !sender.is_finished());
        for _ in waiting.len()..COUNT {
            waiting.remove(0);
            waiting.push(soon(inputs.recv()).await);
        }
        assert!(waiting.iter().all(|input| matches!(input, Some(Input::Request { .. }))));
        sender.join().expect("all is sent");
    });
}

#[test]
fn kinds_that_nobody_waits_for_are_forgotten() {
    run(async || {
        let (mut callers, _inputs) = callers();
        let _peer = welcome(&mut callers, 1).await;
        for number in 0..10 * IDLE_KINDS {
            let method = Method::Owned(format!("kind-{number}"));
            assert!(admit(&mut callers, 1, &method));
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
            callers.respond(PEER, call(2), &ECHO, Ok(vec![0; LARGEST]));
        }
        let waiting = waiting_bytes(&callers);
        assert!((MOST_REPLY_BYTES - LARGEST..=MOST_REPLY_BYTES).contains(&waiting), "{waiting} bytes");
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
            callers.respond(PEER, call(1), &ECHO, Ok(vec![0; LARGEST]));
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
        let came = soon(inputs.recv()).await;
        assert!(matches!(came, Some(Input::CallerLost { from: PEER, connection: 1, nonsense: Some(_) })), "{came:?}");
    });
}
