//! What is put into the store is what it must be, whoever comes first; all is there when the job is called done, and its report is right.

use crate::contract::{Job, JobId, Report};
use crate::node::digest;
use crate::observation::{Deleted, Stored};
use crate::sequential::{Impossible, Output};
use lab_harness::failed::{Evidence, Failed};
use std::collections::{BTreeMap, BTreeSet};
use windtunnel::NodeId;

const ORACLE: &str = "MapReduce, section 3.3: the output is the one that a sequential run would have produced.";
const WHOLE: &str =
    "MapReduce, section 3.1: after completion, the output is available in as many files as reduce tasks.";
const REPORT: &str = "The contract, Counters and Skipped: of each task the attempt counts whose result does.";

/// The outputs of the job at hand.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    of_jobs: BTreeMap<JobId, Option<Output>>,
    /// What the job at hand must give; nothing if it cannot be done, and has no output.
    expected: Option<Output>,
    stored: BTreeSet<String>,
}

impl Outputs {
    pub fn expect(&mut self, job: JobId, expected: Result<Output, Impossible>) {
        self.of_jobs.insert(job, expected.ok());
    }

    /// Another job begins.
    pub fn begin(&mut self, job: JobId) {
        self.expected = self.of_jobs.remove(&job).unwrap_or_default();
        self.stored.clear();
    }

    pub fn stored(&self) -> usize {
        self.stored.len()
    }

    /// An object has become visible.
    pub fn stored_now(&mut self, job: Option<&Job>, stored: &Stored) -> Result<(), Failed> {
        let Stored { name, by, .. } = stored;
        let Some(expected) = self.expected_of(job, name) else {
            let title = format!("{by} puts {name:?}, which is no output of the job.");
            return Err(Failed::new("foreign-output", title).from_source(WHOLE).on([*by]));
        };
        as_expected(stored, expected)?;
        self.stored.insert(name.clone());
        Ok(())
    }

    /// An object was put again, in vain. Whoever is late with an earlier job is late; but of two attempts at a task both are right.
    pub fn refused(&self, job: Option<&Job>, refused: &Stored) -> Result<(), Failed> {
        self.expected_of(job, &refused.name).map_or(Ok(()), |expected| as_expected(refused, expected))
    }

    fn expected_of(&self, job: Option<&Job>, name: &str) -> Option<&[u8]> {
        let part = job?.part_number(name)?;
        self.expected.as_ref()?.parts.get(part as usize).map(Vec::as_slice)
    }

    /// An object is gone.
    pub fn deleted(&mut self, deleted: &Deleted) -> Result<(), Failed> {
        let Deleted { name, by } = deleted;
        let title = format!("{by} removes {name:?} from the store, which is not its to remove.");
        Err(Failed::new("foreign-output", title).from_source(WHOLE).on([*by]))
    }

    /// The coordinator calls the job done.
    pub fn all_there(&self, node: NodeId, job: &Job) -> Result<(), Failed> {
        let Some(missing) = (0..job.reduces).map(|part| job.part(part)).find(|part| !self.stored.contains(part)) else {
            return Ok(());
        };
        let title = format!("The coordinator calls {} done, and {missing:?} is not in the store.", job.id);
        Err(Failed::new("done-too-early", title).from_source(WHOLE).on([node]))
    }

    /// The coordinator tells of the job, which is done.
    pub fn told(&self, node: NodeId, job: &Job, report: &Report) -> Result<(), Failed> {
        let Some(expected) = &self.expected else { return Ok(()) };
        let counters = report.counters;
        if (&report.skipped, counters.records, counters.pairs) == (&expected.skipped, expected.records, expected.pairs)
        {
            return Ok(());
        }
        let say = |records, pairs, skipped| format!("{records} records and {pairs} pairs, and skipped {skipped:?}");
        let title = format!(
            "{} is reported to have had {}; right would be {}.",
            job.id,
            say(counters.records, counters.pairs, &report.skipped),
            say(expected.records, expected.pairs, &expected.skipped)
        );
        Err(Failed::new("wrong-report", title).from_source(REPORT).on([node]))
    }
}

/// What somebody puts is what a sequential run gives.
fn as_expected(stored: &Stored, expected: &[u8]) -> Result<(), Failed> {
    let Stored { name, by, .. } = stored;
    if stored.length == expected.len() as u64 && stored.digest == digest(expected) {
        return Ok(());
    }
    let title = format!(
        "{by} puts {name:?} of {} bytes, and it is not what a sequential run gives, {} bytes.",
        stored.length,
        expected.len()
    );
    let facts = stored.body.as_ref().map(|body| differences(body, expected)).unwrap_or_default();
    let failed = Failed::new("output-differs", title).from_source(ORACLE).on([*by]);
    Err(failed.with_evidence(Evidence { facts, calls: None }))
}

/// The first line that differs, as it is and as it should be.
pub(super) fn differences(body: &[u8], expected: &[u8]) -> Vec<String> {
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (is, should) = (lines(body), lines(expected));
    let place = is.iter().zip(&should).take_while(|(is, should)| is == should).count();
    let line = |lines: &[Vec<u8>]| match lines.get(place) {
        Some(line) if !line.is_empty() => format!("{:?}", String::from_utf8_lossy(&line[..line.len().min(50)])),
        _ => "nothing".to_owned(),
    };
    vec![format!("line {} is {}", place + 1, line(&is)), format!("and should be {}", line(&should))]
}
