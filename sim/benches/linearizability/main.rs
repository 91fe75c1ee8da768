//! How long the linearizability checker takes: see `README.md`.
//!
//! `cargo bench -p windtunnel --bench linearizability [-- DIRECTORY]`: with a directory that holds Porcupine's c10-ok.txt and c10-bad.txt it takes these too.

#![allow(clippy::disallowed_methods)] // it measures time

mod load;

use load::Load;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use windtunnel::check::History;
use windtunnel::check::linearizability::{Budget, Checked, Explained, Verdict, Violation, check, verdict};
use windtunnel::check::models::{KvAppend, KvAppendAsk, Whole};
use windtunnel::check::read::read_history;

type KvHistory = History<KvAppendAsk, Rc<str>>;

fn main() {
    println!("{:<34} {:>12} {:>12} {:>9} {:>9}", "history", "verdict", "explained", "steps", "peak kB");
    let directory = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    for name in ["c10-ok.txt", "c10-bad.txt"] {
        let Some(file) = directory.as_ref().and_then(|directory| File::open(Path::new(directory).join(name)).ok())
        else {
            println!("{name}: not measured, give the directory that holds it");
            continue;
        };
        let history = read_history::<KvAppend>(BufReader::new(file), KvHistory::OPERATIONS).expect("it is a history");
        let (key_by_key, together) = (KvAppend, Whole(KvAppend));
        let row = measured(
            name,
            201,
            &history,
            |history| verdict(&key_by_key, history, Budget::default()),
            |history| check(&key_by_key, history, Budget::default()),
        );
        row.print();
        let name = format!("{name}, keys together");
        let row = measured(
            &name,
            11,
            &history,
            |history| verdict(&together, history, Budget::default()),
            |history| check(&together, history, Budget::default()),
        );
        row.print();
    }
    for (name, one_wrong_read) in [("100,000 operations", false), ("100,000, one wrong read", true)] {
        let rows = (1..=SEEDS).map(|seed| {
            let history = load::history(&Load { one_wrong_read, ..Load::default() }, seed);
            let name = format!("{name}, seed {seed}");
            let bare = |history: &KvHistory| verdict(&KvAppend, history, Budget::default());
            let is_right = bare(&history).verdict == Verdict::Linearizable;
            assert_eq!(is_right, !one_wrong_read, "{name}: the load, or the checker, is broken");
            measured(&name, 3, &history, bare, |history| check(&KvAppend, history, Budget::default()))
        });
        let worst = rows.max_by_key(|row| row.bare).expect("there are seeds");
        worst.print();
    }
}

/// The worst of so many is printed.
const SEEDS: u64 = 5;

/// What was measured of a history.
struct Row {
    name: String,
    bare: Duration,
    explained: String,
    steps: u64,
    kilobytes: u64,
}

impl Row {
    fn print(&self) {
        let Row { name, bare, explained, steps, kilobytes } = self;
        println!("{name:<34} {:>9.3} ms {explained:>12} {steps:>9} {kilobytes:>9}", milliseconds(*bare));
    }
}

/// Measures the bare verdict and the one with its explanation, so many rounds each in turn: the medians.
fn measured(
    name: &str,
    rounds: usize,
    history: &KvHistory,
    bare: impl Fn(&KvHistory) -> Checked,
    whole: impl Fn(&KvHistory) -> Checked,
) -> Row {
    let (mut bares, mut wholes) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bares.push(timed(|| bare(history)).0);
        wholes.push(timed(|| whole(history)).0);
    }
    let checked = whole(history);
    let explained = match checked.verdict {
        Verdict::NotLinearizable(Violation { explained: Explained::Fully, .. }) => {
            format!("{:.3} ms", milliseconds(median(wholes)))
        }
        Verdict::NotLinearizable(Violation { explained, .. }) => format!("NOT: {explained:?}"),
        Verdict::Linearizable => String::new(),
        Verdict::Undecided(exhausted) => format!("UNDECIDED: {exhausted}"),
    };
    let (steps, kilobytes) = (checked.cost.steps, checked.cost.peak_bytes / 1000);
    Row { name: name.to_owned(), bare: median(bares), explained, steps, kilobytes }
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed(), done)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
