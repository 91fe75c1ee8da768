//! The timers of one incarnation.

use super::context::Context;
use super::ready::Waiter;
use crate::line::{Effect, TimerId};
use crate::units::Nanos;
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context as PollContext, Poll};

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    fired: bool,
    waiter: Waiter,
}

/// The table of timers. A slot serves one timer after another, each under a new generation.
#[derive(Debug, Default)]
pub(crate) struct Timers(RefCell<Table>);

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Timers {
    fn take_slot(&self, waiter: Waiter) -> TimerId {
        let mut table = self.0.borrow_mut();
        let slot = table.free.pop().unwrap_or_else(|| {
            table.slots.push(Slot::default());
            (table.slots.len() - 1) as u32
        });
        let place = &mut table.slots[slot as usize];
        place.fired = false;
        place.waiter = waiter;
        TimerId { slot, generation: place.generation }
    }

    /// The world says that the time has come; who is to be woken.
    pub fn fire(&self, timer: TimerId) -> Waiter {
        let mut table = self.0.borrow_mut();
        match table.slots.get_mut(timer.slot as usize) {
            Some(place) if place.generation == timer.generation => {
                place.fired = true;
                std::mem::take(&mut place.waiter)
            }
            _ => Waiter::Nobody,
        }
    }

    /// Whether the timer has fired; if not, `waiter` is to be woken when it does.
    fn poll(&self, timer: TimerId, waiter: impl FnOnce() -> Waiter) -> bool {
        let mut table = self.0.borrow_mut();
        let place = &mut table.slots[timer.slot as usize];
        if !place.fired {
            place.waiter = waiter();
        }
        place.fired
    }

    /// Frees the slot; says whether the timer had fired.
    fn release(&self, timer: TimerId) -> bool {
        let (fired, waiter) = {
            let mut table = self.0.borrow_mut();
            let place = &mut table.slots[timer.slot as usize];
            place.generation = place.generation.wrapping_add(1);
            let released = (place.fired, std::mem::take(&mut place.waiter));
            table.free.push(timer.slot);
            released
        };
        drop(waiter);
        fired
    }
}

/// One timer: armed at its first poll, cancelled when dropped before it went off.
#[derive(Debug)]
pub(crate) struct Alarm {
    context: Rc<Context>,
    at: Nanos,
    timer: Option<TimerId>,
}

impl Alarm {
    pub const fn new(context: Rc<Context>, at: Nanos) -> Self {
        Alarm { context, at, timer: None }
    }

    pub const fn at(&self) -> Nanos {
        self.at
    }

    /// Sets another time; what was armed is taken back.
    pub fn reset(&mut self, at: Nanos) {
        self.disarm();
        self.at = at;
    }

    /// Ready once the node's monotonic clock has reached the time, and never at the first poll of
    /// a task's turn: a loop that sleeps for no time at all must meet the budget of the world.
    pub fn poll(&mut self, poll_context: &PollContext<'_>) -> Poll<()> {
        let Context { timers, tasks, .. } = &*self.context;
        let waiter = || tasks.waiter(poll_context.waker());
        match self.timer {
            Some(timer) if timers.poll(timer, waiter) => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None => {
                let timer = timers.take_slot(waiter());
                self.timer = Some(timer);
                self.context.emit(Effect::Arm { timer, at: self.at });
                Poll::Pending
            }
        }
    }

    fn disarm(&mut self) {
        if let Some(timer) = self.timer.take() {
            let fired = self.context.timers.release(timer);
            if !fired {
                self.context.emit(Effect::Cancel { timer });
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.disarm();
    }
}
