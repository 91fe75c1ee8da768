//! Which programs fail politely, and which do not.

use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use lab_harness::judge::{Interest, Judge};
use lab_harness::starter::fails_politely;
use lab_harness::suite::{Body, Lab, Part, Running, Test};
use std::future::pending;
use windtunnel::executor::Program;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId, node, task};

struct Nobody;

impl Judge for Nobody {
    fn new(_: u32) -> Self {
        Nobody
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }
}

/// Whoever answers is asked whether it is right.
async fn right(cluster: Cluster<Nobody>) -> TestResult {
    match cluster.control::<bool>(NodeId(1), &()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failed::new("wrong-answer", "It says that it is wrong.")),
        Err(failure) => Err(Failed::new("no-answer", format!("{failure:?}"))),
    }
}

fn lab(tests: &[&'static str]) -> Lab<Nobody> {
    let test = |name: &&'static str| {
        let run = |cluster| -> Running { Box::pin(right(cluster)) };
        let body = Body::Directed { nodes: 1, client_nodes: 0, settings: &[], time_budget: Nanos::from_secs(60), run };
        Test { name, mit: None, part: "all", points: 1, about: name, grounded: None, body }
    };
    Lab {
        parts: vec![Part { name: "all", alias: "0" }],
        tests: tests.iter().map(test).collect(),
        ..Lab::bare("politeness")
    }
}

async fn answer(right: bool) {
    node::control(move |_: Vec<u8>| async move { postcard::to_stdvec(&right).expect("a bool serialises") });
}

#[test]
fn who_says_that_it_is_wrong_fails_politely() {
    assert_eq!(fails_politely(&lab(&["one", "two"]), &Program::new(|| answer(false))), Ok(()));
}

#[test]
fn who_passes_a_test_is_no_starter_nor_is_there_one_of_a_lab_without_tests() {
    assert_eq!(fails_politely(&lab(&["one"]), &Program::new(|| answer(true))), Err("it passes one".to_owned()));
    let nothing = fails_politely(&lab(&[]), &Program::new(|| answer(false)));
    assert_eq!(nothing, Err("lab politeness has no tests".to_owned()));
}

#[test]
fn who_panics_does_not_answer_or_never_rests_is_rude() {
    let said = |program: Program| fails_politely(&lab(&["one"]), &program).expect_err("it is rude");
    let panics = said(Program::new(|| async { panic!("at the beginning") }));
    assert!(panics.starts_with("one: ") && panics.contains("panicked"), "{panics}");
    let silent = said(Program::new(|| async { node::control(|_: Vec<u8>| pending::<Vec<u8>>()) }));
    assert!(silent.contains("nothing more could happen"), "{silent}");
    let busy = said(Program::new(|| async {
        loop {
            task::yield_now().await;
        }
    }));
    assert!(busy.contains("never becomes idle"), "{busy}");
}
