//! Test bodies that drive real processes as they would simulated ones.

use crate::puppet::order;
use crate::{Ground, Test, flight};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use windtunnel::line::ControlFailure;
use windtunnel::net::CallError;
use windtunnel::time::sleep;
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, Lifecycle, LinkWeather, Moment, Observer, Outcome, Response, Stop};
use windtunnel::{Nanos, NodeId, Ppm};

pub const TESTS: &[Test] = &[
    ("nodes_call_each_other_through_the_proxies", nodes_call_each_other_through_the_proxies),
    (
        "a_killed_node_refuses_and_has_its_files_when_it_is_back",
        a_killed_node_refuses_and_has_its_files_when_it_is_back,
    ),
    ("a_paused_node_is_silent_and_answers_when_it_runs_on", a_paused_node_is_silent_and_answers_when_it_runs_on),
    ("a_cut_is_silent_and_a_mended_link_carries_again", a_cut_is_silent_and_a_mended_link_carries_again),
    ("a_late_link_makes_a_call_late", a_late_link_makes_a_call_late),
    ("the_observer_wakes_the_body_and_may_stop_the_run", the_observer_wakes_the_body_and_may_stop_the_run),
    ("a_node_that_stops_is_told_and_can_be_started_again", a_node_that_stops_is_told_and_can_be_started_again),
    ("what_flight_cannot_make_is_counted", what_flight_cannot_make_is_counted),
    ("everything_that_happened_is_in_the_history", everything_that_happened_is_in_the_history),
];

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

fn silence() -> String {
    CallError::TimedOut.to_string()
}

fn nodes_call_each_other_through_the_proxies() {
    let ground = Ground::new();
    let flown = flight(3, &ground.0).run(|tester| async move {
        let mut replies = Vec::new();
        for (from, to) in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)] {
            replies.push(order(&tester, from, &format!("call {to} hello")).await);
        }
        replies
    });
    let flown = flown.expect("it took off");
    let Outcome::Finished(replies) = flown.report.outcome else { panic!("{:?}", flown.report.outcome) };
    assert_eq!(replies[0], "node 2 heard `hello` from node 1");
    assert_eq!(replies[5], "node 2 heard `hello` from node 3");
    assert!(replies.iter().all(|reply| reply.contains("heard")), "{replies:?}");
    assert!(flown.report.counters.bytes > 0 && flown.report.counters.starts == 3);
    assert_eq!(flown.unclean, [], "all end as they are asked to");
    assert!(flown.skipped.is_empty() && flown.history_error.is_none());
}

fn a_killed_node_refuses_and_has_its_files_when_it_is_back() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        order(&tester, 2, "write one;").await;
        order(&tester, 1, "call 2 hello").await;
        tester.kill(B);
        let asked = tester.control(B, b"read".to_vec());
        assert_eq!(asked.await, Err(ControlFailure::Down));
        assert!(!tester.is_running(B));
        // The connection of before may be found broken first.
        while order(&tester, 1, "call 2 hello").await != CallError::Refused.to_string() {}
        tester.start(B);
        order(&tester, 2, "write two").await;
        assert!(tester.is_running(B));
        sleep(Duration::from_millis(60)).await;
        while !order(&tester, 1, "call 2 again").await.contains("heard") {}
        (order(&tester, 2, "read").await, tester.disk_bytes(B), tester.counters().kills)
    });
    let outcome = flown.expect("it took off").report.outcome;
    let Outcome::Finished((read, bytes, kills)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((read.as_str(), bytes, kills), ("one;two", 7, 1));
}

fn a_paused_node_is_silent_and_answers_when_it_runs_on() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        tester.pause(B);
        let asked = tester.control(B, b"write late".to_vec());
        let called = order(&tester, 1, "call 2 hello").await;
        let running = tester.is_running(B);
        tester.resume(B);
        (called, running, asked.await)
    });
    let outcome = flown.expect("it took off").report.outcome;
    let Outcome::Finished((called, running, asked)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(called, silence());
    assert!(running, "a paused process is there");
    assert_eq!(asked, Ok(b"written".to_vec()));
}

fn a_cut_is_silent_and_a_mended_link_carries_again() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        let mut replies = Vec::new();
        for (from, to) in [(A, B), (B, A)] {
            tester.cut(from, to);
            replies.push(order(&tester, 1, "call 2 hello").await);
            tester.mend(from, to);
            while !order(&tester, 1, "call 2 hello").await.contains("heard") {}
        }
        replies
    });
    let outcome = flown.expect("it took off").report.outcome;
    let Outcome::Finished(replies) = outcome else { panic!("{outcome:?}") };
    assert_eq!(replies, [silence(), silence()]);
}

fn a_late_link_makes_a_call_late() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        order(&tester, 1, "call 2 hello").await;
        let latency = [Nanos::from_millis(60), Nanos::from_millis(70)];
        tester.set_link(A, B, LinkWeather { latency, ..LinkWeather::default() });
        let before = (Instant::now(), tester.now());
        let reply = order(&tester, 1, "call 2 hello").await;
        (reply, before.0.elapsed(), tester.now() - before.1)
    });
    let outcome = flown.expect("it took off").report.outcome;
    let Outcome::Finished((reply, took, on_the_clock_of_the_run)) = outcome else { panic!("{outcome:?}") };
    assert!(reply.contains("heard"), "{reply}");
    assert!(took >= Duration::from_millis(60), "{took:?}");
    assert!(on_the_clock_of_the_run >= Nanos::from_millis(60), "{on_the_clock_of_the_run}");
}

/// Counts what is shown, wakes the body for each, and stops the run at the last.
struct Counter {
    seen: Rc<RefCell<u64>>,
    last: u64,
}

impl Observer for Counter {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, _: &[u8]) -> Response {
        if kind != "shown" {
            return Response::Continue;
        }
        *self.seen.borrow_mut() += 1;
        if *self.seen.borrow() == self.last { Response::Stop } else { Response::WakeTester }
    }
}

fn the_observer_wakes_the_body_and_may_stop_the_run() {
    let ground = Ground::new();
    let setup = || {
        let seen = Rc::<RefCell<u64>>::default();
        let observer = Counter { seen: seen.clone(), last: 7 };
        let body = move |tester: windtunnel::world::Tester| async move {
            for count in 1..=100 {
                let asked = tester.control(A, b"show 1".to_vec());
                while *seen.borrow() < count {
                    tester.changed().await;
                }
                asked.await.expect("it lives");
            }
        };
        (observer, body)
    };
    let (flown, seen) = flight(1, &ground.0).observe(setup, |observer| *observer.seen.borrow()).expect("it took off");
    assert!(matches!(flown.report.outcome, Outcome::Stopped), "{:?}", flown.report.outcome);
    assert_eq!(seen, 7);
}

/// Hears who stopped, why, and what became of it.
#[derive(Default)]
struct Ear(Vec<String>);

impl Observer for Ear {
    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Response {
        Response::Continue
    }

    fn stopped(&mut self, _: Moment, node: NodeId, stop: Stop<'_>) -> Response {
        self.0.push(format!("{node}: {}", stop.reason));
        Response::Continue
    }

    fn lifecycle(&mut self, _: Moment, _: NodeId, what: Lifecycle) -> Response {
        self.0.push(format!("{what:?}"));
        Response::WakeTester
    }
}

fn a_node_that_stops_is_told_and_can_be_started_again() {
    let ground = Ground::new();
    let setup = || {
        let body = |tester: windtunnel::world::Tester| async move {
            let asked = order(&tester, 1, "stop the disk is broken").await;
            while tester.is_running(A) {
                tester.changed().await;
            }
            tester.start(A);
            (asked, order(&tester, 1, "read").await)
        };
        (Ear::default(), body)
    };
    let (flown, heard) = flight(1, &ground.0).observe(setup, |ear| ear.0).expect("it took off");
    assert_eq!(flown.report.counters.stops, 1);
    let Outcome::Finished(answers) = flown.report.outcome else { panic!("{:?}", flown.report.outcome) };
    assert_eq!(answers, ("Died".to_owned(), String::new()));
    let expected = ["Started(Incarnation(1))", "node 1: the disk is broken", "Stopped", "Started(Incarnation(2))"];
    assert_eq!(heard, expected);
}

fn what_flight_cannot_make_is_counted() {
    let ground = Ground::new();
    let flown = flight(1, &ground.0).run(|tester| async move {
        tester.power_loss(A);
        tester.power_loss(A);
        tester.set_disk(A, DiskWeather { error_ppm: Ppm(1), ..DiskWeather::default() });
        tester.apply(Command::ClockJump { node: A, by_ns: 1 });
        tester.set_link(A, NodeId(9), LinkWeather { loss_ppm: Ppm(1), ..LinkWeather::default() });
        order(&tester, 1, "read").await;
        tester.is_running(A)
    });
    let flown = flown.expect("it took off");
    assert!(matches!(flown.report.outcome, Outcome::Finished(true)), "{:?}", flown.report.outcome);
    let skipped: Vec<_> = flown.skipped.iter().map(|(unmade, count)| (unmade.what, count)).collect();
    assert_eq!(skipped, [("clock-jump", 1), ("disk", 1), ("loss", 1), ("power-loss", 2)]);
}

fn everything_that_happened_is_in_the_history() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        order(&tester, 1, "show 2").await;
        tester.cut(A, B);
        tester.power_loss(B);
        tester.kill(B);
    });
    let flown = flown.expect("it took off");
    let text = std::fs::read_to_string(flown.directory.join("history.jsonl")).expect("a history");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let has = |fields: &[(&str, serde_json::Value)]| {
        lines.iter().filter(|line| fields.iter().all(|(key, value)| &line[*key] == value)).count()
    };
    assert_eq!(has(&[("what", "observed".into()), ("kind", "shown".into()), ("node", 1.into())]), 2);
    assert_eq!(has(&[("what", "observed".into()), ("body", "01".into())]), 1);
    assert_eq!(has(&[("command", "cut".into()), ("node", 1.into()), ("to", 2.into())]), 1);
    assert_eq!(has(&[("what", "skipped".into()), ("skipped", "power-loss".into())]), 1);
    assert_eq!(has(&[("what", "lifecycle".into()), ("lifecycle", "killed".into())]), 1);
    assert_eq!(has(&[("what", "control-reply".into()), ("body", "73686f776e".into())]), 1, "`shown`");
    assert_eq!(lines.last().map(|line| &line["outcome"]), Some(&"finished".into()));
    let times: Vec<_> = lines.iter().map(|line| line["at_ns"].as_u64()).collect();
    assert!(times.is_sorted(), "in one order");
}
