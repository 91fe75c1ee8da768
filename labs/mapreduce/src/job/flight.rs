//! A job on real processes of a node binary.

use super::judge::Onlooker;
use super::on_nodes::{BOUNDS, Patience, body};
use super::{Ended, Work};
use crate::contract::{Job, Split};
use lab_harness::errand::{Airfield, Errand, Landed};
use lab_harness::parent::send;
use lab_harness::protocol::{
    Failure, FlightBroken, FlightVerdict, JobAnswer, JobDone, JobInFlight, JobOnNodes, RefusalKind,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::Duration;
use windtunnel::executor::Program;

/// Each node is a process, and each pair of them two links with a proxy.
const NODES: u32 = 99;

/// On a real clock somebody sits there and waits.
const IN_FLIGHT: Patience =
    Patience { until_it_hangs: Duration::from_secs(60), for_an_answer: Duration::from_secs(60), clock: "" };

/// Flies it, until it is done or `land` is set; `paths` are the nodes' executable and where all of the flight is left.
pub fn run(
    program: &Program,
    work: Work,
    job: impl FnOnce(Vec<Split>) -> Job + Send + 'static,
    errand: Errand,
    paths: [PathBuf; 2],
    land: Arc<AtomicBool>,
) -> Result<JobDone, Ended> {
    let (nodes, workers) = (errand.lineup().all(), errand.lineup().nodes - 1);
    if nodes > NODES {
        let most = workers - (nodes - NODES);
        let message = format!("{workers} workers are too many for one machine: fly up to {most}, as --workers {most}");
        return Err(Ended::refused(RefusalKind::BadInput, message));
    }
    let [node_binary, directory] = &paths;
    let airfield = Airfield { program, node_binary, directory, cluster: "mapreduce", bounds: BOUNDS };
    let (result, came) = channel();
    let mut beat = work.told.try_clone();
    let tell = move |_| {
        if let Ok(told) = &mut beat {
            let _ = send(told, &JobAnswer::GoesOn); // who has gone away is told nothing
        }
    };
    let landed = errand.fly::<Onlooker>(&airfield, land, tell, body(work, job, IN_FLIGHT, result));
    let landed = landed.map_err(Ended::Refused)?;
    match landed.verdict {
        FlightVerdict::Safe | FlightVerdict::Linearizable => {}
        FlightVerdict::Undecided => return Err(Ended::Undecided(failure(landed.broken))),
        FlightVerdict::Violated => return Err(Ended::Failed(failure(landed.broken))),
        FlightVerdict::Interrupted => return Err(Ended::failed("interrupted", "The flight was asked to land.")),
    }
    let mut done = came.recv().expect("a body that has ended has sent its result")?;
    let Landed { faults, skipped: unmade, unclean, fsyncs, stood_still, .. } = landed;
    done.nodes = done.nodes.map(|nodes| JobOnNodes { workers, faults, ..nodes });
    done.flight = Some(JobInFlight { fsyncs, unmade, unclean, stood_still_ms: stood_still.0 / 1_000_000 });
    Ok(done)
}

/// What broke, as of any other job.
fn failure(broken: Option<FlightBroken>) -> Box<Failure> {
    let broken = broken.map(|FlightBroken { rule, title, source, facts, at_ms }| Failure {
        rule,
        title,
        source,
        facts,
        at_ns: at_ms * 1_000_000,
        ..Failure::default()
    });
    Box::new(broken.unwrap_or_default())
}
