//! The README's example of a service is what it says.

use serde::{Deserialize, Serialize};
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{NodeId, Ppm, Seed, net};

#[derive(Serialize, Deserialize)]
struct Greet(String);

impl net::Request for Greet {
    type Reply = String;
    const NAME: &'static str = "greet";
}

/// Whether the example runs to its end where so many of a million messages are lost.
fn passes(seed: u64, loss: Ppm) -> bool {
    let server = || async {
        net::serve(|from, Greet(name)| async move { format!("hello {name}, {from}") });
    };
    let simulation = Simulation::new(Seed(seed)).nodes(1, server).with(|options| options.links.loss_ppm = loss);
    let report = simulation.run(|_tester| async move {
        let reply = net::call(NodeId(1), Greet("tunnel".into())).await;
        assert_eq!(reply.as_deref(), Ok("hello tunnel, tester"));
    });
    matches!(report.outcome, Outcome::Finished(()))
}

#[test]
fn the_example_first_fails_where_the_readme_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("it is there");
    let words: Vec<&str> = readme.split_whitespace().collect();
    let told = words.windows(4).find(|words| words[..3] == ["fails", "at", "seed"]).expect("it says where");
    let told: u64 = told[3].trim_end_matches([',', '.']).parse().expect("a number");
    assert!((0..=told).all(|seed| passes(seed, Ppm(0))));
    assert_eq!((0..).find(|seed| !passes(*seed, Ppm(10_000))), Some(told));
}
