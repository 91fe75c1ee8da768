//! The starter compiles, and fails every test of the lab politely, here on the starter of the Raft lab, which never leads. On a
//! Raft that leads it is tried where there is one, in solutions/kvraft/tests.

#[path = "../../raft/starter/src/lib.rs"]
mod raft;
#[path = "../starter/src/lib.rs"]
mod starter;

use lab_harness::starter::fails_politely;
use lab_kvraft::suite;
use windtunnel::executor::Program;

#[test]
fn on_a_raft_that_never_leads_the_starter_fails_every_test_politely() {
    let program = Program::new(lab_kvraft::host::<starter::Submission, raft::Raft>);
    assert_eq!(fails_politely(&suite::lab(), &program), Ok(()));
}
