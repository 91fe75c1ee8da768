//! Data that a flight finds: of another node, cluster, version or flight.

use crate::support::place::Place;
use crate::{error_of, interrupt, wait_for_nodes};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

pub fn data_of_another_node_is_named() {
    let place = Place::new("identity");
    let data = place.0.join("data");
    let words = format!("fly raft --seed 1 --load 300ms --data {}", data.display());
    let first = place.lab(&words);
    assert!(data.join("node-2").join("data").is_dir(), "{first:?}");
    std::fs::rename(data.join("node-2").join("data"), data.join("node-1").join("moved")).unwrap();
    std::fs::remove_dir_all(data.join("node-1").join("data")).unwrap();
    std::fs::rename(data.join("node-1").join("moved"), data.join("node-1").join("data")).unwrap();
    let answer = place.lab(&words);
    assert_eq!(answer.code, 2, "{answer:?}");
    let message = error_of(&answer);
    assert!(message.contains("does not take off") && message.contains("node 2"), "{message}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

pub fn data_of_another_cluster_or_version_is_named() {
    let place = Place::new("cluster");
    let data = place.0.join("data");
    let words = format!("fly raft --seed 1 --load 300ms --data {}", data.display());
    let first = place.lab(&words);
    let history = std::fs::read(data.join("history.jsonl")).unwrap();
    let identity = data.join("node-2").join("data").join("identity.toml");
    let text = std::fs::read_to_string(&identity).unwrap_or_else(|error| panic!("{error}: {first:?}"));
    for (from, to, said) in [
        ("cluster = \"raft\"", "cluster = \"other\"", "holds data of cluster `other`, and this node is of `raft`"),
        ("version = 1\n", "version = 9\n", "is of version 9, and this program reads version 1; start the program"),
    ] {
        assert!(text.contains(from), "{text}");
        std::fs::write(&identity, text.replace(from, to)).unwrap();
        let answer = place.lab(&words);
        assert_eq!(answer.code, 2, "{answer:?}");
        let message = error_of(&answer);
        assert!(message.contains("the flight does not take off") && message.contains("node-2/data"), "{message}");
        assert!(message.contains(said), "{message}");
        assert_eq!(place.processes(), Vec::<String>::new());
    }
    std::fs::write(&identity, text).unwrap();
    let again = place.lab(&words);
    assert!(again.code == 0 || again.code == 5, "nothing was done to it: {again:?}");
    assert_eq!(std::fs::read(data.join("history.1.jsonl")).unwrap(), history, "nor to what the first flight was");
}

pub fn data_of_another_flight_is_left_alone() {
    let place = Place::new("locked");
    let data = place.0.join("data");
    let words = format!("fly raft --seed 1 --load 30s --data {}", data.display());
    let mut first = place.command(&words, &std::env::current_exe().unwrap());
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_nodes(&place);
    let config = || std::fs::read_to_string(data.join("node-1").join("node.toml")).unwrap();
    let before = config();
    let second = place.lab(&words);
    assert_eq!(second.code, 2, "{second:?}");
    let message = error_of(&second);
    assert!(message.contains("data is locked: another flight uses it; wait for its end"), "{message}");
    assert_eq!(config(), before, "the first flight may still start its nodes with it");
    interrupt(&first);
    assert_eq!(first.wait().unwrap().code(), Some(130));
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// Nor is the place where a flight is that nobody chose one for: the second one has the same.
pub fn a_flight_of_the_same_name_is_left_alone() {
    let place = Place::new("same");
    let own = std::env::current_exe().unwrap();
    let mut first = place.command("fly raft --seed 1 --load 30s", &own);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_nodes(&place);
    let data = place.0.join("windtunnel").join("flights").join("raft-load-1");
    let node = data.join("node-1");
    let before = std::fs::metadata(&node).unwrap().ino();
    let second = place.lab("fly raft --seed 1 --load 300ms");
    assert_eq!(second.code, 2, "{second:?}");
    let message = error_of(&second);
    let words =
        "is locked: another flight uses it; wait for its end, or give this one a directory of its own (--data DIR)";
    assert!(message.contains("flights/raft-load-1") && message.contains(words), "{message}");
    assert_eq!(std::fs::metadata(&node).unwrap().ino(), before, "nothing was taken from the first one");
    interrupt(&first);
    assert_eq!(first.wait().unwrap().code(), Some(130));
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// A majority of three is none of five.
pub fn data_of_more_nodes_or_fewer_is_named() {
    for (found, words) in [(5, "the data of 5 nodes, and this flight has 3"), (2, "the data of 2 nodes")] {
        let place = Place::new(&format!("of-{found}"));
        let data = place.0.join("data");
        (1..=found).for_each(|node| std::fs::create_dir_all(data.join(format!("node-{node}"))).unwrap());
        let answer = place.lab(&format!("fly raft --nodes 3 --seed 1 --load 300ms --data {}", data.display()));
        assert_eq!(answer.code, 2, "{answer:?}");
        let message = error_of(&answer);
        assert!(message.contains(words) && message.contains("fly as many as there were"), "{message}");
    }
}
