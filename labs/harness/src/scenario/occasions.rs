//! Faults that wait for an occasion. Nodes show thousands of things in a run and few of these bring a strike, so
//! one stream of a family says which do, and only those have a stream of their own.

use super::family::Family;
use super::schedule::{Event, Schedule};
use super::strike::{self, Storm};
use windtunnel::streams::Stream;
use windtunnel::{Nanos, Seed};

/// The families of a schedule that wait for occasions, and how many of these they have seen.
#[derive(Debug)]
pub struct Occasions {
    seed: Seed,
    storm: Storm,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    family: Family,
    name: String,
    after: String,
    /// Occasions so far: the first has number 1.
    number: u64,
    chances: Stream,
}

impl Schedule {
    /// What in this schedule waits for occasions.
    #[must_use]
    pub fn occasions(&self) -> Occasions {
        let seed = self.drawn.seed;
        let waiting = self.fault.iter().filter_map(|family| {
            let after = family.timing.when.as_ref()?.after.clone();
            let name = family.timing.name.clone().unwrap_or_else(|| family.kind.name().to_owned());
            let chances = strike::chances(seed, &name);
            Some(Waiting { family: family.clone(), name, after, number: 0, chances })
        });
        let storm = Storm { nodes: self.nodes, client_nodes: self.client_nodes, duration: self.duration, drawn: seed };
        Occasions { seed, storm, waiting: waiting.collect() }
    }
}

impl Occasions {
    /// Whether nothing waits for an occasion.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A node shows that kind of thing, now: the events of each strike that this brings, in order of time.
    pub fn seen(&mut self, kind: &str, now: Nanos) -> Vec<Vec<Event>> {
        let mut strikes = Vec::new();
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.after == kind) {
            waiting.number += 1;
            let Waiting { family, name, number, chances, .. } = waiting;
            if chances.chance(family.timing.chance_ppm.ppm()) {
                strikes.push(strike::after(family, name, *number, now, self.seed, self.storm));
            }
        }
        strikes
    }
}
