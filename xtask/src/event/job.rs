//! What the command line says of a job over real files.

use lab_harness::protocol::{
    FlightSkipped, JobDone, JobInFlight, JobInTunnel, JobOnNodes, JobRequest, JobSkipped, JobWay, TraceHash,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A job is done, and its output in its place.
#[derive(Clone, Debug, Serialize)]
pub struct JobEvent {
    pub app: String,
    pub submission: String,
    /// `sequential`, `tunnel` or `flight`.
    pub way: &'static str,
    pub output: String,
    pub inputs: usize,
    pub input_bytes: u64,
    pub maps: u32,
    pub reduces: u32,
    pub empty_parts: u32,
    pub output_bytes: u64,
    pub records: u64,
    pub pairs: u64,
    pub skipped: Vec<JobSkipped>,
    pub uncombined: Option<String>,
    pub wall_ms: u64,
    /// From here on nothing is told of a job that was done in one go.
    pub workers: Option<u32>,
    pub shuffled_bytes: Option<u64>,
    pub local_bytes: Option<u64>,
    pub attempts: Option<u64>,
    pub reruns: Option<u64>,
    pub backups: Option<u64>,
    pub faults: BTreeMap<String, u64>,
    /// From here on what only the tunnel knows.
    pub messages: Option<u64>,
    pub peak_heap_bytes: Option<u64>,
    pub events: Option<u64>,
    pub sim_ms: Option<u64>,
    pub trace_hash: Option<TraceHash>,
    /// From here on what only flight has.
    pub flown_ms: Option<u64>,
    pub fsyncs: Option<u64>,
    pub stood_still_ms: Option<u64>,
    pub unmade: Vec<FlightSkipped>,
    pub unclean: Vec<String>,
}

impl JobEvent {
    pub fn of(request: &JobRequest, submission: String, output: String, done: JobDone, wall_ms: u64) -> Self {
        let JobDone { nodes, tunnel, flight, .. } = done;
        let counted = |of: fn(&JobOnNodes) -> u64| nodes.as_ref().map(of);
        let in_tunnel = |of: fn(&JobInTunnel) -> u64| tunnel.as_ref().map(of);
        let in_flight = |of: fn(&JobInFlight) -> u64| flight.as_ref().map(of);
        let took_ms = counted(|nodes| nodes.took_ns / 1_000_000);
        JobEvent {
            app: request.app.clone(),
            submission,
            way: match request.way {
                JobWay::Sequential => "sequential",
                JobWay::Tunnel { .. } => "tunnel",
                JobWay::Flight { .. } => "flight",
            },
            output,
            inputs: request.inputs.len(),
            input_bytes: done.input_bytes,
            maps: done.maps,
            reduces: request.reduces,
            empty_parts: done.empty_parts,
            output_bytes: done.output_bytes,
            records: done.records,
            pairs: done.pairs,
            wall_ms,
            workers: nodes.as_ref().map(|nodes| nodes.workers),
            shuffled_bytes: counted(|nodes| nodes.shuffled_bytes),
            local_bytes: counted(|nodes| nodes.local_bytes),
            attempts: counted(|nodes| nodes.attempts),
            reruns: counted(|nodes| nodes.reruns),
            backups: counted(|nodes| nodes.backups),
            messages: in_tunnel(|tunnel| tunnel.messages),
            peak_heap_bytes: in_tunnel(|tunnel| tunnel.peak_heap_bytes),
            events: in_tunnel(|tunnel| tunnel.events),
            sim_ms: took_ms.filter(|_| tunnel.is_some()),
            trace_hash: tunnel.as_ref().map(|tunnel| tunnel.trace_hash),
            flown_ms: took_ms.filter(|_| flight.is_some()),
            fsyncs: in_flight(|flight| flight.fsyncs),
            stood_still_ms: in_flight(|flight| flight.stood_still_ms),
            faults: nodes.map(|nodes| nodes.faults).unwrap_or_default(),
            unmade: flight.as_ref().map(|flight| flight.unmade.clone()).unwrap_or_default(),
            unclean: flight.map(|flight| flight.unclean).unwrap_or_default(),
            skipped: done.skipped,
            uncombined: done.uncombined,
        }
    }
}
