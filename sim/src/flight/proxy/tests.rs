use super::*;
use crate::units::{Nanos, Ppm};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long silence is listened to.
const SILENCE: Duration = Duration::from_millis(150);

/// Listeners with proxies between them.
struct Rig {
    proxies: Proxies,
    listeners: BTreeMap<NodeId, TcpListener>,
}

impl Rig {
    fn of(nodes: u32) -> Self {
        let listeners: BTreeMap<NodeId, TcpListener> =
            (1..=nodes).map(|node| (NodeId(node), TcpListener::bind("127.0.0.1:0").unwrap())).collect();
        let addresses = listeners.iter().map(|(node, listener)| (*node, listener.local_addr().unwrap())).collect();
        let proxies = Proxies::between(&addresses, Latency::NONE, Seed(1)).unwrap();
        listeners.keys().for_each(|node| proxies.set_alive(*node, true));
        Rig { proxies, listeners }
    }

    fn dial(&self, dialler: u32, acceptor: u32) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.proxies.address(NodeId(dialler), NodeId(acceptor)))?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Ok(stream)
    }

    /// Dials until somebody listens: the proxies open their ports in their own time.
    fn dial_open(&self, dialler: u32, acceptor: u32) -> TcpStream {
        within_patience(|| self.dial(dialler, acceptor).ok())
    }

    fn accept(&self, acceptor: u32) -> Option<TcpStream> {
        let listener = &self.listeners[&NodeId(acceptor)];
        listener.set_nonblocking(true).unwrap();
        let (stream, _) = listener.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Some(stream)
    }

    fn connection(&self, dialler: u32, acceptor: u32) -> (TcpStream, TcpStream) {
        let dialled = self.dial_open(dialler, acceptor);
        (dialled, within_patience(|| self.accept(acceptor)))
    }
}

fn within_patience<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "nothing happened");
        thread::sleep(Duration::from_millis(1));
    }
}

fn hears(stream: &mut TcpStream, expected: &[u8]) {
    let mut heard = vec![0; expected.len()];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(heard, expected);
}

fn hears_nothing(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let heard = stream.read(&mut [0; 64]).map_err(|error| error.kind());
    assert_eq!(heard, Err(ErrorKind::WouldBlock), "not even an end");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

#[test]
fn a_cut_is_silent_in_its_own_direction_alone_and_mending_delivers_what_was_held() {
    let rig = Rig::of(2);
    let (mut one, mut two) = rig.connection(1, 2);
    let (mut two_dialled, mut one_accepted) = rig.connection(2, 1);
    rig.proxies.set_cut(NodeId(1), NodeId(2), true);
    one.write_all(b"held").unwrap();
    one_accepted.write_all(b"held too").unwrap();
    two.write_all(b"back").unwrap();
    two_dialled.write_all(b"there").unwrap();
    hears(&mut one, b"back");
    hears(&mut one_accepted, b"there");
    hears_nothing(&mut two);
    hears_nothing(&mut two_dialled);
    one.write_all(b", and in order").unwrap();
    rig.proxies.set_cut(NodeId(1), NodeId(2), false);
    hears(&mut two, b"held, and in order");
    hears(&mut two_dialled, b"held too");
}

#[test]
fn a_cut_in_either_direction_keeps_a_new_connection_from_arriving_until_it_is_mended() {
    for (from, to) in [(1, 2), (2, 1)] {
        let rig = Rig::of(2);
        rig.proxies.set_cut(NodeId(from), NodeId(to), true);
        let mut dialled = rig.dial_open(1, 2);
        dialled.write_all(b"hello").unwrap();
        hears_nothing(&mut dialled);
        assert!(rig.accept(2).is_none(), "cut from {from} to {to}");
        rig.proxies.set_cut(NodeId(from), NodeId(to), false);
        hears(&mut within_patience(|| rig.accept(2)), b"hello");
    }
}

#[test]
fn the_end_of_a_process_is_not_heard_over_a_cut_and_is_heard_once_it_is_mended() {
    let rig = Rig::of(2);
    let (mut one, two) = rig.connection(1, 2);
    rig.proxies.set_cut(NodeId(2), NodeId(1), true);
    drop(two);
    hears_nothing(&mut one);
    rig.proxies.set_cut(NodeId(2), NodeId(1), false);
    assert_eq!(one.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_late_link_is_late_by_its_latency_at_least_and_keeps_the_order() {
    let rig = Rig::of(2);
    let (mut one, mut two) = rig.connection(1, 2);
    let between = |low, high| Latency {
        base: [Nanos::from_millis(low), Nanos::from_millis(high)],
        tail_ppm: Ppm(200_000),
        tail: [Nanos::from_millis(1), Nanos::from_millis(10)],
    };
    rig.proxies.set_latency(NodeId(1), NodeId(2), between(60, 90));
    let sent = Instant::now();
    one.write_all(b"x").unwrap();
    hears(&mut two, b"x");
    assert!(sent.elapsed() >= Duration::from_millis(60), "{:?}", sent.elapsed());

    rig.proxies.set_latency(NodeId(1), NodeId(2), between(0, 20));
    let sent: Vec<u8> = (0..100).collect();
    for byte in &sent {
        one.write_all(&[*byte]).unwrap();
        thread::sleep(Duration::from_micros(300));
    }
    hears(&mut two, &sent);
}

#[test]
fn a_half_open_connection_is_reset_at_one_end_and_silent_at_the_other_until_that_has_sent_in_vain() {
    for told in [Side::Dialler, Side::Acceptor] {
        let rig = Rig::of(2);
        let (mut one, mut two) = rig.connection(1, 2);
        one.write_all(b"1").unwrap();
        hears(&mut two, b"1");
        assert_eq!(rig.proxies.halve(NodeId(1), NodeId(2), told), 1);
        let (told, other) = if told == Side::Dialler { (&mut one, &mut two) } else { (&mut two, &mut one) };
        let error = told.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        hears_nothing(other);
        other.write_all(b"anybody?").unwrap();
        hears_nothing(other);
        assert_eq!(other.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        // Those that come later are whole.
        let (mut one, mut two) = rig.connection(1, 2);
        one.write_all(b"2").unwrap();
        hears(&mut two, b"2");
    }
}

#[test]
fn what_a_cut_holds_back_is_lost_with_a_connection_that_is_left_half_open() {
    for told in [Side::Dialler, Side::Acceptor] {
        let rig = Rig::of(2);
        let (mut one, mut two) = rig.connection(1, 2);
        rig.proxies.set_cut(NodeId(1), NodeId(2), true);
        one.write_all(b"held").unwrap();
        hears_nothing(&mut two);
        rig.proxies.halve(NodeId(1), NodeId(2), told);
        rig.proxies.set_cut(NodeId(1), NodeId(2), false);
        if told == Side::Dialler {
            hears_nothing(&mut two);
        } else {
            assert_eq!(two.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(rig.proxies.halve(NodeId(1), NodeId(2), told), 0, "nobody carries it any more");
    }
}

#[test]
fn a_dead_process_refuses_but_not_across_a_cut() {
    let mut rig = Rig::of(2);
    rig.dial_open(1, 2);
    rig.proxies.set_alive(NodeId(2), false);
    let refused = || rig.dial(1, 2).err().map(|error| error.kind());
    assert_eq!(within_patience(refused), ErrorKind::ConnectionRefused);

    rig.proxies.set_cut(NodeId(2), NodeId(1), true);
    let mut across = rig.dial_open(1, 2);
    hears_nothing(&mut across);
    // Its process is dead, so nobody listens there any more.
    let listened = rig.listeners.remove(&NodeId(2)).unwrap();
    let address = listened.local_addr().unwrap();
    drop(listened);
    rig.proxies.set_cut(NodeId(2), NodeId(1), false);
    assert_eq!(across.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);

    rig.listeners.insert(NodeId(2), TcpListener::bind(address).unwrap());
    rig.proxies.set_alive(NodeId(2), true);
    let (mut one, mut two) = rig.connection(1, 2);
    one.write_all(b"again").unwrap();
    hears(&mut two, b"again");
}

#[test]
fn a_reset_goes_through_and_a_half_close_leaves_the_way_back_open() {
    let rig = Rig::of(2);
    let (mut one, mut two) = rig.connection(1, 2);
    one.write_all(b"question").unwrap();
    one.shutdown(Shutdown::Write).unwrap();
    let mut question = String::new();
    two.read_to_string(&mut question).unwrap();
    assert_eq!(question, "question");
    two.write_all(b"answer").unwrap();
    hears(&mut one, b"answer");

    let (mut one, two) = rig.connection(1, 2);
    rustix::net::sockopt::set_socket_linger(&two, Some(Duration::ZERO)).unwrap();
    drop(two);
    assert_eq!(one.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn bytes_stay_whole_under_load_while_links_are_cut_and_mended() {
    const LENGTH: usize = 1 << 20;
    let rig = Rig::of(3);
    let pairs = [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)];
    let content = |seed: usize| (0..LENGTH).map(|at| (at * 31 + at / 251 + seed * 7) as u8).collect::<Vec<u8>>();
    thread::scope(|scope| {
        let mut ends = Vec::new();
        for (seed, (dialler, acceptor)) in pairs.into_iter().enumerate() {
            let (dialled, accepted) = rig.connection(dialler, acceptor);
            for stream in [dialled, accepted] {
                let mut sender = stream.try_clone().unwrap();
                scope.spawn(move || sender.write_all(&content(seed)).unwrap());
                ends.push(scope.spawn(move || {
                    let mut stream = stream;
                    hears(&mut stream, &content(seed));
                }));
            }
        }
        while ends.iter().any(|end| !end.is_finished()) {
            for (from, to) in pairs {
                rig.proxies.set_cut(NodeId(from), NodeId(to), true);
                thread::sleep(Duration::from_millis(1));
                rig.proxies.set_cut(NodeId(from), NodeId(to), false);
            }
        }
    });
    assert_eq!(rig.proxies.bytes(), 12 * LENGTH as u64);
}

#[test]
fn a_reader_that_is_late_gets_everything() {
    // More than all sockets on the way hold.
    const LENGTH: usize = 40 << 20;
    let rig = Rig::of(2);
    let (mut one, mut two) = rig.connection(1, 2);
    let content: Vec<u8> = (0..LENGTH).map(|at| (at * 7 + at / 241) as u8).collect();
    thread::scope(|scope| {
        let sender = scope.spawn(|| one.write_all(&content).unwrap());
        thread::sleep(SILENCE);
        assert!(!sender.is_finished(), "it waits for the reader");
        hears(&mut two, &content);
    });
}

#[test]
fn a_held_link_makes_its_sender_wait_instead_of_filling_the_memory() {
    let rig = Rig::of(2);
    let (one, _two) = rig.connection(1, 2);
    rig.proxies.set_cut(NodeId(1), NodeId(2), true);
    one.set_write_timeout(Some(SILENCE)).unwrap();
    let mut sent = 0;
    let error = loop {
        match (&one).write(&[0; 64 << 10]) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < 64 << 20, "{sent} bytes are held somewhere");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn proxies_end_with_connections_held_half_open_and_pending() {
    let rig = Rig::of(2);
    let (mut one, _two) = rig.connection(1, 2);
    let (_one_again, _two_again) = rig.connection(1, 2);
    rig.proxies.halve(NodeId(1), NodeId(2), Side::Dialler);
    let _ = one.read(&mut [0; 8]);
    rig.proxies.set_cut(NodeId(2), NodeId(1), true);
    let _pending = rig.dial_open(1, 2);
    let (ended, is_ended) = mpsc::channel();
    thread::spawn(move || {
        drop(rig);
        ended.send(()).unwrap();
    });
    is_ended.recv_timeout(PATIENCE).expect("the thread of the proxies ends");
}
