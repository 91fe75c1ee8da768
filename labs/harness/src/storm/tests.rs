//! Whole storms over nodes that do nothing but tick.

use super::*;
use crate::plan::Shelf;
use crate::protocol::{Isolation, RunRequest, ScenarioText};
use crate::run::{Manner, Ran, run};
use crate::scenario::Scenario;
use crate::ticks::{Anything, lab};
use windtunnel::executor::Program;
use windtunnel::world::Recorded;
use windtunnel::{Seed, node};

/// Each node shows that it ticks, every 10 ms.
fn storm(text: &str, seed: u64) -> Ran {
    let lab = lab::<Anything>();
    let program = Program::new(|| async {
        for tick in 1_u64.. {
            sleep(Duration::from_millis(10)).await;
            node::observe("tick", &tick);
        }
    });
    let mut request = RunRequest::new("", Seed(seed));
    request.scenario = Some(ScenarioText { name: "storm.toml".to_owned(), text: text.to_owned() });
    let manner = Manner { record: Recorded::Nothing, isolate: Isolation::None, log: None, hash_at: None };
    let ran = run(&lab, &Shelf::default(), None, &program, &request, &manner).unwrap_or_else(|error| panic!("{error}"));
    let broken = ran.verdict_in_the_tunnel();
    assert!(broken.is_none(), "{broken:?}");
    ran
}

fn counts(ran: &Ran) -> Vec<(&str, u64)> {
    ran.kept.struck.counts().iter().map(|(family, count)| (family.as_str(), *count)).collect()
}

const AFTER_TICKS: &str = r#"
about = "Faults that wait for a tick"
nodes = 5
duration = "3s"

[[fault]]
kind = "kill"
every = "1s"
down = "1s"
on_ppm = 0

[[fault]]
kind = "pause"
every = "1s"
lasts = "100ms"
on_ppm = 0

[[fault]]
kind = "pause"
when = { after = "tick", within = "5ms" }
lasts = { from = "1ms", to = "300ms" }
chance_ppm = 50_000
on_ppm = 1_000_000

[[fault]]
kind = "partition"
shapes = ["halves", "random", "ring"]
when = { after = "tick", within = "5ms" }
lasts = { from = "1ms", to = "300ms" }
chance_ppm = 50_000
on_ppm = 1_000_000
"#;

/// Also what waits for an occasion, which no schedule can list beforehand.
#[test]
fn a_saved_schedule_is_the_same_run() {
    for seed in 1..5 {
        let drawn = storm(AFTER_TICKS, seed);
        let saved = Scenario::parse("storm.toml", AFTER_TICKS).unwrap().draw(Seed(seed)).to_toml();
        let again = storm(&saved, seed);
        assert_eq!(drawn.report.trace_hash, again.report.trace_hash, "seed {seed}");
        assert_eq!(counts(&drawn), counts(&again));
        assert!(counts(&drawn).iter().all(|(_, count)| *count > 20), "{:?}", counts(&drawn));
    }
    assert_ne!(storm(AFTER_TICKS, 1).report.trace_hash, storm(AFTER_TICKS, 2).report.trace_hash);
}

#[test]
fn a_partition_of_many_cuts_is_one_strike() {
    for shape in ["halves", "random", "ring"] {
        let text = format!(
            "about = \"x\"\nnodes = 5\nduration = \"3s\"\n[[fault]]\nkind = \"partition\"\nshapes = [\"{shape}\"]\nat = [\"1s\", \"2s\"]\nlasts = \"500ms\"\non_ppm = 1_000_000\n"
        );
        assert_eq!(counts(&storm(&text, 7)), [("partition", 2)], "{shape}");
    }
}
