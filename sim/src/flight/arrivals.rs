//! What comes from nodes: what they show, and how they end.

use super::history::What;
use super::machine::Process;
use super::order::Piece;
use super::pilot::{End, Pilot};
use crate::line::{ControlFailure, ControlId, Event};
use crate::real::control_protocol::{CONTROL_PROTOCOL, DiskFaults, Ended, FromNode};
use crate::real::process::{NOT_RUN, SPEAKS_AS};
use crate::units::NodeId;
use crate::world::disk::DiskStatistics;
use crate::world::{Failure, Lifecycle, Stop};
use std::time::{Duration, Instant};

/// How long a process may take to end that has closed its control port.
const TO_END: Duration = Duration::from_secs(5);
/// How many lines of what a node printed are quoted.
const LAST_WORDS: usize = 5;
/// How a node's process ends that has ended itself, and one whose tester was too far behind: for want of last words.
const STOPPED: i32 = 3;
const UNOBSERVED: i32 = 4;

impl Pilot<'_> {
    /// Takes in what a node sent in one step. All that the step showed is one event.
    pub(super) fn shown(&mut self, Piece { node, stamp, frames }: Piece) {
        if frames.iter().any(|frame| matches!(frame, FromNode::Observed { .. })) {
            self.count_event();
        }
        for frame in frames {
            if self.end.is_none() {
                self.heard(node, stamp, frame);
            }
        }
    }

    fn heard(&mut self, node: NodeId, stamp: u64, frame: FromNode) {
        let Some(process) = self.machines.get_mut(&node).and_then(|machine| machine.process.as_mut()) else { return };
        self.last_node = node;
        match frame {
            FromNode::Hello { protocol, node: says, program, incarnation, .. } => {
                process.incarnation = incarnation;
                process.has_greeted = true;
                self.fleet.has_greeted = true;
                if !self.fleet.may_fly(&program) {
                    return self.ground(format!("it is one of `{program}`"));
                }
                if protocol != CONTROL_PROTOCOL || says != node {
                    let message = format!(
                        "who answers at its control port is {says} and speaks protocol {protocol} instead of \
                         {CONTROL_PROTOCOL}: build the node with the windtunnel that flies it"
                    );
                    return self.fail(Failure::ProcessLost { node, message });
                }
                self.lifecycle(node, Lifecycle::Started(incarnation));
            }
            FromNode::Ready => {
                process.ready = true;
                self.fleet.proxies.set_alive(node, true);
            }
            FromNode::ControlReply { id, result } => self.control_ends(node, id, result),
            FromNode::Observed { step, kind, body, .. } => {
                let incarnation = process.incarnation.0;
                let moment = self.moment_of(stamp);
                self.history.note(moment, What::Observed { node, incarnation, step, kind: &kind, body: &body });
                let response = self.observer.observed(moment, node, &kind, &body);
                self.respond(response);
            }
            FromNode::Log { line, .. } => {
                let moment = self.moment_of(stamp);
                self.observer.logged(moment, node, &line);
            }
            FromNode::Stepped { fsyncs } => {
                self.fsyncs += fsyncs.saturating_sub(std::mem::replace(&mut process.fsyncs, fsyncs));
            }
            FromNode::Ended { how } => process.ended = Some(how),
        }
    }

    /// Tells the tester how its control request ended.
    pub(super) fn control_ends(&mut self, node: NodeId, id: ControlId, result: Result<Vec<u8>, ControlFailure>) {
        if let Some(process) = self.machines.get_mut(&node).and_then(|machine| machine.process.as_mut()) {
            process.controls.retain(|waiting| *waiting != id);
        }
        let (body, failure) = match &result {
            Ok(body) => (Some(&body[..]), None),
            Err(failure) => (None, Some(format!("{failure:?}"))),
        };
        let moment = self.moment_now();
        self.history.note(moment, What::ControlReply { id: id.0, node, body, failure });
        self.pending.push_back(Event::ControlReply { id, result });
    }

    /// Buries those who have ended and said all they had to say, and sees who does not become ready.
    pub(super) fn look_after_processes(&mut self) {
        let nodes: Vec<NodeId> = self.machines.keys().copied().collect();
        for node in nodes {
            let held = self.holds_something_of(node);
            let Some(process) = self.machines.get_mut(&node).and_then(|machine| machine.process.as_mut()) else {
                continue;
            };
            if process.closed.is_some() {
                if !held {
                    self.bury(node);
                }
            } else if !process.ready && !process.paused && Instant::now() > process.ready_by {
                let seconds = self.options.ready_within.as_secs_f32();
                let what = format!("it was not ready within {seconds} s");
                let (message, is_node) = (said(process, &what), self.fleet.has_greeted || why_not(process).is_some());
                if !is_node {
                    self.ground(message.clone());
                }
                self.fail(Failure::ProcessLost { node, message });
            }
        }
    }

    /// A process has ended: by a kill of ours, by its own will, or by a fault of its own.
    pub(super) fn bury(&mut self, node: NodeId) {
        let Some(mut process) = self.machines.get_mut(&node).and_then(|machine| machine.process.take()) else { return };
        let status = process.child.ended_within(TO_END);
        self.fleet.proxies.set_alive(node, false);
        self.show_running(node, false);
        for id in std::mem::take(&mut process.controls) {
            self.control_ends(node, id, Err(ControlFailure::Died));
        }
        let exit = match &status {
            Ok(status) => status.to_string(),
            Err(error) => format!("nobody knows how it ended: {error}"),
        };
        let code = status.ok().and_then(|status| status.code());
        match process.ended.take() {
            Some(Ended::Stopped { reason, disk }) => self.stopped(node, &reason, disk),
            Some(Ended::Panicked(report)) => self.fail_at(node, &exit, Failure::Panicked { node, report }),
            Some(Ended::NeverIdle) => self.fail_at(node, &exit, Failure::NeverIdle { node }),
            Some(Ended::Unobserved { .. }) => self.fail_at(node, &exit, Failure::Unobserved { node }),
            _ if process.killed => {
                self.counters.kills += 1;
                self.lifecycle(node, Lifecycle::Killed);
            }
            None if code == Some(STOPPED) => self.stopped(node, &process.child.last_words(1), DiskFaults::default()),
            None if code == Some(UNOBSERVED) => self.fail_at(node, &exit, Failure::Unobserved { node }),
            Some(other) => {
                let message = said(&process, &format!("{exit}: {other}"));
                self.fail_at(node, &exit, Failure::ProcessLost { node, message });
            }
            None if code == Some(NOT_RUN.into()) && !process.has_greeted && self.is_a_node(&process) => {
                let message = why_not(&process).unwrap_or_else(|| said(&process, &exit));
                self.fail_at(node, &exit, Failure::CouldNotBegin { node, message });
            }
            None => {
                let why = process.closed.as_deref().unwrap_or_default();
                let message = said(&process, &format!("{exit}: {why}"));
                if !self.is_a_node(&process) {
                    self.ground(message.clone());
                }
                self.fail_at(node, &exit, Failure::ProcessLost { node, message });
            }
        }
    }

    /// Whether the executable is known to be one: then a process that ran nothing has the machine to blame.
    fn is_a_node(&self, process: &Process) -> bool {
        self.fleet.has_greeted || why_not(process).is_some()
    }

    /// The executable is none that may fly, if only those of a certain program may.
    fn ground(&mut self, found: String) {
        if let Some(error) = self.fleet.other_program(found) {
            self.end.get_or_insert(End::Grounded(error));
        }
    }

    fn fail_at(&mut self, node: NodeId, exit: &str, failure: Failure) {
        let moment = self.moment_now();
        self.last_node = node;
        self.history.note(moment, What::Ended { node, how: &format!("{failure} ({exit})") });
        self.fail(failure);
    }

    /// Of its disk is known what it has told with its last words, and that is since its process began.
    fn stopped(&mut self, node: NodeId, reason: &str, DiskFaults { errors, full }: DiskFaults) {
        self.counters.stops += 1;
        let moment = self.moment_now();
        self.history.note(moment, What::Ended { node, how: reason });
        let disk = DiskStatistics { errors_injected: errors, full, ..DiskStatistics::default() };
        let stop = Stop { reason, disk: &disk, disk_at_start: &DiskStatistics::default() };
        let response = self.observer.stopped(moment, node, stop);
        self.respond(response);
        self.lifecycle(node, Lifecycle::Stopped);
    }
}

/// Why it cannot begin, if it says so as nodes do. On a full disk there may be no room for these words either.
fn why_not(process: &Process) -> Option<String> {
    let words = process.child.last_words(LAST_WORDS);
    let lines: Vec<&str> = words.lines().collect();
    let first = lines.iter().rposition(|line| line.starts_with(SPEAKS_AS))?;
    Some(lines[first..].join("\n").trim_start_matches(SPEAKS_AS).to_owned())
}

/// What happened to a process, with the end of what it printed.
fn said(process: &Process, what: &str) -> String {
    match process.child.last_words(LAST_WORDS) {
        words if words.is_empty() => format!("{what}; it printed nothing"),
        words => format!("{what}; the end of what it printed:\n{words}"),
    }
}
