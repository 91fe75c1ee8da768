//! The end of a `main` without libtest, of an executable that is also its own node.

use std::process::ExitCode;

/// Runs the tests one after the other, or those that the command line asks for. One that fails panics.
pub fn run(tests: &[(&str, fn())]) -> ExitCode {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    // nextest asks every target for its tests, and then for one at a time.
    if has("--list") {
        for (name, _) in tests.iter().filter(|_| !has("--ignored")) {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let ran = tests.iter().filter(|(name, _)| !has("--exact") || has(name)).inspect(|(name, test)| {
        test();
        println!("test {name} ... ok");
    });
    println!("\ntest result: ok. {} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", ran.count());
    ExitCode::SUCCESS
}
