//! The starter compiles, and fails every test of the lab politely: by a rule that says what is
//! missing, never by a panic, a deadlock or a test that does not end.

#[path = "../starter/src/lib.rs"]
mod starter;

use lab_harness::starter::fails_politely;
use lab_mapreduce::{Registry, program, suite};
use starter::{Coordinator, Worker};

#[test]
fn the_starter_fails_every_test_politely() {
    assert_eq!(fails_politely(&suite::lab(), &program::<Coordinator, Worker>(Registry::standard())), Ok(()));
}
