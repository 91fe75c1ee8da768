//! What becomes of calls that wait for a connection, and of those that went over one.
#![allow(clippy::disallowed_methods)] // peers on threads of their own

use super::*;
use crate::line::LogLevel;
use crate::real::loopback::{never, pair, run, soon};
use crate::units::{Incarnation, Seed};
use std::net::{SocketAddr, TcpListener};
use tokio::time::Instant;

const PEER: NodeId = NodeId(2);
const ECHO: Method = Method::Borrowed("echo");

fn call(number: u64) -> CallId {
    CallId(CallId::first_of(Incarnation(1)).0 + number)
}

/// Links to one peer, at an address where nobody listens.
fn links() -> (Links, mpsc::Receiver<Input>) {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    links_to(nobody)
}

fn links_to(address: SocketAddr) -> (Links, mpsc::Receiver<Input>) {
    links_of(NodeId(1), Incarnation(1), address)
}

fn links_of(node: NodeId, incarnation: Incarnation, address: SocketAddr) -> (Links, mpsc::Receiver<Input>) {
    let (inputs, outputs) = mpsc::channel(64);
    let peers = [(PEER, address)].into();
    let settings = Settings { cluster: "test".into(), node, incarnation, seed: Seed(7), peers };
    (Links::new(settings, inputs, Room::new(), Log::of(node, LogLevel::Error)), outputs)
}

/// They lost the same peer at the same moment.
#[test]
fn two_nodes_and_two_starts_of_one_do_not_come_back_to_a_peer_in_step() {
    let pauses = |node, incarnation| -> Vec<Nanos> {
        let (mut links, _inputs) = links_of(NodeId(node), Incarnation(incarnation), ([127, 0, 0, 1], 7_000).into());
        let link = links.links.get_mut(&PEER).expect("a peer");
        (0..8).map(|_| link.next_pause()).collect()
    };
    let all = [pauses(1, 1), pauses(3, 1), pauses(4, 1), pauses(1, 2)];
    assert_eq!(all[0], pauses(1, 1), "drawn from the seed");
    for (number, one) in all.iter().enumerate() {
        for other in &all[..number] {
            assert!(one.iter().zip(other).all(|(one, other)| one != other), "{one:?} and {other:?}");
        }
        let mut longest = FIRST_PAUSE;
        for pause in one {
            assert!((Nanos(longest.0 / 2)..=longest).contains(pause), "{pause:?} of at most {longest:?}");
            longest = Nanos(longest.0 * 2).min(LONGEST_PAUSE);
        }
    }
}

fn send(links: &mut Links, number: u64, bytes: usize) {
    links.send(PEER, call(number), ECHO, vec![0; bytes]);
}

fn link(links: &Links) -> &Link {
    &links.links[&PEER]
}

/// News of the attempt that is under way.
fn hear(links: &mut Links, news: LinkNews) -> Vec<Event> {
    let attempt = link(links).attempt;
    links.take(PEER, attempt, news)
}

fn refusal() -> LinkNews {
    LinkNews::Refused { why: "nobody listens".into() }
}

/// A connection that was of use is gone.
fn lost_after_use() -> LinkNews {
    LinkNews::Lost { nonsense: None, was_of_use: true }
}

async fn up(links: &mut Links) -> std::net::TcpStream {
    let (stream, peer) = pair().await;
    let events = hear(links, LinkNews::Up(stream.into_split().1));
    assert_eq!(events, []);
    peer
}

#[test]
fn calls_that_wait_are_refused_together_and_once() {
    run(async || {
        let (mut links, _inputs) = links();
        (0..3).for_each(|number| send(&mut links, number, 9));
        let refused = |number| Event::Refused { call: call(number) };
        assert_eq!(hear(&mut links, refusal()), [refused(0), refused(1), refused(2)]);
        assert!(matches!(link(&links).state, State::Resting { .. }));
        assert_eq!(hear(&mut links, LinkNews::Rested), [], "nobody waits");
        assert!(matches!(link(&links).state, State::Idle));
    });
}

#[test]
fn silence_tells_nobody_and_what_waited_is_not_sent_later() {
    run(async || {
        let (mut links, _inputs) = links();
        send(&mut links, 0, 9);
        assert_eq!(hear(&mut links, LinkNews::Silent { why: "no answer".into() }), []);
        send(&mut links, 1, 9);
        assert_eq!(link(&links).waiting.len(), 1, "the one that came while it rests");
        hear(&mut links, LinkNews::Rested);
        assert!(matches!(link(&links).state, State::Connecting { .. }));
    });
}

#[test]
fn news_of_an_older_attempt_is_no_news() {
    run(async || {
        let (mut links, _inputs) = links();
        send(&mut links, 0, 9);
        hear(&mut links, refusal());
        let older = link(&links).attempt;
        hear(&mut links, LinkNews::Rested);
        send(&mut links, 1, 9);
        assert_eq!(links.take(PEER, older, refusal()), []);
        assert_eq!(link(&links).waiting.len(), 1);
    });
}

#[test]
fn a_connection_that_is_lost_resets_each_kind_that_went_over_it_once() {
    run(async || {
        let (mut links, _inputs) = links();
        send(&mut links, 0, 9);
        let _peer = up(&mut links).await;
        send(&mut links, 1, 9);
        links.send(PEER, call(2), "other".into(), Vec::new());
        let reset = |method: &'static str| Event::Reset { peer: PEER, method: method.into() };
        assert_eq!(hear(&mut links, lost_after_use()), [reset("echo"), reset("other")]);
        send(&mut links, 3, 9);
        let _peer = up(&mut links).await;
        assert_eq!(hear(&mut links, lost_after_use()), [reset("echo")]);
    });
}

#[test]
fn so_many_calls_and_bytes_may_wait_and_no_more() {
    run(async || {
        let (mut links, _inputs) = links();
        (0..QUEUE_FRAMES as u64 + 9).for_each(|number| send(&mut links, number, 1));
        assert_eq!(link(&links).waiting.len(), QUEUE_FRAMES);
        hear(&mut links, refusal());
        for _ in 0..2 {
            (0..9).for_each(|number| send(&mut links, number, QUEUE_BYTES / 4));
            assert_eq!(link(&links).waiting.len(), 4, "however much has waited before");
            hear(&mut links, LinkNews::Rested);
            hear(&mut links, refusal());
        }
    });
}

#[test]
fn on_a_connection_that_takes_nothing_so_many_bytes_wait_and_no_more() {
    run(async || {
        let (mut links, _inputs) = links();
        send(&mut links, 0, 9);
        let _peer = up(&mut links).await;
        (1..9).for_each(|number| send(&mut links, number, QUEUE_BYTES / 4));
        let waiting = links.outboxes().map(Outbox::len).sum::<usize>();
        assert!((QUEUE_BYTES / 4 * 3..=QUEUE_BYTES).contains(&waiting), "{waiting} bytes");
    });
}

#[test]
fn pauses_grow_to_a_bound_and_are_short_again_when_the_peer_is_there() {
    run(async || {
        let (mut links, _inputs) = links();
        let fail = |links: &mut Links| {
            send(links, 0, 9);
            hear(links, refusal());
            hear(links, LinkNews::Rested);
            link(links).pause
        };
        let pauses: Vec<u64> = (0..8).map(|_| fail(&mut links).0 / 1_000_000).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500, 500]);
        send(&mut links, 0, 9);
        let _peer = up(&mut links).await;
        hear(&mut links, lost_after_use());
        assert_eq!(link(&links).pause, FIRST_PAUSE);
        fail(&mut links);
        links.is_alive(PEER);
        assert_eq!(link(&links).pause, FIRST_PAUSE);
    });
}

#[test]
fn who_says_welcome_and_is_gone_is_left_alone_for_longer_each_time() {
    run(async || {
        let (mut links, _inputs) = links();
        let mut pauses = Vec::new();
        for nonsense in [None, Some("nonsense".to_owned()), None] {
            send(&mut links, 0, 9);
            let _peer = up(&mut links).await;
            let events = hear(&mut links, LinkNews::Lost { nonsense, was_of_use: false });
            assert_eq!(events, [Event::Reset { peer: PEER, method: ECHO }], "who waits learns of it at once");
            send(&mut links, 1, 9);
            assert!(matches!(link(&links).state, State::Resting { .. }), "and a later call waits");
            hear(&mut links, LinkNews::Rested);
            pauses.push(link(&links).pause);
        }
        assert_eq!(pauses, [2, 4, 8].map(|times| Nanos(FIRST_PAUSE.0 * times)));
    });
}

#[test]
fn a_connection_was_of_use_if_anything_was_answered_over_it() {
    use crate::real::wire::{FromServer, LARGEST_HELLO, encode};
    use std::io::Write;
    run(async || {
        for answers in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let (mut links, mut inputs) = links_to(listener.local_addr().expect("it has one"));
            let peer = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("the node comes");
                let _hello = std::io::Read::read(&mut stream, &mut [0; 1_024]);
                let mut frames = bytes::BytesMut::new();
                let welcome = FromServer::Welcome { incarnation: Incarnation(1) };
                encode(&welcome, LARGEST_HELLO, &mut frames).expect("it is small");
                if answers {
                    let reply = FromServer::Reply { call: call(0), body: Vec::new() };
                    encode(&reply, LARGEST_HELLO, &mut frames).expect("it is small");
                }
                stream.write_all(&frames).expect("the node reads");
            });
            send(&mut links, 0, 9);
            let lost = async {
                loop {
                    match inputs.recv().await {
                        Some(Input::Link { news: LinkNews::Lost { was_of_use, .. }, .. }) => return was_of_use,
                        Some(_) => {}
                        None => panic!("no news"),
                    }
                }
            };
            assert_eq!(soon(lost).await, answers);
            peer.join().expect("it does what it should");
        }
    });
}

#[test]
fn a_pause_is_waited_for() {
    run(async || {
        let (mut links, mut inputs) = links();
        for _ in 0..4 {
            send(&mut links, 0, 9);
            hear(&mut links, refusal());
            hear(&mut links, LinkNews::Rested);
        }
        send(&mut links, 0, 9);
        let half = link(&links).pause.to_duration() / 2;
        hear(&mut links, refusal());
        let begin = Instant::now();
        let rested =
            async { while !matches!(inputs.recv().await, Some(Input::Link { news: LinkNews::Rested, .. })) {} };
        soon(rested).await;
        assert!(begin.elapsed() >= half, "half of it at least");
    });
}

#[test]
fn a_peer_that_connects_ends_a_rest() {
    run(async || {
        let (mut links, _inputs) = links();
        send(&mut links, 0, 9);
        hear(&mut links, refusal());
        links.is_alive(PEER);
        assert!(matches!(link(&links).state, State::Idle));
        send(&mut links, 1, 9);
        hear(&mut links, refusal());
        send(&mut links, 2, 9);
        links.is_alive(PEER);
        assert!(matches!(link(&links).state, State::Connecting { .. }), "somebody waits");
    });
}

/// What a connection comes to against a listener that does `what` with who comes.
async fn news_of(listener: TcpListener, what: impl FnOnce(std::net::TcpStream) + Send + 'static) -> LinkNews {
    let (mut links, mut inputs) = links_to(listener.local_addr().expect("it has one"));
    let peer = std::thread::spawn(move || what(listener.accept().expect("the node comes").0));
    send(&mut links, 0, 9);
    let Some(Input::Link { news, .. }) = soon(inputs.recv()).await else { panic!("no news") };
    peer.join().expect("it does what it should");
    news
}

#[test]
fn who_is_not_wanted_or_hears_no_welcome_is_refused_and_silence_is_given_up() {
    use crate::real::wire::{FromServer, LARGEST_HELLO, encode};
    use std::io::Write;
    let listener = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    run(async || {
        let closes = news_of(listener(), drop).await;
        assert!(matches!(&closes, LinkNews::Refused { why } if why.contains("says no welcome")), "{closes:?}");
        let sends_away = |mut stream: std::net::TcpStream| {
            let mut frame = bytes::BytesMut::new();
            let unwelcome = FromServer::Unwelcome { reason: "it is of another cluster".into() };
            encode(&unwelcome, LARGEST_HELLO, &mut frame).expect("it is small");
            stream.write_all(&frame).expect("the node reads");
            // The hello is read, so that the end is no reset.
            let _ = std::io::Read::read(&mut stream, &mut [0; 1_024]);
        };
        let unwelcome = news_of(listener(), sends_away).await;
        assert!(matches!(&unwelcome, LinkNews::Refused { why } if why.ends_with("another cluster")), "{unwelcome:?}");
        let begin = Instant::now();
        let waits = |stream: std::net::TcpStream| {
            std::thread::sleep(std::time::Duration::from_millis(2_500));
            drop(stream);
        };
        let silent = news_of(listener(), waits).await;
        assert!(matches!(&silent, LinkNews::Silent { why } if why.ends_with("does not answer")), "{silent:?}");
        assert!(begin.elapsed().as_secs() >= 2);
    });
}

#[test]
fn nobody_at_the_port_is_a_refusal() {
    run(async || {
        let (mut links, mut inputs) = links();
        send(&mut links, 0, 9);
        let Some(Input::Link { news, attempt: 1, .. }) = soon(inputs.recv()).await else { panic!("no news") };
        assert!(matches!(&news, LinkNews::Refused { why } if why.starts_with("nobody listens at")), "{news:?}");
        assert!(never(inputs.recv()).await, "it tries again when it is asked to");
    });
}
