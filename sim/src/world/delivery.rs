//! Messages on their way: sent, lost, arrived, refused, reset.

use super::World;
use super::item::Item;
use super::machine::Tally;
use super::recording::{LostMessage, WhyLost};
use super::report::Failure;
use crate::line::{CallId, Event, Method, Rejection};
use crate::units::{Incarnation, Nanos, NodeId};

impl World<'_> {
    pub(super) fn send_request(&mut self, from: NodeId, to: NodeId, call: CallId, method: Method, body: Vec<u8>) {
        self.shared.counters.borrow_mut().calls += 1;
        self.machine(from).tally.called += 1;
        if to.0 as usize >= self.machines.len() {
            // Nobody has that address: silence, as on a network that drops what it cannot route.
            return self.note_lost((from, to), Some(&method), WhyLost::NoSuchNode);
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
        if let Some((late, copy)) = self.late_copies.answered((to, from), call, method, result.is_ok()) {
            let connected = Some(self.machine(from).incarnation);
            self.put_on_its_way(self.now + late, (to, from), connected, copy);
        }
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
        let Some(arrival) = route.arrival else {
            let why = if self.network.is_cut(from, to) { WhyLost::Cut } else { WhyLost::Weather };
            return self.note_lost((from, to), (!is_reply).then_some(method), why);
        };
        if let Some(copy) = route.copy {
            self.put_on_its_way(copy, (from, to), connected, message.clone());
        }
        self.put_on_its_way(arrival, (from, to), connected, message);
        if self.under_way > self.options.messages_under_way {
            let (under_way, busiest) = (self.under_way, self.busiest(|_| Tally::default()));
            self.fail(Failure::MessageStorm { under_way, busiest });
        }
    }

    fn put_on_its_way(
        &mut self,
        arrival: Nanos,
        (from, to): (NodeId, NodeId),
        connected: Option<Incarnation>,
        message: Event,
    ) {
        self.under_way += 1;
        self.queue.push(arrival, Item::Arrival { from, to, connected, message });
    }

    pub(super) fn note_lost(&mut self, (from, to): (NodeId, NodeId), request: Option<&Method>, why: WhyLost) {
        self.shared.counters.borrow_mut().lost += 1;
        let (after, at) = (self.event, self.now);
        if let Some(recording) = &mut self.recording {
            recording.lost.push(LostMessage { after, at, from, to, request: request.cloned(), why });
        }
    }

    /// A message comes to a machine: the event that its process is to see, if it gets so far.
    pub(super) fn arrive(
        &mut self,
        from: NodeId,
        to: NodeId,
        connected: Option<Incarnation>,
        message: Event,
    ) -> Option<Event> {
        let request = match &message {
            Event::Request { method, .. } => Some(method),
            _ => None,
        };
        let lost = match (self.network.is_cut(from, to), self.machine(to).powered) {
            (true, _) => Some(WhyLost::Cut),
            (false, powered) => (!powered).then_some(WhyLost::NoPower),
        };
        if let Some(why) = lost {
            self.note_lost((from, to), request, why);
            return None;
        }
        let machine = self.machine(to);
        let (incarnation, running) = (machine.incarnation, machine.process.is_some());
        let stale = connected.filter(|connected| *connected != incarnation);
        match (&message, stale) {
            // Its caller has its answer, and the process that gave it is gone.
            (Event::Request { call, .. }, stale) if call.is_late_copy() && (!running || stale.is_some()) => {
                self.note_lost((from, to), request, WhyLost::NobodyWaits);
                None
            }
            (Event::Request { call, method, .. }, _) if !running => {
                self.refuse(from, to, *call, &method.clone());
                None
            }
            // The process that held the other end is gone: the machine knows no such connection.
            (Event::Request { method, .. }, Some(gone)) => {
                self.send_reset(to, from, method.clone(), gone);
                None
            }
            (Event::Request { call, method, body, .. }, None) => {
                self.network.set_connected((from, to), method, Some(incarnation));
                if !call.is_late_copy()
                    && let Some(late) = self.network.late_copy((from, to), method)
                {
                    self.late_copies.taken((from, to), *call, late, body);
                }
                Some(message)
            }
            _ if stale.is_some() || !running => {
                self.note_lost((from, to), request, WhyLost::NobodyWaits);
                None
            }
            _ => Some(message),
        }
    }

    /// No process listens: the machine's kernel says so, which takes a round trip as a RST does.
    fn refuse(&mut self, caller: NodeId, machine: NodeId, call: CallId, method: &Method) {
        self.network.set_connected((caller, machine), method, None);
        let route = self.network.route(self.now, (machine, caller), method, true, 0);
        if let Some(arrival) = route.arrival {
            let incarnation = call.incarnation();
            self.queue.push(arrival, Item::Refused { node: caller, by: machine, incarnation, call });
        }
    }

    /// The kernel of `from` breaks a connection to its incarnation `of` that `to` believes in.
    pub(super) fn send_reset(&mut self, from: NodeId, to: NodeId, method: Method, of: Incarnation) {
        if self.network.is_cut(from, to) {
            return;
        }
        let arrival = self.now + self.network.reset_latency(from, to, &method);
        let incarnation = self.machine(to).incarnation;
        self.queue.push(arrival, Item::Reset { node: to, peer: from, incarnation, method, of });
    }
}
