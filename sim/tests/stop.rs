//! A node that ends itself is down like a killed one, and says why.
#![allow(clippy::disallowed_methods)] // lab code that catches what it should not

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;
use windtunnel::fs::OpenOptions;
use windtunnel::line::{ControlFailure, Effect};
use windtunnel::net::CallError;
use windtunnel::time::sleep;
use windtunnel::world::{
    Failure, Lifecycle, Moment, Observer, Outcome, Recorded, Report, Response, Simulation, Stop, Tester,
};
use windtunnel::{NodeId, Seed, net, node, spawn};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

/// Everything that an observer hears, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    Showed(NodeId, u32),
    Stopped(NodeId, String),
    Became(NodeId, Lifecycle),
}

#[derive(Default)]
struct Ear(Vec<Heard>);

impl Observer for Ear {
    fn observed(&mut self, _: Moment, node: NodeId, _: &str, body: &[u8]) -> Response {
        self.0.push(Heard::Showed(node, u32::from(body[0])));
        Response::Continue
    }

    fn lifecycle(&mut self, _: Moment, node: NodeId, what: Lifecycle) -> Response {
        if !matches!(what, Lifecycle::Started(_)) {
            self.0.push(Heard::Became(node, what));
        }
        Response::Continue
    }

    fn stopped(&mut self, _: Moment, node: NodeId, stop: Stop<'_>) -> Response {
        self.0.push(Heard::Stopped(node, stop.reason.to_owned()));
        Response::Continue
    }
}

/// Runs two nodes of which the first does `what` at its start, and the tester `body`.
fn run<T: Send + 'static, F, B>(
    what: impl Fn() -> F + Send + Sync + Clone + 'static,
    body: impl FnOnce(Tester) -> B + Send + 'static,
) -> (Report<T>, Vec<Heard>)
where
    F: Future<Output = ()> + 'static,
    B: Future<Output = T> + 'static,
{
    let main = move || {
        let what = what.clone();
        async move {
            if node::id() == A {
                what().await;
            }
        }
    };
    let simulation = Simulation::new(Seed(7)).nodes(2, main).with(|options| options.record = Recorded::Everything);
    simulation.observe(|| (Ear::default(), body), |ear| ear.0)
}

fn heard<F: Future<Output = ()> + 'static>(what: impl Fn() -> F + Send + Sync + Clone + 'static) -> Vec<Heard> {
    let (report, heard) = run(what, |_| sleep(Duration::from_secs(1)));
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    heard
}

/// What is heard of a node that shows these numbers and then stops, because of `reason`.
fn stop_after(shown: &[u32], reason: &str) -> Vec<Heard> {
    let shown = shown.iter().map(|number| Heard::Showed(A, *number));
    shown.chain([Heard::Stopped(A, reason.to_owned()), Heard::Became(A, Lifecycle::Stopped)]).collect()
}

fn show(number: u8) {
    node::observe("number", &number);
}

#[test]
fn a_node_that_stops_does_nothing_more_and_its_reason_is_told() {
    let stops = || async {
        spawn(async {
            loop {
                sleep(Duration::from_millis(1)).await;
                show(1);
            }
        });
        sleep(Duration::from_micros(2_500)).await;
        spawn(async { show(9) });
        show(2);
        node::stop(format_args!("record {} is damaged", 7));
    };
    assert_eq!(heard(stops), stop_after(&[1, 1, 2], "record 7 is damaged"));
}

#[test]
fn lab_code_that_catches_the_stop_does_nothing_more_either() {
    let stops = || async {
        let _ = catch_unwind(|| node::stop("for good"));
        show(9);
        spawn(async { show(9) });
        sleep(Duration::from_millis(1)).await;
        show(9);
    };
    assert_eq!(heard(stops), stop_after(&[], "for good"));
    let twice = || async {
        let _ = catch_unwind(|| node::stop("first"));
        let _ = catch_unwind(|| panic!("unheard"));
        node::stop("second");
    };
    assert_eq!(heard(twice), stop_after(&[], "first"));
    let panics = || async {
        let _ = catch_unwind(|| node::stop("first"));
        panic!("unheard");
    };
    assert_eq!(heard(panics), stop_after(&[], "first"));
}

#[test]
fn what_drops_while_a_node_stops_does_nothing() {
    struct Busy;
    impl Drop for Busy {
        fn drop(&mut self) {
            show(9);
            spawn(async { show(9) });
        }
    }
    let stops = || async {
        let _on_the_stack = Busy;
        spawn(async {
            let _waiting = Busy;
            sleep(Duration::from_secs(9)).await;
        });
        sleep(Duration::from_millis(1)).await;
        node::stop("guarded");
    };
    assert_eq!(heard(stops), stop_after(&[], "guarded"));
}

/// What leaves a node in its last step tells others what it was: so its hooks run, with nothing borrowed any more.
#[test]
fn hooks_run_once_more_when_a_node_stops() {
    let stops = || async {
        let state = Rc::new(RefCell::new(0));
        let shown = state.clone();
        let mut last = None;
        node::before_output(move || {
            let now = *shown.borrow();
            if last.replace(now) != Some(now) {
                show(now);
            }
        });
        sleep(Duration::from_millis(1)).await;
        let too_late = state.clone();
        spawn(async move { *too_late.borrow_mut() = 9 });
        let mut borrowed = state.borrow_mut();
        *borrowed = 5;
        let _ = catch_unwind(AssertUnwindSafe(|| node::stop("between two changes")));
    };
    assert_eq!(heard(stops), stop_after(&[0, 5], "between two changes"));
    let hook_stops = || async {
        node::before_output(|| node::stop("from a hook"));
    };
    assert_eq!(heard(hook_stops), stop_after(&[], "from a hook"));
    let both_stop = || async {
        node::before_output(|| node::stop("from a hook"));
        node::stop("from a task");
    };
    assert_eq!(heard(both_stop), stop_after(&[], "from a task"));
    let hook_panics = || async {
        node::before_output(|| panic!("unheard"));
        node::stop("before the hook");
    };
    assert_eq!(heard(hook_panics), stop_after(&[], "before the hook"));
}

#[derive(Serialize, Deserialize)]
struct Ask(u8);

impl net::Request for Ask {
    type Reply = u8;
    const NAME: &'static str = "ask";
}

#[test]
fn peers_see_what_they_see_of_a_killed_process() {
    let serves = || async {
        net::serve(|_, Ask(number)| {
            // Before there is a future at all.
            if number == 2 {
                node::stop("asked for too much");
            }
            async move {
                sleep(Duration::from_millis(500)).await;
                number
            }
        });
    };
    let (report, heard) = run(serves, |tester| async move {
        let waiting = spawn(net::call(A, Ask(1)).into_future());
        sleep(Duration::from_millis(50)).await;
        let before = tester.is_running(A);
        let asked = net::call(A, Ask(2)).await;
        let waited = waiting.await.expect("the tester lives");
        let after = net::call(A, Ask(3)).await;
        let control = tester.control(A, Vec::new()).await;
        (before, tester.is_running(A), asked, waited, after, control, tester.counters().stops)
    });
    let Outcome::Finished(seen) = report.outcome else { panic!("{:?}", report.outcome) };
    let (reset, refused, down) = (Err(CallError::Reset), Err(CallError::Refused), Err(ControlFailure::Down));
    assert_eq!(seen, (true, false, reset, reset, refused, down, 1));
    assert_eq!(heard, stop_after(&[], "asked for too much"));
}

#[test]
fn what_a_step_did_before_the_stop_leaves_the_node_and_the_page_cache_stays() {
    let stops = || async {
        let read = windtunnel::fs::read("state").await;
        if let Ok(content) = read {
            return show(content[0]);
        }
        let file = OpenOptions::new().write(true).create(true).open("state").await.expect("the disk is sound");
        file.write_at(0, b"x").await.expect("the disk is sound");
        let mut call = Box::pin(net::call(B, Ask(4)).into_future());
        let _sent = polled_once(call.as_mut()).await;
        node::stop("said and done");
    };
    let (report, heard) = run(stops, |tester| async move {
        sleep(Duration::from_millis(100)).await;
        tester.start(A);
        sleep(Duration::from_millis(100)).await;
        tester.is_running(A)
    });
    let Outcome::Finished(true) = report.outcome else { panic!("{:?}", report.outcome) };
    let mut expected = stop_after(&[], "said and done");
    expected.push(Heard::Showed(A, u32::from(b'x')));
    assert_eq!(heard, expected, "what was written and not synced is there after the restart");
    let records = report.recording.expect("the run was recorded").records;
    let last =
        records.iter().find(|record| record.effects.iter().any(|effect| matches!(effect, Effect::Stopped { .. })));
    let effects = &last.expect("the stop was recorded").effects;
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Send { to: B, .. })), "{effects:?}");
    assert_eq!(effects.last(), Some(&Effect::Stopped { reason: "said and done".into() }));
}

async fn polled_once<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_ready()))
        .await
}

#[test]
fn a_test_body_that_stops_is_a_panic_of_the_tester() {
    let (report, _) = run(|| async {}, |_| async { node::stop("enough") });
    let Outcome::<()>::Failed(Failure::Panicked { node: NodeId::TESTER, report }) = report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(report.message.contains("the tester cannot stop"), "{}", report.message);
}
