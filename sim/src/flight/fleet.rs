//! The nodes of a flight on the ground: ports, directories and configurations, laid out once for all starts.

use super::latency::Latency;
use super::process::{NodeBinary, NodeProcess};
use super::proxy::{Proxies, hold_port};
use super::{FlightOptions, TakeOffError};
use crate::line::{LogLevel, in_groups};
use crate::units::NodeId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio::net::TcpSocket;

const TOKEN_BYTES: usize = 16;

/// All nodes, running or not.
#[derive(Debug)]
pub(super) struct Fleet {
    binary: NodeBinary,
    berths: BTreeMap<NodeId, Berth>,
    /// What a tester must know.
    pub token: String,
    pub proxies: Proxies,
    /// Whether one of them has said who it is: then the executable is a node.
    pub has_greeted: bool,
}

/// What a node finds at each of its starts.
#[derive(Debug)]
struct Berth {
    directory: PathBuf,
    control: SocketAddr,
    /// Nobody else gets the node's two ports while it is down.
    _held: [TcpSocket; 2],
}

/// `node.toml`, as it is written.
#[derive(Serialize)]
struct Config<'a> {
    cluster: &'a str,
    node: NodeId,
    listen: SocketAddr,
    data: &'a Path,
    seed: u64,
    log_level: LogLevel,
    peers: Vec<Peer>,
    settings: &'a BTreeMap<String, u64>,
    control: Control<'a>,
}

#[derive(Serialize)]
struct Peer {
    node: NodeId,
    address: SocketAddr,
    /// The number of its group, from 1.
    group: usize,
}

#[derive(Serialize)]
struct Control<'a> {
    listen: SocketAddr,
    token: &'a str,
    wait: bool,
}

impl Fleet {
    /// Makes directories and configurations for so many nodes. Data that is there stays there.
    pub fn lay_out(binary: NodeBinary, nodes: u32, options: &FlightOptions) -> Result<Self, TakeOffError> {
        let found = nodes_in(&options.directory);
        if found > 0 && found != nodes {
            return Err(TakeOffError::OtherNodes { directory: options.directory.clone(), found, nodes });
        }
        let mut addresses = BTreeMap::new();
        let mut berths = BTreeMap::new();
        for node in (1..=nodes).map(NodeId) {
            let directory = options.directory.join(format!("node-{}", node.0));
            make_directory(&directory)?;
            let ((peers, listen), (tester, control)) =
                (hold_port().map_err(TakeOffError::Ports)?, hold_port().map_err(TakeOffError::Ports)?);
            addresses.insert(node, listen);
            berths.insert(node, Berth { directory, control, _held: [peers, tester] });
        }
        let latency = options.links.as_ref().map_or(Latency::NONE, Latency::of);
        let proxies = Proxies::between(&addresses, latency, options.seed).map_err(TakeOffError::Ports)?;
        let token = token().map_err(|source| TakeOffError::File { path: "/dev/urandom".into(), source })?;
        let fleet = Fleet { binary, berths, token, proxies, has_greeted: false };
        for (node, listen) in &addresses {
            fleet.configure(*node, *listen, options)?;
        }
        Ok(fleet)
    }

    fn configure(&self, node: NodeId, listen: SocketAddr, options: &FlightOptions) -> Result<(), TakeOffError> {
        let berth = &self.berths[&node];
        let address = |peer| if peer == node { listen } else { self.proxies.address(node, peer) };
        let config = Config {
            cluster: &options.cluster,
            node,
            listen,
            data: &berth.directory.join("data"),
            seed: options.seed.0,
            log_level: options.log_level,
            peers: self.peers(options, address),
            settings: &options.settings,
            control: Control { listen: berth.control, token: &self.token, wait: true },
        };
        let path = berth.config();
        let text = toml::to_string(&config).map_err(io::Error::other);
        // The token is for nobody else.
        let write = |text: String| {
            let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())
        };
        text.and_then(write).map_err(|source| TakeOffError::File { path: path.clone(), source })
    }

    fn peers(&self, options: &FlightOptions, address: impl Fn(NodeId) -> SocketAddr) -> Vec<Peer> {
        let groups = in_groups(self.berths.len() as u32, &options.groups);
        let of_group =
            |(group, nodes): (usize, Vec<NodeId>)| nodes.into_iter().map(move |node| (group, node)).collect::<Vec<_>>();
        let nodes = (1..).zip(groups).flat_map(of_group);
        nodes.map(|(group, node)| Peer { node, address: address(node), group }).collect()
    }

    /// Starts a node with what is in its directory.
    pub fn start(&self, node: NodeId) -> Result<NodeProcess, TakeOffError> {
        let berth = &self.berths[&node];
        NodeProcess::start(&self.binary, &berth.config(), &berth.directory.join("log"))
    }

    /// The trouble that an executable is not of the program that is to fly, if a certain one is.
    pub fn other_program(&self, found: String) -> Option<TakeOffError> {
        let NodeBinary { path, program, .. } = &self.binary;
        program.clone().map(|program| TakeOffError::OtherProgram { path: path.clone(), program, found })
    }

    /// Whether an executable that runs the program of `found` may fly.
    pub fn may_fly(&self, found: &str) -> bool {
        self.binary.program.as_ref().is_none_or(|program| program == found)
    }

    /// Where a node's control port is.
    pub fn control(&self, node: NodeId) -> SocketAddr {
        self.berths[&node].control
    }

    /// Whether lab code finds files of an earlier flight.
    pub fn has_files(&self) -> bool {
        self.berths.keys().any(|node| self.disk_bytes(*node) > 0)
    }

    /// The bytes of all files that lab code keeps on a node.
    pub fn disk_bytes(&self, node: NodeId) -> u64 {
        bytes_below(&self.berths[&node].directory.join("data").join("files"))
    }
}

impl Berth {
    fn config(&self) -> PathBuf {
        self.directory.join("node.toml")
    }
}

pub(super) fn make_directory(path: &Path) -> Result<(), TakeOffError> {
    fs::create_dir_all(path).map_err(|source| TakeOffError::File { path: path.to_owned(), source })
}

/// The highest number of a node that has left something in the directory of a flight; 0 if none has.
fn nodes_in(directory: &Path) -> u32 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_prefix("node-")?.parse().ok();
    entries.filter_map(number).max().unwrap_or_default()
}

/// Keeps other flights away until what this gives is dropped, or this process ends: they would write over
/// configurations, ports and history of this one before any node could say that its data is in use.
pub(super) fn hold_directory(directory: &Path) -> Result<File, TakeOffError> {
    let path = directory.join("lock");
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = opened.map_err(|source| TakeOffError::File { path: path.clone(), source })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(TakeOffError::Locked(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(TakeOffError::File { path, source }),
    }
}

/// What goes away while this looks counts for nothing.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

fn token() -> io::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
