//! The same errand on real processes.

use super::{Errand, Stage, Weather};
use crate::cluster::Cluster;
use crate::fly::verdict::{self, Rules};
use crate::fly::{Radio, Seen, Takeoff, faults, kinds_made, surroundings, take_out};
use crate::judge::Judge;
use crate::protocol::{FlightBroken, FlightRow, FlightSkipped, FlightVerdict, Refusal};
use crate::suite::Running;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use windtunnel::Nanos;
use windtunnel::executor::Program;

/// What an errand flies with.
#[derive(Clone, Copy, Debug)]
pub struct Airfield<'a> {
    /// What the nodes run.
    pub program: &'a Program,
    /// Their executable.
    pub node_binary: &'a Path,
    /// Where everything of the flight is left.
    pub directory: &'a Path,
    /// The name of the cluster.
    pub cluster: &'a str,
    /// Rules of the errand that are bounds of time: one that is missed decides nothing.
    pub bounds: &'a [&'a str],
}

/// What became of an errand in flight.
#[derive(Clone, Debug)]
pub struct Landed {
    /// How it is judged.
    pub verdict: FlightVerdict,
    /// What broke, or why nothing can be said.
    pub broken: Option<FlightBroken>,
    /// How often each family of faults struck; those of the scenario that never did, too.
    pub faults: BTreeMap<String, u64>,
    /// What flight cannot make and was left out.
    pub skipped: Vec<FlightSkipped>,
    /// Nodes that did not end as asked, in words.
    pub unclean: Vec<String>,
    /// Fsyncs of all nodes together.
    pub fsyncs: u64,
    /// The longest time for which the machine let the tester stand still.
    pub stood_still: Nanos,
}

impl Errand {
    /// Flies it to its end, or until `land` is set; `tell` hears how it goes, once a second.
    ///
    /// # Errors
    /// When it does not take off.
    ///
    /// # Panics
    /// When the harness does: a [`PanicReport`](windtunnel::line::PanicReport).
    pub fn fly<J: Judge>(
        self,
        airfield: &Airfield<'_>,
        land: Arc<AtomicBool>,
        tell: impl FnMut(FlightRow) + Send + 'static,
        body: impl FnOnce(Cluster<J>, Weather<J>) -> Running + Send + 'static,
    ) -> Result<Landed, Refusal> {
        let Errand { lineup, seed, time_budget, schedule, scenario } = self;
        let Airfield { program, node_binary, directory, cluster, bounds } = *airfield;
        let (schedule, mut skipped) = match schedule.map(|schedule| take_out(*schedule)) {
            Some((schedule, skipped)) => (Some(Box::new(schedule)), skipped),
            None => (None, Vec::new()),
        };
        let is_storm = schedule.is_some();
        let stage = Stage { servers: lineup.nodes, schedule, surroundings: surroundings() };
        let takeoff = Takeoff { program, cluster, node_binary, directory, seed, lineup, time_budget, is_storm };
        let seen: Seen = takeoff.observe(&Radio::landing(land), tell, move |_| stage.set(body))?;
        let (verdict, broken) = verdict::of(Rules { bounds, whole_history: &[] }, &seen.ran, seen.circumstances);
        skipped.extend(seen.skipped);
        let foreseen = scenario.map(|scenario| kinds_made(*scenario)).unwrap_or_default();
        Ok(Landed {
            verdict,
            broken,
            faults: faults(is_storm, &seen.ran.kept.struck, &foreseen, &seen.ran.report.counters),
            skipped,
            unclean: seen.unclean,
            fsyncs: seen.fsyncs,
            stood_still: seen.circumstances.stood_still,
        })
    }
}
