//! A node as a process of its own: how it is started, how it ends, and what it costs when it has nothing to do.
//!
//! A target without libtest, since this executable is also the node.
#![allow(clippy::disallowed_methods)] // real time

#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/own_node.rs"]
mod own_node;

use fleet::{Addresses, Fleet, PATIENCE, TOKEN, greet, read};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use windtunnel::executor::Program;
use windtunnel::line::ControlId;
use windtunnel::net::{self, Request, call};
use windtunnel::real::Ended;
use windtunnel::real::control_protocol::{DiskFaults, FromNode, ToNode, read_frame, write_frame};
use windtunnel::real::main_if_asked;
use windtunnel::{NodeId, node, time};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

const TESTS: &[(&str, fn())] = &[
    ("sigterm_answers_what_was_asked_and_exits_with_0", sigterm_answers_what_was_asked_and_exits_with_0),
    ("a_node_that_waits_for_a_tester_ends_for_a_signal_too", a_node_that_waits_for_a_tester_ends_for_a_signal_too),
    ("a_panic_exits_with_101_and_says_where", a_panic_exits_with_101_and_says_where),
    ("a_stop_exits_with_3_and_says_why", a_stop_exits_with_3_and_says_why),
    ("what_cannot_begin_exits_with_2_and_says_why", what_cannot_begin_exits_with_2_and_says_why),
    ("what_cannot_begin_nor_say_why_exits_with_2_too", what_cannot_begin_nor_say_why_exits_with_2_too),
    ("a_node_ends_when_its_standard_input_closes", a_node_ends_when_its_standard_input_closes),
    (
        "a_node_that_was_started_by_hand_outlives_who_started_it",
        a_node_that_was_started_by_hand_outlives_who_started_it,
    ),
    (
        "nonsense_is_logged_with_its_reason_and_ever_more_rarely",
        nonsense_is_logged_with_its_reason_and_ever_more_rarely,
    ),
    ("an_idle_node_sleeps_and_is_small", an_idle_node_sleeps_and_is_small),
    (
        "strangers_nonsense_and_restarts_of_a_peer_leave_nothing_behind",
        strangers_nonsense_and_restarts_of_a_peer_leave_nothing_behind,
    ),
];

fn main() -> ExitCode {
    if let Some(code) = main_if_asked(&program()) {
        return code;
    }
    own_node::run(TESTS)
}

/// Does what the first byte of a control request says; its lab code prints, which must disturb nothing.
fn program() -> Program {
    Program::new(|| async {
        println!("printed by lab code");
        net::serve(|_, Echo(word)| async move { word });
        node::control(|request| async move {
            node::observe("asked", &());
            match request.first() {
                Some(b'p') => panic!("on purpose"),
                Some(b's') => node::stop("the disk is gone"),
                Some(b'a') => return called(A).await,
                Some(b'b') => return called(B).await,
                _ => time::sleep(Duration::from_millis(300)).await,
            }
            request
        });
    })
}

#[derive(Serialize, Deserialize)]
struct Echo(u64);

impl Request for Echo {
    type Reply = u64;
    const NAME: &'static str = "echo";
}

/// Whether a peer answers.
async fn called(peer: NodeId) -> Vec<u8> {
    if call(peer, Echo(7)).await == Ok(7) { b"heard".into() } else { b"not heard".into() }
}

/// A node process, killed when dropped.
struct Process(Child);

impl Process {
    fn start(config: &PathBuf) -> Self {
        Process::start_with(&["--until-stdin-closes"], config)
    }

    fn start_with(arguments: &[&str], config: &PathBuf) -> Self {
        let command = Command::new(std::env::current_exe().expect("this executable has a path"))
            .arg("node")
            .args(arguments)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Process(command.expect("it starts"))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it runs");
    }

    /// Its exit code, and what it wrote to standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.0.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
        let begin = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it is a child") {
                return (status.code(), said);
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end; it said: {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many descriptors it has, how many threads, and how many kilobytes of memory.
    fn holds(&self) -> [u64; 3] {
        let entries =
            |what| std::fs::read_dir(format!("/proc/{}/{what}", self.0.id())).expect("it runs").count() as u64;
        [entries("fd"), entries("task"), self.resident_kilobytes()]
    }

    fn resident_kilobytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("it runs");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says so");
        resident.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    }

    fn status(&self, key: &str) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).expect("it runs");
        let of_thread = |path: PathBuf| {
            let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0)
        };
        tasks.flatten().map(|thread| of_thread(thread.path())).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn written(fleet: &Fleet, config: &str) -> PathBuf {
    let path = fleet.directory.join("node.toml");
    std::fs::write(&path, config).expect("there is room");
    path
}

/// A node process that runs its program, and its tester.
fn started() -> (Fleet, Process, TcpStream) {
    let fleet = Fleet::new(1, program());
    let (process, tester) = started_in(&fleet, A);
    (fleet, process, tester)
}

fn started_in(fleet: &Fleet, node: NodeId) -> (Process, TcpStream) {
    let process = Process::start(&written(fleet, &fleet.config_text(node)));
    let tester = greeted_by(fleet, node, &process);
    (process, tester)
}

/// The tester of a process that has just been started.
fn greeted_by(fleet: &Fleet, node: NodeId, process: &Process) -> TcpStream {
    let begin = Instant::now();
    let control = fleet.addresses(node).control;
    while TcpStream::connect(control).is_err() {
        assert!(begin.elapsed() < PATIENCE, "its control port never opens");
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut tester = greet(control, TOKEN);
    assert!(matches!(read(&mut tester), FromNode::Hello { pid, .. } if pid == process.0.id()));
    assert_eq!(read(&mut tester), FromNode::Ready);
    tester
}

fn ask(tester: &mut TcpStream, request: &[u8]) {
    write_frame(tester, &ToNode::Control { id: ControlId(7), body: request.to_vec() }).expect("it listens");
    assert!(matches!(read(tester), FromNode::Observed { kind, .. } if kind == "asked"));
}

fn sigterm_answers_what_was_asked_and_exits_with_0() {
    let (_fleet, process, mut tester) = started();
    ask(&mut tester, b"wait");
    process.signal(Signal::TERM);
    assert_eq!(read(&mut tester), FromNode::ControlReply { id: ControlId(7), result: Ok(b"wait".to_vec()) });
    assert_eq!(read(&mut tester), FromNode::Ended { how: Ended::Terminated });
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("printed by lab code"), "{said}");
}

fn a_node_that_waits_for_a_tester_ends_for_a_signal_too() {
    for signal in [Signal::TERM, Signal::INT] {
        let fleet = Fleet::new(1, program());
        let text = fleet.config_text(A).replace("log_level = \"error\"", "log_level = \"info\"");
        let mut process = Process::start(&written(&fleet, &text));
        let mut said = BufReader::new(process.0.stderr.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("waits for a tester") {
            line.clear();
            assert_ne!(said.read_line(&mut line).expect("it is text"), 0, "it has ended");
        }
        process.signal(signal);
        process.0.stderr = Some(said.into_inner());
        let (code, said) = process.end();
        assert_eq!(code, Some(0), "{said}");
    }
}

fn a_node_that_was_started_by_hand_outlives_who_started_it() {
    let fleet = Fleet::new(1, program());
    let config = written(&fleet, &fleet.config_text(A));
    // The kernel takes the thread that starts a process for its parent.
    let start = || {
        let process = Process::start_with(&[], &config);
        let tester = greeted_by(&fleet, A, &process);
        (process, tester)
    };
    let (mut process, mut tester) = std::thread::scope(|scope| scope.spawn(start).join().expect("it starts"));
    drop(process.0.stdin.take());
    ask(&mut tester, b"wait");
    assert!(matches!(read(&mut tester), FromNode::ControlReply { result: Ok(_), .. }), "it lives on");
    process.signal(Signal::TERM);
    assert_eq!(process.end().0, Some(0));
}

/// Stands where node 2 should be: says welcome, and to what it is asked something that is no reply.
fn talk_nonsense(listener: &TcpListener, times: usize) {
    for _ in 0..times {
        let (mut stream, _) = listener.accept().expect("the node connects");
        let mut length = [0; 4];
        stream.read_exact(&mut length).expect("a hello comes");
        stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize]).expect("all of it");
        stream.write_all(&[0, 0, 0, 2, 0, 1]).expect("it listens"); // Welcome, incarnation 1
        stream.read_exact(&mut length).expect("a request comes");
        stream.write_all(&[0, 0, 0, 2, 77, 77]).expect("it listens");
    }
}

/// Connects to a node and waits until it has closed the connection.
fn is_sent_away(node: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(node).expect("the port is open");
    stream.write_all(bytes).expect("the system takes it");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let end = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    assert!(matches!(end, Ok(_) | Err(std::io::ErrorKind::ConnectionReset)), "{end:?}");
}

fn nonsense_is_logged_with_its_reason_and_ever_more_rarely() {
    const TIMES: usize = 9;
    const LINES: usize = 4; // the first, the second, the fourth and the eighth
    let mut fleet = Fleet::new(2, program());
    let peer = TcpListener::bind((fleet.addresses(B).listen.ip(), 0)).expect("a free port");
    fleet.pretend(B, peer.local_addr().expect("it has an address"));
    let text = fleet.config_text(A).replace("log_level = \"error\"", "log_level = \"warn\"");
    let process = Process::start(&written(&fleet, &text));
    let mut tester = greeted_by(&fleet, A, &process);
    let Addresses { listen, control } = fleet.addresses(A);
    std::thread::scope(|scope| {
        scope.spawn(|| talk_nonsense(&peer, TIMES));
        for _ in 0..TIMES {
            ask(&mut tester, b"b");
            assert!(matches!(read(&mut tester), FromNode::ControlReply { result: Ok(_), .. }));
        }
    });
    // A hello of node 2, and a second one where requests should come.
    let hello = [0, 0, 0, 10, 0, 1, 4, b't', b'e', b's', b't', 2, 1, 1];
    for _ in 0..TIMES {
        is_sent_away(listen, &hello.repeat(2));
        is_sent_away(listen, b"GET / HTTP/1.1\r\n\r\n");
        is_sent_away(control, &[0xff; 4]);
    }
    process.signal(Signal::TERM);
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    for reason in [
        "the connection to node 2 is lost: bytes that are no frame",
        "the connection of node 2 is closed: it asks as another start of its own",
        "a connection from 127.",
        "a connection to the control port is closed",
    ] {
        assert_eq!(said.lines().filter(|line| line.contains(reason)).count(), LINES, "{reason}: {said}");
    }
}

/// What a node says when it is asked for its end, and its exit code.
fn end_of(request: &[u8]) -> (Ended, Option<i32>, String) {
    let (_fleet, process, mut tester) = started();
    write_frame(&mut tester, &ToNode::Control { id: ControlId(7), body: request.to_vec() }).expect("it listens");
    let how = loop {
        if let FromNode::Ended { how } = read_frame(&mut tester).expect("it says how it ends") {
            break how;
        }
    };
    let (code, said) = process.end();
    (how, code, said)
}

fn a_panic_exits_with_101_and_says_where() {
    let (how, code, said) = end_of(b"p");
    assert!(matches!(how, Ended::Panicked(report) if report.message == "on purpose"));
    assert_eq!(code, Some(101));
    assert!(
        said.contains("panicked at") && said.contains("flight_process.rs") && said.contains("on purpose"),
        "{said}"
    );
}

fn a_stop_exits_with_3_and_says_why() {
    let (how, code, said) = end_of(b"s");
    assert_eq!(how, Ended::Stopped { reason: "the disk is gone".into(), disk: DiskFaults::default() });
    assert_eq!(code, Some(3));
    assert!(said.contains("stopped: the disk is gone"), "{said}");
}

fn what_cannot_begin_exits_with_2_and_says_why() {
    let fleet = Fleet::new(1, program());
    let path = written(&fleet, &fleet.config_text(A).replace("node = 1", "nod = 1"));
    let (code, said) = Process::start(&path).end();
    assert_eq!(code, Some(2));
    assert!(said.contains("node.toml:") && said.contains("unknown field `nod`"), "{said}");

    let _taken = std::net::TcpListener::bind(fleet.addresses(A).listen).expect("it is free");
    let (code, said) = Process::start(&written(&fleet, &fleet.config_text(A))).end();
    assert_eq!(code, Some(2));
    assert!(said.contains("is another node running there?"), "{said}");
}

/// Its log is on a disk that is full: 101 would be a panic, which is a fault of lab code.
fn what_cannot_begin_nor_say_why_exits_with_2_too() {
    for arguments in [&["node"][..], &["node", "--config", "nowhere.toml"]] {
        let mut command = Command::new(std::env::current_exe().expect("this executable has a path"));
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let status = command.args(arguments).stdin(Stdio::null()).stderr(full).status().expect("it starts");
        assert_eq!(status.code(), Some(2), "{arguments:?}");
    }
}

fn a_node_ends_when_its_standard_input_closes() {
    let (_fleet, mut process, mut tester) = started();
    ask(&mut tester, b"wait");
    drop(process.0.stdin.take());
    assert_eq!(process.end().0, Some(137));
}

fn an_idle_node_sleeps_and_is_small() {
    let (_fleet, process, _tester) = started();
    let before = process.status("voluntary_ctxt_switches:");
    std::thread::sleep(Duration::from_secs(2));
    let wakes = process.status("voluntary_ctxt_switches:") - before;
    assert!(wakes <= 100, "{wakes} wakes in two seconds");
    let kilobytes = process.resident_kilobytes();
    assert!(kilobytes <= 20_000, "{kilobytes} kB");
}

/// Comes, says nothing or no sense, and goes.
fn bother(node: SocketAddr, times: usize) {
    let nonsense: [&[u8]; 5] =
        [b"", b"GET / HTTP/1.1\r\n\r\n", &[0xff; 4], &[0, 0, 0, 40, 0], &[0, 0, 0, 5, 9, 9, 9, 9, 9]];
    for number in 0..times {
        let mut stranger = TcpStream::connect(node).expect("the port is open");
        // It may have been sent away meanwhile.
        let _ = stranger.write_all(nonsense[number % nonsense.len()]);
    }
}

/// Starts the peer, lets both call each other, and kills it, so many times.
fn restart_the_peer(fleet: &Fleet, tester: &mut TcpStream, times: usize) {
    for _ in 0..times {
        let (_peer, mut its_tester) = started_in(fleet, B);
        until_heard(tester, b"b");
        until_heard(&mut its_tester, b"a");
    }
}

fn until_heard(tester: &mut TcpStream, request: &[u8]) {
    let begin = Instant::now();
    loop {
        ask(tester, request);
        let FromNode::ControlReply { result, .. } = read(tester) else { panic!("no reply") };
        if result.as_deref() == Ok(b"heard") {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "the peer is there and is not heard");
    }
}

/// What one leaks of a thousand strangers is a thousand descriptors, or megabytes; of fifty restarts, fifty.
fn strangers_nonsense_and_restarts_of_a_peer_leave_nothing_behind() {
    let fleet = Fleet::new(2, program());
    let (process, mut tester) = started_in(&fleet, A);
    let address = fleet.addresses(A).listen;
    // What a node keeps for the next time it keeps after the first times.
    bother(address, 100);
    restart_the_peer(&fleet, &mut tester, 3);
    // Strangers who said half a word have two seconds.
    std::thread::sleep(Duration::from_millis(2_500));
    let before = process.holds();
    bother(address, 1_000);
    restart_the_peer(&fleet, &mut tester, 50);
    let [descriptors, threads, kilobytes] = before;
    let within = |now: [u64; 3]| now[0] <= descriptors + 4 && now[1] == threads && now[2] <= kilobytes + 2_000;
    let begin = Instant::now();
    let mut after = process.holds();
    while !within(after) && begin.elapsed() < Duration::from_secs(6) {
        std::thread::sleep(Duration::from_millis(20));
        after = process.holds();
    }
    assert!(within(after), "descriptors, threads and kB were {before:?} and are {after:?}");
}
