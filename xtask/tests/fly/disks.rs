//! Nodes whose disks are full or fail.

use crate::short;
use crate::support::Answer;
use crate::support::place::Place;
use crate::{node_behind, until_safe};
use serde_json::json;

/// Its files may not grow past 100 KiB: it says so and stops, and the others go on without it.
pub fn a_node_whose_disk_is_full_stops_and_nothing_is_lost() {
    let place = Place::new("full");
    let data = place.0.join("data");
    let node = node_behind(&place, "case \"$3\" in */node-2/*) trap '' XFSZ; ulimit -f 200;; esac");
    let words = format!("fly raft --seed 1 --load 3s --data {}", data.display());
    let answer = until_safe(|| {
        let _ = std::fs::remove_dir_all(&data);
        Answer::of(place.command(&words, &node))
    });
    let summary = answer.summary();
    let log = std::fs::read_to_string(data.join("node-2").join("log")).unwrap();
    assert!(log.contains("stopped:") && log.contains("cannot be written: no storage space"), "{log}");
    let rows = answer.events_of("flight_second");
    // At the end all are started again, and a snapshot may fit where the log did not.
    assert!(rows.iter().any(|row| row["nodes"][1]["state"] == "down"), "{rows:?}");
    assert!(summary["operations"].as_u64().unwrap() > 300, "the others go on: {summary}");
}

/// After a second its snapshots go to the memory of a process, at an address where there is none: EIO. When it is started
/// again its disk is as it was.
pub fn a_node_whose_disk_fails_stops_and_nothing_is_lost() {
    let place = Place::new("eio");
    let data = place.0.join("data");
    let script = "d=\"${3%/*}\"; aside=\"$d/data/files/raft.snapshot.new\"\n\
                  case \"$d\" in */node-2)\n\
                  if [ -e \"$d/spoilt\" ]; then rm -f \"$aside\"\n\
                  else : > \"$d/spoilt\"; (sleep 1; ln -s /proc/self/mem \"$aside\") & fi;; esac";
    let words = format!("fly raft --seed 1 --load 6s --data {}", data.display());
    let node = node_behind(&place, script);
    let answer = until_safe(|| {
        let _ = std::fs::remove_dir_all(&data);
        Answer::of(place.command(&words, &node))
    });
    let summary = answer.summary();
    let log = std::fs::read_to_string(data.join("node-2").join("log")).unwrap();
    assert_eq!(log.matches("stopped: raft.snapshot ").count(), 1, "{log}");
    assert!(log.contains(" cannot be written: Input/output error (os error 5)"), "{log}");
    let rows = answer.events_of("flight_second");
    assert!(rows.iter().any(|row| row["nodes"][1]["state"] == "down"), "{rows:?}");
    assert!(summary["operations"].as_u64().unwrap() > 300, "the others go on: {summary}");
    assert_eq!(place.processes(), Vec::<String>::new());
}

/// After its kill it cannot write that it is there once more: it ran nothing, and nobody broke a rule.
pub fn a_node_that_cannot_begin_again_on_a_full_disk_decides_nothing() {
    cannot_begin_again("again", "", "No space left on device");
}

/// Nor has its log room for the reason.
pub fn a_node_that_cannot_say_why_it_cannot_begin_again_decides_nothing() {
    cannot_begin_again("wordless", "; exec 2>/dev/full", "exit status: 2");
}

fn cannot_begin_again(name: &str, besides: &str, said: &str) {
    let place = Place::new(name);
    let scenario = short::file(&place, short::SHORT);
    let script = format!(
        "d=\"${{3%/*}}/data\"\n\
         case \"$d\" in */node-1/data) if [ -e \"$d/identity.toml\" ]; then\n\
         ln -s /dev/full \"$d/identity.toml.new\"{besides}; fi;; esac"
    );
    let words = format!("fly raft --seed 1 --load 3s --scenario {}", scenario.display());
    let answer = Answer::of(place.command(&words, &node_behind(&place, &script)));
    assert_eq!((answer.code, &answer.summary()["verdict"]), (5, &json!("undecided")), "{answer:?}");
    let broken = &answer.events_of("flight_result")[0]["broken"];
    assert_eq!(broken["rule"], "could-not-begin", "{answer:?}");
    let title = broken["title"].as_str().unwrap();
    assert!(title.starts_with("Node 1 could not begin: ") && title.contains(said), "{title}");
    assert_eq!(place.processes(), Vec::<String>::new());
}
