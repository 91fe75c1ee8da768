//! Nodes without a tester and without clients, and what they cost.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Processes that end when this is dropped.
pub struct Cluster(Vec<Child>);

impl Cluster {
    /// Starts so many nodes with data below a directory.
    pub fn start(node: &Path, nodes: usize, directory: &Path) -> Self {
        // All at once, so that they differ.
        let held: Vec<TcpListener> = (0..nodes).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<_> = held.iter().map(|listener| listener.local_addr().unwrap()).collect();
        drop(held);
        let peers: Vec<String> = (1..)
            .zip(&addresses)
            .map(|(peer, address)| format!("{{ node = {peer}, address = \"{address}\" }}"))
            .collect();
        let start = |(number, listen)| {
            let own = directory.join(format!("node-{number}"));
            std::fs::create_dir_all(&own).unwrap();
            let config = own.join("node.toml");
            let (data, peers) = (own.join("data"), peers.join(", "));
            let text = format!(
                "log_level = \"error\"\ncluster = \"idle\"\nnode = {number}\nlisten = \"{listen}\"\n\
                 data = \"{}\"\npeers = [{peers}]\n",
                data.display()
            );
            std::fs::write(&config, text).unwrap();
            let mut command = Command::new(node);
            command.args(["node", "--until-stdin-closes", "--config"]).arg(config);
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        Cluster((1..).zip(&addresses).map(start).collect())
    }

    /// How often each has woken: the voluntary switches of all its threads, after each of which it slept.
    pub fn wakes(&self) -> Vec<u64> {
        let of = |child: &Child| {
            let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).expect("it runs").flatten();
            threads.map(|thread| field(&thread.path().join("status"), "voluntary_ctxt_switches:")).sum()
        };
        self.0.iter().map(of).collect()
    }

    pub fn resident_kilobytes(&self) -> Vec<u64> {
        let of = |child: &Child| field(Path::new(&format!("/proc/{}/status", child.id())), "VmRSS:");
        self.0.iter().map(of).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn field(status: &Path, name: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap();
    let words = text.lines().find_map(|line| line.strip_prefix(name)).expect("a process that lives has it");
    words.split_whitespace().next().unwrap().parse().unwrap()
}
