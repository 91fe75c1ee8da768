//! Flies a test, a storm or a load: the same suite, judge and cluster handle on real processes.
//!
//! - `course`: what is asked for, as a scene like any other run's; `unmade` takes out of its weather what flight cannot make;
//! - `takeoff`: the flight itself; `within` looks at it from the tester's place, once a second;
//! - `verdict`: what the end means; `serve`: the worker's side;
//! - here: all of it, from a request to its result.

mod course;
mod serve;
mod takeoff;
mod unmade;
pub(crate) mod verdict;
mod within;

use crate::cluster::Cluster;
use crate::history::LINEARIZABILITY;
use crate::judge::Judge;
use crate::ledger;
use crate::meter::{Meter, Sums};
use crate::operations::Asked;
use crate::plan::Course;
use crate::protocol::{FlightResult, FlightRow, FlyRequest, Refusal, per_1000};
use crate::run::Scene;
use crate::scenario::DrawnLoad;
use crate::storm::Parts;
use crate::suite::{Clients, Lab, Running};
use course::Flightplan;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use verdict::Rules;
use windtunnel::Nanos;
use windtunnel::executor::Program;

pub(crate) use serve::answer;
pub(crate) use takeoff::{Seen, Takeoff, faults, surroundings};
pub(crate) use unmade::{grounded, kinds_made, left_out, take_out};

/// What those outside and those inside of a flight tell each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Radio {
    /// Somebody outside wants it to land.
    pub land: Arc<AtomicBool>,
    /// Its body has begun: all nodes were ready.
    is_up: Arc<AtomicBool>,
    stood_still_ns: Arc<AtomicU64>,
}

impl Radio {
    /// One by which that flag lands the flight.
    pub fn landing(land: Arc<AtomicBool>) -> Self {
        Radio { land, ..Radio::default() }
    }
}

/// Flies what is asked for, with nodes that run what `program` is of; `tell` hears how it goes, once a second.
///
/// # Errors
/// When it is nothing that can be flown, or does not take off.
pub(crate) fn fly<J: Judge>(
    lab: &Lab<J>,
    program: &Program,
    request: &FlyRequest,
    radio: &Radio,
    tell: impl FnMut(FlightRow) + Send + 'static,
) -> Result<FlightResult, Refusal> {
    let Flightplan { lineup, time_budget, course, load, lasts, skipped, foreseen } = course::plan(lab, request)?;
    let takeoff = Takeoff {
        program,
        cluster: lab.name,
        node_binary: &request.node_binary,
        directory: &request.directory,
        seed: request.seed,
        lineup: lineup.clone(),
        time_budget,
        is_storm: matches!(course, Course::Storm(_)),
    };
    let scene = Scene { lineup, course, surroundings: surroundings(), capture: None };
    let (clients, recovery) = (course::clients(lab)?.load, lab.storm.recovery);
    let set = move |meter| scene.set(measured(clients, recovery, load, meter));
    let Seen { ran, circumstances, fsyncs, skipped: commands, unclean, history_error } =
        takeoff.observe(radio, tell, set)?;
    let (verdict, mut broken) = verdict::of(Rules::of(lab.flight.as_ref()), &ran, circumstances);
    if let Some(broken) = broken.as_mut().filter(|broken| broken.rule == LINEARIZABILITY) {
        // First: of many facts the last ones are not shown.
        drop(broken.facts.splice(0..0, ledger::told_of(&request.directory)));
    }
    let Sums { unknown, took } = ran.kept.sums;
    // The calls of a story are its own: no meter sees them.
    let asked = if ran.is_storm { Some(Asked { answered: took.operations, unknown }) } else { ran.kept.asked };
    Ok(FlightResult {
        verdict,
        broken,
        operations: asked.map(|asked| asked.answered),
        unknown: asked.map(|asked| asked.unknown),
        ops_per_s: lasts.and_then(|lasts| per_second(took.operations, lasts.min(ran.report.ended_at))),
        p50_us: took.p50_us,
        p99_us: took.p99_us,
        fsyncs,
        fsyncs_per_1000: asked.and_then(|asked| per_1000(fsyncs, asked.answered)),
        faults: takeoff::faults(ran.is_storm, &ran.kept.struck, &foreseen, &ran.report.counters),
        skipped: skipped.into_iter().chain(commands).collect(),
        unclean,
        stood_still_ms: circumstances.stood_still.0 / 1_000_000,
        wall_ms: ran.report.ended_at.0 / 1_000_000,
        history_error,
    })
}

/// The clients of a flight, and the lab's recovery, after which nothing may be lost that a client was answered.
fn measured<J: Judge>(
    clients: impl FnOnce(Cluster<J>, DrawnLoad, Meter) -> Clients + 'static,
    recovery: fn(Cluster<J>) -> Running,
    load: DrawnLoad,
    meter: Meter,
) -> Parts<J> {
    let later = Rc::new(RefCell::new(None));
    let nothing_lost = later.clone();
    Parts {
        load: Box::new(move |cluster, _| {
            let clients = clients(cluster, load, meter);
            *later.borrow_mut() = Some(clients.nothing_lost);
            clients.at_work
        }),
        recovery: Box::new(move |cluster| {
            Box::pin(async move {
                recovery(cluster).await?;
                let nothing_lost = nothing_lost.take();
                match nothing_lost {
                    Some(nothing_lost) => nothing_lost.await,
                    None => Ok(()),
                }
            })
        }),
    }
}

fn per_second(operations: u64, span: Nanos) -> Option<u64> {
    operations.saturating_mul(1_000).checked_div(span.0 / 1_000_000)
}

#[cfg(test)]
mod tests;
