//! Records that the application dies of are skipped when it has died of them a few times, and no others are.

use crate::contract::{DEATHS, JobId, Task};
use crate::observation::Begun;
use lab_harness::failed::Failed;
use std::collections::BTreeMap;
use windtunnel::NodeId;

const SKIP: &str = "MapReduce, section 4.6: when the master has seen more than one failure on a particular record, it \
     indicates that the record should be skipped.";

/// So many attempts at once may die of a record before the coordinator hears of the first: as many as backup tasks are.
const AT_ONCE: u32 = 2;

/// The deaths of the job at hand.
#[derive(Debug, Default)]
pub(super) struct Records {
    job: JobId,
    deaths: BTreeMap<(Task, u64), u32>,
}

impl Records {
    /// Another job is submitted.
    pub fn begin(&mut self, job: JobId) {
        *self = Records { job, deaths: BTreeMap::new() };
    }

    /// An application has died of a record.
    pub fn died(&mut self, job: JobId, task: Task, record: u64) {
        if job == self.job {
            *self.deaths.entry((task, record)).or_default() += 1;
        }
    }

    pub fn begun(&self, node: NodeId, begun: &Begun) -> Result<(), Failed> {
        if begun.job != self.job {
            return Ok(());
        }
        let deaths = |record: u64| self.deaths.get(&(begun.task, record)).copied().unwrap_or_default();
        if let Some(record) = begun.skip.iter().find(|record| deaths(**record) < DEATHS) {
            let times = deaths(*record);
            let title = format!(
                "{node} is to skip record {record} of {}, of which the application has died {times} times.",
                begun.task
            );
            return Err(Failed::new("skipped-without-need", title).from_source(SKIP).on([node]));
        }
        let deadly = self.deaths.iter().filter(|((task, _), times)| *task == begun.task && **times >= DEATHS + AT_ONCE);
        for ((task, record), times) in deadly {
            if !begun.skip.contains(record) {
                let title = format!(
                    "The application has died {times} times of record {record} of {task}, and {node} tries it."
                );
                return Err(Failed::new("died-record-not-skipped", title).from_source(SKIP).on([node]));
            }
        }
        Ok(())
    }
}
