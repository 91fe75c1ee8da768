//! What a caller sees of a peer: answers, silence, refusals, resets.

#[path = "support/echo.rs"]
mod echo;

use echo::Echo;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use windtunnel::line::Event;
use windtunnel::net::{self, CallError};
use windtunnel::time::{Instant, sleep};
use windtunnel::world::{LinkWeather, Outcome, Recorded, Report, Simulation, Tester};
use windtunnel::{Nanos, NodeId, Ppm, Seed};

const A: NodeId = NodeId(1);
const DEADLINE: Duration = Duration::from_millis(200);

async fn echo_server() {
    net::serve(|_, Echo(text)| async move { text });
}

async fn echo() -> Result<String, CallError> {
    net::call(A, Echo("one".into())).timeout(DEADLINE).await
}

fn run<T: Send + 'static, F: Future<Output = T> + 'static>(body: impl FnOnce(Tester) -> F + Send + 'static) -> T {
    finished(Simulation::new(Seed(7)).nodes(2, echo_server).run(body))
}

fn finished<T>(report: Report<T>) -> T {
    match report.outcome {
        Outcome::Finished(value) => value,
        Outcome::Stopped => panic!("nobody stops this run"),
        Outcome::Failed(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_call_is_answered_after_a_round_trip() {
    let (reply, took) = run(|_| async {
        let begin = Instant::now();
        (echo().await, begin.elapsed())
    });
    assert_eq!(reply.as_deref(), Ok("one"));
    assert!((Duration::from_millis(2)..=Duration::from_millis(20)).contains(&took), "{took:?}");
}

#[test]
fn a_killed_process_refuses_after_a_round_trip() {
    let (reply, took) = run(|tester| async move {
        sleep(Duration::from_millis(1)).await;
        tester.kill(A);
        sleep(Duration::from_millis(50)).await;
        let begin = Instant::now();
        (echo().await, begin.elapsed())
    });
    assert_eq!(reply, Err(CallError::Refused));
    assert!(took >= Duration::from_millis(2), "{took:?}");
}

#[test]
fn a_cut_is_silent_until_the_deadline_in_either_direction() {
    for direction in [(NodeId::TESTER, A), (A, NodeId::TESTER)] {
        let (reply, took) = run(move |tester| async move {
            tester.cut(direction.0, direction.1);
            sleep(Duration::from_millis(1)).await;
            let begin = Instant::now();
            (echo().await, begin.elapsed())
        });
        assert_eq!((reply, took), (Err(CallError::TimedOut), DEADLINE));
    }
}

#[test]
fn a_machine_without_power_is_silent_and_resets_old_connections_when_it_is_back() {
    let replies = run(|tester| async move {
        let mut replies = vec![echo().await];
        tester.power_loss(A);
        replies.push(echo().await);
        tester.start(A);
        replies.push(echo().await);
        replies.push(echo().await);
        replies
    });
    let one = || Ok("one".to_owned());
    assert_eq!(replies, [one(), Err(CallError::TimedOut), Err(CallError::Reset), one()]);
}

#[test]
fn calls_in_flight_to_a_killed_process_are_reset() {
    let reply = run(|tester| async move {
        echo().await.expect("the connection is made");
        tester.pause(A); // so that it does not answer before it dies
        let call = windtunnel::spawn(echo());
        sleep(Duration::from_millis(20)).await;
        tester.kill(A);
        call.await
    });
    assert_eq!(reply, Ok(Err(CallError::Reset)));
}

#[test]
fn an_rpc_that_nobody_serves_is_answered_with_no_handler() {
    #[derive(Serialize, Deserialize)]
    struct Unknown;
    impl net::Request for Unknown {
        type Reply = ();
        const NAME: &'static str = "unknown";
    }
    assert_eq!(run(|_| async { net::call(A, Unknown).await }), Err(CallError::NoHandler));
}

#[test]
fn a_slow_and_a_paused_node_answer_late() {
    let (slow, paused) = run(|tester| async move {
        let begin = Instant::now();
        tester.apply(windtunnel::world::Command::Slow { node: A, per_event: windtunnel::Nanos::from_millis(30) });
        let calls: Vec<_> = (0..3).map(|_| windtunnel::spawn(echo())).collect();
        for call in calls {
            assert!(call.await.is_ok_and(|reply| reply.is_ok()));
        }
        let slow = begin.elapsed();
        tester.apply(windtunnel::world::Command::Slow { node: A, per_event: windtunnel::Nanos::ZERO });
        tester.pause(A);
        let begin = Instant::now();
        let call = windtunnel::spawn(echo());
        sleep(Duration::from_millis(100)).await;
        tester.resume(A);
        assert!(call.await.is_ok_and(|reply| reply.is_ok()));
        (slow, begin.elapsed())
    });
    assert!(slow >= Duration::from_millis(60), "three events of 30 ms: {slow:?}");
    assert!(paused >= Duration::from_millis(100), "{paused:?}");
}

#[test]
fn a_dropped_call_still_runs_its_handler() {
    #[derive(Serialize, Deserialize)]
    struct Count(u32);
    impl net::Request for Count {
        type Reply = u32;
        const NAME: &'static str = "count";
    }
    async fn counting_server() {
        let total = std::rc::Rc::new(std::cell::Cell::new(0));
        net::serve(move |_, Count(more)| {
            let total = total.clone();
            async move {
                total.set(total.get() + more);
                total.get()
            }
        });
    }
    let total = finished(Simulation::new(Seed(7)).nodes(1, counting_server).run(|_| async {
        let abandoned = net::call(A, Count(5)).timeout(Duration::from_micros(10)).await;
        assert_eq!(abandoned, Err(CallError::TimedOut));
        sleep(Duration::from_millis(50)).await;
        net::call(A, Count(0)).await
    }));
    assert_eq!(total, Ok(5));
}

#[test]
fn a_request_past_the_frame_limit_is_not_sent() {
    let (reply, calls) = run(|tester| async move {
        let reply = net::call(A, Echo("x".repeat(net::FRAME_LIMIT + 1))).await;
        (reply, tester.counters().calls)
    });
    assert_eq!((reply, calls), (Err(CallError::TooLarge), 0));
}

#[test]
fn a_reply_to_an_earlier_incarnation_reaches_nobody() {
    const B: NodeId = NodeId(2);
    // Node 2 asks once, in its first incarnation; the handler answers late, when node 2 has restarted.
    async fn late() {
        net::serve(|_, Echo(text)| async move {
            sleep(Duration::from_millis(100)).await;
            text
        });
        if windtunnel::node::id() == B {
            let reply = net::call(A, Echo("mine".into())).timeout(Duration::from_millis(300)).await;
            windtunnel::node::observe("reply", &reply.is_ok());
        }
    }
    let report = Simulation::new(Seed(7)).nodes(2, late).with(|options| options.record = Recorded::Everything).run(
        |tester| async move {
            sleep(Duration::from_millis(50)).await;
            tester.kill(B);
            tester.cut(B, A); // so that the second incarnation's own call is not answered
            tester.start(B);
            sleep(Duration::from_millis(200)).await;
        },
    );
    let recording = report.recording.as_ref().expect("the run was recorded");
    let replies = recording
        .records
        .iter()
        .filter(|record| record.node == B && matches!(record.what, windtunnel::line::Event::Reply { .. }));
    assert_eq!(replies.count(), 0);
    finished(report);
}

/// One node that counts requests and takes its time to answer them, a second that asks it once, and what the first one saw: how
/// many requests arrived, when, and which replies reached the second.
fn asked_once(serves: bool, during: impl FnOnce(&Tester) + Send + 'static) -> (Vec<Nanos>, usize) {
    const B: NodeId = NodeId(2);
    async fn count() {
        net::serve(|_, Echo(text)| async move {
            windtunnel::node::observe("asked", &());
            sleep(Duration::from_millis(100)).await;
            text
        });
    }
    async fn ask() {
        if windtunnel::node::id() == B {
            let _ = net::call(A, Echo("once".into())).timeout(Duration::from_secs(1)).await;
        }
    }
    let main = move || async move {
        if serves {
            count().await;
        }
        ask().await;
    };
    let links = LinkWeather { late_copy_ppm: Ppm(1_000_000), tail: [Nanos::from_secs(2); 2], ..LinkWeather::default() };
    let simulation = Simulation::new(Seed(7)).nodes(2, main).with(|options| {
        options.record = Recorded::Everything;
        options.links = links;
    });
    let report = simulation.run(|tester| async move {
        sleep(Duration::from_millis(200)).await;
        during(&tester);
        sleep(Duration::from_secs(3)).await;
    });
    let records = &report.recording.as_ref().expect("the run was recorded").records;
    let requests = records.iter().filter(|record| matches!(record.what, Event::Request { .. }));
    let asked = requests.map(|record| record.at).collect();
    let replies =
        records.iter().filter(|record| record.node == B && matches!(record.what, Event::Reply { .. })).count();
    finished(report);
    (asked, replies)
}

#[test]
fn a_late_copy_comes_when_its_request_was_answered_and_is_answered_to_nobody() {
    let (asked, replies) = asked_once(true, |_| {});
    let [first, again] = asked[..] else { panic!("twice: {asked:?}") };
    assert!(again > first + Nanos::from_millis(100), "{first} and {again}: the answer takes 100 ms");
    assert_eq!(replies, 1);
}

#[test]
fn a_late_copy_dies_with_the_process_that_answered() {
    let restart = |tester: &Tester| {
        tester.kill(A);
        tester.start(A);
    };
    assert_eq!(asked_once(true, restart).0.len(), 1);
    assert_eq!(asked_once(true, |tester| tester.kill(A)).0.len(), 1);
}

#[test]
fn a_request_that_nobody_serves_does_not_come_again() {
    assert_eq!(asked_once(false, |_| {}).0.len(), 1);
}

#[test]
fn the_tester_waits_for_a_change_as_long_as_there_is_none() {
    let waited = run(|tester| async move {
        let begin = Instant::now();
        let changed = windtunnel::time::timeout(Duration::from_millis(300), tester.changed()).await;
        (changed.is_ok(), begin.elapsed())
    });
    assert_eq!(waited, (false, Duration::from_millis(300)));
}

/// What comes over a link while it is cut is lost, though the node it is for is paused meanwhile;
/// what came before the cut is not.
#[test]
fn a_cut_counts_when_a_message_arrives_and_not_when_a_paused_node_looks() {
    let (during, before) = run(|tester| async move {
        tester.pause(A);
        tester.cut(NodeId::TESTER, A);
        let during = windtunnel::spawn(echo());
        sleep(Duration::from_millis(50)).await;
        tester.mend(NodeId::TESTER, A);
        tester.resume(A);
        let during = during.await;
        tester.pause(A);
        let before = windtunnel::spawn(echo());
        sleep(Duration::from_millis(50)).await;
        tester.cut(NodeId::TESTER, A);
        tester.resume(A);
        (during, before.await)
    });
    assert_eq!(during, Ok(Err(CallError::TimedOut)));
    assert_eq!(before, Ok(Ok("one".to_owned())));
}

#[test]
fn a_timer_keeps_to_the_nodes_clock_when_that_changes_its_speed() {
    use windtunnel::world::{Command, Lifecycle, Moment, Observer, Response};
    #[derive(Default)]
    struct Woke(Option<windtunnel::Nanos>);
    impl Observer for Woke {
        fn observed(&mut self, moment: Moment, _: NodeId, _: &str, body: &[u8]) -> Response {
            assert_eq!(postcard::from_bytes::<u128>(body), Ok(1_000), "ms on the node's own clock");
            self.0 = Some(moment.at);
            Response::Continue
        }
        fn lifecycle(&mut self, _: Moment, _: NodeId, _: Lifecycle) -> Response {
            Response::Continue
        }
    }
    let woke_at = |ppm: i32| {
        let main = || async {
            let begin = Instant::now();
            sleep(Duration::from_secs(1)).await;
            windtunnel::node::observe("woke", &begin.elapsed().as_millis());
        };
        let (_, at) = Simulation::new(Seed(7)).nodes(1, main).observe(
            || {
                let body = move |tester: Tester| async move {
                    sleep(Duration::from_millis(500)).await;
                    tester.apply(Command::ClockDrift { node: A, ppm });
                    sleep(Duration::from_secs(2)).await;
                };
                (Woke::default(), body)
            },
            |woke| woke.0,
        );
        at.expect("the node wakes")
    };
    // Half a second at full speed, half a second of the node's at the other.
    assert_eq!(woke_at(0), windtunnel::Nanos::from_millis(1_000));
    assert_eq!(woke_at(-500_000), windtunnel::Nanos::from_millis(1_500));
    assert_eq!(woke_at(1_000_000), windtunnel::Nanos::from_millis(750));
}

#[test]
fn of_a_long_run_the_last_events_are_kept_and_nothing_else_differs() {
    let run = |record| {
        let main = || async {
            for _ in 0..500 {
                windtunnel::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let simulation = Simulation::new(Seed(3)).nodes(1, main).with(|options| options.record = record);
        simulation.run(|_| windtunnel::time::sleep(Duration::from_secs(1)))
    };
    let (whole, lately) = (run(Recorded::Everything), run(Recorded::Last(50)));
    assert_eq!((whole.trace_hash, whole.events), (lately.trace_hash, lately.events));
    let numbers = |report: &Report<()>| {
        let recording = report.recording.as_ref().expect("it was recorded");
        recording.records.iter().map(|record| record.event.0).collect::<Vec<_>>()
    };
    let (all, last) = (numbers(&whole), numbers(&lately));
    assert_eq!(all, (1..=whole.events).collect::<Vec<_>>());
    assert!((50..100).contains(&last.len()) && all.ends_with(&last), "{last:?}");
}
