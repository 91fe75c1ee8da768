//! A server that keeps its log cut only later: what a round has left is looked at after that round.

use lab_harness::worker::run_here;
use lab_kvraft::{
    Append, Get, GetError, NotServed, Options, Put, PutRefused, StateMachine, Submission, Versioned, suite,
};
use lab_raft::{Applied, Raft, Term};
use solution_kvraft::{Clerk, Replicated, Server};
use windtunnel::Seed;
use windtunnel::executor::Program;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// Takes no snapshot in its first life.
struct Careless<R>(Server<R>);

impl<R> Clone for Careless<R> {
    fn clone(&self) -> Self {
        Careless(self.0.clone())
    }
}

impl<R: Raft> lab_kvraft::Server<R> for Careless<R> {
    fn start(raft: R, applied: UnboundedReceiver<Applied>, options: Options) -> Self {
        let is_new = raft.status().term == Term(0);
        let options = if is_new { Options { log_limit: None, ..options } } else { options };
        Careless(lab_kvraft::Server::start(raft, applied, options))
    }

    async fn get(&self, request: Get) -> Result<Result<Versioned, GetError>, NotServed> {
        self.0.get(request).await
    }

    async fn put(&self, request: Put) -> Result<Result<(), PutRefused>, NotServed> {
        self.0.put(request).await
    }

    async fn append(&self, request: Append) -> Result<(), NotServed> {
        self.0.append(request).await
    }
}

struct LateToSnapshots;

impl Submission for LateToSnapshots {
    type Replicated<R: Raft, M: StateMachine> = Replicated<R, M>;
    type Server<R: Raft> = Careless<R>;
    type Clerk = Clerk;
}

/// All servers crash behind each round, and the second life of each cuts its log. A round of few seeds lets nobody write much: its leaders crash
/// soon, and who waits for them waits to the end.
#[test]
fn a_log_that_is_too_long_after_the_first_round_fails_though_it_is_short_at_the_end() {
    let lab = suite::lab();
    let name = "snapshots_crashes_many_clients";
    let test = lab.tests.iter().find(|test| test.name == name).expect("the lab has that test");
    let program = Program::new(lab_kvraft::host::<LateToSnapshots, solution_raft::Raft>);
    let failures: Vec<String> = (0..20).filter_map(|seed| run_here(&lab, test, &program, Seed(seed)).err()).collect();
    assert!(!failures.is_empty(), "twenty clients write more than a log may hold");
    assert!(failures.iter().all(|failure| failure.contains("besides its snapshot")), "{failures:?}");
}
