//! Who takes part in a run: the nodes that a test is about, and those of its clients.

use std::collections::BTreeMap;

/// The nodes of a run, and what they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineup {
    /// The nodes that the test is about: servers, mostly. They come first, and faults strike them unless they say otherwise.
    pub nodes: u32,
    /// Nodes that come after these, a group of their own: their clients.
    pub client_nodes: u32,
    /// Numbers that all nodes are told, by name.
    pub settings: BTreeMap<String, u64>,
}

impl Lineup {
    /// So many nodes, all alike.
    #[must_use]
    pub fn of(nodes: u32) -> Self {
        Lineup { nodes, ..Lineup::default() }
    }

    /// How many processes that is.
    #[must_use]
    pub const fn all(&self) -> u32 {
        self.nodes + self.client_nodes
    }

    /// The sizes of groups, as worlds take them.
    #[must_use]
    pub fn groups(&self) -> Vec<u32> {
        vec![self.nodes]
    }
}
