//! What becomes of an item whose time has come: the machine's share of it, and when its process looks.
//!
//! The kernel of a machine does its part at once, whatever its process does: it drops what comes over
//! a cut link, refuses and resets, ends disk operations. What is left is for the process, and waits
//! while that is paused or busy; it is looked at in the order in which it came.

use super::World;
use super::item::Item;
use crate::line::{Event, TimerId};
use crate::units::{Incarnation, NodeId};

impl World<'_> {
    /// Lets an item happen, now or when its process gets to it.
    pub(super) fn happen(&mut self, item: Item) {
        let Some(item) = self.admit(item) else { return };
        let (node, now) = (item.node(), self.now);
        let machine = self.machine(node);
        let busy = machine.busy_until > now;
        if let Some(process) = &mut machine.process
            && (busy || process.paused || !process.waiting.is_empty())
        {
            process.waiting.push_back(item);
            return self.call_next(node);
        }
        self.handle(item);
    }

    /// The kernel's share: what is left is for the process.
    fn admit(&mut self, item: Item) -> Option<Item> {
        match item {
            Item::Arrival { from, to, connected, message } => {
                let event = self.arrive(from, to, connected, message)?;
                Some(Item::Direct { node: to, incarnation: self.machine(to).incarnation, event })
            }
            Item::Reset { node, peer, incarnation, method, of } => {
                let known = self.lives(node, incarnation) && !self.network.is_cut(peer, node);
                // A later connection has nothing to do with it.
                if !known || self.network.connected((node, peer), &method) != Some(of) {
                    return None;
                }
                self.network.set_connected((node, peer), &method, None);
                Some(Item::Direct { node, incarnation, event: Event::Reset { peer, method } })
            }
            Item::Refused { node, by, incarnation, call } => {
                if self.network.is_cut(by, node) {
                    self.note_lost(by, node);
                    return None;
                }
                Some(Item::Direct { node, incarnation, event: Event::Refused { call } })
            }
            Item::DiskDone { node, incarnation } => {
                if !self.lives(node, incarnation) {
                    return None;
                }
                let (operation, result) = self.machine(node).disk.complete()?;
                self.show_disk(node);
                Some(Item::Direct { node, incarnation, event: Event::Disk { operation, result } })
            }
            Item::Next { node, incarnation } => {
                self.next_waiting(node, incarnation);
                None
            }
            Item::Timer { .. } | Item::Direct { .. } => Some(item),
        }
    }

    /// The process's share.
    fn handle(&mut self, item: Item) {
        match item {
            Item::Timer { node, incarnation, timer } => self.timer_goes_off(node, incarnation, timer),
            Item::Direct { node, incarnation, event } => {
                if matches!(event, Event::Changed) {
                    self.tester_told = false;
                }
                if self.lives(node, incarnation) {
                    self.step(node, event);
                }
            }
            _ => unreachable!("all other items are the kernel's"),
        }
    }

    /// A timer that is not due on the node's own clock (it runs slower since) has another item.
    fn timer_goes_off(&mut self, node: NodeId, incarnation: Incarnation, timer: TimerId) {
        if !self.lives(node, incarnation) {
            return;
        }
        let now = self.now;
        let machine = self.machine(node);
        let reading = machine.clock.read(now).monotonic;
        if machine.process.as_mut().is_some_and(|process| process.take_due(timer, reading)) {
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
            && let Some(item) = process.waiting.pop_front()
        {
            self.handle(item);
        }
        self.call_next(node);
    }
}
