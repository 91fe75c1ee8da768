//! A node that answers its tester in words that are none to what it was asked.

use lab_harness::worker::run_here;
use lab_kvraft::control::Reply;
use lab_kvraft::suite;
use windtunnel::executor::Program;
use windtunnel::{Seed, node};

#[test]
fn an_answer_that_is_none_to_what_was_asked_is_the_nodes_own() {
    let lab = suite::lab();
    let test = lab.tests.iter().find(|test| test.name == "one_partition").expect("the lab has that test");
    let program = Program::new(|| async {
        let reply = postcard::to_stdvec(&Reply::NotUnderstood).expect("replies are plain data");
        node::control(move |_: Vec<u8>| std::future::ready(reply.clone()));
    });
    let failure = run_here(&lab, test, &program, Seed(1)).expect_err("that is no answer");
    let failure = failure.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    assert!(failure.contains("node 6 answers its tester notunderstood."), "{failure}");
}
