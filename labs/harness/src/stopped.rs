//! Nodes that have ended themselves: who may, and who is still down.
//!
//! A server stops for good when its disk broke a promise, since it cannot keep its own without one. Whatever else
//! comes, a server has to go on: one that stops at every difficulty would break no rule.
//!
//! A failed read, open or write, and a full disk, are told to whoever runs then, and leave no damage: a server that was
//! started since has met none of it, and may not stop for it. A failed fsync and rot do leave damage. What was to be
//! synced may be gone, a bit is another one, and whoever reads the disk after a restart finds it.

use crate::failed::Failed;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::world::{Moment, Stop};

/// The rule that a node breaks which stops without a cause.
const WITHOUT_CAUSE: &str = "stopped-without-cause";

/// Nodes that have ended themselves and were not started since: when and why.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopped(BTreeMap<NodeId, (Moment, String)>);

impl Stopped {
    /// A node ends itself.
    pub fn take(&mut self, moment: Moment, node: NodeId, stop: Stop<'_>) -> Result<(), Failed> {
        self.0.insert(node, (moment, stop.reason.to_owned()));
        if has_a_cause(&stop) {
            return Ok(());
        }
        let title = format!("Node {} stopped for good, and its disk is no cause: {}.", node.0, stop.reason);
        Err(Failed::new(WITHOUT_CAUSE, title).from_source(SOURCE).on([node]))
    }

    /// A node is started again.
    pub fn started(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// Who is down because it has ended itself, in sentences; nothing if the failure is about just that.
    pub fn hint(&self, failed: &Failed) -> Option<String> {
        let told = |node: &NodeId| failed.rule == WITHOUT_CAUSE && failed.nodes.contains(node);
        let down = self.0.iter().filter(|(node, _)| !told(node));
        let sentences: Vec<String> = down
            .map(|(node, (moment, reason))| format!("Node {} stopped at {}: {reason}.", node.0, moment.at))
            .collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

const SOURCE: &str = "A server may stop for good when its disk has failed: by an error (EIO) or by refusing a write (full), \
     since the server started; by a failed fsync or by rot, at any time before. Out of all else it must find its way.";

/// Whether a disk has failed this incarnation of a node, or has been damaged in this run, against its promises. What a
/// power loss takes was never promised.
const fn has_a_cause(stop: &Stop<'_>) -> bool {
    let (now, then) = (stop.disk, stop.disk_at_start);
    let is_told = now.errors_injected > then.errors_injected || now.full > then.full;
    let is_damaged = now.sync_errors_injected > 0 || now.bits_rotted > 0;
    is_told || is_damaged
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::world::disk::DiskStatistics;
    use windtunnel::{EventNumber, Nanos};

    const NODE: NodeId = NodeId(2);

    /// What the disk had done and suffered when the node started, and by now.
    fn stop(stopped: &mut Stopped, disk_at_start: DiskStatistics, disk: DiskStatistics) -> Result<(), Failed> {
        let moment = Moment { at: Nanos::from_millis(1_250), event: EventNumber(9) };
        let reason = "the journal cannot be written";
        stopped.take(moment, NODE, Stop { reason, disk: &disk, disk_at_start: &disk_at_start })
    }

    fn sound() -> DiskStatistics {
        DiskStatistics { power_losses: 3, lost_operations: 9, slow: 2, syncs: 1, ..DiskStatistics::default() }
    }

    /// What is told to whoever runs: a failed write, and a full disk.
    fn told() -> [DiskStatistics; 2] {
        [DiskStatistics { errors_injected: 1, ..sound() }, DiskStatistics { full: 1, ..sound() }]
    }

    /// What is found later too: a failed fsync, and rot.
    fn damaged() -> [DiskStatistics; 2] {
        let failed_fsync = DiskStatistics { errors_injected: 1, sync_errors_injected: 1, ..sound() };
        [failed_fsync, DiskStatistics { bits_rotted: 1, ..sound() }]
    }

    #[test]
    fn a_node_may_stop_when_its_disk_has_failed_it_and_not_for_what_a_sound_disk_does() {
        let failed = stop(&mut Stopped::default(), DiskStatistics::default(), sound()).unwrap_err();
        assert_eq!((failed.rule, &failed.nodes[..]), ("stopped-without-cause", &[NODE][..]));
        let title = "Node 2 stopped for good, and its disk is no cause: the journal cannot be written.";
        assert_eq!(failed.title, title);
        for disk in told().into_iter().chain(damaged()) {
            assert_eq!(stop(&mut Stopped::default(), sound(), disk), Ok(()), "{disk:?}");
        }
    }

    #[test]
    fn what_an_earlier_incarnation_was_told_is_no_cause_and_what_has_damaged_the_disk_is() {
        for disk in told() {
            let failed = stop(&mut Stopped::default(), disk, disk).unwrap_err();
            assert_eq!(failed.rule, "stopped-without-cause", "{disk:?}");
        }
        for disk in damaged() {
            assert_eq!(stop(&mut Stopped::default(), disk, disk), Ok(()), "{disk:?}");
        }
        let [before, _] = told();
        let again = DiskStatistics { errors_injected: 2, ..before };
        assert_eq!(stop(&mut Stopped::default(), before, again), Ok(()), "one more since it started");
    }

    #[test]
    fn who_is_down_by_itself_is_told_until_somebody_starts_it() {
        let mut stopped = Stopped::default();
        let without_cause = stop(&mut stopped, sound(), sound()).unwrap_err();
        let other = Failed::new("no-leader", "Nobody leads.").on([NODE]);
        let hint = "Node 2 stopped at 1.250 s: the journal cannot be written.";
        assert_eq!(stopped.hint(&other).as_deref(), Some(hint));
        assert_eq!(stopped.hint(&without_cause), None, "its title says so");
        stopped.started(NODE);
        assert_eq!(stopped.hint(&other), None);
    }
}
