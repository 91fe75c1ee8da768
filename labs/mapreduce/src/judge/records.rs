//! Records that the application dies of are skipped when it has died of them a few times, and no others are.

use super::attempts::AttemptSeen;
use super::doubts::{Doubts, Trust};
use crate::contract::{DEATHS, JobId, Task};
use crate::observation::Begun;
use lab_harness::failed::Failed;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const SKIP: &str = "MapReduce, section 4.6: when the master has seen more than one failure on a particular record, it \
     indicates that the record should be skipped.";

/// So many attempts at once may die of a record before the coordinator hears of the first: as many as backup tasks are.
const AT_ONCE: usize = 2;

/// The deaths of the job at hand.
#[derive(Debug, Default)]
pub(super) struct Records {
    job: JobId,
    deaths: Vec<Death>,
}

/// That an application has died of a record.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// On whose machine.
    pub node: NodeId,
    /// When.
    pub at: Nanos,
    of: (Task, u64),
    trust: Trust,
}

impl Records {
    /// Another job is submitted.
    pub fn begin(&mut self, job: JobId) {
        *self = Records { job, deaths: Vec::new() };
    }

    pub fn deaths(&self) -> &[Death] {
        &self.deaths
    }

    /// An application has died of a record.
    pub fn died(&mut self, moment: Moment, seen: &AttemptSeen, record: u64, doubts: &Doubts) {
        let AttemptSeen { node, job, task, .. } = *seen;
        if job == self.job {
            self.deaths.push(Death { node, at: moment.at, of: (task, record), trust: doubts.trust(node) });
        }
    }

    pub fn begun(&self, node: NodeId, begun: &Begun, doubts: &Doubts) -> Result<(), Failed> {
        if begun.job != self.job {
            return Ok(());
        }
        let Begun { task, skip, .. } = begun;
        let of = |record: u64| self.deaths.iter().filter(move |death| death.of == (*task, record));
        if let Some(record) = skip.iter().find(|record| of(**record).count() < DEATHS as usize) {
            let times = of(*record).count();
            let title = format!(
                "{node} is to skip record {record} of {task}, of which the application has died {times} times."
            );
            return Err(Failed::new("skipped-without-need", title).from_source(SKIP).on([node]));
        }
        // Who dies with its application, or is not to be reached, tells nobody of it. Others say it until they are heard.
        let is_told = |death: &&Death| doubts.holds(death.node, death.trust);
        for Death { of: (_, record), .. } in self.deaths.iter().filter(|death| death.of.0 == *task) {
            let times = of(*record).filter(is_told).count();
            if times >= DEATHS as usize + AT_ONCE && !skip.contains(record) {
                let title = format!(
                    "The application has died {times} times of record {record} of {task}, and {node} tries it."
                );
                return Err(Failed::new("died-record-not-skipped", title).from_source(SKIP).on([node]));
            }
        }
        Ok(())
    }
}
