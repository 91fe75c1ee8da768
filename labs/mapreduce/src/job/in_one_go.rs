//! A job done in one go: what the tunnel's is measured by.

use super::output::Parts;
use super::{Ended, Work, skipped};
use crate::contract::{Job, Split};
use crate::sequential::{self, Impossible};
use lab_harness::parent::send;
use lab_harness::protocol::{JobAnswer, JobDone, JobProgress};
use mapreduce_apps::Registry;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Whoever looks on is told so often how far it is, and that it goes on.
const BEAT: Duration = Duration::from_millis(200);

#[allow(clippy::disallowed_methods, reason = "there is no world here, and who looks on does so in real time")]
pub fn run(work: Work, job: impl FnOnce(Vec<Split>) -> Job, apps: &Registry) -> Result<JobDone, Ended> {
    let Work { inputs, directory, mut told, .. } = work;
    let mut files = BTreeMap::new();
    let mut splits = Vec::new();
    for input in &inputs {
        let bytes = input.read()?;
        splits.extend(input.splits(&bytes));
        files.insert(input.name.clone(), bytes);
    }
    let job = job(splits);
    let mut last = Instant::now();
    let beat = |[maps, reduces]: [u32; 2]| {
        if last.elapsed() > BEAT {
            last = Instant::now();
            let progress = JobProgress { maps: [maps, job.maps()], reduces: [reduces, job.reduces] };
            let _ = send(&mut told, &JobAnswer::Progress(progress)); // who has gone away is told nothing
        }
    };
    let output = sequential::run_and_tell(&job, apps, |name| files.get(name).map(|bytes| &bytes[..]), beat);
    let output = output.map_err(|error| failed(&error))?;
    let mut parts = Parts::new(&directory);
    for (number, bytes) in (0..).zip(&output.parts) {
        let mut part = parts.create(number)?;
        part.add(bytes)?;
        parts.finish(part);
    }
    Ok(JobDone {
        input_bytes: job.splits.iter().map(|split| split.length).sum(),
        maps: job.maps(),
        empty_parts: parts.empty,
        output_bytes: parts.bytes,
        records: output.records,
        pairs: output.pairs,
        skipped: skipped::told(&output.skipped, &inputs, &job.splits, |_| None)?,
        ..JobDone::default()
    })
}

fn failed(error: &Impossible) -> Ended {
    Ended::failed("job-fails", format!("The job cannot be done: {error}."))
}
