//! The flight itself: real processes of a program, whatever their tester does, to its end.

use super::Radio;
use super::verdict::Circumstances;
use super::within::{self, Rows};
use crate::cluster::Surroundings;
use crate::judge::Judge;
use crate::ledger::Ledger;
use crate::lineup::Lineup;
use crate::meter::Meter;
use crate::protocol::{FlightRow, FlightSkipped, Refusal, RefusalKind};
use crate::run::{Playing, Ran};
use crate::storm::Struck;
use crate::watch::Watcher;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering;
use windtunnel::executor::Program;
use windtunnel::flight::{Flight, Flown, NodeBinary, TakeOffError};
use windtunnel::world::{Counters, Failure, LinkWeather, Outcome, Tester};
use windtunnel::{EventNumber, Nanos, Ppm, Seed};

/// Of the connections that outlive a cut of a storm, so many are half open afterwards.
const HALF_OPEN: Ppm = Ppm(250_000);

/// Faults by family: strikes of a storm, with those that were foreseen and never came, or what a story did, which has no
/// strikes; and those that are flight's own.
pub(crate) fn faults(
    is_storm: bool,
    struck: &Struck,
    foreseen: &BTreeSet<String>,
    counters: &Counters,
) -> BTreeMap<String, u64> {
    let Counters { kills, pauses, cuts, half_open, .. } = *counters;
    let of_story = [("kill", kills), ("pause", pauses), ("cut", cuts)].into_iter().filter(|_| !is_storm);
    let counted = of_story.chain([("half-open", half_open)]).filter(|(_, count)| *count > 0);
    struck.counts_of(foreseen).into_iter().chain(counted.map(|(family, count)| (family.to_owned(), count))).collect()
}

/// Links are as fast as the loopback unless a fault slows them.
pub(crate) fn surroundings() -> Surroundings {
    let calm = LinkWeather { latency: [Nanos::ZERO; 2], ..LinkWeather::default() };
    Surroundings { calm, power_losses: false }
}

/// A flight to be.
pub(crate) struct Takeoff<'a> {
    /// What the nodes run.
    pub program: &'a Program,
    /// The name of the cluster.
    pub cluster: &'a str,
    pub node_binary: &'a Path,
    pub directory: &'a Path,
    pub seed: Seed,
    pub lineup: Lineup,
    pub time_budget: Nanos,
    pub is_storm: bool,
}

/// What was seen of a flight.
pub(crate) struct Seen {
    pub ran: Ran,
    pub circumstances: Circumstances,
    pub fsyncs: u64,
    /// Commands that were not carried out.
    pub skipped: Vec<FlightSkipped>,
    /// Nodes that did not end as asked, in words.
    pub unclean: Vec<String>,
    pub history_error: Option<String>,
}

impl Takeoff<'_> {
    /// Flies what `set` sets; `tell` hears how it goes, once a second.
    ///
    /// # Errors
    /// When it does not take off.
    pub fn observe<J: Judge, P: FnOnce(Tester) -> Playing<J> + 'static>(
        self,
        radio: &Radio,
        tell: impl FnMut(FlightRow) + Send + 'static,
        set: impl FnOnce(Meter) -> (Watcher<J>, P) + Send,
    ) -> Result<Seen, Refusal> {
        let flight = self.flight();
        let Takeoff { lineup, time_budget, is_storm, .. } = self;
        let (outside, directory) = (radio.clone(), self.directory);
        let setup = move || {
            let meter = Meter::default();
            let (watch, body) = set(meter.clone());
            let watch = watch.with_meter(meter.clone()).with_ledger(Ledger::below(directory)).without_deliveries();
            let struck = watch.struck().clone();
            let body = move |tester: Tester| {
                outside.is_up.store(true, Ordering::Relaxed);
                let (cluster, running) = body(tester);
                let rows = Rows { is_storm, meter, told: 0, struck, tell: Box::new(tell) };
                within::until_the_end(cluster, running, outside, rows)
            };
            (watch, body)
        };
        let (flown, mut kept) = flight.observe(setup, Watcher::into_kept).map_err(|error| trouble(&error))?;
        kept.struck.run_is_over(EventNumber(flown.report.events));
        took_off(&flown, radio)?;
        let Flown { report, fsyncs, inherited, skipped, unclean, history_error, .. } = flown;
        let told = |(unmade, count): (windtunnel::flight::Unmade, u64)| FlightSkipped {
            what: unmade.what.to_owned(),
            why: unmade.why.to_owned(),
            count,
        };
        let stood_still = Nanos(radio.stood_still_ns.load(Ordering::Relaxed));
        let landed = radio.land.load(Ordering::Relaxed);
        Ok(Seen {
            ran: Ran { report, kept, lineup, is_storm, time_budget },
            circumstances: Circumstances { stood_still, landed, inherited },
            fsyncs,
            skipped: skipped.iter().map(told).collect(),
            unclean: unclean.iter().map(|(node, how)| format!("{node}: {how}")).collect(),
            history_error: history_error.map(|error| error.to_string()),
        })
    }

    fn flight(&self) -> Flight {
        let binary = NodeBinary::at(self.node_binary).of(self.program.crate_name());
        Flight::new(binary, self.lineup.all(), self.directory).with(|options| {
            options.cluster = self.cluster.to_owned();
            options.seed = self.seed;
            options.time_budget = self.time_budget;
            options.groups = self.lineup.groups();
            options.settings = self.lineup.settings.clone();
            // A story says itself what happens to its links.
            options.half_open_ppm = if self.is_storm { HALF_OPEN } else { Ppm::NEVER };
        })
    }
}

fn trouble(error: &TakeOffError) -> Refusal {
    let kind = if matches!(error, TakeOffError::Ports(_)) { RefusalKind::Harness } else { RefusalKind::BadInput };
    let message = match error {
        TakeOffError::OtherProgram { path, program, found } => {
            format!("{} is no node of `{program}`: its main must call `{program}::worker`; {found}", path.display())
        }
        error => error.to_string(),
    };
    Refusal { kind, message }
}

/// A process that is gone before all were ready has found its data, its port or its executable wrong, and said so.
fn took_off<T>(flown: &Flown<T>, radio: &Radio) -> Result<(), Refusal> {
    match &flown.report.outcome {
        Outcome::Failed(failure @ (Failure::ProcessLost { .. } | Failure::CouldNotBegin { .. }))
            if !radio.is_up.load(Ordering::Relaxed) =>
        {
            Err(Refusal { kind: RefusalKind::BadInput, message: format!("the flight does not take off: {failure}") })
        }
        _ => Ok(()),
    }
}
