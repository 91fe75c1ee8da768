//! Servers that crash and come back.

use super::RaftCluster;
use windtunnel::NodeId;

impl RaftCluster {
    /// Crashes servers, each by a kill or by a power loss, as is drawn: what was synced stays in both, what was
    /// not may be gone. (MIT's crash keeps all that was ever handed to the persister.) In flight each is a kill, and
    /// what was written stays, synced or not.
    pub fn crash(&self, nodes: &[NodeId]) {
        for node in nodes {
            self.connected.borrow_mut().remove(node);
            self.cluster.crash(*node);
        }
    }

    /// Starts crashed servers, and connects them with all others that are connected.
    pub fn restart(&self, nodes: &[NodeId]) {
        for node in nodes {
            self.cluster.start(*node);
            self.reconnect(&[*node]);
        }
    }

    /// Crashes servers and starts them again at once.
    pub fn crash_and_restart(&self, nodes: &[NodeId]) {
        self.crash(nodes);
        self.restart(nodes);
    }

    /// Takes the power from hosts, and gives it back at once; who hears whom stays as it is.
    pub fn lose_power_for_a_moment(&self, nodes: &[NodeId]) {
        nodes.iter().for_each(|node| self.cluster.power_loss(*node));
        nodes.iter().for_each(|node| self.cluster.start(*node));
    }

    /// Whether a server runs, as far as was seen.
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.cluster.judge().known().server(node).running
    }
}
