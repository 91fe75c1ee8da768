//! Rows of SEMANTICS.md on weather: one tester's body each, against simulated nodes and against real ones.

use crate::puppet::{self, order};
use crate::{Ground, Test, flight};
use std::future::Future;
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::net::CallError;
use windtunnel::time::sleep;
use windtunnel::world::{LinkWeather, Outcome, Simulation, Tester};
use windtunnel::{Nanos, NodeId, Ppm, Seed};

pub const TESTS: &[Test] = &[
    ("a_cut_is_silent_in_either_direction", a_cut_is_silent_in_either_direction),
    ("over_a_cut_for_replies_the_handler_runs", over_a_cut_for_replies_the_handler_runs),
    ("a_cut_loses_in_the_tunnel_what_it_holds_back_in_flight", a_cut_loses_in_the_tunnel_what_it_holds_back_in_flight),
    ("a_cut_may_leave_connections_half_open_in_flight", a_cut_may_leave_connections_half_open_in_flight),
    ("what_came_for_a_paused_node_happens_when_it_runs_on", what_came_for_a_paused_node_happens_when_it_runs_on),
    ("kills_pauses_and_cuts_count_as_often_as_they_begin", kills_pauses_and_cuts_count_as_often_as_they_begin),
    ("a_late_link_makes_a_call_late", a_late_link_makes_a_call_late),
    ("a_reply_to_an_earlier_incarnation_reaches_nobody", a_reply_to_an_earlier_incarnation_reaches_nobody),
    ("a_dead_node_refuses_and_a_cut_off_one_is_silent", a_dead_node_refuses_and_a_cut_off_one_is_silent),
];

const NODES: u32 = 3;
const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

/// What a body found in the tunnel, and in flight.
fn in_both<T: Send + 'static, F: Future<Output = T> + 'static>(body: fn(Tester) -> F) -> [T; 2] {
    let simulation = Simulation::new(Seed(7)).program(NODES, Program::new(puppet::main));
    let ground = Ground::new();
    let outcomes =
        [simulation.run(body).outcome, flight(NODES, &ground.0).run(body).expect("it took off").report.outcome];
    outcomes.map(|outcome| match outcome {
        Outcome::Finished(found) => found,
        Outcome::Stopped => panic!("nobody stops it"),
        Outcome::Failed(failure) => panic!("{failure}"),
    })
}

fn silence() -> String {
    CallError::TimedOut.to_string()
}

/// Node 1 calls node 2; nothing when it was answered, else how it failed.
async fn call(tester: &Tester, words: &str) -> Option<String> {
    let reply = order(tester, 1, &format!("call 2 {words}")).await;
    (!reply.contains("heard")).then_some(reply)
}

/// Calls until there is an answer: what was connected before may be found broken first.
async fn reach(tester: &Tester) {
    while call(tester, "are you there").await.is_some() {}
}

/// How often node 2 has heard those words.
async fn heard(tester: &Tester, words: &str) -> u64 {
    order(tester, 2, &format!("count {words}")).await.parse().expect("a number")
}

fn a_cut_is_silent_in_either_direction() {
    let found = in_both(|tester| async move {
        let mut found = Vec::new();
        for (from, to) in [(A, B), (B, A)] {
            reach(&tester).await;
            tester.cut(from, to);
            let begin = tester.now();
            let failed = call(&tester, "hello").await;
            found.push((failed, tester.now() - begin >= Nanos::from(puppet::DEADLINE)));
            tester.mend(from, to);
            reach(&tester).await;
        }
        found
    });
    for found in found {
        assert_eq!(found, [(Some(silence()), true), (Some(silence()), true)]);
    }
}

fn over_a_cut_for_replies_the_handler_runs() {
    let found = in_both(|tester| async move {
        reach(&tester).await;
        tester.cut(B, A);
        (call(&tester, "hello").await, heard(&tester, "hello").await)
    });
    assert_eq!(found, [(Some(silence()), 1), (Some(silence()), 1)]);
}

/// The rougher world is the simulated one: whoever counts on late messages finds none there.
fn a_cut_loses_in_the_tunnel_what_it_holds_back_in_flight() {
    let found = in_both(|tester| async move {
        reach(&tester).await;
        tester.cut(A, B);
        let failed = call(&tester, "held").await;
        let before = heard(&tester, "held").await;
        tester.mend(A, B);
        reach(&tester).await;
        (failed, before, heard(&tester, "held").await)
    });
    assert_eq!(found, [(Some(silence()), 0, 0), (Some(silence()), 0, 1)]);
}

/// Either end may be the one that is not told: it finds out by calls that are in vain.
fn a_cut_may_leave_connections_half_open_in_flight() {
    const CUTS: usize = 8;
    let ground = Ground::new();
    let flight = flight(NODES, &ground.0).with(|options| options.half_open_ppm = Ppm::ALWAYS);
    let flown = flight.run(|tester| async move {
        let mut failed = Vec::new();
        for _ in 0..CUTS {
            reach(&tester).await;
            tester.cut(A, B);
            call(&tester, "held").await;
            tester.mend(A, B);
            while let Some(how) = call(&tester, "are you there").await {
                failed.push(how);
            }
        }
        (failed, heard(&tester, "held").await)
    });
    let report = flown.expect("it took off").report;
    assert_eq!(report.counters.half_open, CUTS as u64, "node 2 has no connection to node 1");
    let Outcome::Finished((failed, held)) = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(held, 0, "what was held back is lost with its connection");
    let reset = CallError::Reset.to_string();
    assert!(failed.contains(&silence()) && failed.contains(&reset), "{failed:?}");
}

fn what_came_for_a_paused_node_happens_when_it_runs_on() {
    let found = in_both(|tester| async move {
        reach(&tester).await;
        tester.pause(B);
        let asked = tester.control(B, b"count hello".to_vec());
        let failed = call(&tester, "hello").await;
        let is_there = tester.is_running(B);
        tester.resume(B);
        asked.await.expect("it answers late");
        reach(&tester).await;
        (failed, is_there, heard(&tester, "hello").await)
    });
    assert_eq!(found, [(Some(silence()), true, 1), (Some(silence()), true, 1)]);
}

fn kills_pauses_and_cuts_count_as_often_as_they_begin() {
    let found = in_both(|tester| async move {
        reach(&tester).await;
        for _ in 0..2 {
            tester.pause(B);
            tester.cut(A, B);
        }
        tester.cut(B, A);
        tester.mend(A, B);
        tester.cut(A, B);
        for _ in 0..2 {
            tester.kill(B);
        }
        tester.pause(B);
        sleep(Duration::from_millis(1)).await;
        let counters = tester.counters();
        (counters.kills, counters.pauses, counters.cuts)
    });
    assert_eq!(found, [(1, 1, 3), (1, 1, 3)]);
}

fn a_late_link_makes_a_call_late() {
    const LATE: Nanos = Nanos::from_millis(60);
    let took = in_both(|tester| async move {
        reach(&tester).await;
        tester.set_link(A, B, LinkWeather { latency: [LATE, LATE], ..LinkWeather::default() });
        let begin = tester.now();
        let failed = call(&tester, "hello").await;
        (failed, tester.now() - begin)
    });
    for (failed, took) in took {
        assert!(failed.is_none() && took >= LATE && took < Nanos::from(puppet::DEADLINE), "{failed:?} {took}");
    }
}

/// Both incarnations wait for an answer to their first call of that kind, and the older answer comes first.
fn a_reply_to_an_earlier_incarnation_reaches_nobody() {
    let replies = in_both(|tester| async move {
        let older = tester.control(A, b"later 2 600 older".to_vec());
        while heard(&tester, "older").await == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        tester.kill(A);
        tester.start(A);
        sleep(Duration::from_millis(1)).await;
        let younger = order(&tester, 1, "later 2 900 younger").await;
        (older.await.is_err(), younger)
    });
    for (older_died, younger) in replies {
        assert!(older_died, "the node that asked is dead");
        assert_eq!(younger, "node 2 heard `younger` from node 1");
    }
}

fn a_dead_node_refuses_and_a_cut_off_one_is_silent() {
    let found = in_both(|tester| async move {
        tester.kill(B);
        sleep(Duration::from_millis(50)).await;
        let dead = call(&tester, "hello").await;
        tester.cut(A, B);
        tester.cut(B, A);
        let cut_off = call(&tester, "hello").await;
        (dead, cut_off)
    });
    for found in found {
        assert_eq!(found, (Some(CallError::Refused.to_string()), Some(silence())));
    }
}
