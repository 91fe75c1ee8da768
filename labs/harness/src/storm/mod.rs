//! Makes a storm: the weather of a schedule, a load, and after it all is healed, recovery.

mod front;
mod roughness;
mod struck;

pub(crate) use struck::Struck;

use crate::cluster::Cluster;
use crate::failed::TestResult;
use crate::judge::Judge;
use crate::scenario::{DrawnLoad, Event, Schedule, Strikes, When};
use crate::suite::Running;
use crate::watch::StrikesDue;
use front::Front;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::Command;
use windtunnel::{NodeId, spawn};

/// All that a storm needs besides its cluster.
pub(crate) struct Setting<J: Judge> {
    pub schedule: Schedule,
    pub strikes_due: Rc<StrikesDue>,
    pub struck: Rc<RefCell<Struck>>,
    pub parts: Parts<J>,
}

/// What happens in a storm besides the weather: as in [`suite::Storm`](crate::suite::Storm), for one run.
pub(crate) struct Parts<J: Judge> {
    pub load: Box<dyn FnOnce(Cluster<J>, DrawnLoad) -> Running<()>>,
    pub recovery: Box<dyn FnOnce(Cluster<J>) -> Running>,
}

/// Runs the storm to its end.
pub(crate) async fn run<J: Judge>(cluster: Cluster<J>, setting: Setting<J>) -> TestResult {
    let (duration, load) = (setting.schedule.duration, setting.schedule.load.clone());
    let weather = Rc::new(Weather {
        strikes: RefCell::new(Strikes::new(setting.schedule.nodes)),
        front: RefCell::new(Front::new(&setting.schedule)),
        over: Cell::new(false),
        cluster: cluster.clone(),
        struck: setting.struck,
        strikes_due: setting.strikes_due,
        schedule: setting.schedule,
    });
    weather.apply(weather.front.borrow().begin());
    let load = spawn((setting.parts.load)(cluster.for_helpers(), load));
    let timed = spawn(weather.clone().strike_by_schedule());
    let awaiting = spawn(weather.clone().strike_on_occasion());
    {
        let _awaiting = cluster.awaiting(format_args!("the storm of {duration} to blow over"));
        sleep(duration.0.to_duration()).await;
    }
    timed.abort();
    awaiting.abort();
    load.abort();
    weather.over.set(true);
    weather.struck.borrow_mut().storm_is_over(cluster.tester().event());
    weather.apply(weather.front.borrow().heal(cluster.calm()));
    (setting.parts.recovery)(cluster).await
}

/// The weather that lasts, as the world is told of it when a storm begins.
#[cfg(all(test, feature = "flight"))]
pub(crate) fn lasting(schedule: &Schedule) -> Vec<windtunnel::world::Command> {
    Front::new(schedule).begin()
}

/// The weather under way.
struct Weather<J: Judge> {
    cluster: Cluster<J>,
    schedule: Schedule,
    strikes: RefCell<Strikes>,
    front: RefCell<Front>,
    /// Whether all was healed: what was still to strike no longer does.
    over: Cell<bool>,
    struck: Rc<RefCell<Struck>>,
    strikes_due: Rc<StrikesDue>,
}

impl<J: Judge> Weather<J> {
    /// Events with a time, and those that wait for the world to count so far.
    async fn strike_by_schedule(self: Rc<Self>) {
        self.leave_for_the_world();
        self.strike_on_time(&self.schedule.event).await;
    }

    async fn strike_on_time(&self, events: &[Event]) {
        for event in events {
            let When::At(time) = event.when else { continue };
            let wait = time.0.0.saturating_sub(self.cluster.now().0);
            if wait > 0 {
                sleep(Duration::from_nanos(wait)).await;
            }
            self.strike(event);
        }
    }

    /// An event with a number strikes between two events of the world, where no task can be: who is meant, and what
    /// it does beside others of its like, is settled now.
    fn leave_for_the_world(&self) {
        let leader = self.cluster.judge().leader();
        let mut planned = Front::new(&self.schedule);
        for event in &self.schedule.event {
            let When::AtEvent(number) = event.when else { continue };
            let Some(action) = self.strikes.borrow_mut().resolve(event, leader) else { continue };
            for command in planned.commands(event.strike.as_deref(), &action, uncounted) {
                self.cluster.tester().at_event(number, command);
            }
            self.struck.borrow_mut().leave(number, event.clone(), action);
        }
    }

    /// Takes note of what the world has struck with since the last look: it did so itself.
    fn catch_up(&self) {
        for (event, action) in self.struck.borrow_mut().before(self.cluster.tester().event()) {
            let _done = self.front.borrow_mut().commands(event.strike.as_deref(), &action, uncounted);
        }
    }

    /// Faults that wait for something to be observed.
    async fn strike_on_occasion(self: Rc<Self>) {
        let occasions = self.schedule.occasions();
        if occasions.are_none() {
            return;
        }
        self.strikes_due.begin(occasions);
        loop {
            for events in self.strikes_due.take() {
                let weather = self.clone();
                spawn(async move { weather.strike_on_time(&events).await });
            }
            self.cluster.tester().changed().await;
        }
    }

    fn strike(&self, event: &Event) {
        if self.over.get() {
            return;
        }
        self.catch_up();
        let leader = self.cluster.judge().leader();
        let resolved = self.strikes.borrow_mut().resolve(event, leader);
        if let Some(action) = resolved {
            self.struck.borrow_mut().count(event);
            let used = |node| self.cluster.tester().disk_bytes(node);
            self.apply(self.front.borrow_mut().commands(event.strike.as_deref(), &action, used));
        }
    }

    fn apply(&self, commands: Vec<Command>) {
        self.struck.borrow_mut().roughness.told(&commands, self.cluster.now());
        commands.into_iter().for_each(|command| self.cluster.tester().apply(command));
    }
}

/// Nobody counts a disk's bytes between two events of the world; no fault that is read for there needs them.
fn uncounted(_: NodeId) -> u64 {
    0
}

#[cfg(test)]
mod tests;
