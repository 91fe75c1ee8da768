//! Flies a test, a storm or a load: the same suite, judge and cluster handle on real processes.
//!
//! - `course`: what is asked for, as a scene like any other run's; `unmade` takes out of its weather what flight cannot make;
//! - here: the flight itself; `within` looks at it from the tester's place, once a second;
//! - `verdict`: what the end means; `serve`: the worker's side.

mod course;
mod serve;
mod unmade;
mod verdict;
mod within;

use crate::cluster::{Cluster, Surroundings};
use crate::judge::Judge;
use crate::meter::{Meter, Sums};
use crate::plan::Course;
use crate::protocol::{FlightResult, FlightRow, FlightSkipped, FlyRequest, Refusal, RefusalKind, per_1000};
use crate::run::{Ran, Scene};
use crate::scenario::DrawnLoad;
use crate::storm::Parts;
use crate::suite::{Clients, Lab, Running};
use crate::watch::Watcher;
use course::Flightplan;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use verdict::Circumstances;
use windtunnel::executor::Program;
use windtunnel::flight::{Flight, Flown, NodeBinary, TakeOffError};
use windtunnel::world::{Failure, LinkWeather, Outcome, Tester};
use windtunnel::{EventNumber, Nanos};
use within::Rows;

pub(crate) use serve::answer;
pub(crate) use unmade::grounded;

/// What those outside and those inside of a flight tell each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Radio {
    /// Somebody outside wants it to land.
    pub land: Arc<AtomicBool>,
    /// Its body has begun: all nodes were ready.
    is_up: Arc<AtomicBool>,
    stood_still_ns: Arc<AtomicU64>,
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
    let Flightplan { lineup, time_budget, course, load, lasts, skipped } = course::plan(lab, request)?;
    let is_storm = matches!(course, Course::Storm(_));
    let flight =
        Flight::new(NodeBinary::at(&request.node_binary).of(program.crate_name()), lineup.all(), &request.directory)
            .with(|options| {
                options.cluster = lab.name.to_owned();
                options.seed = request.seed;
                options.time_budget = time_budget;
                options.groups = lineup.groups();
                options.settings = lineup.settings.clone();
            });
    // Links are as fast as the loopback unless a fault slows them.
    let calm = LinkWeather { latency: [Nanos::ZERO; 2], ..LinkWeather::default() };
    let surroundings = Surroundings { calm, power_losses: false };
    let scene = Scene { lineup: lineup.clone(), course, surroundings, capture: None };
    let (clients, recovery) = (course::clients(lab)?.load, lab.storm.recovery);
    let outside = radio.clone();
    let setup = move || {
        let meter = Meter::default();
        let (watch, body) = scene.set(measured(clients, recovery, load, meter.clone()));
        let watch = watch.with_meter(meter.clone());
        let struck = watch.struck().clone();
        let body = move |tester: Tester| {
            outside.is_up.store(true, Ordering::Relaxed);
            let (cluster, running) = body(tester);
            within::until_the_end(cluster, running, outside, Rows { meter, struck, tell: Box::new(tell) })
        };
        (watch, body)
    };
    let (flown, mut kept) = flight.observe(setup, Watcher::into_kept).map_err(|error| trouble(&error))?;
    kept.struck.run_is_over(EventNumber(flown.report.events));
    took_off(&flown, radio)?;
    let Flown { report, fsyncs, inherited, skipped: commands, unclean, history_error, .. } = flown;
    let ran = Ran { report, kept, lineup, is_storm, time_budget };
    let stood_still = Nanos(radio.stood_still_ns.load(Ordering::Relaxed));
    let landed = radio.land.load(Ordering::Relaxed);
    let (verdict, broken) = verdict::of(lab, &ran, Circumstances { stood_still, landed, inherited });
    let Sums { unknown, took } = ran.kept.sums;
    let commands = commands.iter().map(|(unmade, count)| FlightSkipped {
        what: unmade.what.to_owned(),
        why: unmade.why.to_owned(),
        count,
    });
    Ok(FlightResult {
        verdict,
        broken,
        operations: took.operations,
        unknown,
        ops_per_s: lasts.and_then(|lasts| per_second(took.operations, lasts.min(ran.report.ended_at))),
        p50_us: took.p50_us,
        p99_us: took.p99_us,
        fsyncs,
        fsyncs_per_1000: per_1000(fsyncs, took.operations),
        faults: ran.kept.struck.counts().clone(),
        skipped: skipped.into_iter().chain(commands).collect(),
        unclean: unclean.iter().map(|(node, how)| format!("{node}: {how}")).collect(),
        stood_still_ms: stood_still.0 / 1_000_000,
        wall_ms: ran.report.ended_at.0 / 1_000_000,
        history_error: history_error.map(|error| error.to_string()),
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

#[cfg(test)]
mod tests;

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
        Outcome::Failed(failure @ Failure::ProcessLost { .. }) if !radio.is_up.load(Ordering::Relaxed) => {
            Err(Refusal { kind: RefusalKind::BadInput, message: format!("the flight does not take off: {failure}") })
        }
        _ => Ok(()),
    }
}

fn per_second(operations: u64, span: Nanos) -> Option<u64> {
    operations.saturating_mul(1_000).checked_div(span.0 / 1_000_000)
}
