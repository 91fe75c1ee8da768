//! The starter compiles, and fails every test of the lab politely: by a rule that says what is
//! missing, never by a panic, a deadlock or a test that does not end.

#[path = "../starter/src/lib.rs"]
mod starter;

use lab_kv::suite;
use starter::{Clerk, Lock, Server};
use windtunnel::Seed;
use windtunnel::executor::Program;

#[test]
fn the_starter_fails_every_test_politely() {
    let program = Program::new(lab_kv::host::<Server, Clerk, Lock<Clerk>>);
    let lab = suite::lab();
    assert!(lab.tests.len() > 20, "{} tests", lab.tests.len());
    for test in &lab.tests {
        let Err(failure) = lab_harness::worker::run_here(&lab, test, &program, Seed(7)) else {
            panic!("the starter passes {}", test.name)
        };
        let failure = failure.split_whitespace().collect::<Vec<_>>().join(" ");
        let rude = [
            "panicked",
            "never becomes idle",
            "virtual time",
            "events left",
            "nothing more could happen",
            "process of",
        ];
        assert!(!rude.iter().any(|word| failure.contains(word)), "{}: {failure}", test.name);
    }
}
