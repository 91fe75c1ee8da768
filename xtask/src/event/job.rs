//! What the command line says of a job over real files.

use lab_harness::protocol::{JobDone, JobInTunnel, JobRequest, JobSkipped, TraceHash};
use serde::Serialize;
use std::collections::BTreeMap;

/// A job is done, and its output in its place.
#[derive(Clone, Debug, Serialize)]
pub struct JobEvent {
    pub app: String,
    pub submission: String,
    pub output: String,
    pub inputs: usize,
    pub input_bytes: u64,
    pub maps: u32,
    pub reduces: u32,
    pub empty_parts: u32,
    pub output_bytes: u64,
    pub records: u64,
    pub skipped: Vec<JobSkipped>,
    pub wall_ms: u64,
    /// From here on nothing is told of a job that was done in one go.
    pub workers: Option<u32>,
    pub pairs: Option<u64>,
    pub shuffled_bytes: Option<u64>,
    pub local_bytes: Option<u64>,
    pub attempts: Option<u64>,
    pub reruns: Option<u64>,
    pub backups: Option<u64>,
    pub messages: Option<u64>,
    pub peak_heap_bytes: Option<u64>,
    pub events: Option<u64>,
    pub sim_ms: Option<u64>,
    pub faults: BTreeMap<String, u64>,
    pub trace_hash: Option<TraceHash>,
}

impl JobEvent {
    pub fn of(request: &JobRequest, submission: String, output: String, done: JobDone, wall_ms: u64) -> Self {
        let tunnel = done.tunnel.as_ref();
        let number = |of: fn(&JobInTunnel) -> u64| tunnel.map(of);
        JobEvent {
            app: request.app.clone(),
            submission,
            output,
            inputs: request.inputs.len(),
            input_bytes: done.input_bytes,
            maps: done.maps,
            reduces: request.reduces,
            empty_parts: done.empty_parts,
            output_bytes: done.output_bytes,
            records: done.records,
            wall_ms,
            workers: tunnel.map(|tunnel| tunnel.workers),
            pairs: number(|tunnel| tunnel.pairs),
            shuffled_bytes: number(|tunnel| tunnel.shuffled_bytes),
            local_bytes: number(|tunnel| tunnel.local_bytes),
            attempts: number(|tunnel| tunnel.attempts),
            reruns: number(|tunnel| tunnel.reruns),
            backups: number(|tunnel| tunnel.backups),
            messages: number(|tunnel| tunnel.messages),
            peak_heap_bytes: number(|tunnel| tunnel.peak_heap_bytes),
            events: number(|tunnel| tunnel.events),
            sim_ms: number(|tunnel| tunnel.sim_ns / 1_000_000),
            faults: tunnel.map(|tunnel| tunnel.faults.clone()).unwrap_or_default(),
            trace_hash: tunnel.map(|tunnel| tunnel.trace_hash),
            skipped: done.skipped,
        }
    }
}
