//! Nodes in flight for tests: each on a thread of its own, on a loopback address that no other test has.
#![allow(dead_code, missing_debug_implementations, clippy::disallowed_methods)] // threads and real time, which is what flight is about

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use windtunnel::NodeId;
use windtunnel::executor::{Program, install_panic_hook};
use windtunnel::line::{ControlFailure, ControlId};
use windtunnel::real::control_protocol::{CONTROL_PROTOCOL, FromNode, ToNode, read_frame, write_frame};
use windtunnel::real::{Ended, NodeConfig, NodeError, Ports, Switch, run_node_on};

pub const TOKEN: &str = "0123456789abcdef";
pub const CLUSTER: &str = "test";
/// Past that a test hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Nodes, their addresses and their data.
pub struct Fleet {
    pub directory: PathBuf,
    program: Program,
    addresses: BTreeMap<NodeId, Addresses>,
    running: BTreeMap<NodeId, Running>,
}

#[derive(Clone, Copy)]
pub struct Addresses {
    pub listen: SocketAddr,
    pub control: SocketAddr,
}

struct Running {
    switch: Switch,
    thread: Thread,
    tester: Option<TcpStream>,
    asked: u64,
}

type Thread = JoinHandle<Result<Ended, NodeError>>;

impl Running {
    fn tester(&mut self) -> &mut TcpStream {
        self.tester.as_mut().expect("a tester is there")
    }
}

/// What a node tells its tester.
#[derive(Debug)]
pub enum Told {
    Observed { kind: String, body: Vec<u8> },
    Ended(Ended),
}

impl Fleet {
    /// Nodes that do not run yet.
    pub fn new(nodes: u32, program: Program) -> Self {
        install_panic_hook();
        let (process, number) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
        // An address of its own: no other test and no client on this machine takes a port of it.
        let [low, high, ..] = process.to_le_bytes();
        let ip = IpAddr::V4(Ipv4Addr::new(127, 64 + high % 128, low, 1 + (number % 250) as u8));
        let free = || {
            let listener = TcpListener::bind((ip, 0)).expect("a free port");
            (listener.local_addr().expect("it has an address"), listener)
        };
        // All at once, so that they differ.
        let held: Vec<_> = (0..nodes).map(|_| (free(), free())).collect();
        let addresses = (1..)
            .map(NodeId)
            .zip(held.iter().map(|((listen, _), (control, _))| Addresses { listen: *listen, control: *control }));
        let directory = std::env::temp_dir().join(format!("windtunnel-fleet-{process}-{number}"));
        std::fs::create_dir_all(&directory).expect("a directory for the test");
        Fleet { directory, program, addresses: addresses.collect(), running: BTreeMap::new() }
    }

    pub fn addresses(&self, node: NodeId) -> Addresses {
        self.addresses[&node]
    }

    /// Where another node is said to be: a test stands in its place.
    pub fn pretend(&mut self, node: NodeId, listen: SocketAddr) {
        self.addresses.get_mut(&node).expect("a node of this fleet").listen = listen;
    }

    pub fn config_text(&self, node: NodeId) -> String {
        let Addresses { listen, control } = self.addresses[&node];
        let peers: Vec<String> = self
            .addresses
            .iter()
            .map(|(node, addresses)| format!("{{ node = {}, address = \"{}\" }}", node.0, addresses.listen))
            .collect();
        format!(
            "log_level = \"error\"\ncluster = \"{CLUSTER}\"\nnode = {}\nlisten = \"{listen}\"\ndata = \"{}\"\npeers = [{}]\n\
             [control]\nlisten = \"{control}\"\ntoken = \"{TOKEN}\"\nwait = true\n",
            node.0,
            self.data(node).display(),
            peers.join(", ")
        )
    }

    pub fn config(&self, node: NodeId) -> NodeConfig {
        NodeConfig::parse(&self.config_text(node), Path::new("test")).expect("a good configuration")
    }

    pub fn data(&self, node: NodeId) -> PathBuf {
        self.directory.join(node.0.to_string())
    }

    /// Starts a node and waits until it runs its program.
    pub fn start(&mut self, node: NodeId) {
        self.start_as(node, &self.config_text(node));
    }

    /// The same with another configuration.
    pub fn start_as(&mut self, node: NodeId, config: &str) {
        let (switch, thread) = self.spawn(config);
        let mut tester = greet(self.addresses[&node].control, TOKEN);
        assert!(matches!(read(&mut tester), FromNode::Hello { node: greeted, .. } if greeted == node));
        assert_eq!(read(&mut tester), FromNode::Ready);
        self.running.insert(node, Running { switch, thread, tester: Some(tester), asked: 0 });
    }

    /// Starts a node without a tester.
    pub fn run_as(&mut self, node: NodeId, config: &str) {
        let (switch, thread) = self.spawn(config);
        self.running.insert(node, Running { switch, thread, tester: None, asked: 0 });
    }

    fn spawn(&self, config: &str) -> (Switch, Thread) {
        let config = NodeConfig::parse(config, Path::new("test")).expect("a good configuration");
        let ports = Ports::open(&config).expect("the ports are free");
        let (program, switch) = (self.program.clone(), Switch::default());
        let own_switch = switch.clone();
        (switch, std::thread::spawn(move || run_node_on(&program, config, ports, &own_switch)))
    }

    /// Ends a node in the middle of things.
    pub fn kill(&mut self, node: NodeId) {
        if let Some(Running { switch, thread, .. }) = self.running.remove(&node) {
            switch.kill();
            thread.join().expect("the runtime does not panic").expect("the node ran");
        }
    }

    /// Waits for the end of a node.
    pub fn join(&mut self, node: NodeId) -> Ended {
        let Running { thread, tester, .. } = self.running.remove(&node).expect("it was started");
        let how = thread.join().expect("the runtime does not panic").expect("the node ran");
        drop(tester);
        how
    }

    /// The tester goes; the node runs on.
    pub fn leave(&mut self, node: NodeId) {
        self.running.get_mut(&node).expect("it was started").tester = None;
    }

    /// Asks a node to end, and waits until it has.
    pub fn terminate(&mut self, node: NodeId) -> Ended {
        self.running[&node].switch.terminate();
        self.join(node)
    }

    /// What a node shows next, or how it ended.
    pub fn told(&mut self, node: NodeId) -> Told {
        let running = self.running.get_mut(&node).expect("it was started");
        loop {
            match read(running.tester()) {
                FromNode::Observed { kind, body, .. } => return Told::Observed { kind, body },
                FromNode::Ended { how } => return Told::Ended(how),
                _ => {}
            }
        }
    }

    /// Waits until a node shows something of that kind.
    pub fn wait_for(&mut self, node: NodeId, wanted: &str) -> Vec<u8> {
        loop {
            match self.told(node) {
                Told::Observed { kind, body } if kind == wanted => return body,
                Told::Observed { .. } => {}
                Told::Ended(how) => panic!("{node} {how}"),
            }
        }
    }

    /// Asks a node's control handler, without waiting for the answer.
    pub fn control(&mut self, node: NodeId, body: Vec<u8>) {
        let running = self.running.get_mut(&node).expect("it was started");
        running.asked += 1;
        let request = ToNode::Control { id: ControlId(running.asked), body };
        write_frame(running.tester(), &request).expect("the node listens");
    }

    /// Says something over the control port.
    pub fn say(&mut self, node: NodeId, frame: &ToNode) {
        let running = self.running.get_mut(&node).expect("it was started");
        write_frame(running.tester(), frame).expect("the node listens");
    }

    /// Waits until so many bytes of what a node says are there, and reads none.
    pub fn wait_for_bytes(&mut self, node: NodeId, count: usize) {
        let begin = std::time::Instant::now();
        let tester = self.running.get_mut(&node).expect("it was started").tester();
        let mut room = vec![0; count];
        while tester.peek(&mut room).expect("the node says something") < count {
            assert!(begin.elapsed() < PATIENCE, "it says less");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// All that a node still says.
    pub fn rest(&mut self, node: NodeId) -> Vec<FromNode> {
        let running = self.running.get_mut(&node).expect("it was started");
        std::iter::from_fn(|| read_frame(running.tester()).ok()).collect()
    }

    /// Asks a node's control handler; what else comes meanwhile is dropped.
    pub fn ask(&mut self, node: NodeId, body: Vec<u8>) -> Result<Vec<u8>, ControlFailure> {
        self.control(node, body);
        let running = self.running.get_mut(&node).expect("it was started");
        loop {
            if let FromNode::ControlReply { id: ControlId(id), result } = read(running.tester())
                && id == running.asked
            {
                return result;
            }
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for (_, Running { switch, thread, .. }) in std::mem::take(&mut self.running) {
            switch.kill();
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Connects to a control port and says hello.
pub fn greet(address: SocketAddr, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the control port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    write_frame(&mut stream, &ToNode::Hello { protocol: CONTROL_PROTOCOL, token: token.into() }).expect("it reads");
    stream
}

/// What the node says next; that a step has ended is no news to a test.
pub fn read(tester: &mut TcpStream) -> FromNode {
    loop {
        match read_frame(tester).expect("the node says something") {
            FromNode::Stepped { .. } => {}
            said => return said,
        }
    }
}
