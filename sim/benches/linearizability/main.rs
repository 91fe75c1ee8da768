//! How long the linearizability checker takes: see `README.md`.

mod load;

use load::Load;
use std::time::Instant;
use windtunnel::check::linearizability::{Budget, check};
use windtunnel::check::models::KvAppend;

#[allow(clippy::disallowed_methods)] // it measures time
fn main() {
    for one_wrong_read in [false, true] {
        let history = load::history(&Load { one_wrong_read, ..Load::default() }, 1);
        for _ in 0..3 {
            let begin = Instant::now();
            let checked = check(&KvAppend, &history, Budget::default());
            println!("{:?} {:?}", begin.elapsed(), checked);
        }
    }
}
