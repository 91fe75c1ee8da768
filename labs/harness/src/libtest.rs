//! A lab's suite under plain `cargo test` and nextest.

use crate::judge::Judge;
use crate::suite::Lab;
use crate::watch::Broken;
use crate::worker;
use crate::wrap::{WIDTH, cut, paragraph, plain};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;
use windtunnel::Seed;
use windtunnel::executor::Program;
use windtunnel::isolate::run_node_if_asked;

/// The variable that chooses the seed.
pub const SEED_VARIABLE: &str = "WINDTUNNEL_SEED";

/// Seeds of a plain `cargo test`: always the same ones.
const FIXED_SEEDS: [Seed; 2] = [Seed(1), Seed(2)];

/// The `main` of a test target with `harness = false`: each test of the lab, under fixed seeds or
/// the one that [`SEED_VARIABLE`] names.
pub fn main<J: Judge>(lab: Lab<J>, program: Program) -> ExitCode {
    if let Some(code) = run_node_if_asked(&program) {
        return code;
    }
    let seeds = match std::env::var(SEED_VARIABLE) {
        Err(_) => FIXED_SEEDS.to_vec(),
        Ok(text) => match text.parse() {
            Ok(seed) => vec![seed],
            Err(error) => {
                eprintln!("{SEED_VARIABLE}=`{text}` is no seed ({error}): decimal or 0x…");
                return ExitCode::from(2);
            }
        },
    };
    let lab = Arc::new(lab);
    let trials = (0..lab.tests.len()).map(|index| trial(&lab, index, &program, &seeds)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial<J: Judge>(lab: &Arc<Lab<J>>, index: usize, program: &Program, seeds: &[Seed]) -> Trial {
    let test = &lab.tests[index];
    let (name, kind) = (format!("{}::{}", test.part, test.name), lab.name);
    let (lab, program, seeds) = (lab.clone(), program.clone(), seeds.to_vec());
    Trial::test(name, move || {
        for seed in seeds {
            worker::run_here(&lab, &lab.tests[index], &program, seed).map_err(Failed::from)?;
        }
        Ok(())
    })
    .with_kind(kind)
}

/// Lines of a message besides its commands: what a test says beyond that is in `cargo lab`.
const MOST_LINES: usize = 24;

/// What a failed test says: what broke, where, and the commands that show it again; few lines of 80 columns.
pub(crate) fn message(broken: &Broken, lab: &str, test: &str, seed: Seed) -> String {
    let sentences = [Some(broken.failed.title.as_str()), broken.failed.source].into_iter().flatten();
    let text: String = sentences.map(|sentence| paragraph(sentence, 2)).collect();
    let facts: Vec<String> =
        broken.failed.facts().iter().map(|fact| format!("  {}", cut(&plain(fact), WIDTH - 2))).collect();
    let mut lines: Vec<&str> = text.lines().chain(facts.iter().map(String::as_str)).collect();
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines.push("  …");
    }
    format!(
        "seed {seed}, at {}, {}\n\n{}\n\n  Again     {SEED_VARIABLE}={seed} cargo test {test}\n  Its story \
         cargo lab test {lab} {test} --seed {seed}\n",
        broken.moment.at,
        broken.moment.event,
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failed;
    use windtunnel::world::Moment;
    use windtunnel::{EventNumber, Nanos, NodeId};

    fn broken(title: &str) -> Broken {
        let failed = failed::Failed::new("a-rule", title).from_source("Raft, section 5.2: one vote in a term.");
        let moment = Moment { at: Nanos::from_millis(1310), event: EventNumber(40) };
        Broken { failed, moment, node: NodeId(1) }
    }

    #[test]
    fn a_failure_names_rule_place_seed_and_the_commands_that_show_it_again() {
        let title = "Election safety is broken: node 1 and node 3 both lead term 5, which no two servers may do.";
        assert_eq!(
            message(&broken(title), "raft", "re_election", Seed(7)),
            "\
seed 7, at 1.310 s, event 40

  Election safety is broken: node 1 and node 3 both lead term 5, which no two
  servers may do.
  Raft, section 5.2: one vote in a term.

  Again     WINDTUNNEL_SEED=7 cargo test re_election
  Its story cargo lab test raft re_election --seed 7
"
        );
    }

    #[test]
    fn however_much_a_panic_says_the_message_has_few_lines_of_eighty_columns() {
        for title in ["left: [1, 2, 3, 4] right: ".repeat(1_000), "x".repeat(10_000), "a\n".repeat(10_000)] {
            let said = message(&broken(&title), "raft", "re_election", Seed(u64::MAX));
            assert!(said.lines().count() < 34, "{} lines", said.lines().count());
            assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
            assert!(said.contains("--seed 18446744073709551615"), "{said}");
        }
    }
}
