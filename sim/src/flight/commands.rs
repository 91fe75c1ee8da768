//! What the tester does: its effects, and what its commands do to real processes and links.

use super::history::What;
use super::latency::Latency;
use super::machine::Process;
use super::pilot::{End, Pilot};
use super::proxy::Side;
use super::unmade::Unmade;
use crate::line::{ControlFailure, ControlId, DiskError, Effect, Event};
use crate::real::control_protocol::ToNode;
use crate::units::{Incarnation, NodeId};
use crate::world::{Command, Failure, Lifecycle};
use std::time::{Duration, Instant};

impl Pilot<'_> {
    pub(super) fn take_effect(&mut self, effect: Effect) {
        let node = NodeId::TESTER;
        match effect {
            Effect::Arm { timer, at } => self.timers.arm(timer, at),
            Effect::Cancel { timer } => self.timers.cancel(timer),
            Effect::Command(command) => self.command(*command),
            Effect::Observe { kind, body } => {
                self.count_event();
                let moment = self.moment_now();
                let what = What::Observed { node, incarnation: 1, step: 0, kind: &kind, body: &body };
                self.history.note(moment, what);
                let response = self.observer.observed(moment, node, &kind, &body);
                self.respond(response);
            }
            Effect::Log(line) => {
                let moment = self.moment_now();
                self.observer.logged(moment, node, &line);
            }
            Effect::Send { call, .. } => {
                self.skip(Unmade::OF_TESTER);
                self.pending.push_back(Event::Refused { call });
            }
            Effect::Disk { operation, .. } => {
                self.skip(Unmade::OF_TESTER);
                self.pending.push_back(Event::Disk { operation, result: Err(DiskError::PermissionDenied) });
            }
            Effect::Undecodable { from, method } => self.fail(Failure::Undecodable { node, from, method }),
            Effect::Panicked(report) => self.fail(Failure::Panicked { node, report }),
            Effect::NeverIdle => self.fail(Failure::NeverIdle { node }),
            // Nobody asks the tester, and it cannot stop.
            Effect::Respond { .. }
            | Effect::Unanswered { .. }
            | Effect::ControlReply { .. }
            | Effect::ControlUnserved { .. }
            | Effect::Stopped { .. } => {}
        }
    }

    fn skip(&mut self, unmade: Unmade) {
        let moment = self.moment_now();
        self.history.note(moment, What::Skipped { skipped: unmade.what });
        self.skipped.count(unmade);
    }

    /// Does what the tester said, as far as flight can; nodes that do not exist are not meant.
    fn command(&mut self, command: Command) {
        self.count_event();
        let moment = self.moment_now();
        if let Some(what) = What::of_command(&command) {
            self.history.note(moment, what);
        }
        for unmade in Unmade::of(&command) {
            self.skip(unmade);
        }
        match command {
            Command::Start(node) => self.start(node),
            Command::Kill(node) => self.kill(node),
            Command::Pause(node) => self.pause(node),
            Command::Resume(node) => self.resume(node),
            Command::Cut { from, to } if self.is_link(from, to) => {
                self.counters.cuts += u64::from(!self.fleet.proxies.is_cut(from, to));
                self.fleet.proxies.set_cut(from, to, true);
            }
            Command::Mend { from, to } if self.is_link(from, to) => self.mend(from, to),
            Command::Link { from, to, weather } if self.is_link(from, to) => {
                self.fleet.proxies.set_latency(from, to, Latency::of(&weather));
            }
            Command::Control { id, node, body } => self.control(id, node, body),
            Command::Cut { .. } | Command::Mend { .. } | Command::Link { .. } => {}
            Command::PowerLoss(_)
            | Command::Disk { .. }
            | Command::Slow { .. }
            | Command::ClockJump { .. }
            | Command::ClockDrift { .. }
            | Command::AtEvent { .. }
            | Command::ForgetAtEvents => {}
        }
    }

    /// Some connections have not outlived it, once bytes go both ways again: a router on the way, or the other end, has
    /// forgotten them.
    fn mend(&mut self, from: NodeId, to: NodeId) {
        let is_whole = self.fleet.proxies.is_cut(from, to) && !self.fleet.proxies.is_cut(to, from);
        for (dialler, acceptor) in [(from, to), (to, from)].into_iter().filter(|_| is_whole) {
            let (is_half, told) = (self.half_open.chance(self.options.half_open_ppm), self.half_open.below(2));
            if is_half {
                let told = if told == 0 { Side::Dialler } else { Side::Acceptor };
                self.counters.half_open += self.fleet.proxies.halve(dialler, acceptor, told);
                let moment = self.moment_now();
                self.history.note(moment, What::Command { command: "half-open", node: dialler, to: Some(acceptor) });
            }
        }
        self.fleet.proxies.set_cut(from, to, false);
    }

    fn is_link(&self, from: NodeId, to: NodeId) -> bool {
        from != to && self.machines.contains_key(&from) && self.machines.contains_key(&to)
    }

    fn process(&mut self, node: NodeId) -> Option<&mut Process> {
        self.machines.get_mut(&node)?.process.as_mut()
    }

    /// Starts a process. That it has begun is told when it says so.
    pub(super) fn start(&mut self, node: NodeId) {
        let ready_within = self.options.ready_within;
        let Some(machine) = self.machines.get_mut(&node).filter(|machine| machine.process.is_none()) else { return };
        match self.fleet.start(node) {
            Ok(child) => {
                machine.starts += 1;
                machine.process = Some(Process::new(child, Incarnation(machine.starts), ready_within));
                self.counters.starts += 1;
                self.show_running(node, true);
            }
            Err(error) => {
                self.end.get_or_insert(End::Grounded(error));
            }
        }
    }

    /// SIGKILL. What it has shown before is told before its end is.
    fn kill(&mut self, node: NodeId) {
        let Some(process) = self.process(node) else { return };
        process.killed = true;
        let gone = process.child.kill();
        if gone.is_err() || process.is_awaited() {
            process.closed = Some("it was killed".to_owned());
        }
        // Its socket has closed with it, so the end of what it sent is there.
        while self.end.is_none() && self.process(node).is_some() {
            self.take_in(Duration::ZERO);
        }
    }

    fn pause(&mut self, node: NodeId) {
        let Some(process) = self.process(node).filter(|process| !process.paused) else { return };
        process.paused = true;
        process.child.pause();
        self.counters.pauses += 1;
        self.lifecycle(node, Lifecycle::Paused);
    }

    fn resume(&mut self, node: NodeId) {
        let ready_within = self.options.ready_within;
        let Some(process) = self.process(node).filter(|process| process.paused) else { return };
        process.paused = false;
        process.ready_by = Instant::now() + ready_within;
        process.child.resume();
        self.lifecycle(node, Lifecycle::Resumed);
    }

    fn control(&mut self, id: ControlId, node: NodeId, body: Vec<u8>) {
        match self.process(node) {
            Some(process) => {
                process.controls.push(id);
                process.say(ToNode::Control { id, body });
            }
            None => self.control_ends(node, id, Err(ControlFailure::Down)),
        }
    }
}
