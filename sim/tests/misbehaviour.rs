//! Lab code may do what it wants: the run ends with a verdict that names the node, never with a panic.
#![allow(clippy::disallowed_methods)] // what lab code must not do

use serde::{Deserialize, Serialize};
use std::time::Duration;
use windtunnel::line::PanicReport;
use windtunnel::time::sleep;
use windtunnel::world::{Failure, Outcome, Report, Simulation};
use windtunnel::{Nanos, NodeId, Seed, net, node, spawn, task};

const CULPRIT: NodeId = NodeId(2);

/// Runs three nodes of which the second does `what` after 700 ms, for two seconds.
fn run<F: Future<Output = ()> + 'static>(what: impl Fn() -> F + Send + Sync + Clone + 'static) -> Report<()> {
    let main = move || {
        let what = what.clone();
        async move {
            if node::id() == CULPRIT {
                sleep(Duration::from_millis(700)).await;
                what().await;
            }
        }
    };
    Simulation::new(Seed(7)).nodes(3, main).run(|_| sleep(Duration::from_secs(2)))
}

fn failure<F: Future<Output = ()> + 'static>(what: impl Fn() -> F + Send + Sync + Clone + 'static) -> Failure {
    let report = run(what);
    assert!(report.ended_at >= Nanos::from_millis(700), "it ended before: {}", report.ended_at);
    match report.outcome {
        Outcome::Failed(failure) => failure,
        _ => panic!("the run passed"),
    }
}

fn panic_of(failure: Failure) -> PanicReport {
    match failure {
        Failure::Panicked { node: CULPRIT, report } => report,
        other => panic!("{other}"),
    }
}

#[test]
fn a_panic_in_a_task_fails_the_run_and_is_named() {
    let report = panic_of(failure(|| async {
        spawn(async { panic!("index out of {}", "bounds") });
    }));
    assert_eq!(report.message, "index out of bounds");
    assert!(report.place.contains("misbehaviour.rs:"), "{}", report.place);
}

#[test]
fn a_panic_in_a_drop_is_named() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    assert_eq!(panic_of(failure(|| async { drop(Grenade) })).message, "in drop");
}

#[test]
fn a_panic_that_nobody_sees_does_not_speak_for_the_next_one() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("while it was killed");
        }
    }
    let main = || async {
        // Not on the culprit: a panic in a drop while it unwinds would end the process.
        let _grenade = (node::id() != CULPRIT).then(|| Grenade);
        let _ = std::panic::catch_unwind(|| panic!("caught"));
        sleep(Duration::from_millis(100)).await;
        panic!("the real one");
    };
    let report = Simulation::new(Seed(7)).nodes(2, main).run(|tester| async move {
        sleep(Duration::from_millis(50)).await;
        tester.kill(NodeId(1));
        sleep(Duration::from_secs(1)).await;
    });
    let Outcome::Failed(failure) = report.outcome else { panic!("the run passed") };
    assert_eq!(panic_of(failure).message, "the real one");
}

#[test]
fn a_thread_is_refused_in_our_words() {
    let report = panic_of(failure(|| async {
        let _ = std::thread::spawn(|| ()).join();
    }));
    assert!(report.message.contains("windtunnel::spawn"), "{}", report.message);
}

#[test]
fn a_node_that_always_has_something_to_do_is_never_idle() {
    let failure = failure(|| async {
        loop {
            task::yield_now().await;
        }
    });
    assert_eq!(failure, Failure::NeverIdle { node: CULPRIT });
}

#[test]
fn sleeping_for_no_time_for_ever_makes_time_stand_still() {
    let failure = failure(|| async {
        loop {
            sleep(Duration::ZERO).await;
        }
    });
    let Failure::TimeStandsStill { busiest } = failure else { panic!("{failure}") };
    assert_eq!((busiest.culprit(), busiest.called.1), (CULPRIT, 0), "{busiest}");
    assert!(busiest.handled.1 > 49_990, "it had nearly all of the events of the instant's second half: {busiest}");
}

#[derive(Serialize, Deserialize)]
struct Words(String);
impl net::Request for Words {
    type Reply = ();
    const NAME: &'static str = "words";
}

#[test]
fn bytes_that_do_not_decode_are_named() {
    #[derive(Serialize, Deserialize)]
    struct Numbers(u64, u64, u64);
    impl net::Request for Numbers {
        type Reply = ();
        const NAME: &'static str = "words";
    }
    let failure = failure(|| async {
        net::serve(|_, _: Words| async {});
        let _ = net::call(CULPRIT, Numbers(u64::MAX, 1, 2)).await;
    });
    let Failure::Undecodable { node, from, method } = failure else { panic!("{failure}") };
    assert_eq!((node, from, &*method), (CULPRIT, CULPRIT, "words"));
}

#[test]
fn a_reply_that_does_not_decode_or_is_too_long_is_named() {
    #[derive(Serialize, Deserialize)]
    struct LongAnswer;
    impl net::Request for LongAnswer {
        type Reply = (u8, u8);
        const NAME: &'static str = "answer";
    }
    #[derive(Serialize, Deserialize)]
    struct ShortAnswer;
    impl net::Request for ShortAnswer {
        type Reply = u8;
        const NAME: &'static str = "answer";
    }
    let too_long = failure(|| async {
        net::serve(|_, LongAnswer| async { (1, 2) });
        let _ = net::call(CULPRIT, ShortAnswer).await;
    });
    let too_short = failure(|| async {
        net::serve(|_, ShortAnswer| async { 1 });
        let _ = net::call(CULPRIT, LongAnswer).await;
    });
    for failure in [too_long, too_short] {
        let Failure::Undecodable { node, from, method } = failure else { panic!("{failure}") };
        assert_eq!((node, from, &*method), (CULPRIT, CULPRIT, "answer"));
    }
}

#[test]
fn a_task_that_aborts_itself_runs_to_its_next_await_and_no_further() {
    let report = Simulation::new(Seed(7)).run(|_| async {
        let steps = std::rc::Rc::new(std::cell::Cell::new(0));
        let own = std::rc::Rc::new(std::cell::RefCell::new(None::<task::JoinHandle<()>>));
        let (counted, handle) = (steps.clone(), own.clone());
        let task = spawn(async move {
            task::yield_now().await;
            handle.borrow().as_ref().expect("it is there").abort();
            counted.set(1);
            task::yield_now().await;
            counted.set(2);
        });
        *own.borrow_mut() = Some(task);
        sleep(Duration::from_millis(1)).await;
        (steps.get(), own.borrow().as_ref().is_some_and(task::JoinHandle::is_finished))
    });
    assert!(matches!(report.outcome, Outcome::Finished((1, true))), "{:?}", report.outcome);
}

#[test]
fn a_storm_of_messages_uses_the_events_up() {
    let report = Simulation::new(Seed(7))
        .nodes(2, || async {
            net::serve(|_, _: Words| async {});
            loop {
                for peer in node::peers() {
                    spawn(async move {
                        let _ = net::call(peer, Words("!".into())).await;
                    });
                }
                sleep(Duration::from_nanos(10)).await;
            }
        })
        .with(|options| options.event_budget = 100_000)
        .run(|_| sleep(Duration::from_secs(2)));
    let Outcome::Failed(Failure::OutOfEvents { busiest }) = report.outcome else { panic!("{:?}", report.outcome) };
    assert!(busiest.called.1 > 20_000 && busiest.handled.1 > 20_000, "{busiest}");
}

/// Node 2 calls all others so often, and waits for no answer.
fn storm(every: Duration, of: impl FnOnce(&mut windtunnel::world::Options)) -> Report<()> {
    let main = move || async move {
        net::serve(|_, _: Words| async {});
        while node::id() == CULPRIT {
            for peer in node::peers() {
                spawn(async move {
                    let _ = net::call(peer, Words("!".into())).await;
                });
            }
            sleep(every).await;
        }
    };
    Simulation::new(Seed(7)).nodes(3, main).with(of).run(|_| sleep(Duration::from_secs(2)))
}

#[test]
fn a_storm_of_messages_ends_when_too_many_are_under_way_and_says_who_sent_them() {
    let report = storm(Duration::from_nanos(10), |_| ());
    let Outcome::Failed(Failure::MessageStorm { under_way, busiest }) = report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert_eq!(under_way, windtunnel::world::MESSAGES_UNDER_WAY + 1);
    assert_eq!((busiest.culprit(), busiest.called.0), (CULPRIT, CULPRIT), "{busiest}");
    assert!(report.ended_at < Nanos::from_millis(20), "{}", report.ended_at);
}

#[test]
fn whoever_uses_the_events_up_is_named_and_not_who_came_last() {
    let culprit_at = |event_budget| {
        let report = storm(Duration::from_micros(5), |options| options.event_budget = event_budget);
        match report.outcome {
            Outcome::Failed(failure @ Failure::OutOfEvents { .. }) => (failure.node(), report.last_node),
            outcome => panic!("{outcome:?}"),
        }
    };
    let ends: Vec<_> = (20_000..20_020).map(culprit_at).collect();
    assert!(ends.iter().all(|(culprit, _)| *culprit == Some(CULPRIT)), "{ends:?}");
    assert!(ends.iter().any(|(_, last)| *last != CULPRIT), "others come last too: {ends:?}");
}

#[test]
fn a_test_that_waits_for_nothing_is_a_deadlock_and_one_that_waits_too_long_is_out_of_time() {
    let idle = Simulation::new(Seed(7)).nodes(1, || async {}).run(|_| std::future::pending::<()>());
    assert!(matches!(idle.outcome, Outcome::Failed(Failure::Deadlock)));
    let late = Simulation::new(Seed(7))
        .nodes(1, || async {})
        .with(|options| options.time_budget = Nanos::from_secs(5))
        .run(|_| sleep(Duration::from_secs(6)));
    assert!(matches!(late.outcome, Outcome::Failed(Failure::OutOfTime)));
}

#[test]
fn a_killed_node_runs_nothing_more() {
    /// Uses the facade while it is dropped, as a guard might.
    struct Busy;
    impl Drop for Busy {
        fn drop(&mut self) {
            spawn(async { node::observe("ghost", &1) });
            node::observe("ghost", &2);
            drop(sleep(Duration::from_millis(1)));
        }
    }
    #[derive(Default)]
    struct Ghosts(u32);
    impl windtunnel::world::Observer for Ghosts {
        fn observed(
            &mut self,
            _: windtunnel::world::Moment,
            _: NodeId,
            kind: &str,
            _: &[u8],
        ) -> windtunnel::world::Response {
            self.0 += u32::from(kind == "ghost");
            windtunnel::world::Response::Continue
        }
    }
    let main = || async {
        let _busy = Busy;
        std::future::pending::<()>().await;
    };
    let (report, ghosts) = Simulation::new(Seed(7)).nodes(1, main).observe(
        || {
            let body = |tester: windtunnel::world::Tester| async move {
                sleep(Duration::from_millis(10)).await;
                tester.kill(NodeId(1));
                sleep(Duration::from_millis(10)).await;
            };
            (Ghosts::default(), body)
        },
        |ghosts| ghosts.0,
    );
    assert!(matches!(report.outcome, Outcome::Finished(())));
    assert_eq!(ghosts, 0);
}

#[test]
fn std_time_and_entropy_follow_the_simulation() {
    let stray = || {
        let report = Simulation::new(Seed(9)).nodes(1, || async {}).run(|_| async {
            let begin = std::time::Instant::now();
            sleep(Duration::from_secs(3)).await;
            (begin.elapsed(), std::time::SystemTime::now())
        });
        match report.outcome {
            Outcome::Finished(times) => times,
            other => panic!("{other:?}"),
        }
    };
    let (elapsed, wall) = stray();
    assert!((Duration::from_secs(3)..Duration::from_millis(3_001)).contains(&elapsed), "{elapsed:?}");
    assert_eq!(stray(), (elapsed, wall));
}

/// The trace hash of a node that shows the elements of a set in the order in which it iterates them.
fn hash_of_showing(order: fn() -> Vec<u32>, other_std_hash_keys: bool) -> u64 {
    let show = move || async move { node::observe("order", &order()) };
    Simulation::new(Seed(7))
        .nodes(1, show)
        .with(|options| options.other_std_hash_keys = other_std_hash_keys)
        .run(|_| sleep(Duration::from_millis(1)))
        .trace_hash
}

#[test]
#[allow(clippy::disallowed_types, clippy::iter_over_hash_type)] // what lab code must not do
fn the_order_of_a_std_set_moves_with_other_keys_and_that_of_a_facade_set_does_not() {
    let of_std = || (0..20).collect::<std::collections::HashSet<u32>>().into_iter().collect();
    let of_facade = || (0..20).collect::<windtunnel::collections::HashSet<u32>>().into_iter().collect();
    assert_eq!(hash_of_showing(of_facade, false), hash_of_showing(of_facade, true));
    assert_eq!(hash_of_showing(of_std, false), hash_of_showing(of_std, false));
    if windtunnel::executor::std_hash_keys_are_kept_apart() {
        assert_ne!(hash_of_showing(of_std, false), hash_of_showing(of_std, true));
    }
}
