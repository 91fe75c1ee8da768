//! Nodes that have ended themselves: who may, and who is still down.
//!
//! A server stops for good when its disk broke a promise, since it cannot keep its own without one. Whatever else
//! comes, a server has to go on: one that stops at every difficulty would break no rule.

use crate::failed::Failed;
use std::collections::BTreeMap;
use windtunnel::NodeId;
use windtunnel::world::disk::DiskStatistics;
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
        if has_failed(stop.disk) {
            return Ok(());
        }
        let title = format!("Node {} stopped for good though its disk has never failed it: {}.", node.0, stop.reason);
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

const SOURCE: &str = "A server may stop for good when its disk has failed: by an error (EIO), by refusing a write (full), \
     or by rot. Out of all else it must find its way.";

/// Whether a disk has broken a promise in this run. What a power loss takes was never promised.
const fn has_failed(disk: &DiskStatistics) -> bool {
    disk.errors_injected > 0 || disk.full > 0 || disk.bits_rotted > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::{EventNumber, Nanos};

    const NODE: NodeId = NodeId(2);

    fn stop(stopped: &mut Stopped, disk: DiskStatistics) -> Result<(), Failed> {
        let moment = Moment { at: Nanos::from_millis(1_250), event: EventNumber(9) };
        stopped.take(moment, NODE, Stop { reason: "the journal cannot be written", disk: &disk })
    }

    #[test]
    fn a_node_may_stop_when_its_disk_has_failed_it_and_not_for_what_a_sound_disk_does() {
        let sound =
            DiskStatistics { power_losses: 3, lost_operations: 9, slow: 2, syncs: 1, ..DiskStatistics::default() };
        let failed = stop(&mut Stopped::default(), sound).unwrap_err();
        assert_eq!((failed.rule, &failed.nodes[..]), ("stopped-without-cause", &[NODE][..]));
        let title = "Node 2 stopped for good though its disk has never failed it: the journal cannot be written.";
        assert_eq!(failed.title, title);
        let causes = [
            DiskStatistics { errors_injected: 1, ..sound },
            DiskStatistics { full: 1, ..sound },
            DiskStatistics { bits_rotted: 1, ..sound },
        ];
        for disk in causes {
            assert_eq!(stop(&mut Stopped::default(), disk), Ok(()), "{disk:?}");
        }
    }

    #[test]
    fn who_is_down_by_itself_is_told_until_somebody_starts_it() {
        let mut stopped = Stopped::default();
        let without_cause = stop(&mut stopped, DiskStatistics::default()).unwrap_err();
        let other = Failed::new("no-leader", "Nobody leads.").on([NODE]);
        let hint = "Node 2 stopped at 1.250 s: the journal cannot be written.";
        assert_eq!(stopped.hint(&other).as_deref(), Some(hint));
        assert_eq!(stopped.hint(&without_cause), None, "its title says so");
        stopped.started(NODE);
        assert_eq!(stopped.hint(&other), None);
    }
}
