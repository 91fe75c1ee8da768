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
        (0..MANY).for_each(|number| assert_eq!(sender.send(number).ok(), Some(1)));
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

    async fn what_is_sent_comes_in_its_order_and_behind_it_the_end(_stage: Stage) {
        let (sender, mut receiver) = mpsc::channel(2);
        let sends = spawn(async move {
            for number in 0..9 {
                sender.send(number).await.expect("somebody receives");
            }
        });
        yield_now().await;
        assert!(!sends.is_finished(), "there is room for two");
        for number in 0..9 {
            assert_eq!(receiver.recv().await, Some(number));
        }
        assert_eq!(receiver.recv().await, None, "nobody is left who could send");
        let (sender, answer) = oneshot::channel::<()>();
        drop(sender);
        assert!(answer.await.is_err());
        let (sender, answer) = oneshot::channel();
        drop(answer);
        assert_eq!(sender.send(7), Err(7));
        let (sender, mut receiver) = broadcast::channel(2);
        (0..5).for_each(|number| assert_eq!(sender.send(number).ok(), Some(1)));
        assert_eq!(receiver.recv().await, Err(broadcast::error::RecvError::Lagged(3)));
        assert_eq!(receiver.recv().await, Ok(3));
        let (sender, mut receiver) = watch::channel(0);
        (1..5).for_each(|number| sender.send(number).expect("somebody looks"));
        receiver.changed().await.expect("the sender is there");
        assert_eq!(*receiver.borrow_and_update(), 4, "the last one alone");
        drop(sender);
        assert!(receiver.changed().await.is_err());
    }

    async fn who_waited_longer_for_a_lock_has_it_first(_stage: Stage) {
        let (mutex, order) = (Rc::new(Mutex::new(())), Rc::new(RefCell::new(Vec::new())));
        let held = mutex.lock().await;
        let tasks: Vec<_> = (0..5)
            .map(|number| {
                let (mutex, order) = (mutex.clone(), order.clone());
                spawn(async move {
                    let _held = mutex.lock().await;
                    sleep(Duration::from_millis(5 - number)).await;
                    order.borrow_mut().push(number);
                })
            })
            .collect();
        yield_now().await;
        drop(held);
        all(tasks).await;
        assert_eq!(*order.borrow(), [0, 1, 2, 3, 4]);
        let (notify, woken) = (Rc::new(Notify::new()), Rc::new(RefCell::new(Vec::new())));
        let tasks: Vec<_> = (0..3)
            .map(|number| {
                let (notify, woken) = (notify.clone(), woken.clone());
                spawn(async move {
                    notify.notified().await;
                    woken.borrow_mut().push(number);
                })
            })
            .collect();
        yield_now().await;
        (0..3).for_each(|_| notify.notify_one());
        all(tasks).await;
        assert_eq!(*woken.borrow(), [0, 1, 2]);
    }

    async fn nobody_passes_a_barrier_before_all_are_there(_stage: Stage) {
        let (barrier, came) = (Rc::new(Barrier::new(3)), Rc::new(Cell::new(0)));
        let tasks: Vec<_> = (0..3)
            .map(|number| {
                let (barrier, came) = (barrier.clone(), came.clone());
                spawn(async move {
                    sleep(Duration::from_millis(5 * number)).await;
                    came.set(came.get() + 1);
                    barrier.wait().await;
                    assert_eq!(came.get(), 3);
                })
            })
            .collect();
        all(tasks).await;
    }

    async fn of_several_that_are_ready_the_first_one_that_is_written_wins(_stage: Stage) {
        for _ in 0..100 {
            let won = select! {
                () = std::future::pending() => "never",
                () = async {} => "first",
                () = async {} => "second",
            };
            assert_eq!(won, "first");
        }
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        let begin = Instant::now();
        select! {
            _ = receiver.recv() => panic!("nobody sends"),
            () = sleep(Duration::from_millis(5)) => assert!(begin.elapsed() >= Duration::from_millis(5)),
        }
    }
}
