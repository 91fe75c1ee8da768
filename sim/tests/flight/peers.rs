//! Peers that are not what they should be.

use crate::fleet::{CLUSTER, Fleet, PATIENCE};
use crate::{A, Answer, Ask, B, ask, echo, echoed, program};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use windtunnel::net::{CallError, FRAME_LIMIT};

/// Node 1 runs; the test stands where node 2 should be.
fn with_impostor() -> (Fleet, TcpListener) {
    let mut fleet = Fleet::new(2, program());
    let impostor = TcpListener::bind((fleet.addresses(B).listen.ip(), 0)).expect("a free port");
    fleet.pretend(B, impostor.local_addr().expect("it has an address"));
    fleet.start(A);
    (fleet, impostor)
}

fn within(fleet: &mut Fleet, within: Duration) -> Answer {
    ask(fleet, A, &Ask::Echo { to: B, within }).expect("the node has a control handler")
}

#[test]
fn a_peer_that_never_answers_is_silence_until_the_deadline() {
    let (mut fleet, impostor) = with_impostor();
    let deadline = Duration::from_millis(200);
    for _ in 0..2 {
        let begin = Instant::now();
        assert_eq!(within(&mut fleet, deadline), Answer::failed(CallError::TimedOut));
        assert!((deadline..PATIENCE / 2).contains(&begin.elapsed()));
    }
    drop(impostor);
}

#[test]
fn a_peer_that_closes_before_it_says_welcome_refuses() {
    let (mut fleet, impostor) = with_impostor();
    let server = std::thread::spawn(move || drop(impostor.accept()));
    assert_eq!(within(&mut fleet, PATIENCE / 2), Answer::failed(CallError::Refused));
    server.join().expect("it accepts");
}

/// Reads the hello and says welcome.
fn let_in(impostor: &TcpListener) -> TcpStream {
    let (mut stream, _) = impostor.accept().expect("the node connects");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a hello comes");
    let mut hello = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut hello).expect("all of it");
    assert!(hello.windows(CLUSTER.len()).any(|part| part == CLUSTER.as_bytes()));
    stream.write_all(&[0, 0, 0, 2, 0, 1]).expect("it listens"); // Welcome, incarnation 1
    stream
}

#[test]
fn a_peer_that_talks_nonsense_resets_the_calls_that_wait_and_the_next_call_connects_anew() {
    let (mut fleet, impostor) = with_impostor();
    let server = std::thread::spawn(move || {
        for nonsense in [&[0xff; 4][..], &[0, 0, 0, 2, 77, 77], &[0, 0, 0, 9, 2]] {
            let mut stream = let_in(&impostor);
            // Only then is a call under way.
            stream.read_exact(&mut [0; 4]).expect("a request comes");
            stream.write_all(nonsense).expect("it listens");
        }
    });
    for _ in 0..3 {
        assert_eq!(within(&mut fleet, PATIENCE / 2), Answer::failed(CallError::Reset));
    }
    server.join().expect("three connections came");
}

#[test]
fn a_reply_that_does_not_decode_is_undecodable() {
    let (mut fleet, impostor) = with_impostor();
    let server = std::thread::spawn(move || {
        let mut stream = let_in(&impostor);
        let mut length = [0; 4];
        stream.read_exact(&mut length).expect("a request comes");
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut request).expect("all of it");
        // Request { call, .. }: a variant and the number, as long as its bytes have their high bit set.
        let end = 2 + request[1..].iter().position(|byte| byte & 0x80 == 0).expect("a number ends");
        let mut reply = vec![2];
        reply.extend(&request[1..end]);
        reply.extend([2, 0xff, 0xff]); // a body of two bytes, which is no string
        let mut frame = (reply.len() as u32).to_be_bytes().to_vec();
        frame.extend(reply);
        stream.write_all(&frame).expect("it listens");
        stream
    });
    assert_eq!(within(&mut fleet, PATIENCE / 2), Answer::failed(CallError::Undecodable));
    server.join().expect("one connection came");
}

#[test]
fn peers_of_another_cluster_are_refused() {
    let mut fleet = Fleet::new(2, program());
    fleet.start(B);
    let text = fleet.config_text(A).replace("cluster = \"test\"", "cluster = \"other\"");
    fleet.start_as(A, &text);
    assert_eq!(echo(&mut fleet, A, B), Answer::failed(CallError::Refused));
    assert_eq!(echo(&mut fleet, B, A), Answer::failed(CallError::Refused));
    fleet.kill(A);
    std::fs::remove_dir_all(fleet.data(A)).expect("it is there");
    fleet.start(A);
    while echo(&mut fleet, A, B) != echoed() {}
}

#[test]
fn peers_come_and_go_and_nothing_is_left_behind() {
    let mut fleet = Fleet::new(2, program());
    fleet.start(A);
    for _ in 0..10 {
        fleet.start(B);
        while echo(&mut fleet, A, B) != echoed() {}
        assert_eq!(echo(&mut fleet, B, A), echoed());
        fleet.kill(B);
        assert!(matches!(echo(&mut fleet, A, B), Answer::Failed(_)));
    }
}

#[test]
fn a_peer_that_is_gone_is_owed_nothing_by_a_node_that_is_to_end() {
    let mut fleet = Fleet::new(2, program());
    fleet.start(A);
    fleet.start(B);
    let hang = Ask::Hang { to: B, within: Duration::from_millis(200) };
    assert_eq!(ask(&mut fleet, A, &hang), Ok(Answer::failed(CallError::TimedOut)));
    fleet.kill(A);
    let begin = Instant::now();
    fleet.terminate(B);
    assert!(begin.elapsed() < Duration::from_secs(2), "it waits so long for those it owes a reply");
}

/// What it would owe it would wait for when it is asked to end, and past a bound nothing more of that kind would be let in.
#[test]
fn a_reply_that_is_too_large_to_send_is_owed_to_nobody() {
    let mut fleet = Fleet::new(2, program());
    fleet.start(A);
    fleet.start(B);
    let long = Ask::Long { to: B, bytes: FRAME_LIMIT as u64 + 1, within: Duration::from_secs(1) };
    assert_eq!(ask(&mut fleet, A, &long), Ok(Answer::failed(CallError::TimedOut)));
    assert_eq!(echo(&mut fleet, A, B), echoed(), "it has handled the other one");
    let begin = Instant::now();
    fleet.terminate(B);
    assert!(begin.elapsed() < Duration::from_secs(2), "it waits so long for those it owes a reply");
}
