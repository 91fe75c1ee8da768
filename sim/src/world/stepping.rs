//! One step: a node handles an event, and the world takes in what it did.

use super::item::Item;
use super::machine::{Machine, Tally};
use super::recording::Record;
use super::report::{Busiest, Failure};
use super::{INSTANT_BUDGET, World, trace};
use crate::isolate::Frame;
use crate::line::{ControlFailure, ControlId, Effect, Event, TimerId};
use crate::progress;
use crate::units::{EventNumber, Nanos, NodeId};

impl World<'_> {
    /// Hands a running process an event, and takes in what it did.
    pub(super) fn step(&mut self, node: NodeId, event: Event) {
        if !self.may_step() {
            return;
        }
        self.event = EventNumber(self.event.0 + 1);
        self.last_node = node;
        self.shared.event.set(self.event);
        progress::step(self.event, node, self.now);
        trace::event(&mut self.trace, self.now, node, &event);
        let kept = self.recording.is_some().then(|| event.clone());

        let mut effects = std::mem::take(&mut self.spare_effects);
        let world = self.now;
        let clock = self.machine(node).clock.read(world);
        let frame = Frame { world, clock, event };
        let mut heap = self.run_host(node, frame, &mut effects);
        for effect in &effects {
            // What leaves the node is its own no more.
            heap -= effect.heap_bytes() as i64;
            trace::effect(&mut self.trace, effect);
        }
        self.count_heap(node, heap);
        if let Some(what) = kept {
            self.record(node, what, effects.clone());
            self.observer.stepped(self.moment(), node);
        }
        for effect in &mut effects {
            match effect {
                // The most frequent one stays where it is: to move an effect costs as much as to arm a timer.
                Effect::Arm { timer, at } => self.arm(node, *timer, *at),
                effect => self.take_effect(node, std::mem::replace(effect, Effect::NeverIdle)),
            }
        }
        effects.clear();
        self.spare_effects = effects;
        self.after_event();
    }

    /// Keeps the budgets of the run.
    fn may_step(&mut self) -> bool {
        self.at_this_instant += 1;
        if self.event.0 >= self.options.event_budget {
            let busiest = self.busiest(|_| Tally::default());
            self.fail(Failure::OutOfEvents { busiest });
        } else if self.at_this_instant > INSTANT_BUDGET / 2 {
            self.watch_instant();
        }
        self.end.is_none()
    }

    /// An instant has lasted for half of what it may: who is busy from here on is who keeps it from ending.
    #[cold]
    fn watch_instant(&mut self) {
        if self.at_this_instant == INSTANT_BUDGET / 2 + 1 {
            self.machines.iter_mut().for_each(|machine| machine.tally_before = machine.tally);
        } else if self.at_this_instant > INSTANT_BUDGET {
            let busiest = self.busiest(|machine| machine.tally_before);
            self.fail(Failure::TimeStandsStill { busiest });
        }
    }

    /// Who has done the most since each machine's count was what `since` says.
    pub(super) fn busiest(&self, since: impl Fn(&Machine) -> Tally + Copy) -> Busiest {
        Busiest::of((0..).map(NodeId).zip(&self.machines).map(move |(node, machine)| {
            let (now, since) = (machine.tally, since(machine));
            (node, now.handled - since.handled, now.called - since.called)
        }))
    }

    /// Lets the node do its part; how much more heap it holds then, its effects included.
    fn run_host(&mut self, node: NodeId, frame: Frame, effects: &mut Vec<Effect>) -> i64 {
        let now = self.now;
        let machine = self.machine(node);
        machine.tally.handled += 1;
        machine.busy_until = now + machine.per_event;
        let process = machine.process.as_mut().expect("only a running process is stepped");
        process.host.step(frame, effects).unwrap_or_else(|message| {
            self.fail(Failure::ProcessLost { node, message });
            0
        })
    }

    fn count_heap(&mut self, node: NodeId, by: i64) {
        if by == 0 || node == NodeId::TESTER {
            return;
        }
        let machine = self.machine(node);
        let Some(process) = &mut machine.process else { return };
        process.heap += by;
        let heap = u64::try_from(process.heap).unwrap_or(0);
        if heap > machine.peak_heap {
            machine.peak_heap = heap;
            let mut counters = self.shared.counters.borrow_mut();
            counters.peak_heap = counters.peak_heap.max(heap);
            counters.peak_heaps.insert(node, heap);
        }
    }

    fn record(&mut self, node: NodeId, what: Event, effects: Vec<Effect>) {
        let (event, at, hash) = (self.event, self.now, self.trace.value());
        if let Some(recording) = &mut self.recording {
            recording.records.push(Record { event, at, node, what, effects, hash });
            recording.keep(self.options.record);
        }
    }

    /// Takes in one effect. Those of a node that has failed meanwhile still count: they happened.
    fn take_effect(&mut self, node: NodeId, effect: Effect) {
        match effect {
            Effect::Send { to, call, method, body } => self.send_request(node, to, call, method, body),
            Effect::Respond { to, call, method, result } => self.send_reply(node, to, call, &method, result),
            Effect::Arm { timer, at } => self.arm(node, timer, at),
            Effect::Cancel { timer } => {
                if let Some(process) = &mut self.machine(node).process {
                    process.timers.cancel(timer);
                }
            }
            Effect::Disk { operation, request } => {
                let now = self.now;
                let machine = self.machine(node);
                let incarnation = machine.incarnation;
                let done = machine.disk.submit(now, operation, request);
                self.queue.push(done, Item::DiskDone { node, incarnation });
            }
            Effect::ControlReply { id, body } => self.control_ends(node, id, Ok(body)),
            Effect::ControlUnserved { id } => self.control_ends(node, id, Err(ControlFailure::NoHandler)),
            Effect::Observe { kind, body } => {
                let response = self.observer.observed(self.moment(), node, &kind, &body);
                self.respond(response);
            }
            Effect::Log(line) => self.observer.logged(self.moment(), node, &line),
            Effect::Undecodable { from, method } => self.fail(Failure::Undecodable { node, from, method }),
            Effect::Panicked(report) => self.fail(Failure::Panicked { node, report }),
            Effect::Stopped { reason } => self.stopped(node, &reason),
            Effect::NeverIdle => self.fail(Failure::NeverIdle { node }),
            // To the network nothing has happened.
            Effect::Unanswered { .. } => {}
            Effect::Command(command) if node == NodeId::TESTER => self.command(*command),
            // Only the tester's handle makes commands; a node that sends one anyway is not heard.
            Effect::Command(_) => {}
        }
    }

    /// Sets a timer of a running process for a reading of its monotonic clock.
    pub(super) fn arm(&mut self, node: NodeId, timer: TimerId, at: Nanos) {
        let machine = &mut self.machines[node.0 as usize];
        let incarnation = machine.incarnation;
        let turn = self.queue.turn(machine.clock.when(self.now, at));
        if let Some(process) = &mut machine.process
            && process.timers.arm(timer, at, turn)
        {
            self.queue.push_at(turn, Item::Timer { node, incarnation, slot: timer.slot });
        }
    }

    /// What stands between this event and the next one.
    fn after_event(&mut self) {
        if self.options.hash_at == Some(self.event) {
            self.hash_at = Some(self.trace.value());
        }
        while let Some(first) = self.at_event.first_entry()
            && *first.key() <= self.event
        {
            for command in first.remove() {
                self.intervene(command);
            }
        }
    }

    /// Queues an event for a running process, at this instant.
    pub(super) fn push_direct(&mut self, node: NodeId, event: Event) {
        let incarnation = self.machine(node).incarnation;
        self.queue.push(self.now, Item::Direct { node, incarnation, event });
    }

    /// Wakes the tester if it waits for a change, once until it has looked.
    pub(super) fn tell_tester(&mut self) {
        if self.shared.awaits_change.get() && !self.tester_told {
            self.tester_told = true;
            self.push_direct(NodeId::TESTER, Event::Changed);
        }
    }

    /// Tells the tester how its control request ended.
    pub(super) fn control_ends(&mut self, node: NodeId, id: ControlId, result: Result<Vec<u8>, ControlFailure>) {
        if let Some(process) = &mut self.machine(node).process {
            process.controls.retain(|waiting| *waiting != id);
        }
        self.push_direct(NodeId::TESTER, Event::ControlReply { id, result });
    }
}
