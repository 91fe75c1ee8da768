//! How long the linearizability checker takes: see `README.md`.
//!
//! `cargo bench -p windtunnel --bench linearizability [-- DIRECTORY]`: with a directory that holds Porcupine's c10-ok.txt and c10-bad.txt it takes these too.

#![allow(clippy::disallowed_methods)] // it measures time
#![allow(unsafe_code)] // and memory

mod load;
#[path = "../../tests/linearizability/peak.rs"]
mod peak;

use load::Load;
use peak::peak_of;
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
    let columns = ["verdict", "explained", "steps", "peak kB", "history kB"];
    let [verdict_column, explained, steps, peak, held] = columns;
    println!("{:<34} {verdict_column:>12} {explained:>12} {steps:>9} {peak:>9} {held:>10}", "history");
    let directory = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    for (name, is_right) in [("c10-ok.txt", true), ("c10-bad.txt", false)] {
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
        row.print(is_right);
        let name = format!("{name}, keys together");
        let row = measured(
            &name,
            11,
            &history,
            |history| verdict(&together, history, Budget::default()),
            |history| check(&together, history, Budget::default()),
        );
        row.print(is_right);
    }
    for (name, one_wrong_read) in [("100,000 operations", false), ("100,000, one wrong read", true)] {
        let rows = (1..=SEEDS).map(|seed| {
            let history = load::history(&Load { one_wrong_read, ..Load::default() }, seed);
            let name = format!("{name}, seed {seed}");
            let bare = |history: &KvHistory| verdict(&KvAppend, history, Budget::default());
            measured(&name, 3, &history, bare, |history| check(&KvAppend, history, Budget::default()))
        });
        let worst = rows.max_by_key(|row| row.bare).expect("there are seeds");
        worst.print(!one_wrong_read);
    }
}

/// The worst of so many is printed.
const SEEDS: u64 = 5;

/// What was measured of a history.
struct Row {
    name: String,
    bare: Duration,
    explained: String,
    is_right: bool,
    steps: u64,
    /// What the check took from the allocator at most, the history left out.
    peak: usize,
    /// What the history takes, its texts left out.
    held: usize,
}

impl Row {
    /// Prints it; a wrong verdict is worth no time.
    fn print(&self, is_right: bool) {
        let Row { name, bare, explained, steps, peak, held, .. } = self;
        assert_eq!(self.is_right, is_right, "{name}: the history, or the checker, is broken");
        let (bare, peak, held) = (milliseconds(*bare), peak / 1000, held / 1000);
        println!("{name:<34} {bare:>9.3} ms {explained:>12} {steps:>9} {peak:>9} {held:>10}");
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
    let (checked, peak) = peak_of(|| whole(history));
    let (copy, held) = peak_of(|| history.clone());
    drop(copy);
    let is_right = checked.verdict == Verdict::Linearizable;
    let allowed = (10 * checked.cost.steps).max(Budget::EXPLANATION);
    assert!(checked.explanation.steps <= allowed, "{name}: {:?} for {:?}", checked.explanation, checked.cost);
    let explained = match checked.verdict {
        Verdict::NotLinearizable(Violation { explained: Explained::Fully, .. }) => {
            format!("{:.3} ms", milliseconds(median(wholes)))
        }
        Verdict::NotLinearizable(Violation { explained, .. }) => format!("NOT: {explained:?}"),
        Verdict::Linearizable => String::new(),
        Verdict::Undecided(exhausted) => format!("UNDECIDED: {exhausted}"),
    };
    Row { name: name.to_owned(), bare: median(bares), explained, is_right, steps: checked.cost.steps, peak, held }
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
