//! Who connects to a node and is no peer of it.

use crate::fleet::{Fleet, PATIENCE};
use crate::{A, B, echo, echoed, program};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

fn pair() -> Fleet {
    let mut fleet = Fleet::new(2, program());
    fleet.start(B);
    fleet.start(A);
    assert_eq!(echo(&mut fleet, A, B), echoed());
    fleet
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    stream
}

/// Whether the node has closed the connection: it says nothing to those it does not know.
fn is_closed(mut stream: &TcpStream) -> bool {
    matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_))
}

/// Sends bytes to the port of a node that talks with another one, and looks that it is sent away.
fn sends(bytes: &[u8]) {
    let mut fleet = pair();
    let mut stranger = connect(fleet.addresses(B).listen);
    stranger.write_all(bytes).expect("the system takes them");
    assert_eq!(echo(&mut fleet, A, B), echoed());
    let begin = std::time::Instant::now();
    assert!(is_closed(&stranger));
    assert!(begin.elapsed() < PATIENCE / 2, "closed at its deadline at the latest");
    assert_eq!(echo(&mut fleet, A, B), echoed());
}

#[test]
fn garbage_closes_its_connection_and_no_other() {
    sends(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n");
    sends(&[0, 0, 0, 5, 9, 9, 9, 9, 9]);
}

#[test]
fn half_a_frame_is_waited_for_and_then_closed() {
    sends(&[0, 0, 0, 40, 0, 1]);
    sends(&[0, 0]);
}

#[test]
fn a_length_of_four_gib_closes_its_connection() {
    sends(&[0xff; 4]);
}

#[test]
fn a_stranger_who_says_nothing_is_sent_away() {
    sends(&[]);
}

#[test]
fn a_thousand_strangers_keep_no_peer_out() {
    let mut fleet = pair();
    let address = fleet.addresses(B).listen;
    let crowd = std::thread::spawn(move || (0..1_000).map(|_| connect(address)).collect::<Vec<_>>());
    for _ in 0..50 {
        assert_eq!(echo(&mut fleet, A, B), echoed(), "over the connection that there is");
    }
    let crowd = crowd.join().expect("the system lets a thousand in");
    fleet.kill(A);
    fleet.start(A);
    assert_eq!(echo(&mut fleet, A, B), echoed(), "over a new one");
    assert!(crowd.iter().take(900).all(is_closed));
}
