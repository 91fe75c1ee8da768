//! Services that are wrong, and what a flight says of them: the checker that judges the tunnel's histories judges real ones.

use crate::support::Answer;
use crate::support::place::{Place, root};
use crate::support::until_well::result_of;
use lab_kvraft::{Append, Get, GetError, NotServed, Options, Put, PutRefused, StateMachine, Submission, Versioned};
use lab_raft::{Applied, Raft};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// One put in so many is lost.
const ONE_LOST_IN: u64 = 50;

/// A server of lab kv that says of some puts that they are done, and does nothing.
#[derive(Clone)]
pub struct Lossy {
    server: solution_kv::Server,
    puts: Rc<Cell<u64>>,
}

impl lab_kv::Server for Lossy {
    async fn start() -> io::Result<Self> {
        Ok(Lossy { server: solution_kv::Server::start().await?, puts: Rc::default() })
    }

    async fn get(&self, request: lab_kv::Get) -> Result<lab_kv::Versioned, lab_kv::GetError> {
        self.server.get(request).await
    }

    async fn put(&self, request: lab_kv::Put) -> Result<(), lab_kv::PutRefused> {
        self.puts.set(self.puts.get() + 1);
        if self.puts.get().is_multiple_of(ONE_LOST_IN) { Ok(()) } else { self.server.put(request).await }
    }
}

/// A lock of lab kv whose turns all have one token.
#[derive(Clone)]
pub struct Unfenced(solution_kv::Lock<solution_kv::Clerk>);

impl lab_kv::Lock<solution_kv::Clerk> for Unfenced {
    fn new(clerk: solution_kv::Clerk, name: &str) -> Self {
        Unfenced(lab_kv::Lock::new(clerk, name))
    }

    async fn acquire(&self) -> lab_kv::Lease {
        lab_kv::Lease { token: lab_kv::Token(1), ..self.0.acquire().await }
    }

    async fn release(&self) {
        self.0.release().await;
    }
}

/// A server of lab kvraft that answers gets with what it has found there once.
pub struct Stale<R> {
    server: solution_kvraft::Server<R>,
    found: Rc<RefCell<BTreeMap<String, Versioned>>>,
}

impl<R> Clone for Stale<R> {
    fn clone(&self) -> Self {
        Stale { server: self.server.clone(), found: self.found.clone() }
    }
}

impl<R: Raft> lab_kvraft::Server<R> for Stale<R> {
    fn start(raft: R, applied: UnboundedReceiver<Applied>, options: Options) -> Self {
        Stale { server: solution_kvraft::Server::start(raft, applied, options), found: Rc::default() }
    }

    async fn get(&self, request: Get) -> Result<Result<Versioned, GetError>, NotServed> {
        let known = self.found.borrow().get(&request.key).cloned();
        if let Some(known) = known {
            return Ok(Ok(known));
        }
        let (key, answer) = (request.key.clone(), self.server.get(request).await?);
        if let Ok(found) = &answer {
            self.found.borrow_mut().insert(key, found.clone());
        }
        Ok(answer)
    }

    async fn put(&self, request: Put) -> Result<Result<(), PutRefused>, NotServed> {
        self.server.put(request).await
    }

    async fn append(&self, request: Append) -> Result<(), NotServed> {
        self.server.append(request).await
    }
}

/// The reference, but for its reads.
pub struct StaleReads;

impl Submission for StaleReads {
    type Replicated<R: Raft, M: StateMachine> = solution_kvraft::Replicated<R, M>;
    type Server<R: Raft> = Stale<R>;
    type Clerk = solution_kvraft::Clerk;
}

/// What `cargo lab check` says of the operations that a flight has left.
pub fn checked(data: &Path) -> Answer {
    let file = data.join("operations.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["check", "--model", "kv", "--format", "json"]).arg(file);
    command.current_dir(root()).stdin(Stdio::null());
    Answer::of(command)
}

/// A flight of what is wrong, which breaks this rule; how it ended.
pub fn violated(place: &Place, wrong: &str, words: &str, rule: &str) -> Value {
    let answer = super::fly(place, wrong, words);
    let result = result_of(&answer);
    assert_eq!((answer.code, &result["verdict"]), (1, &"violated".into()), "{answer:?}");
    assert_eq!(result["broken"]["rule"], rule, "{result}");
    assert_eq!(place.processes(), Vec::<String>::new());
    result
}

fn not_linearizable(lab: &str, wrong: &str) {
    let place = Place::new(wrong);
    let data = place.0.join("data");
    let words = format!("fly {lab} --seed 1 --load 5s --data {}", data.display());
    let result = violated(&place, wrong, &words, "linearizability");
    let facts = result["broken"]["facts"].as_array().unwrap();
    assert_eq!(facts[0], "Judge it anywhere: cargo lab check operations.jsonl --model kv", "{facts:?}");
    // Another judge of the same history finds the same.
    let checked = checked(&data);
    assert_eq!(
        (checked.code, &checked.events_of("check")[0]["verdict"]),
        (1, &"not_linearizable".into()),
        "{checked:?}"
    );
}

pub fn a_server_that_loses_a_put_is_found_out() {
    not_linearizable("kv", "lossy");
}

pub fn a_server_that_reads_what_has_passed_is_found_out() {
    not_linearizable("kvraft", "stale");
}

/// In the weather that the lab has for flights, whether its own clients work or others do.
pub fn a_lock_without_fencing_is_found_out() {
    for load in ["", " --load 30s"] {
        let place = Place::new("unfenced");
        violated(&place, "unfenced", &format!("fly kv --seed 1 --scenario kills-and-cuts{load}"), "fencing-token");
    }
}
