//! A channel that keeps the last value alone: [`channel`], [`Sender`], [`Receiver`].
//!
//! It behaves as tokio's of the same name, for tasks of one node; receivers that wait are woken in the
//! order in which they began to wait.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use tokio::sync::Notify;

/// Makes a channel that holds `value`, which the receiver counts as seen.
///
/// ```
/// use windtunnel::sync::watch;
/// use windtunnel::{Seed, spawn, world::{Outcome, Simulation}};
///
/// let report = Simulation::new(Seed(1)).run(|_| async {
///     let (sender, mut receiver) = watch::channel("follower");
///     spawn(async move { sender.send("leader") });
///     receiver.changed().await.expect("the sender is there");
///     *receiver.borrow()
/// });
/// assert!(matches!(report.outcome, Outcome::Finished("leader")));
/// ```
#[must_use]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(Shared {
        value: RefCell::new(value),
        version: Cell::new(0),
        senders: Cell::new(1),
        receivers: Cell::new(1),
        changed: Notify::new(),
        unwatched: Notify::new(),
    });
    (Sender { shared: shared.clone() }, Receiver { shared, seen: 0 })
}

struct Shared<T> {
    value: RefCell<T>,
    /// How often the value was sent.
    version: Cell<u64>,
    senders: Cell<usize>,
    receivers: Cell<usize>,
    /// For receivers: another version, or no sender any more.
    changed: Notify,
    /// For senders: no receiver any more.
    unwatched: Notify,
}

fn add(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

/// Whether that was the last one.
fn remove(count: &Cell<usize>) -> bool {
    count.set(count.get() - 1);
    count.get() == 0
}

/// Nobody receives any more; the value comes back.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("channel closed")]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

/// Nobody sends any more, and the last value has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel closed")]
pub struct RecvError(());

/// Changes the value.
pub struct Sender<T> {
    shared: Rc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A sender without a receiver, until one [subscribes](Sender::subscribe).
    #[must_use]
    pub fn new(value: T) -> Self {
        channel(value).0
    }

    /// Sets the value and wakes all who wait for it.
    ///
    /// # Errors
    /// With the value, which is not set, if there is no receiver.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Sets the value whether or not there is a receiver; the old value.
    pub fn send_replace(&self, value: T) -> T {
        let old = self.shared.value.replace(value);
        self.tell();
        old
    }

    /// Changes the value in place.
    ///
    /// # Panics
    /// When `change` panics, or while somebody holds what a `borrow` gave.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.shared.value.borrow_mut());
        self.tell();
    }

    /// Changes the value in place; receivers hear of it if `change` says so.
    ///
    /// # Panics
    /// When `change` panics, or while somebody holds what a `borrow` gave.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let modified = change(&mut self.shared.value.borrow_mut());
        if modified {
            self.tell();
        }
        modified
    }

    fn tell(&self) {
        self.shared.version.set(self.shared.version.get() + 1);
        self.shared.changed.notify_waiters();
    }

    /// The value now. Do not hold it across an `.await`.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref { value: self.shared.value.borrow(), has_changed: false }
    }

    /// One more receiver, which counts the value as seen.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        add(&self.shared.receivers);
        Receiver { shared: self.shared.clone(), seen: self.shared.version.get() }
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers.get()
    }

    /// Whether there is no receiver.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    pub async fn closed(&self) {
        while !self.is_closed() {
            self.shared.unwatched.notified().await;
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        add(&self.shared.senders);
        Sender { shared: self.shared.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if remove(&self.shared.senders) {
            self.shared.changed.notify_waiters();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("value", &self.shared.value).finish_non_exhaustive()
    }
}

/// Sees the value, and waits for others.
pub struct Receiver<T> {
    shared: Rc<Shared<T>>,
    seen: u64,
}

impl<T> Receiver<T> {
    /// The value now, which does not count as seen by that. Do not hold it across an `.await`.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref { value: self.shared.value.borrow(), has_changed: self.is_behind() }
    }

    /// The value now, which counts as seen.
    #[must_use]
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let has_changed = self.is_behind();
        self.mark_unchanged();
        Ref { value: self.shared.value.borrow(), has_changed }
    }

    /// Whether there is a value that was not seen.
    ///
    /// # Errors
    /// When nobody sends any more.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.shared.senders.get() == 0 { Err(RecvError(())) } else { Ok(self.is_behind()) }
    }

    /// Makes the value count as not seen.
    pub const fn mark_changed(&mut self) {
        self.seen = u64::MAX;
    }

    /// Makes the value count as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version.get();
    }

    fn is_behind(&self) -> bool {
        self.seen != self.shared.version.get()
    }

    /// Waits for a value that was not seen, and marks it as seen.
    ///
    /// # Errors
    /// When nobody sends any more and the last value has been seen.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        while !self.is_behind() {
            if self.shared.senders.get() == 0 {
                return Err(RecvError(()));
            }
            self.shared.changed.notified().await;
        }
        self.mark_unchanged();
        Ok(())
    }

    /// Waits for a value, the present one included, that `is_right`; it counts as seen.
    ///
    /// # Errors
    /// When nobody sends any more and the last value is not right.
    pub async fn wait_for(&mut self, mut is_right: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let mut waited = false;
        loop {
            let has_changed = waited || self.is_behind();
            self.mark_unchanged();
            if is_right(&self.shared.value.borrow()) {
                return Ok(Ref { value: self.shared.value.borrow(), has_changed });
            }
            self.changed().await?;
            waited = true;
        }
    }

    /// Whether both watch the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        add(&self.shared.receivers);
        Receiver { shared: self.shared.clone(), seen: self.seen }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if remove(&self.shared.receivers) {
            self.shared.unwatched.notify_waiters();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("value", &self.shared.value).finish_non_exhaustive()
    }
}

/// The value, while it is looked at.
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: std::cell::Ref<'a, T>,
    has_changed: bool,
}

impl<T> Ref<'_, T> {
    /// Whether the receiver that looks had not seen it before.
    #[must_use]
    pub const fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
