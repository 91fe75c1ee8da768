//! What nodes show comes in one order: all of it, and nothing before its cause.

use crate::puppet::order;
use crate::{Ground, Test, flight};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::time::sleep;
use windtunnel::world::{Lifecycle, Moment, Observer, Outcome, Response, Tester};

pub const TESTS: &[Test] = &[
    ("nothing_is_shown_before_what_caused_it", nothing_is_shown_before_what_caused_it),
    ("what_a_killed_node_said_last_is_known_when_it_is_heard", what_a_killed_node_said_last_is_known_when_it_is_heard),
    ("all_that_a_node_showed_before_a_kill_is_seen_before_the_kill", all_that_a_node_showed_before_a_kill_is_seen),
];

/// Sees that what was said was said before it was heard.
#[derive(Default)]
struct Causes {
    said: BTreeSet<Vec<u8>>,
    heard: u64,
    unheard_of: u64,
    last: Moment0,
}

/// The last moment, to see that none is earlier.
#[derive(Default)]
struct Moment0(u64);

impl Observer for Causes {
    fn observed(&mut self, moment: Moment, _: NodeId, kind: &str, body: &[u8]) -> Response {
        assert!(moment.at.0 >= self.last.0, "time runs forward");
        self.last.0 = moment.at.0;
        match kind {
            "said" => _ = self.said.insert(body.to_vec()),
            "heard" => {
                self.heard += 1;
                self.unheard_of += u64::from(!self.said.contains(body));
            }
            _ => {}
        }
        Response::Continue
    }
}

fn nothing_is_shown_before_what_caused_it() {
    const CALLS: u64 = 1_500;
    let ground = Ground::new();
    let body = |tester: Tester| async move {
        let callers = (1..=3u32).map(|from| {
            let tester = tester.clone();
            windtunnel::spawn(async move {
                for number in 0..CALLS / 3 {
                    let to = from % 3 + 1;
                    order(&tester, from, &format!("call {to} {from}-{number}")).await;
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("nobody aborts it");
        }
    };
    let (flown, causes) =
        flight(3, &ground.0).observe(|| (Causes::default(), body), |causes| causes).expect("it took off");
    assert!(matches!(flown.report.outcome, Outcome::Finished(())), "{:?}", flown.report.outcome);
    assert_eq!((causes.heard, causes.unheard_of), (CALLS, 0));
}

fn what_a_killed_node_said_last_is_known_when_it_is_heard() {
    const KILLS: u32 = 40;
    let ground = Ground::new();
    let body = |tester: Tester| async move {
        for round in 0..KILLS {
            order(&tester, 1, &format!("chatter 2 {round}")).await;
            sleep(Duration::from_millis(15)).await;
            tester.kill(NodeId(1));
            tester.start(NodeId(1));
        }
        order(&tester, 2, "read").await;
    };
    let (flown, causes) =
        flight(2, &ground.0).observe(|| (Causes::default(), body), |causes| causes).expect("it took off");
    assert!(matches!(flown.report.outcome, Outcome::Finished(())), "{:?}", flown.report.outcome);
    assert!(causes.heard > u64::from(KILLS), "{} words", causes.heard);
    assert_eq!(causes.unheard_of, 0);
}

/// Counts what was shown before and after a kill.
#[derive(Default)]
struct Witness(Rc<RefCell<(u64, u64, bool)>>);

impl Observer for Witness {
    fn observed(&mut self, _: Moment, node: NodeId, kind: &str, _: &[u8]) -> Response {
        let mut seen = self.0.borrow_mut();
        if (node, kind) == (NodeId(1), "shown") {
            if seen.2 { seen.1 += 1 } else { seen.0 += 1 }
        }
        Response::Continue
    }

    fn lifecycle(&mut self, _: Moment, _: NodeId, what: Lifecycle) -> Response {
        self.0.borrow_mut().2 |= what == Lifecycle::Killed;
        Response::Continue
    }
}

fn all_that_a_node_showed_before_a_kill_is_seen() {
    const SHOWN: u64 = 20_000;
    let ground = Ground::new();
    let body = |tester: Tester| async move {
        let asked = tester.control(NodeId(1), format!("show {SHOWN}").into_bytes());
        // The answer comes behind what was shown: the node has shown it all when this is known to have arrived.
        asked.await.expect("it lives");
        order(&tester, 1, "show 1").await;
        tester.kill(NodeId(1));
        order(&tester, 2, "read").await;
    };
    let (flown, seen) = flight(2, &ground.0)
        .observe(|| (Witness::default(), body), |witness| *witness.0.borrow())
        .expect("it took off");
    assert!(matches!(flown.report.outcome, Outcome::Finished(())), "{:?}", flown.report.outcome);
    assert_eq!(seen, (SHOWN + 1, 0, true));
}
