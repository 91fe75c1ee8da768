//! The control port, and how a node ends.

use crate::fleet::{Fleet, PATIENCE, TOKEN, Told, greet, read};
use crate::{A, Answer, Ask, ask, program};
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use windtunnel::line::ControlFailure;
use windtunnel::real::Ended;
use windtunnel::real::control_protocol::{CONTROL_PROTOCOL, DiskFaults, FromNode, ToNode, read_frame, write_frame};

fn one() -> Fleet {
    let mut fleet = Fleet::new(1, program());
    fleet.start(A);
    fleet
}

/// What the node says to somebody who begins like this, or that it closes.
fn said_to(fleet: &Fleet, begin: impl FnOnce(&mut TcpStream)) -> Option<FromNode> {
    let mut stream = TcpStream::connect(fleet.addresses(A).control).expect("the port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    begin(&mut stream);
    read_frame(&mut stream).ok()
}

#[test]
fn who_does_not_know_the_token_hears_nothing() {
    // No tester is there, who would keep all others away.
    let mut fleet = Fleet::new(1, program());
    let text = fleet.config_text(A).replace("wait = true", "wait = false");
    fleet.run_as(A, &text);
    let hello = |protocol, token: &str| ToNode::Hello { protocol, token: token.into() };
    let wrong = [
        hello(CONTROL_PROTOCOL, "0123456789abcdeX"),
        hello(CONTROL_PROTOCOL, ""),
        hello(CONTROL_PROTOCOL + 1, TOKEN),
        ToNode::Stop,
    ];
    for frame in wrong {
        assert_eq!(said_to(&fleet, |stream| write_frame(stream, &frame).expect("it reads")), None, "{frame:?}");
    }
    assert_eq!(said_to(&fleet, |stream| stream.write_all(&[0xff; 8]).expect("it reads")), None);
    let mut tester = greet(fleet.addresses(A).control, TOKEN);
    assert!(matches!(read(&mut tester), FromNode::Hello { node: A, .. }), "who knows it is let in");
}

#[test]
fn a_thousand_strangers_keep_no_tester_out() {
    let mut fleet = Fleet::new(1, program());
    let text = fleet.config_text(A).replace("wait = true", "wait = false");
    fleet.run_as(A, &text);
    let control = fleet.addresses(A).control;
    let crowd: Vec<TcpStream> = (0..1_000).map(|_| TcpStream::connect(control).expect("the port is open")).collect();
    let mut tester = greet(control, TOKEN);
    assert!(matches!(read(&mut tester), FromNode::Hello { node: A, .. }));
    drop(crowd);
}

#[test]
fn a_second_tester_is_sent_away_and_one_that_comes_later_is_not() {
    let mut fleet = one();
    let right = ToNode::Hello { protocol: CONTROL_PROTOCOL, token: TOKEN.into() };
    assert_eq!(said_to(&fleet, |stream| write_frame(stream, &right).expect("it reads")), None);
    assert_eq!(ask(&mut fleet, A, &Ask::Wait(Duration::ZERO)), Ok(Answer::Done), "the first one is still served");
    fleet.leave(A);
    // The node learns a moment later that the first one is gone.
    let hello = loop {
        if let Some(hello) = said_to(&fleet, |stream| write_frame(stream, &right).expect("it reads")) {
            break hello;
        }
    };
    assert!(matches!(hello, FromNode::Hello { node: A, .. }));
}

#[test]
fn what_a_node_shows_before_a_tester_comes_is_kept_in_order() {
    let mut fleet = Fleet::new(1, program());
    let text = fleet.config_text(A).replace("wait = true", "wait = false");
    fleet.run_as(A, &text);
    let mut tester = greet(fleet.addresses(A).control, TOKEN);
    assert!(matches!(read(&mut tester), FromNode::Hello { .. }));
    assert_eq!(read(&mut tester), FromNode::Ready);
    assert!(matches!(read(&mut tester), FromNode::Observed { kind, step: 1, .. } if kind == "started"));
}

#[test]
fn a_node_whose_tester_does_not_read_ends_rather_than_show_less() {
    let mut fleet = one();
    // Asked for and not read: 80 MiB in all.
    for _ in 0..10 {
        fleet.control(A, postcard::to_stdvec(&Ask::Show(8 << 20)).expect("it serialises"));
    }
    assert!(matches!(fleet.join(A), Ended::Unobserved { bytes } if bytes > 64 << 20));
}

#[test]
fn a_request_before_there_is_a_handler_has_none() {
    let mut fleet = Fleet::new(1, windtunnel::executor::Program::new(std::future::pending::<()>));
    fleet.start(A);
    assert_eq!(fleet.ask(A, Vec::new()), Err(ControlFailure::NoHandler));
}

fn ends_of(asked: &Ask) -> Ended {
    let mut fleet = one();
    fleet.control(A, postcard::to_stdvec(asked).expect("it serialises"));
    let told = loop {
        if let Told::Ended(how) = fleet.told(A) {
            break how;
        }
    };
    assert_eq!(fleet.join(A), told);
    told
}

#[test]
fn a_node_says_how_it_ended() {
    assert_eq!(ends_of(&Ask::Stop), Ended::Stopped { reason: "the disk is gone".into(), disk: DiskFaults::default() });
    assert_eq!(ends_of(&Ask::Spin), Ended::NeverIdle);
    let Ended::Panicked(report) = ends_of(&Ask::Panic) else { panic!("it panics") };
    assert_eq!(report.message, "on purpose");
    assert!(report.place.contains("flight/main.rs"), "{}", report.place);
}

#[test]
fn a_node_that_is_asked_to_end_answers_first_what_it_was_asked() {
    let mut fleet = one();
    fleet.control(A, postcard::to_stdvec(&Ask::Wait(Duration::from_millis(300))).expect("it serialises"));
    fleet.say(A, &ToNode::Stop);
    let frames = fleet.rest(A);
    assert!(matches!(
        &frames[frames.len() - 2..],
        [FromNode::ControlReply { result: Ok(_), .. }, FromNode::Ended { how: Ended::Terminated }]
    ));
    assert_eq!(fleet.join(A), Ended::Terminated);
}

#[test]
fn a_node_that_is_asked_to_end_does_not_wait_for_ever() {
    let mut fleet = one();
    fleet.control(A, postcard::to_stdvec(&Ask::Wait(PATIENCE * 9)).expect("it serialises"));
    fleet.wait_for(A, "waits");
    let begin = std::time::Instant::now();
    assert_eq!(fleet.terminate(A), Ended::Terminated);
    assert!((Duration::from_secs(2)..PATIENCE / 2).contains(&begin.elapsed()));
}
