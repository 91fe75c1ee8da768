//! One node in flight, from its ports and its data to its end.

use super::accept::Callers;
use super::clock::RealClock;
use super::config::NodeConfig;
use super::connect::Settings;
use super::control::{self, Control, Identity};
use super::control_protocol::Ended;
use super::disk::Disk;
use super::door;
use super::driver::Driver;
use super::identity::{DataDirectory, IdentityError};
use super::input::{INPUT_QUEUE, Room};
use super::log::Log;
use super::peer::Links;
use super::switch::Switch;
use super::timers::Timers;
use crate::executor::{Executor, Program};
use crate::line::Start;
use crate::logging::Subscriber;
use std::io;
use std::net::{SocketAddr, TcpListener};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// Why a node cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] super::config::ConfigError),
    /// Who could come in, as a configuration says that no file was read for.
    #[error(transparent)]
    Reach(#[from] super::config::ConfigFault),
    /// Its data directory.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its ports.
    #[error("{key} = {address}: {source}; is another node running there? give each node a port of its own")]
    Listen {
        /// Which key of the configuration.
        key: &'static str,
        /// Its value.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The machine has no more threads or descriptors.
    #[error("the machine does not let a node run: {0}")]
    Machine(#[from] io::Error),
}

/// The ports of a node, open.
#[derive(Debug)]
pub struct Ports {
    peers: TcpListener,
    control: Option<TcpListener>,
}

impl Ports {
    /// Opens the ports that a configuration names.
    ///
    /// # Errors
    /// If one is taken, or open to other machines without leave.
    pub fn open(config: &NodeConfig) -> Result<Self, NodeError> {
        config.check_reach()?;
        let control = config.control.as_ref().map(|control| listen("control.listen", control.listen)).transpose()?;
        Ok(Ports { peers: listen("listen", config.listen)?, control })
    }
}

fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, NodeError> {
    TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|source| NodeError::Listen { key, address, source })
}

/// Runs a node on this thread until it ends.
///
/// # Errors
/// If it cannot begin.
pub fn run_node(program: &Program, config: NodeConfig) -> Result<Ended, NodeError> {
    let ports = Ports::open(&config)?;
    run_node_on(program, config, ports, &Switch::default())
}

/// The same with ports that are open already, and a switch to end it with. Signals do not reach it.
///
/// # Errors
/// If it cannot begin.
pub fn run_node_on(program: &Program, config: NodeConfig, ports: Ports, switch: &Switch) -> Result<Ended, NodeError> {
    let data = DataDirectory::open(&config.data, &config.cluster, config.node)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let (program, switch) = (program.clone(), switch.clone());
    // A task among the others: what wakes it is polled in the same turn, without a look at the sockets in between.
    let flight = async { local.spawn_local(fly(program, config, ports, data, switch)).await };
    // Lab code logs on this thread, and only there.
    let ended =
        tracing::subscriber::with_default(Subscriber::for_nodes(), || runtime.block_on(local.run_until(flight)));
    // The task is never aborted; a panic of the runtime itself goes on.
    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

async fn fly(
    program: Program,
    config: NodeConfig,
    ports: Ports,
    data: DataDirectory,
    switch: Switch,
) -> Result<Ended, NodeError> {
    let NodeConfig { cluster, node, peers, groups, settings, control, seed, log_level, .. } = config;
    let incarnation = data.incarnation;
    let log = Log::of(node, log_level);
    let clock = RealClock::start();
    let (sender, mut inputs) = mpsc::channel(INPUT_QUEUE);
    let room = Room::new();
    let start = Start {
        node,
        name: node.to_string(),
        groups,
        settings,
        seed,
        incarnation,
        shuffle_tasks: false,
        other_std_hash_keys: false,
        log_level: Some(log_level),
    };
    let settings = Settings { cluster: cluster.clone(), node, incarnation, seed, peers };
    let listener = tokio::net::TcpListener::from_std(ports.peers)?;
    let mut doors = vec![door::open(listener, settings.clone(), sender.clone(), log)];
    if let (Some(listener), Some(config)) = (ports.control, &control) {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        doors.push(control::open(listener, config, sender.clone(), log));
    }
    let identity = Identity { cluster, node, incarnation, program: program.crate_name() };
    let switch = switch.watch();
    let _wakes = switch.wake(sender.clone());
    let mut driver = Driver {
        executor: Executor::new(&program).in_directory(data.files.clone()),
        clock,
        timers: Timers::default(),
        disk: Disk::start(data.files.clone(), sender.clone(), log)?,
        links: Links::new(settings, sender.clone(), room.clone(), log),
        callers: Callers::new(incarnation, sender.clone(), room, log),
        control: Control::new(control.is_some(), identity, clock, sender, log),
        log,
        doors,
        effects: Vec::new(),
        steps: 0,
        stepped_at: None,
        draining: None,
        end: None,
    };
    let wait = control.is_some_and(|control| control.wait);
    let how = driver.run(start, wait, &mut inputs, switch).await;
    drop(inputs);
    driver.disk.end(!matches!(how, Ended::Terminated | Ended::Stopped { .. }));
    driver.executor.kill();
    // Only now may another process take the directory.
    drop(data);
    Ok(how)
}
