//! The starter compiles, and fails every test of the lab politely: by a rule that says what is
//! missing, never by a panic, a deadlock or a test that does not end.

#[path = "../starter/src/lib.rs"]
mod starter;

use lab_harness::starter::fails_politely;
use lab_kv::suite;
use starter::{Clerk, Lock, Server};
use windtunnel::executor::Program;

#[test]
fn the_starter_fails_every_test_politely() {
    assert_eq!(fails_politely(&suite::lab(), &Program::new(lab_kv::host::<Server, Clerk, Lock<Clerk>>)), Ok(()));
}
