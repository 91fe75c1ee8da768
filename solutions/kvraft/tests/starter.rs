//! The starter on the reference's Raft: with a leader there it fails every test of the lab politely too.

#[path = "../../../labs/kvraft/starter/src/lib.rs"]
mod starter;

use lab_harness::starter::fails_politely;
use lab_kvraft::suite;
use windtunnel::executor::Program;

#[test]
fn on_a_raft_that_leads_the_starter_fails_every_test_politely() {
    let program = Program::new(lab_kvraft::host::<starter::Submission, solution_raft::Raft>);
    assert_eq!(fails_politely(&suite::lab(), &program), Ok(()));
}
