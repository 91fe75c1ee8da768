//! The starter compiles, and fails every test of the lab politely: by a rule that says what is
//! missing, never by a panic, a deadlock or a test that does not end.

#[path = "../starter/src/lib.rs"]
mod starter;

use lab_harness::starter::fails_politely;
use lab_raft::{Term, suite};
use serde::{Deserialize, Serialize};
use windtunnel::executor::Program;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{NodeId, Seed, net, time};

/// The starter's own request and vote, as they are on the wire.
#[derive(Serialize, Deserialize)]
struct RequestVote {
    term: Term,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Vote {
    term: Term,
    granted: bool,
}

impl net::Request for RequestVote {
    type Reply = Vote;
    const NAME: &'static str = "request_vote";
}

#[test]
fn the_starter_takes_over_a_higher_term_and_keeps_it() {
    let report = Simulation::new(Seed(1)).nodes(1, lab_raft::host::<starter::Raft>).run(|_| async {
        time::sleep(time::Duration::from_secs(1)).await;
        for (asked, known) in [(5, 5), (3, 5), (6, 6)] {
            let vote = net::call(NodeId(1), RequestVote { term: Term(asked) }).await;
            assert_eq!(vote, Ok(Vote { term: Term(known), granted: false }));
        }
    });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
}

#[test]
fn the_starter_fails_every_test_politely() {
    assert_eq!(fails_politely(&suite::lab(), &Program::new(lab_raft::host::<starter::Raft>)), Ok(()));
}
