//! A node that answers its tester in words that are none to what it was asked.

use lab_harness::worker::run_here;
use lab_kv::control::Reply;
use lab_kv::suite;
use windtunnel::executor::Program;
use windtunnel::{Seed, node};

fn say(reply: &Reply) {
    let reply = postcard::to_stdvec(reply).expect("replies are plain data");
    node::control(move |_: Vec<u8>| std::future::ready(reply.clone()));
}

/// How a test ends when that is its nodes' answer to everything.
fn failure(test: &str, program: &Program) -> String {
    let lab = suite::lab();
    let test = lab.tests.iter().find(|known| known.name == test).expect("the lab has that test");
    let failure = run_here(&lab, test, program, Seed(1)).expect_err("that is no answer");
    failure.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_answer_that_is_none_to_what_was_asked_is_the_nodes_own() {
    let mute = Program::new(|| async { say(&Reply::NotUnderstood) });
    let done = Program::new(|| async { say(&Reply::Put(Ok(()))) });
    for (test, program, title) in [
        ("reliable_put", &mute, "Node 2 answers its tester NotUnderstood."),
        ("reliable_put", &done, "Node 2 answers its tester Put(Ok(()))."),
        ("one_client_reliable", &done, "Node 2 answers its tester Put(Ok(()))."),
        ("many_clients", &done, "The crowd answers Put(Ok(()))."),
    ] {
        let failure = failure(test, program).to_lowercase();
        assert!(failure.contains(&title.to_lowercase()), "{test}: {failure}");
    }
}
