//! The facade's own `watch` channel: it does what tokio's does, and wakes in order.

use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use windtunnel::sync::watch;
use windtunnel::task::yield_now;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{Seed, spawn};

/// One thing done to a channel with one sender and two receivers.
#[derive(Clone, Copy, Debug)]
enum Action {
    Send(u8),
    ModifyIfEven(u8),
    Look(usize),
    LookAndMark(usize),
    MarkChanged(usize),
    Drop(usize),
    Subscribe,
    DropSender,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => any::<u8>().prop_map(Action::Send),
        2 => any::<u8>().prop_map(Action::ModifyIfEven),
        3 => (0usize..2).prop_map(Action::Look),
        3 => (0usize..2).prop_map(Action::LookAndMark),
        1 => (0usize..2).prop_map(Action::MarkChanged),
        1 => (0usize..2).prop_map(Action::Drop),
        1 => Just(Action::Subscribe),
        1 => Just(Action::DropSender),
    ]
}

/// What each of the actions answers, as text: the two channels have types of their own.
macro_rules! answers {
    ($watch:path, $actions:expr) => {{
        use $watch as watch;
        let (sender, first) = watch::channel(0u8);
        let mut receivers = [Some(first.clone()), Some(first)];
        let mut sender = Some(sender);
        let mut answers = Vec::new();
        for action in $actions {
            answers.push(match action {
                Action::Send(value) => format!("{:?}", sender.as_ref().map(|sender| sender.send(*value).is_ok())),
                Action::ModifyIfEven(value) => {
                    let modify = |held: &mut u8| {
                        *held = held.wrapping_add(*value);
                        *held % 2 == 0
                    };
                    format!("{:?}", sender.as_ref().map(|sender| sender.send_if_modified(modify)))
                }
                Action::Look(which) => format!(
                    "{:?}",
                    receivers[*which].as_ref().map(|receiver| {
                        let value = receiver.borrow();
                        (*value, value.has_changed(), receiver.has_changed().ok())
                    })
                ),
                Action::LookAndMark(which) => format!(
                    "{:?}",
                    receivers[*which].as_mut().map(|receiver| {
                        let value = receiver.borrow_and_update();
                        (*value, value.has_changed())
                    })
                ),
                Action::MarkChanged(which) => {
                    format!("{:?}", receivers[*which].as_mut().map(|receiver| receiver.mark_changed()))
                }
                Action::Drop(which) => {
                    receivers[*which] = None;
                    format!("{:?}", sender.as_ref().map(|sender| (sender.receiver_count(), sender.is_closed())))
                }
                Action::Subscribe => {
                    receivers[0] = sender.as_ref().map(|sender| sender.subscribe());
                    format!("{:?}", sender.as_ref().map(|sender| sender.receiver_count()))
                }
                Action::DropSender => {
                    sender = None;
                    String::new()
                }
            });
        }
        answers
    }};
}

proptest! {
    #[test]
    fn it_answers_as_tokios_does(actions in prop::collection::vec(action(), 0..40)) {
        prop_assert_eq!(answers!(windtunnel::sync::watch, &actions), answers!(tokio::sync::watch, &actions));
    }
}

#[test]
fn receivers_wake_in_the_order_in_which_they_began_to_wait() {
    let report = Simulation::new(Seed(1)).run(|_| async {
        let woken = Rc::new(RefCell::new(Vec::new()));
        let (sender, receiver) = watch::channel(0);
        let waiting: Vec<_> = (0..40)
            .map(|number| {
                let (mut receiver, woken) = (receiver.clone(), woken.clone());
                spawn(async move {
                    receiver.changed().await.expect("the sender is there");
                    woken.borrow_mut().push(number);
                })
            })
            .collect();
        yield_now().await;
        sender.send(1).expect("receivers are there");
        for task in waiting {
            task.await.expect("it ends");
        }
        woken.take()
    });
    let Outcome::Finished(woken) = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(woken, (0..40).collect::<Vec<_>>());
}

#[test]
fn whoever_waits_hears_that_the_other_end_is_gone() {
    let report = Simulation::new(Seed(1)).run(|_| async {
        let (sender, mut receiver) = watch::channel(1);
        let waits = spawn(async move { receiver.wait_for(|value| *value == 3).await.is_err() });
        yield_now().await;
        sender.send(2).expect("a receiver is there");
        drop(sender);
        let (sender, receiver) = watch::channel(1);
        let closed = spawn(async move {
            sender.closed().await;
            sender.is_closed()
        });
        yield_now().await;
        drop(receiver);
        (waits.await, closed.await)
    });
    assert!(matches!(report.outcome, Outcome::Finished((Ok(true), Ok(true)))), "{:?}", report.outcome);
}

#[test]
fn a_value_that_is_right_already_is_not_waited_for() {
    let report = Simulation::new(Seed(1)).run(|_| async {
        let (sender, mut receiver) = watch::channel(3);
        let at_once = *receiver.wait_for(|value| *value == 3).await.expect("it is right");
        let later = spawn(async move { receiver.wait_for(|value| *value > 3).await.map(|value| *value) });
        yield_now().await;
        sender.send(2).expect("a receiver is there");
        yield_now().await;
        sender.send(4).expect("a receiver is there");
        (at_once, later.await)
    });
    assert!(matches!(report.outcome, Outcome::Finished((3, Ok(Ok(4))))), "{:?}", report.outcome);
}
