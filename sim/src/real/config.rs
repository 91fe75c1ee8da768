//! What a node is told before it starts: `node.toml`.

use crate::line::LogLevel;
use crate::units::{NodeId, Seed};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The configuration of one node.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// The name of the cluster: nodes of another one are not talked to, and their data is not touched.
    pub cluster: String,
    /// This node's id, from 1.
    pub node: NodeId,
    /// Where it listens to its peers.
    pub listen: SocketAddr,
    /// Its directory: the lock, who it is, and below `files` what lab code writes.
    pub data: PathBuf,
    /// Where this node finds each member, itself included.
    pub peers: BTreeMap<NodeId, SocketAddr>,
    /// The members, group by group.
    pub groups: Vec<Vec<NodeId>>,
    /// Numbers that lab code is told by name.
    pub settings: BTreeMap<String, u64>,
    /// The port for a tester; without it there is none, and what the node shows is seen by nobody.
    pub control: Option<ControlConfig>,
    /// What the streams of this node are drawn from.
    pub seed: Seed,
    /// Log lines below this are not made.
    pub log_level: LogLevel,
    /// Whether addresses may be other than loopback.
    pub allow_remote: bool,
}

/// The port for a tester.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlConfig {
    /// Where: loopback, always.
    pub listen: SocketAddr,
    /// What a tester must know.
    pub token: String,
    /// Whether the program is started only when a tester has come.
    pub wait: bool,
}

impl ControlConfig {
    fn check_reach(&self) -> Result<(), ConfigFault> {
        check_control_address(self.listen)?;
        check_token(&self.token)
    }
}

fn check_address(address: SocketAddr, allow_remote: bool) -> Result<(), ConfigFault> {
    if allow_remote || address.ip().is_loopback() { Ok(()) } else { Err(ConfigFault::Remote(address)) }
}

fn check_control_address(address: SocketAddr) -> Result<(), ConfigFault> {
    if address.ip().is_loopback() { Ok(()) } else { Err(ConfigFault::RemoteControl(address)) }
}

const fn check_token(token: &str) -> Result<(), ConfigFault> {
    if token.len() >= SHORTEST_TOKEN { Ok(()) } else { Err(ConfigFault::ShortToken) }
}

/// Keeps the token out of logs.
impl fmt::Debug for ControlConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlConfig").field("listen", &self.listen).field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NodeConfig { cluster, node, listen, data, peers, control, .. } = self;
        let mut shown = f.debug_struct("NodeConfig");
        shown.field("cluster", cluster).field("node", node).field("listen", listen).field("data", data);
        shown.field("peers", peers).field("control", control).finish_non_exhaustive()
    }
}

/// What is wrong with a configuration: the file, the line if it has one, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {fault}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub fault: ConfigFault,
}

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFault {
    /// The file cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is not TOML, or has an unknown or missing key, or a value of another type.
    #[error("{0}")]
    Toml(String),
    /// A node without a number.
    #[error("node 0 is the tester's id: nodes count from 1")]
    NodeZero,
    /// Two peers of one id.
    #[error("node {0} is in `peers` twice: give each node one address")]
    DuplicateNode(u32),
    /// The node is not among its peers.
    #[error("`node` is {0}, which is not in `peers`: list every member there, this node included")]
    NotAMember(u32),
    /// An address that does not parse.
    #[error("`{0}` is no address: write an IP address and a port, as in 127.0.0.1:7001")]
    BadAddress(String),
    /// An address beyond this machine.
    #[error(
        "{0} is reachable from other machines, and nothing is encrypted: use 127.0.0.1, or set `allow_remote = true`"
    )]
    Remote(SocketAddr),
    /// A control port beyond this machine.
    #[error("the control port listens on this machine only: use 127.0.0.1 instead of {0}")]
    RemoteControl(SocketAddr),
    /// A token that anybody guesses.
    #[error("`token` needs at least 16 characters, drawn at random for each flight")]
    ShortToken,
    /// No cluster, or a name too long for a hello.
    #[error("`cluster` needs a name of 1 to 200 bytes")]
    ClusterName,
}

const SHORTEST_TOKEN: usize = 16;
const LONGEST_CLUSTER_NAME: usize = 200;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    cluster: Spanned<String>,
    node: Spanned<u32>,
    listen: Spanned<String>,
    data: PathBuf,
    peers: Vec<WrittenPeer>,
    #[serde(default)]
    settings: BTreeMap<String, u64>,
    control: Option<WrittenControl>,
    #[serde(default)]
    seed: u64,
    #[serde(default = "info")]
    log_level: LogLevel,
    #[serde(default)]
    allow_remote: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPeer {
    node: Spanned<u32>,
    address: Spanned<String>,
    /// Members of one number are a group.
    #[serde(default)]
    group: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenControl {
    listen: Spanned<String>,
    token: Spanned<String>,
    #[serde(default)]
    wait: bool,
}

const fn info() -> LogLevel {
    LogLevel::Info
}

impl NodeConfig {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// With the first thing that is wrong, and where.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            path: path.to_owned(),
            line: None,
            fault: ConfigFault::Unreadable(error),
        })?;
        NodeConfig::parse(&text, path)
    }

    /// Looks whether nobody can come in who must not, however the configuration was made.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn check_reach(&self) -> Result<(), ConfigFault> {
        for address in self.peers.values().chain([&self.listen]) {
            check_address(*address, self.allow_remote)?;
        }
        self.control.as_ref().map_or(Ok(()), ControlConfig::check_reach)
    }

    /// Checks a text; `path` is what errors name.
    ///
    /// # Errors
    /// With the first thing that is wrong, and where.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let reader = Reader { text, path };
        let written: Written = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(usize::MAX, |span| span.start);
            reader.fault(place, ConfigFault::Toml(error.message().to_owned()))
        })?;
        reader.check(written)
    }
}

/// Turns places of the text into lines of errors.
struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Reader<'_> {
    fn fault(&self, place: usize, fault: ConfigFault) -> ConfigError {
        let line = self.text.get(..place).map(|before| before.matches('\n').count() + 1);
        ConfigError { path: self.path.to_owned(), line, fault }
    }

    fn at<T>(&self, value: &Spanned<T>, fault: ConfigFault) -> ConfigError {
        self.fault(value.span().start, fault)
    }

    fn check(&self, written: Written) -> Result<NodeConfig, ConfigError> {
        let Written { cluster, node, listen, data, peers: members, settings, control, seed, log_level, allow_remote } =
            written;
        if !(1..=LONGEST_CLUSTER_NAME).contains(&cluster.get_ref().len()) {
            return Err(self.at(&cluster, ConfigFault::ClusterName));
        }
        let own = self.node_id(&node)?;
        let (mut peers, mut groups) = (BTreeMap::new(), BTreeMap::<u32, BTreeSet<NodeId>>::new());
        for WrittenPeer { node, address, group } in &members {
            if peers.insert(self.node_id(node)?, self.address(address, allow_remote)?).is_some() {
                return Err(self.at(node, ConfigFault::DuplicateNode(*node.get_ref())));
            }
            groups.entry(*group).or_default().insert(self.node_id(node)?);
        }
        if !peers.contains_key(&own) {
            return Err(self.at(&node, ConfigFault::NotAMember(own.0)));
        }
        Ok(NodeConfig {
            cluster: cluster.into_inner(),
            node: own,
            listen: self.address(&listen, allow_remote)?,
            data,
            peers,
            groups: groups.into_values().map(|group| group.into_iter().collect()).collect(),
            settings,
            control: control.map(|control| self.control(control)).transpose()?,
            seed: Seed(seed),
            log_level,
            allow_remote,
        })
    }

    fn node_id(&self, node: &Spanned<u32>) -> Result<NodeId, ConfigError> {
        match *node.get_ref() {
            0 => Err(self.at(node, ConfigFault::NodeZero)),
            id => Ok(NodeId(id)),
        }
    }

    fn address(&self, written: &Spanned<String>, allow_remote: bool) -> Result<SocketAddr, ConfigError> {
        let address: SocketAddr = written
            .get_ref()
            .parse()
            .map_err(|_| self.at(written, ConfigFault::BadAddress(written.get_ref().clone())))?;
        check_address(address, allow_remote).map_err(|fault| self.at(written, fault))?;
        Ok(address)
    }

    fn control(&self, control: WrittenControl) -> Result<ControlConfig, ConfigError> {
        let listen = self.address(&control.listen, true)?;
        check_control_address(listen).map_err(|fault| self.at(&control.listen, fault))?;
        check_token(control.token.get_ref()).map_err(|fault| self.at(&control.token, fault))?;
        Ok(ControlConfig { listen, token: control.token.into_inner(), wait: control.wait })
    }
}

#[cfg(test)]
mod tests;
