//! Rows on what tasks of one node share: channels, locks, and the first of several futures.

use crate::both_worlds;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use windtunnel::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use windtunnel::task::{JoinHandle, yield_now};
use windtunnel::time::{Instant, sleep};
use windtunnel::{select, spawn};

/// More than a runtime around the node lets one of its own tasks do in a turn.
const MANY: usize = 1_000;

/// Waits for all of them.
async fn all(tasks: impl IntoIterator<Item = JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("it is not aborted");
    }
}

both_worlds! {
    /// No other event comes: what is left undone here is never done.
    async fn a_task_goes_on_for_as_long_as_what_it_waits_for_is_ready(_stage: Stage) {
        let begin = Instant::now();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (0..MANY).for_each(|number| sender.send(number).expect("somebody receives"));
        for number in 0..MANY {
            assert_eq!(receiver.recv().await, Some(number));
        }
        let (sender, mut receiver) = broadcast::channel(MANY);
        (0..MANY).for_each(|number| drop(sender.send(number).expect("somebody receives")));
        for number in 0..MANY {
            assert_eq!(receiver.recv().await, Ok(number));
        }
        let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(1));
        for _ in 0..MANY {
            *mutex.lock().await += 1;
            let read = *lock.read().await;
            *lock.write().await = read + 1;
            drop(semaphore.acquire().await.expect("nobody closes it"));
            let (sender, answer) = oneshot::channel();
            sender.send(7).expect("somebody receives");
            select! {
                answer = answer => assert_eq!(answer, Ok(7)),
                () = std::future::pending() => {}
            }
        }
        assert_eq!(Instant::now(), begin, "all in one step");
    }
}
