//! Submissions that go wrong: the reference, but for what node 2 does while it starts.
#![allow(clippy::disallowed_methods)] // what lab code must not do

use lab_raft::{AppliedStream, LogIndex, NotLeader, Proposed, Role, Status, View};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use windtunnel::{NodeId, fs, net, node, rand, spawn, time};

/// What is wrong with the submission that this worker is of; nothing if it is not set.
pub const MISFIT: &str = "WINDTUNNEL_TEST_MISFIT";

/// A bug instead of a bad end: whoever starts has forgotten its term, its votes and its log.
pub const FORGETFUL: &str = "forgets its disk";
/// Waits for as long as a static says, which counts the starts in one process.
pub const COUNTS: &str = "counts in a static";
/// A lie that messages give away: whoever follows shows as committed what it has just got, which nobody has told it.
pub const FORESEES: &str = "shows as committed what nobody said is";
/// Panics at the first start in a process, and no more.
pub const PANICS_ONCE: &str = "panics once in a process";
/// Waits for as long as the address of a static says.
pub const LOOKS: &str = "looks at an address";

/// A bad end: its name, the rule that names it, and what is said.
pub struct BadEnd {
    pub name: &'static str,
    pub rule: &'static str,
    pub words: &'static str,
}

const fn bad_end(name: &'static str, rule: &'static str, words: &'static str) -> BadEnd {
    BadEnd { name, rule, words }
}

/// All bad ends there are.
pub const BAD_ENDS: [BadEnd; 13] = [
    bad_end("panics", "panic", "Node 2 panicked at xtask/tests/real/misfit.rs:"),
    bad_end("panics in a drop", "panic", "Node 2 panicked at xtask/tests/real/misfit.rs:"),
    bad_end(
        "panics in a drop while it unwinds",
        "panic-in-drop",
        "node 2 panicked in a drop, which ends the process at",
    ),
    bad_end("exits", "worker-exited", "node 2 ended the process with exit code 0 at"),
    bad_end("aborts", "worker-died", "node 2 ended the process by SIGABRT at"),
    bad_end("overflows its stack", "stack-overflow", "node 2 overflowed its stack at"),
    bad_end("takes all memory", "out-of-memory", "node 2 ran out of memory at"),
    bad_end("never yields", "never-yields", "node 2 stopped yielding at"),
    bad_end("locks twice", "never-yields", "node 2 stopped yielding at"),
    bad_end("sleeps for no time", "time-stands-still", "node 2 handled the most events ("),
    bad_end("calls without end", "message-storm", "node 2 handled the most events ("),
    bad_end("starts a thread", "panic", "a thread was started; a node has one thread"),
    bad_end("speaks another language", "undecodable", "Node 2 got bytes from node 2 that do not decode as tongue."),
];

/// The reference, but node 2 goes wrong while it starts: with a bad end at 50 ms, on one seed in four.
#[derive(Clone, Debug)]
pub struct Misfit(solution_raft::Raft);

impl lab_raft::Raft for Misfit {
    async fn start(applied: AppliedStream) -> std::io::Result<Self> {
        let how = std::env::var(MISFIT).unwrap_or_default();
        let is_second = node::id() == NodeId(2);
        match how.as_str() {
            FORGETFUL => {
                for file in fs::read_dir(".").await? {
                    let _ = fs::remove_file(&file).await;
                }
            }
            _ if !is_second => {}
            COUNTS => time::sleep(Duration::from_millis(starts_before())).await,
            PANICS_ONCE => assert_ne!(starts_before(), 0, "only once"),
            LOOKS => time::sleep(Duration::from_micros(page_of_a_static())).await,
            how => {
                for BadEnd { name, .. } in BAD_ENDS.into_iter().filter(|end| end.name == how) {
                    if rand::stream(name).below(4) == 0 {
                        time::sleep(Duration::from_millis(50)).await;
                        misbehave(name).await;
                    }
                }
            }
        }
        Ok(Misfit(solution_raft::Raft::start(applied).await?))
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        self.0.propose(command)
    }

    fn status(&self) -> Status {
        self.0.status()
    }

    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        self.0.snapshot(index, data);
    }

    fn view(&self) -> View {
        let mut view = self.0.view();
        if view.role == Role::Follower && std::env::var(MISFIT).is_ok_and(|how| how == FORESEES) {
            view.commit = view.last_index;
        }
        view
    }
}

static STARTS: AtomicU64 = AtomicU64::new(0);

/// How often that was asked before in this process.
fn starts_before() -> u64 {
    STARTS.fetch_add(1, Relaxed)
}

/// Drawn by the kernel for each process.
fn page_of_a_static() -> u64 {
    (&raw const STARTS).addr() as u64 >> 12 & 0xffff
}

async fn misbehave(how: &str) {
    match how {
        "panics" => panic!("as it was told"),
        "panics in a drop" => drop(Grenade),
        "panics in a drop while it unwinds" => {
            let _grenade = Grenade;
            panic!("the first");
        }
        "exits" => std::process::exit(0),
        "aborts" => std::process::abort(),
        "overflows its stack" => drop(std::hint::black_box(dig(0))),
        "takes all memory" => drop(std::hint::black_box(Vec::<u8>::with_capacity(3 << 30))),
        "never yields" => loop {
            std::hint::black_box(());
        },
        "locks twice" => {
            let lock = Mutex::new(());
            let _first = lock.lock();
            let _second = lock.lock();
        }
        "sleeps for no time" => loop {
            time::sleep(Duration::ZERO).await;
        },
        "calls without end" => loop {
            for peer in node::peers() {
                spawn(async move { net::call(peer, Question).await });
            }
            time::sleep(Duration::from_nanos(10)).await;
        },
        "starts a thread" => drop(std::thread::spawn(|| ()).join()),
        "speaks another language" => {
            net::serve(|_, _: Answer| async {});
            let _ = net::call(NodeId(2), Question).await;
        }
        how => panic!("nobody knows how to be a misfit that {how}"),
    }
}

struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

#[derive(Serialize, Deserialize)]
struct Question;

impl net::Request for Question {
    type Reply = ();
    const NAME: &'static str = "tongue";
}

#[derive(Serialize, Deserialize)]
struct Answer(String);

impl net::Request for Answer {
    type Reply = ();
    const NAME: &'static str = "tongue";
}

#[allow(unconditional_recursion, reason = "it is what the test is about")]
fn dig(depth: u64) -> u64 {
    let ballast = std::hint::black_box([depth; 64]);
    dig(depth + 1) + ballast[1]
}
