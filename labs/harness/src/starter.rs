//! What a lab's starter owes whoever begins with it: it compiles, and fails every test by a rule that says what is missing.

use crate::judge::Judge;
use crate::suite::Lab;
use crate::worker::run_here;
use windtunnel::Seed;
use windtunnel::executor::Program;

/// What is said of a run that nobody can learn from.
const RUDE: [&str; 6] =
    ["panicked", "never becomes idle", "virtual time", "events left", "nothing more could happen", "process of"];

/// That a program fails every test of a lab politely: never by a panic, a deadlock or a test that does not end.
///
/// # Errors
/// With the first test that it passes, or fails otherwise.
pub fn fails_politely<J: Judge>(lab: &Lab<J>, program: &Program) -> Result<(), String> {
    if lab.tests.is_empty() {
        return Err(format!("lab {} has no tests", lab.name));
    }
    for test in &lab.tests {
        let Err(failure) = run_here(lab, test, program, Seed(7)) else {
            return Err(format!("it passes {}", test.name));
        };
        // Sentences are wrapped anywhere.
        let failure = failure.split_whitespace().collect::<Vec<_>>().join(" ");
        if RUDE.iter().any(|words| failure.contains(words)) {
            return Err(format!("{}: {failure}", test.name));
        }
    }
    Ok(())
}
