//! Who is woken when a timer, a call or a disk operation ends: a task waits with its own waker or with
//! that of a combinator, or goes on with what another task has begun.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{NodeId, Seed, fs, net, spawn, time};

#[derive(Serialize, Deserialize)]
struct Ask;

impl net::Request for Ask {
    type Reply = u32;
    const NAME: &'static str = "ask";
}

type Wait = Pin<Box<dyn Future<Output = ()>>>;

/// One wait of each kind that an executor knows.
fn waits() -> [Wait; 3] {
    [
        Box::pin(time::sleep(Duration::from_millis(5))),
        Box::pin(async { assert_eq!(net::call(NodeId(1), Ask).await, Ok(7)) }),
        Box::pin(async { fs::write("file", b"content").await.expect("the disk is well") }),
    ]
}

/// Runs `body` as the tester beside a node that answers. A task that nobody wakes ends the run as a deadlock.
fn beside_a_server<F: Future<Output = ()> + 'static>(body: fn() -> F) {
    let server = || async { net::serve(|_, Ask| async { 7 }) };
    let report = Simulation::new(Seed(1)).nodes(1, server).run(move |_| body());
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
}

/// Counts its wakes and passes them on.
struct Counted(AtomicU32, Waker);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
        self.1.wake_by_ref();
    }
}

#[test]
fn a_combinator_with_a_waker_of_its_own_is_woken_through_it() {
    beside_a_server(|| async {
        for mut wait in waits() {
            let mut counted: Option<Arc<Counted>> = None;
            poll_fn(|outer| {
                let counted =
                    counted.get_or_insert_with(|| Arc::new(Counted(AtomicU32::new(0), outer.waker().clone())));
                let waker = Waker::from(counted.clone());
                wait.as_mut().poll(&mut Context::from_waker(&waker))
            })
            .await;
            assert!(counted.expect("it was polled").0.load(Relaxed) > 0);
        }
    });
}

#[test]
fn whoever_polled_a_wait_last_is_woken_when_it_ends() {
    beside_a_server(|| async {
        for wait in waits() {
            let wait = Rc::new(RefCell::new(wait));
            let begun = wait.clone();
            let first_poll = poll_fn(move |context| {
                let begun = begun.borrow_mut().as_mut().poll(context);
                assert!(begun.is_pending(), "nothing ends in the event that begins it");
                Poll::Ready(())
            });
            spawn(first_poll).await.expect("it ends");
            poll_fn(|context| wait.borrow_mut().as_mut().poll(context)).await;
        }
    });
}

#[test]
fn a_task_in_the_place_of_one_that_waited_is_woken_for_its_own_wait_alone() {
    beside_a_server(|| async {
        let abandoned = waits().map(|wait| Rc::new(RefCell::new(Some(wait))));
        for wait in &abandoned {
            let wait = wait.clone();
            let begin = poll_fn(move |context| {
                let _ = wait.borrow_mut().as_mut().map(|wait| wait.as_mut().poll(context));
                Poll::Ready(())
            });
            spawn(begin).await.expect("it ends");
        }
        let polls = Rc::new(AtomicU32::new(0));
        let counted = polls.clone();
        let mut sleep = Box::pin(time::sleep(Duration::from_secs(2)));
        let successor = spawn(poll_fn(move |context| {
            counted.fetch_add(1, Relaxed);
            sleep.as_mut().poll(context)
        }));
        successor.await.expect("it ends");
        assert_eq!(polls.load(Relaxed), 2, "at its start and at its end");
    });
}
