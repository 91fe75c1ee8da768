//! What a command does to the world.

use super::machine::Process;
use super::observer::{Lifecycle, Stop};
use super::recording::{Intervention, PowerLoss};
use super::{Command, Failure, Options, World};
use crate::isolate::Host;
use crate::line::{ControlFailure, Event, Start};
use crate::units::{Incarnation, NodeId};

impl World<'_> {
    /// Does what the tester said; nodes that do not exist are not meant.
    pub(super) fn command(&mut self, command: Command) {
        if self.names_unknown_node(&command) {
            return;
        }
        self.note_fault(&command);
        match command {
            Command::Start(node) => self.start(node),
            Command::Kill(node) => self.kill(node),
            Command::PowerLoss(node) => self.power_loss(node),
            Command::Pause(node) => self.pause(node),
            Command::Resume(node) => self.resume(node),
            Command::Slow { node, per_event } => self.machine(node).per_event = per_event,
            Command::Cut { from, to } => self.cut(from, to),
            Command::Mend { from, to } => self.network.set_cut(from, to, false),
            Command::Link { from, to, weather } => self.network.set_weather(from, to, weather),
            Command::Disk { node, weather } => self.machine(node).disk.set_weather(*weather),
            Command::ClockJump { node, by_ns } => self.machine(node).clock.jump(by_ns),
            Command::ClockDrift { node, ppm } => self.set_drift(node, ppm),
            Command::Control { id, node, body } => {
                if let Some(process) = &mut self.machine(node).process {
                    process.controls.push(id);
                    self.push_direct(node, Event::Control { id, body });
                } else {
                    self.control_ends(node, id, Err(ControlFailure::Down));
                }
            }
            Command::AtEvent { event, command } => {
                self.at_event.entry(event).or_default().push(*command);
            }
            Command::ForgetAtEvents => self.at_event.clear(),
        }
    }

    /// Does something that stands in the schedule, between two events.
    pub(super) fn intervene(&mut self, command: Command) {
        let (after, at) = (self.event, self.now);
        if let Some(recording) = &mut self.recording {
            recording.interventions.push(Intervention { after, at, command: command.clone() });
        }
        self.command(command);
    }

    /// Folds what strikes, and when, into the decisions of its kind and place.
    fn note_fault(&mut self, command: &Command) {
        let Some(fault) = command.fault() else { return };
        let decisions = self.faults.entry(fault).or_default();
        decisions.word(self.now.0);
        decisions.bytes(&postcard::to_stdvec(command).expect("a command always serialises"));
    }

    fn names_unknown_node(&self, command: &Command) -> bool {
        let known = |node: &NodeId| (node.0 as usize) < self.machines.len();
        match command {
            Command::Start(node)
            | Command::Kill(node)
            | Command::PowerLoss(node)
            | Command::Pause(node)
            | Command::Resume(node) => !known(node) || *node == NodeId::TESTER,
            Command::Slow { node, .. }
            | Command::Disk { node, .. }
            | Command::ClockJump { node, .. }
            | Command::ClockDrift { node, .. }
            | Command::Control { node, .. } => !known(node),
            Command::Cut { from, to } | Command::Mend { from, to } | Command::Link { from, to, .. } => {
                !known(from) || !known(to)
            }
            Command::AtEvent { .. } | Command::ForgetAtEvents => false,
        }
    }

    pub(super) fn start(&mut self, node: NodeId) {
        if self.machine(node).process.is_some() {
            return;
        }
        let host = match self.tester.take_if(|_| node == NodeId::TESTER) {
            Some(tester) => Ok(Host::Thread(tester)),
            None => Host::boot(self.options.isolation, &self.program, self.options.seed),
        };
        let host = match host {
            Ok(host) => host,
            Err(message) => return self.fail(Failure::ProcessLost { node, message }),
        };
        let (groups, settings) = (self.groups.clone(), self.options.settings.clone());
        let Options { seed, other_std_hash_keys, log_level, .. } = self.options;
        let shuffle_tasks = self.options.shuffle_tasks.contains(&node);
        let now = self.now;
        let machine = self.machine(node);
        machine.incarnation = Incarnation(machine.incarnation.0 + 1);
        machine.powered = true;
        machine.busy_until = now;
        machine.process = Some(Process::new(host, machine.disk.statistics()));
        let (name, incarnation) = (machine.name.clone(), machine.incarnation);
        self.show_running(node, true);
        self.lifecycle(node, Lifecycle::Started(incarnation));
        let start =
            Start { node, name, groups, settings, seed, incarnation, shuffle_tasks, other_std_hash_keys, log_level };
        self.shared.counters.borrow_mut().starts += u64::from(node != NodeId::TESTER);
        self.push_direct(node, Event::Start(Box::new(start)));
    }

    fn kill(&mut self, node: NodeId) {
        if self.end_process(node) {
            self.bury_process(node);
            self.shared.counters.borrow_mut().kills += 1;
            self.lifecycle(node, Lifecycle::Killed);
        }
    }

    /// A node has ended itself: to its disk and its peers that is a kill.
    pub(super) fn stopped(&mut self, node: NodeId, reason: &str) {
        // What it has met, before what ends without it.
        let machine = self.machine(node);
        let disk = machine.disk.statistics();
        let disk_at_start = machine.process.as_ref().map_or(disk, |process| process.disk_at_start);
        if self.end_process(node) {
            self.bury_process(node);
            self.shared.counters.borrow_mut().stops += 1;
            let stop = Stop { reason, disk: &disk, disk_at_start: &disk_at_start };
            let response = self.observer.stopped(self.moment(), node, stop);
            self.respond(response);
            self.lifecycle(node, Lifecycle::Stopped);
        }
    }

    /// The kernel's share in the end of a process: of its operations in flight some are done, its connections close.
    fn bury_process(&mut self, node: NodeId) {
        let machine = self.machine(node);
        machine.disk.process_killed(machine.incarnation);
        self.show_disk(node);
        self.reset_peers(node);
    }

    /// The machine goes dark: nobody is told, what is not on its disk is gone.
    fn power_loss(&mut self, node: NodeId) {
        self.end_process(node);
        let is_told = self.recording.is_some();
        let machine = self.machine(node);
        if !machine.powered {
            return;
        }
        machine.powered = false;
        let report = machine.disk.power_loss(machine.incarnation, is_told);
        self.show_disk(node);
        {
            let mut counters = self.shared.counters.borrow_mut();
            counters.power_losses += 1;
            counters.power_losses_with_unsynced_data += u64::from(report.unsynced_data > 0);
        }
        let after = self.event;
        if let Some(recording) = &mut self.recording {
            recording.power_losses.push(PowerLoss { after, node, report });
        }
        self.lifecycle(node, Lifecycle::PowerLost);
    }

    /// Ends a process without a word; says whether there was one.
    fn end_process(&mut self, node: NodeId) -> bool {
        let Some(process) = self.machine(node).process.take() else { return false };
        process.host.kill();
        self.network.forget_connections(node);
        self.late_copies.forget(node);
        for id in process.controls {
            self.push_direct(NodeId::TESTER, Event::ControlReply { id, result: Err(ControlFailure::Died) });
        }
        self.show_running(node, false);
        true
    }

    /// A killed process's kernel closes its connections: whoever had one is told.
    fn reset_peers(&mut self, node: NodeId) {
        let incarnation = self.machine(node).incarnation;
        for peer in (0..self.machines.len() as u32).map(NodeId) {
            for method in self.network.connections(peer, node, incarnation) {
                self.send_reset(node, peer, method, incarnation);
            }
        }
    }

    fn pause(&mut self, node: NodeId) {
        let process = self.machine(node).process.as_mut().filter(|process| !process.paused);
        if let Some(process) = process {
            process.paused = true;
            self.shared.counters.borrow_mut().pauses += 1;
            self.lifecycle(node, Lifecycle::Paused);
        }
    }

    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.shared.counters.borrow_mut().cuts += u64::from(!self.network.is_cut(from, to));
        self.network.set_cut(from, to, true);
    }

    /// All that waited happens now, in the order in which it came.
    fn resume(&mut self, node: NodeId) {
        let process = self.machine(node).process.as_mut().filter(|process| process.paused);
        if let Some(process) = process {
            process.paused = false;
            self.call_next(node);
            self.lifecycle(node, Lifecycle::Resumed);
        }
    }

    /// Timers that are set come due at another time of the world from now on.
    fn set_drift(&mut self, node: NodeId, ppm: i32) {
        let now = self.now;
        let machine = self.machine(node);
        machine.clock.set_drift(now, ppm);
        let timers: Vec<_> = machine.process.iter().flat_map(|process| process.timers.iter()).collect();
        for (timer, at) in timers {
            self.arm(node, timer, at);
        }
    }

    fn show_running(&self, node: NodeId, running: bool) {
        self.shared.running.borrow_mut()[node.0 as usize] = running;
    }

    pub(super) fn show_disk(&mut self, node: NodeId) {
        let bytes = self.machine(node).disk.bytes_used();
        self.shared.disk_bytes.borrow_mut()[node.0 as usize] = bytes;
    }
}
