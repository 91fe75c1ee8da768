//! Data directories and ports that are not free, or open to more than they may be.

use crate::fleet::{CLUSTER, Fleet, TOKEN};
use crate::{A, B, program};
use std::net::{SocketAddr, TcpListener};
use windtunnel::real::{ConfigFault, ControlConfig, NodeConfig, NodeError, Ports, Switch, run_node_on};

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

/// What the reader of a file refuses is refused of a configuration that was made by hand too.
#[test]
fn no_port_is_open_to_other_machines_unless_it_is_said_and_the_control_port_never_is() {
    let fleet = Fleet::new(2, program());
    let remote = SocketAddr::from(([0, 0, 0, 0], 0));
    let control = ControlConfig { listen: fleet.addresses(A).control, token: TOKEN.into(), wait: true };
    let config = |control| NodeConfig { control: Some(control), ..fleet.config(A) };
    let fault = |config| match Ports::open(&config) {
        Err(NodeError::Reach(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let listens = NodeConfig { listen: remote, ..fleet.config(A) };
    assert!(matches!(fault(listens.clone()), ConfigFault::Remote(address) if address == remote));
    let calls = NodeConfig { peers: [(B, remote)].into(), ..fleet.config(A) };
    assert!(matches!(fault(calls), ConfigFault::Remote(address) if address == remote));
    Ports::open(&NodeConfig { allow_remote: true, ..listens }).expect("it is said");
    let listens = config(ControlConfig { listen: remote, ..control.clone() });
    let allowed = NodeConfig { allow_remote: true, ..listens };
    assert!(matches!(fault(allowed), ConfigFault::RemoteControl(address) if address == remote));
    let short = config(ControlConfig { token: "short".into(), ..control });
    assert!(matches!(fault(short), ConfigFault::ShortToken));
}
