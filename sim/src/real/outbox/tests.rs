//! What leaves an outbox, and when.

use super::*;
use crate::real::loopback::{never, pair, read, run, soon};
use std::net::TcpStream;
use std::time::Duration;
use tokio::time::sleep;

/// More than sockets take when nobody reads.
const MUCH: usize = 32 << 20;

async fn outbox() -> (Outbox, TcpStream) {
    let (stream, reader) = pair().await;
    (Outbox::new(stream.into_split().1), reader)
}

#[test]
fn what_was_put_in_after_a_flush_waits_for_the_next_one() {
    run(async || {
        let (outbox, mut reader) = outbox().await;
        outbox.push_bytes(b"first");
        outbox.flush();
        outbox.push_bytes(b"second");
        assert_eq!(read(&mut reader, 5).await, b"first");
        assert!(never(outbox.emptied()).await);
        outbox.flush();
        assert_eq!(read(&mut reader, 6).await, b"second");
        assert!(outbox.is_empty());
    });
}

/// Its writer is at work by itself when the second part is put in.
#[test]
fn on_a_full_socket_too() {
    run(async || {
        let (outbox, mut reader) = outbox().await;
        outbox.push_bytes(&vec![1; MUCH]);
        outbox.flush();
        assert!(!outbox.is_empty(), "the socket is full");
        outbox.push_bytes(b"second");
        let first = read(&mut reader, MUCH).await;
        assert!(first.len() == MUCH && first.iter().all(|byte| *byte == 1), "{} bytes", first.len());
        assert_eq!(outbox.len(), 6);
        outbox.flush();
        assert_eq!(read(&mut reader, 6).await, b"second");
        soon(outbox.emptied()).await;
    });
}

#[test]
fn what_is_released_while_the_socket_is_full_follows_by_itself_and_is_waited_for() {
    run(async || {
        let (outbox, mut reader) = outbox().await;
        outbox.push_bytes(&vec![1; MUCH]);
        outbox.flush();
        outbox.push_bytes(&[2; 6]);
        outbox.flush();
        let waits = spawn_waiting(&outbox);
        let came = read(&mut reader, MUCH + 6).await;
        assert_eq!((came.len(), came.last()), (MUCH + 6, Some(&2)));
        soon(waits).await.expect("it is not aborted");
    });
}

/// Somebody who begins to wait now.
fn spawn_waiting(outbox: &Outbox) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_local(outbox.emptied())
}

#[test]
fn a_connection_that_is_gone_takes_everything_keeps_nothing_and_lets_nobody_wait() {
    run(async || {
        let (outbox, reader) = outbox().await;
        outbox.push_bytes(&vec![1; MUCH]);
        outbox.flush();
        let waits = spawn_waiting(&outbox);
        sleep(Duration::from_millis(5)).await;
        drop(reader);
        soon(waits).await.expect("it is not aborted");
        assert_eq!(outbox.shared.state.get(), State::Broken);
        outbox.push_bytes(&[1; 100]);
        assert!(outbox.push(&"more", 100).is_ok() && outbox.is_empty());
    });
}

#[test]
fn the_room_of_much_is_given_back() {
    run(async || {
        let (outbox, mut reader) = outbox().await;
        outbox.push_bytes(&vec![1; MUCH]);
        outbox.flush();
        assert_eq!(read(&mut reader, MUCH).await.len(), MUCH);
        soon(outbox.emptied()).await;
        assert!(!outbox.shared.buffer.borrow_mut().try_reclaim(KEPT + 1), "the room is still there");
    });
}
