//! A lab's suite under plain `cargo test` and nextest.

use crate::judge::Judge;
use crate::suite::Lab;
use crate::worker;
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
