//! What becomes of an item whose time has come: the machine's share of it, and when its process looks.
//!
//! The kernel of a machine does its part at once, whatever its process does: it drops what comes over
//! a cut link, refuses and resets, ends disk operations. What is left is for the process, and waits
//! while that is paused or busy; it is looked at in the order in which it came.

use super::World;
use super::item::{Due, Item};
use super::recording::WhyLost;
use crate::line::{Event, TimerId};
use crate::units::{Incarnation, NodeId};

impl World<'_> {
    /// The kernel's share of an item; what is left goes to the process.
    pub(super) fn happen(&mut self, item: Item) {
        match item {
            // The loop has looked: it is set, so its process lives.
            Item::Timer { node, slot, .. } => {
                if let Some(process) = &self.machine(node).process {
                    let timer = process.timers.holder(slot);
                    self.hand(node, Due::Timer(timer));
                }
            }
            Item::Arrival { from, to, connected, message } => {
                self.under_way -= 1;
                if let Some(message) = self.arrive(from, to, connected, message) {
                    self.hand(to, Due::Message { from, message });
                }
            }
            Item::Direct { node, incarnation, event } => {
                if self.lives(node, incarnation) {
                    self.hand(node, Due::Event(event));
                }
            }
            Item::DiskDone { node, incarnation } => {
                if self.lives(node, incarnation)
                    && let Some((operation, result)) = self.machine(node).disk.complete()
                {
                    self.show_disk(node);
                    self.hand(node, Due::Event(Event::Disk { operation, result }));
                }
            }
            Item::Reset { node, peer, incarnation, method, of } => {
                let known = self.lives(node, incarnation) && !self.network.is_cut(peer, node);
                // A later connection has nothing to do with it.
                if known && self.network.connected((node, peer), &method) == Some(of) {
                    self.network.set_connected((node, peer), &method, None);
                    self.hand(node, Due::Event(Event::Reset { peer, method }));
                }
            }
            Item::Refused { node, by, incarnation, call } => {
                if self.network.is_cut(by, node) {
                    self.note_lost((by, node), None, WhyLost::Cut);
                } else if self.lives(node, incarnation) {
                    self.hand(node, Due::Event(Event::Refused { call }));
                }
            }
            Item::Next { node, incarnation } => self.next_waiting(node, incarnation),
        }
    }

    /// Lets a process handle what is due, now or when it gets to it.
    fn hand(&mut self, node: NodeId, due: Due) {
        let now = self.now;
        let machine = self.machine(node);
        let busy = machine.busy_until > now;
        let Some(process) = &mut machine.process else { return };
        if busy || process.paused || !process.waiting.is_empty() {
            process.waiting.push_back(due);
            return self.call_next(node);
        }
        self.handle(node, due);
    }

    /// The process's share.
    fn handle(&mut self, node: NodeId, due: Due) {
        match due {
            Due::Timer(timer) => self.timer_goes_off(node, timer),
            Due::Message { from, message } => {
                // That nobody serves such a request is said by no lab code.
                if !matches!(message, Event::Reply { result: Err(_), .. }) {
                    self.observer.delivered(from, node);
                }
                self.step(node, message);
            }
            Due::Event(event) => {
                if matches!(event, Event::Changed) {
                    self.tester_told = false;
                    self.shared.awaits_change.set(false);
                }
                self.step(node, event);
            }
        }
    }

    /// A timer that is not due on the node's own clock (it runs slower since) has another item.
    fn timer_goes_off(&mut self, node: NodeId, timer: TimerId) {
        let now = self.now;
        let machine = self.machine(node);
        let reading = machine.clock.monotonic(now);
        if machine.process.as_mut().is_some_and(|process| process.timers.take_due(timer, reading)) {
            self.step(node, Event::Timer(timer));
        }
    }

    /// Makes sure that the process gets to what waits for it.
    pub(super) fn call_next(&mut self, node: NodeId) {
        let now = self.now;
        let machine = self.machine(node);
        let (at, incarnation) = (machine.busy_until.max(now), machine.incarnation);
        let Some(process) = &mut machine.process else { return };
        if !process.called && !process.paused && !process.waiting.is_empty() {
            process.called = true;
            self.queue.push(at, Item::Next { node, incarnation });
        }
    }

    fn next_waiting(&mut self, node: NodeId, incarnation: Incarnation) {
        if !self.lives(node, incarnation) {
            return;
        }
        let now = self.now;
        let machine = self.machine(node);
        let busy = machine.busy_until > now;
        let Some(process) = &mut machine.process else { return };
        process.called = false;
        if !busy
            && !process.paused
            && let Some(due) = process.waiting.pop_front()
        {
            self.handle(node, due);
        }
        self.call_next(node);
    }
}
