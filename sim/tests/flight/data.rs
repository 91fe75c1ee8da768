//! Data directories and ports that are not free.

use crate::fleet::{CLUSTER, Fleet};
use crate::{A, B, program};
use std::net::TcpListener;
use windtunnel::real::{NodeConfig, NodeError, Ports, Switch, run_node_on};

/// Why a node does not run.
fn refusal(config: NodeConfig) -> String {
    let ran = Ports::open(&config).and_then(|ports| run_node_on(&program(), config, ports, &Switch::default()));
    ran.expect_err("it must not run").to_string()
}

#[test]
fn a_directory_that_another_node_runs_on_is_refused() {
    let mut fleet = Fleet::new(2, program());
    fleet.start(A);
    let config = NodeConfig { data: fleet.data(A), ..fleet.config(B) };
    assert!(refusal(config).contains("is locked: another node runs on it"));
    fleet.kill(A);
    let config = NodeConfig { data: fleet.data(A), ..fleet.config(B) };
    assert!(refusal(config).contains("holds data of node 1, and this is node 2"));
    let config = NodeConfig { cluster: "other".into(), ..fleet.config(A) };
    assert!(refusal(config).contains(&format!("holds data of cluster `{CLUSTER}`, and this node is of `other`")));
    fleet.start(A);
}

#[test]
fn a_port_that_is_taken_is_named_by_its_key() {
    let fleet = Fleet::new(1, program());
    for (key, address) in [("listen", fleet.addresses(A).listen), ("control.listen", fleet.addresses(A).control)] {
        let _taken = TcpListener::bind(address).expect("it is free");
        let error = Ports::open(&fleet.config(A)).expect_err("it is taken");
        assert!(matches!(error, NodeError::Listen { .. }));
        assert!(error.to_string().starts_with(&format!("{key} = {address}: ")), "{error}");
    }
}
