//! The simulated world: one queue of events, a network, clocks, disks, and a trace of it all.
//!
//! The loop takes the next item from the queue, moves time to it, and hands the node an event;
//! what the node did comes back as effects, which become new items. Each room decides or acts,
//! never both: `network`, `clock` and `disk` decide; `happening`, `delivery`, `stepping` and `commands` act.
//! Next to read: [`simulation`](Simulation) for how a run is set up, then `happening` and `stepping`.

pub(crate) mod body;
mod clock;
mod command;
mod commands;
mod delivery;
pub mod disk;
mod happening;
mod in_force;
mod item;
mod late_copies;
mod machine;
mod network;
mod observer;
mod queue;
mod recording;
mod report;
mod simulation;
mod stepping;
mod tester;
mod timers;
mod trace;
mod weather;

pub use command::Command;
use command::Fault;
pub use in_force::InForce;
pub use network::LinkDecisions;
pub use observer::{Blind, Lifecycle, Moment, Observer, Response, Stop};
pub use recording::{Intervention, LostMessage, PowerLoss, Record, Recorded, Recording, WhyLost};
pub use report::{Busiest, Counters, Decisions, Failure, FaultDecisions, Outcome, Report};
pub use simulation::{Isolation, MESSAGES_UNDER_WAY, Options, Simulation};
pub use tester::Tester;
pub use weather::{ClockWeather, LinkWeather};

use crate::executor::{Executor, Program};
use crate::fold::Fold;
use crate::line::Effect;
use crate::units::{EventNumber, Incarnation, Nanos, NodeId};
use item::Item;
use late_copies::LateCopies;
use machine::Machine;
use madsim::time::TimeHandle;
use network::Network;
use queue::{Queue, Turn};
use std::collections::BTreeMap;
use std::rc::Rc;
pub(crate) use tester::Shared;
use timers::Come;

/// Which weather seeds mean. Goes up whenever the same seed draws other weather than before, or the
/// same run has another trace hash (a field more in a command is folded too), so that an old failure
/// is refused instead of being replayed as another run.
pub const WEATHER_VERSION: u32 = 7;

/// Events at one instant after which time counts as standing still.
const INSTANT_BUDGET: u64 = 100_000;

/// The state of one run.
struct World<'a> {
    options: Options,
    observer: &'a mut dyn Observer,
    program: Program,
    /// Taken when the tester starts.
    tester: Option<Executor>,
    queue: Queue<Item>,
    now: Nanos,
    event: EventNumber,
    last_node: NodeId,
    /// Events since time last moved.
    at_this_instant: u64,
    /// Messages sent that have neither come to a machine nor been lost.
    under_way: u64,
    network: Network,
    late_copies: LateCopies,
    /// By node id; the tester is number 0.
    machines: Vec<Machine>,
    groups: Vec<Vec<NodeId>>,
    at_event: BTreeMap<EventNumber, Vec<Command>>,
    /// What struck and when, by kind and place.
    faults: BTreeMap<Fault, Fold>,
    trace: Fold,
    hash_at: Option<u64>,
    recording: Option<Recording>,
    shared: Rc<Shared>,
    /// Whether the tester has been told of a change it has not handled yet.
    tester_told: bool,
    end: Option<End>,
    spare_effects: Vec<Effect>,
    madsim_clock: TimeHandle,
}

/// Why the loop ends before the tester's body does.
enum End {
    Stopped,
    Failed(Failure),
}

impl World<'_> {
    /// Runs until the tester's body has ended, or something ends the run before.
    fn run(&mut self) {
        self.start(NodeId::TESTER);
        for node in 1..self.machines.len() as u32 {
            self.start(NodeId(node));
        }
        while self.end.is_none() && !self.shared.finished.get() {
            let Some((turn, item)) = self.queue.pop() else {
                return self.fail(Failure::Deadlock);
            };
            if self.is_stale(turn, &item) {
                continue;
            }
            if turn.at() > self.options.time_budget {
                return self.fail(Failure::OutOfTime);
            }
            self.advance_to(turn.at());
            self.happen(item);
        }
    }

    /// Whether it is for a timer that was cancelled, as the deadlines of most calls are, or that is due later.
    /// Nothing of the world moves for those.
    fn is_stale(&mut self, turn: Turn, item: &Item) -> bool {
        let &Item::Timer { node, incarnation, slot } = item else { return false };
        let machine = &mut self.machines[node.0 as usize];
        let process = machine.process.as_mut().filter(|_| machine.incarnation == incarnation);
        match process.map_or(Come::Stale, |process| process.timers.come(slot, turn)) {
            Come::Stale => true,
            Come::Later(turn) => {
                self.queue.push_at(turn, Item::Timer { node, incarnation, slot });
                true
            }
            Come::Now => false,
        }
    }

    /// Moves the clocks of world, facade and madsim; never back.
    fn advance_to(&mut self, at: Nanos) {
        if at > self.now {
            self.madsim_clock.advance((at - self.now).to_duration());
            self.now = at;
            self.shared.now.set(at);
            self.at_this_instant = 0;
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.end.get_or_insert(End::Failed(failure));
    }

    const fn moment(&self) -> Moment {
        Moment { at: self.now, event: self.event }
    }

    fn machine(&mut self, node: NodeId) -> &mut Machine {
        &mut self.machines[node.0 as usize]
    }

    /// Whether that incarnation of a node still lives.
    fn lives(&self, node: NodeId, incarnation: Incarnation) -> bool {
        let machine = &self.machines[node.0 as usize];
        machine.process.is_some() && machine.incarnation == incarnation
    }

    fn respond(&mut self, response: Response) {
        match response {
            Response::Continue => {}
            Response::WakeTester => self.tell_tester(),
            Response::Stop => {
                self.end.get_or_insert(End::Stopped);
            }
        }
    }

    fn lifecycle(&mut self, node: NodeId, what: Lifecycle) {
        if node != NodeId::TESTER {
            let response = self.observer.lifecycle(self.moment(), node, what);
            self.respond(response);
        }
    }
}
