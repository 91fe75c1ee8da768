//! What the module promises as a whole; smaller promises are tested beside the code.

mod clients;
mod complaints;
mod drawing;
mod files;
mod resolving;
mod unsound;
mod wrong_values;

use super::{Scenario, ScenarioError};

/// A scenario of three nodes with these lines in its file.
fn scenario(lines: &str) -> Scenario {
    let text = format!("about = \"a test\"\nnodes = 3\nduration = \"10s\"\n{lines}");
    Scenario::parse("test.toml", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// The same scenario on another number of nodes.
fn on_nodes(scenario: &Scenario, nodes: u32) -> Scenario {
    Scenario { nodes, ..scenario.clone() }
}

/// What is said about a wrong file.
fn complaint(text: &str) -> String {
    match Scenario::parse("storm.toml", text) {
        Err(error @ ScenarioError::Wrong(_)) => error.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}
