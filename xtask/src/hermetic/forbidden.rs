//! What lab code must not name, and the facade's way.

/// A path that reaches the real machine past madsim, or whose order nobody seeds.
#[derive(Debug)]
pub struct Forbidden {
    pub path: &'static [&'static str],
    pub instead: &'static str,
}

const DISK: &str = "windtunnel::fs: the node's own disk, which can lose power";
const NETWORK: &str = "windtunnel::net: calls over the simulated network";
const PROCESS: &str = "windtunnel::node::stop to end the node for good: it cannot start or end processes";
const ENVIRONMENT: &str = "constants, or the contract's parameters: the environment differs between machines";
const MACHINE: &str = "the facade of windtunnel: the operating system is not simulated";
const SLEEP: &str = "windtunnel::time::sleep(…).await";
const THREAD: &str = "windtunnel::spawn(async { … }): a node is single-threaded";
const TASK: &str = "windtunnel::spawn and windtunnel::task: tokio's tasks do not run in a node";
const TIME: &str = "windtunnel::time: sleep, timeout, interval, Instant";
const SELECT: &str = "windtunnel::select!: tokio's draws its order from a counter of the process";

/// No path begins another.
pub const FORBIDDEN: [Forbidden; 21] = [
    Forbidden { path: &["std", "fs"], instead: DISK },
    Forbidden { path: &["std", "net"], instead: NETWORK },
    Forbidden { path: &["std", "process"], instead: PROCESS },
    Forbidden { path: &["std", "env"], instead: ENVIRONMENT },
    Forbidden { path: &["std", "os"], instead: MACHINE },
    Forbidden { path: &["std", "thread", "sleep"], instead: SLEEP },
    Forbidden { path: &["std", "thread", "sleep_ms"], instead: SLEEP },
    Forbidden { path: &["std", "thread", "sleep_until"], instead: SLEEP },
    Forbidden { path: &["std", "thread", "park_timeout"], instead: SLEEP },
    Forbidden { path: &["std", "thread", "spawn"], instead: THREAD },
    Forbidden { path: &["std", "thread", "scope"], instead: THREAD },
    Forbidden { path: &["std", "thread", "Builder"], instead: THREAD },
    Forbidden { path: &["tokio", "fs"], instead: DISK },
    Forbidden { path: &["tokio", "net"], instead: NETWORK },
    Forbidden { path: &["tokio", "process"], instead: PROCESS },
    Forbidden { path: &["tokio", "signal"], instead: PROCESS },
    Forbidden { path: &["tokio", "spawn"], instead: TASK },
    Forbidden { path: &["tokio", "task"], instead: TASK },
    Forbidden { path: &["tokio", "runtime"], instead: TASK },
    Forbidden { path: &["tokio", "time"], instead: TIME },
    Forbidden { path: &["tokio", "select"], instead: SELECT },
];

/// What a `main` returns reaches nothing.
const HARMLESS: [&[&str]; 2] = [&["std", "process", "ExitCode"], &["std", "process", "Termination"]];

/// The rule that a whole path breaks.
pub fn rule(path: &[&str]) -> Option<&'static Forbidden> {
    if HARMLESS.iter().any(|harmless| path.starts_with(harmless)) {
        return None;
    }
    FORBIDDEN.iter().find(|forbidden| path.starts_with(forbidden.path))
}

impl Forbidden {
    /// Whether it is a macro: the name alone does nothing.
    pub fn is_macro(&self) -> bool {
        self.path == ["tokio", "select"]
    }

    /// What messages call it; `std` goes without saying for threads, as people write it.
    pub fn name(&self) -> String {
        match self.path {
            [_, "thread", item] => format!("thread::{item}"),
            path => path.join("::"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn each_way_of_std_to_the_real_machine_is_named_in_what_clippy_reads_beside_the_starters() {
        let labs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("labs");
        for lab in ["raft", "kv", "kvraft", "mapreduce"] {
            let file = labs.join(lab).join("starter/clippy.toml");
            let read = std::fs::read_to_string(&file).unwrap();
            for forbidden in FORBIDDEN.iter().filter(|of| of.path[0] == "std") {
                let path = forbidden.path.join("::");
                assert!(read.contains(&format!("path = \"{path}")), "{}: nothing of {path}", file.display());
            }
        }
    }
}
