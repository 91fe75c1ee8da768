//! Messages on their way: sent, lost, arrived, refused, reset.

use super::World;
use super::item::Item;
use super::recording::LostMessage;
use crate::line::{CallId, Event, Method, Rejection};
use crate::units::{Incarnation, NodeId};

impl World<'_> {
    pub(super) fn send_request(&mut self, from: NodeId, to: NodeId, call: CallId, method: Method, body: Vec<u8>) {
        self.shared.counters.borrow_mut().calls += 1;
        if to.0 as usize >= self.machines.len() {
            // Nobody has that address: silence, as on a network that drops what it cannot route.
            return self.note_lost(from, to);
        }
        let size = body.len();
        let connected = self.network.connected((from, to), &method);
        self.send((from, to), &method.clone(), connected, size, Event::Request { from, call, method, body });
    }

    pub(super) fn send_reply(
        &mut self,
        from: NodeId,
        to: NodeId,
        call: CallId,
        method: &Method,
        result: Result<Vec<u8>, Rejection>,
    ) {
        let size = result.as_ref().map_or(0, Vec::len);
        self.send((from, to), method, Some(call.incarnation()), size, Event::Reply { call, result });
    }

    fn send(
        &mut self,
        (from, to): (NodeId, NodeId),
        method: &Method,
        connected: Option<Incarnation>,
        size: usize,
        message: Event,
    ) {
        let is_reply = matches!(message, Event::Reply { .. });
        {
            let mut counters = self.shared.counters.borrow_mut();
            counters.messages += 1;
            counters.bytes += size as u64;
        }
        let route = self.network.route(self.now, (from, to), method, is_reply, size);
        let Some(arrival) = route.arrival else { return self.note_lost(from, to) };
        if let Some(copy) = route.copy {
            self.queue.push(copy, Item::Arrival { from, to, connected, message: message.clone() });
        }
        self.queue.push(arrival, Item::Arrival { from, to, connected, message });
    }

    fn note_lost(&mut self, from: NodeId, to: NodeId) {
        self.shared.counters.borrow_mut().lost += 1;
        let event = self.event;
        if let Some(recording) = &mut self.recording {
            recording.lost.push(LostMessage { event, from, to });
        }
    }

    /// A message comes to a machine.
    pub(super) fn arrive(&mut self, from: NodeId, to: NodeId, connected: Option<Incarnation>, message: Event) {
        if self.network.is_cut(from, to) || !self.machine(to).powered {
            return self.note_lost(from, to);
        }
        let machine = self.machine(to);
        let incarnation = machine.incarnation;
        let stale = connected.is_some_and(|connected| connected != incarnation);
        match &message {
            Event::Request { .. } if machine.process.is_none() => self.refuse(from, to, message),
            // The process that held the other end is gone: the machine knows no such connection.
            Event::Request { method, .. } if stale => self.send_reset(to, from, method.clone()),
            Event::Request { method, .. } => {
                self.network.set_connected((from, to), &method.clone(), Some(incarnation));
                self.step(to, message);
            }
            _ if stale || machine.process.is_none() => self.note_lost(from, to),
            _ => self.step(to, message),
        }
    }

    /// No process listens: the machine's kernel says so, which takes a round trip as a RST does.
    fn refuse(&mut self, caller: NodeId, machine: NodeId, message: Event) {
        let Event::Request { call, method, .. } = message else { return };
        self.network.set_connected((caller, machine), &method, None);
        let route = self.network.route(self.now, (machine, caller), &method, true, 0);
        if let Some(arrival) = route.arrival {
            let incarnation = self.machine(caller).incarnation;
            self.queue.push(arrival, Item::Direct { node: caller, incarnation, event: Event::Refused { call } });
        }
    }

    /// The kernel of `from` breaks a connection that `to` believes in.
    pub(super) fn send_reset(&mut self, from: NodeId, to: NodeId, method: Method) {
        if self.network.is_cut(from, to) {
            return;
        }
        let arrival = self.now + self.network.reset_latency(from, to, &method);
        let incarnation = self.machine(to).incarnation;
        self.queue.push(arrival, Item::Reset { node: to, peer: from, incarnation, method });
    }

    pub(super) fn reset_arrives(&mut self, node: NodeId, peer: NodeId, incarnation: Incarnation, method: Method) {
        if self.lives(node, incarnation) && !self.network.is_cut(peer, node) {
            self.network.set_connected((node, peer), &method, None);
            self.step(node, Event::Reset { peer, method });
        }
    }
}
