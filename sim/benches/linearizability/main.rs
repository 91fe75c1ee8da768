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
use windtunnel::check::linearizability::{Budget, Checked, Verdict, check, verdict};
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
        row(
            name,
            201,
            &history,
            |history| verdict(&key_by_key, history, Budget::default()),
            |history| check(&key_by_key, history, Budget::default()),
        );
        let name = format!("{name}, keys together");
        row(
            &name,
            11,
            &history,
            |history| verdict(&together, history, Budget::default()),
            |history| check(&together, history, Budget::default()),
        );
    }
    for (name, one_wrong_read) in [("100,000 operations", false), ("100,000, one wrong read", true)] {
        let history = load::history(&Load { one_wrong_read, ..Load::default() }, 1);
        row(
            name,
            5,
            &history,
            |history| verdict(&KvAppend, history, Budget::default()),
            |history| check(&KvAppend, history, Budget::default()),
        );
    }
}

/// Measures the bare verdict and the one with its explanation, so many rounds each in turn, and prints the medians.
fn row(
    name: &str,
    rounds: usize,
    history: &KvHistory,
    bare: impl Fn(&KvHistory) -> Checked,
    whole: impl Fn(&KvHistory) -> Checked,
) {
    let (mut bares, mut wholes) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bares.push(timed(|| bare(history)).0);
        wholes.push(timed(|| whole(history)).0);
    }
    let checked = whole(history);
    let explained = match checked.verdict {
        Verdict::NotLinearizable(_) => format!("{:.3} ms", milliseconds(median(wholes))),
        Verdict::Linearizable => String::new(),
        Verdict::Undecided(exhausted) => exhausted.to_string(),
    };
    let (bare, kilobytes) = (milliseconds(median(bares)), checked.cost.peak_bytes / 1000);
    println!("{name:<34} {bare:>9.3} ms {explained:>12} {:>9} {kilobytes:>9}", checked.cost.steps);
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
