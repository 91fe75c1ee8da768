//! How many files a flight has open at once, and whether this process may.

use super::TakeOffError;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For history, epoll, terminals and whatever else a process has open.
const OTHERS: u64 = 64;
/// Of an ordered pair of nodes: the port that is held, who listens there, and both ends of a connection.
const OF_A_PAIR: u64 = 4;
/// Of a node: its two ports, its control port's connection, its standard input.
const OF_A_NODE: u64 = 4;

/// What the tester of so many nodes may have open.
const fn needed(nodes: u64) -> u64 {
    OF_A_PAIR * nodes * nodes.saturating_sub(1) + OF_A_NODE * nodes + OTHERS
}

/// Sees to it that the tester of so many nodes may open its sockets: without that it would wait for ports that never open.
///
/// # Errors
/// When the machine allows too few.
pub(super) fn provide(nodes: u32) -> Result<(), TakeOffError> {
    let needed = needed(nodes.into());
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let is_raised = maximum.is_none_or(|maximum| maximum >= needed)
        && setrlimit(Resource::Nofile, Rlimit { current: maximum.or(Some(needed)), maximum }).is_ok();
    let allowed = maximum.or(current).unwrap_or_default();
    if is_raised { Ok(()) } else { Err(TakeOffError::Descriptors { nodes, needed, allowed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_nodes_fit_every_machine_and_thirty_need_more_than_a_thousand() {
        assert_eq!(needed(3), 24 + 12 + 64);
        assert!(needed(30) > 3_000 && needed(99) < 40_000);
        assert_eq!(needed(0), OTHERS);
    }
}
