//! The loop of a flight: hands the tester's executor what happens, and carries out what it says.
//!
//! Everything that happens to the tester comes from its timers and from the control ports, so one `poll` over those,
//! until the next timer, is all the waiting there is. Next to read: `arrivals` for what comes from nodes, `commands` for
//! what the tester does.

use super::fleet::Fleet;
use super::history::{History, What};
use super::machine::{Machine, Process};
use super::order::{Order, Piece};
use super::unmade::Skipped;
use super::{FlightOptions, TakeOffError};
use crate::executor::Executor;
use crate::line::{Clock, Event, Start, in_groups};
use crate::real::control_protocol::FromNode;
use crate::real::machine_now;
use crate::real::timers::Timers;
use crate::streams::{Purpose, Stream};
use crate::units::{EventNumber, Incarnation, Nanos, NodeId};
use crate::world::{Counters, Failure, Lifecycle, Moment, Observer, Response, Shared};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often a control port is knocked at that is not open yet.
const KNOCK: Duration = Duration::from_millis(2);
/// How old the sizes of data directories may be that the tester is shown.
const DISK_BYTES_AGE: Nanos = Nanos::from_millis(50);

/// The state of one flight.
pub(super) struct Pilot<'a> {
    pub options: FlightOptions,
    pub fleet: Fleet,
    /// Whether the nodes began with files of an earlier flight.
    pub inherited: bool,
    pub observer: &'a mut dyn Observer,
    tester: Executor,
    pub shared: Rc<Shared>,
    pub machines: BTreeMap<NodeId, Machine>,
    order: Order,
    pub timers: Timers,
    /// What the tester is to be told.
    pub pending: VecDeque<Event>,
    /// Whether it has been told of a change that it has not handled yet.
    tester_told: bool,
    /// What the machine's clock showed at the start of the run.
    zero: u64,
    /// What the observer was told last.
    moment: Moment,
    pub last_node: NodeId,
    disk_bytes_at: Option<Nanos>,
    pub counters: Counters,
    /// All fsyncs that nodes have told of.
    pub fsyncs: u64,
    pub skipped: Skipped,
    /// Which connections are left half open.
    pub half_open: Stream,
    pub history: History,
    pub end: Option<End>,
}

/// Why the loop ends before the tester's body does.
pub(super) enum End {
    Stopped,
    Failed(Failure),
    /// A harness's trouble, not a node's.
    Grounded(TakeOffError),
}

impl<'a> Pilot<'a> {
    pub fn new(
        options: FlightOptions,
        fleet: Fleet,
        history: History,
        nodes: u32,
        tester: Executor,
        shared: Rc<Shared>,
        observer: &'a mut dyn Observer,
    ) -> Self {
        *shared.running.borrow_mut() = vec![false; nodes as usize + 1];
        *shared.disk_bytes.borrow_mut() = vec![0; nodes as usize + 1];
        Pilot {
            half_open: Stream::keyed(options.seed, Purpose::HalfOpen, [0, 0]),
            options,
            inherited: fleet.has_files(),
            fleet,
            observer,
            tester,
            shared,
            machines: (1..=nodes).map(|node| (NodeId(node), Machine::default())).collect(),
            order: Order::default(),
            timers: Timers::default(),
            pending: VecDeque::new(),
            tester_told: false,
            zero: machine_now(),
            moment: Moment { at: Nanos::ZERO, event: EventNumber(0) },
            last_node: NodeId::TESTER,
            disk_bytes_at: None,
            counters: Counters::default(),
            fsyncs: 0,
            skipped: Skipped::default(),
            history,
            end: None,
        }
    }

    /// Starts all nodes, waits until they are ready, and runs until the tester's body has ended, or something ends
    /// the run before. The time of the run begins when the nodes do.
    pub fn run(&mut self) {
        let nodes: Vec<NodeId> = self.machines.keys().copied().collect();
        nodes.iter().for_each(|node| self.start(*node));
        while self.end.is_none() && !self.all_ready() {
            self.take_in(KNOCK);
        }
        if self.end.is_some() {
            return;
        }
        self.step(Event::Start(Box::new(Start {
            node: NodeId::TESTER,
            name: "tester".to_owned(),
            groups: in_groups(nodes.len() as u32, &self.options.groups),
            settings: self.options.settings.clone(),
            seed: self.options.seed,
            incarnation: Incarnation(1),
            shuffle_tasks: false,
            other_std_hash_keys: false,
            log_level: Some(self.options.log_level),
        })));
        while self.end.is_none() && !self.shared.finished.get() {
            self.turn();
        }
    }

    /// Whether all are ready that have not stopped already.
    fn all_ready(&self) -> bool {
        self.machines.values().filter_map(|machine| machine.process.as_ref()).all(|process| process.ready)
    }

    /// Hears the nodes, then gives the tester one event; waits if there is none.
    fn turn(&mut self) {
        let now = self.now();
        if now > self.options.time_budget {
            return self.fail(Failure::OutOfTime);
        }
        let first = self.timers.next().unwrap_or(Nanos::MAX).min(self.options.time_budget.saturating_add(Nanos(1)));
        let patience = if self.pending.is_empty() { first.saturating_sub(now) } else { Nanos::ZERO };
        self.take_in(patience.to_duration());
        if self.end.is_some() {
            return;
        }
        if let Some(event) = self.pending.pop_front() {
            self.step(event);
        } else if let Some(timer) = self.timers.due(self.now(), self.timers.mark()) {
            self.step(Event::Timer(timer));
        }
    }

    /// Hands the tester an event, and carries out what it does.
    fn step(&mut self, event: Event) {
        if matches!(event, Event::Changed) {
            self.tester_told = false;
            self.shared.awaits_change.set(false);
        }
        self.show_disks();
        let now = self.now();
        self.shared.now.set(now);
        self.counters.bytes = self.fleet.proxies.bytes();
        self.shared.counters.borrow_mut().clone_from(&self.counters);
        let clock = Clock { monotonic: now, wall: wall() };
        let mut effects = Vec::new();
        self.tester.step(clock, event, &mut effects);
        for effect in effects {
            self.take_effect(effect);
        }
    }

    /// Hears what nodes have shown by now, or waits that long for the first of it.
    pub fn take_in(&mut self, patience: Duration) {
        for (node, machine) in &mut self.machines {
            if let Some(process) = machine.process.as_mut().filter(|process| process.is_awaited()) {
                process.connect(self.fleet.control(*node), &self.fleet.token);
            }
        }
        self.wait(patience);
        let horizon = machine_now();
        for (node, machine) in &mut self.machines {
            if let Some(process) = &mut machine.process {
                hear(*node, process, &mut self.order);
            }
        }
        while self.end.is_none()
            && let Some(piece) = self.order.release(horizon)
        {
            self.shown(piece);
        }
        self.look_after_processes();
    }

    /// Waits for a control port that has something to say, or room for what it is to be told.
    fn wait(&self, patience: Duration) {
        let mut patience = patience;
        let mut ports = Vec::new();
        for process in self.machines.values().filter_map(|machine| machine.process.as_ref()) {
            if process.closed.is_some() || !self.order.is_empty() {
                patience = Duration::ZERO;
            } else if process.is_awaited() {
                patience = patience.min(KNOCK);
            } else if !process.ready {
                // Somebody has to see that it never will be.
                patience = patience.min(self.options.ready_within);
            }
            if let Some(link) = process.open_link() {
                let room = if link.wants_to_send() { PollFlags::OUT } else { PollFlags::empty() };
                ports.push(PollFd::new(link, PollFlags::IN | room));
            }
        }
        let patience = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        // A signal ends it early, which does no harm.
        let _ = poll(&mut ports, Some(&patience));
    }

    /// Whether something of that node was read and is not released.
    pub fn holds_something_of(&self, node: NodeId) -> bool {
        self.order.holds(node)
    }

    /// The real time of the run.
    pub fn now(&self) -> Nanos {
        Nanos(machine_now().saturating_sub(self.zero))
    }

    /// When a node's frame was made, in the time of the run; never before what was told last.
    pub fn moment_of(&mut self, stamp: u64) -> Moment {
        self.moment.at = self.moment.at.max(Nanos(stamp.saturating_sub(self.zero)));
        self.moment
    }

    pub fn moment_now(&mut self) -> Moment {
        self.moment.at = self.moment.at.max(self.now());
        self.moment
    }

    /// One more step that has shown something, or command.
    pub fn count_event(&mut self) {
        self.moment.event = EventNumber(self.moment.event.0 + 1);
        self.shared.event.set(self.moment.event);
    }

    pub fn fail(&mut self, failure: Failure) {
        self.end.get_or_insert(End::Failed(failure));
    }

    pub fn respond(&mut self, response: Response) {
        match response {
            Response::Continue => {}
            Response::WakeTester if self.shared.awaits_change.get() && !self.tester_told => {
                self.tester_told = true;
                self.pending.push_back(Event::Changed);
            }
            Response::WakeTester => {}
            Response::Stop => {
                self.end.get_or_insert(End::Stopped);
            }
        }
    }

    pub fn lifecycle(&mut self, node: NodeId, what: Lifecycle) {
        let moment = self.moment_now();
        self.history.note(moment, What::of_lifecycle(node, what));
        let response = self.observer.lifecycle(moment, node, what);
        self.respond(response);
    }

    pub fn show_running(&self, node: NodeId, running: bool) {
        self.shared.running.borrow_mut()[node.0 as usize] = running;
    }

    /// The sizes of all data directories, unless they were looked at a moment ago.
    fn show_disks(&mut self) {
        let now = self.now();
        if self.disk_bytes_at.is_some_and(|at| now.saturating_sub(at) < DISK_BYTES_AGE) {
            return;
        }
        self.disk_bytes_at = Some(now);
        let mut shown = self.shared.disk_bytes.borrow_mut();
        for node in self.machines.keys() {
            shown[node.0 as usize] = self.fleet.disk_bytes(*node);
        }
    }
}

/// Reads everything that a node has sent by now, and sends what it had no room for.
fn hear(node: NodeId, process: &mut Process, order: &mut Order) {
    let Some(link) = process.link() else { return };
    link.flush();
    let came = link.receive();
    for frame in came.frames {
        if let FromNode::Hello { at_ns, machine_ns, .. } = frame {
            process.epoch = machine_ns.saturating_sub(at_ns);
        }
        if let FromNode::Hello { at_ns, .. } | FromNode::Observed { at_ns, .. } | FromNode::Log { at_ns, .. } = frame {
            process.last_stamp = process.last_stamp.max(process.epoch + at_ns);
        }
        if let Some(frames) = process.assembly.add(frame) {
            order.hold(Piece { node, stamp: process.last_stamp, frames });
        }
    }
    process.closed = came.closed;
}

/// Since 1970.
fn wall() -> Nanos {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().into()
}
