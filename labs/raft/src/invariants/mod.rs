//! The rules that are checked at every step of every run, one a file.
//!
//! [`ALL`] is the table; the handout shows it. The first five are figure 3 of the paper; the next
//! ones are rules of figure 2 that keep those five, and name the culprit earlier, three of them by what
//! messages were delivered; the last one is the lab's own.

pub mod applied_in_order;
pub mod changes_heard;
pub mod commit_order;
pub mod commit_rule;
pub mod conflict_rule;
pub mod durable_entries;
pub mod durable_votes;
pub mod election_restriction;
pub mod election_safety;
pub mod leader_append_only;
pub mod leader_completeness;
pub mod log_matching;
pub mod log_terms;
pub mod majority_of_replicas;
pub mod majority_of_votes;
pub mod one_vote;
pub mod replicas_heard;
pub mod snapshot_contents;
pub mod snapshot_rule;
pub mod state_machine_safety;
pub mod term_order;
pub mod view_honesty;
pub mod votes_heard;

use crate::judge::Seen;
use lab_harness::failed::Failed;
use windtunnel::NodeId;

/// All rules, in the order in which they are checked.
pub const ALL: [&Rule; 23] = [
    &election_safety::RULE,
    &leader_append_only::RULE,
    &log_matching::RULE,
    &leader_completeness::RULE,
    &state_machine_safety::RULE,
    &one_vote::RULE,
    &election_restriction::RULE,
    &majority_of_votes::RULE,
    &commit_rule::RULE,
    &majority_of_replicas::RULE,
    &conflict_rule::RULE,
    &durable_votes::RULE,
    &durable_entries::RULE,
    &term_order::RULE,
    &commit_order::RULE,
    &log_terms::RULE,
    &snapshot_rule::RULE,
    &snapshot_contents::RULE,
    &applied_in_order::RULE,
    &votes_heard::RULE,
    &replicas_heard::RULE,
    &changes_heard::RULE,
    &view_honesty::RULE,
];

/// A rule in words, and what checks it.
#[derive(Debug)]
pub struct Rule {
    /// Its name for machines: `election-safety`.
    pub name: &'static str,
    /// Its name for people: `Election safety`.
    pub title: &'static str,
    /// What it demands.
    pub demands: &'static str,
    /// Where it comes from, and its words there.
    pub source: &'static str,
    /// What of a server it looks at.
    pub watches: Watches,
    /// Makes what checks it in one run.
    pub make: fn() -> Box<dyn Invariant>,
}

/// What a rule looks at: most have nothing to say of what is applied, which is the most frequent thing to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watches {
    /// Views alone.
    Views,
    /// Views, and whom the server has heard: nothing to ask where nobody says what is delivered.
    ViewsAndDeliveries,
    /// Starts, views, and what is applied.
    Everything,
}

/// Checks one rule in one run.
pub trait Invariant {
    /// Takes in one more step of a server.
    ///
    /// # Errors
    /// When that step breaks the rule.
    fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation>;
}

/// How a rule was broken, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What happened; ends without a full stop.
    pub what: String,
    /// Who took part.
    pub nodes: Vec<NodeId>,
}

impl Violation {
    /// What happened, and who took part.
    pub fn new(what: impl Into<String>, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Violation { what: what.into(), nodes: nodes.into_iter().collect() }
    }
}

impl Rule {
    /// The failure that a violation of this rule is.
    #[must_use]
    pub fn broken(&self, Violation { what, nodes }: Violation) -> Failed {
        let title = format!("{} is broken: {what}.", self.title);
        Failed::new(self.name, title).from_source(self.source).on(nodes)
    }

    /// Its row of the table in the handout.
    #[must_use]
    pub fn row(&self) -> String {
        let source = self.source.split_once(':').map_or(self.source, |(place, _)| place);
        format!("| {} (`{}`) | {} | {source} |", self.title, self.name, self.demands)
    }
}

#[cfg(test)]
mod script;
#[cfg(test)]
pub(crate) use script::Script;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn rules_have_names_of_their_own() {
        let names: BTreeSet<_> = ALL.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), ALL.len());
        for rule in ALL {
            let kebab = rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(kebab, "{} is not in kebab-case", rule.name);
        }
    }

    /// If they differ, this prints the rows to paste.
    #[test]
    fn the_handout_shows_the_table_of_all_rules() {
        let handout = include_str!("../../README.md");
        let (_, table) = handout.split_once("<!-- invariants table -->\n").expect("the handout marks where it begins");
        let (table, _) = table.split_once("<!-- end of invariants table -->").expect("the handout marks where it ends");
        let rows: Vec<String> = ALL.iter().map(|rule| rule.row()).collect();
        let shown: Vec<&str> = table.lines().skip(2).collect(); // behind the heading
        assert_eq!(shown, rows, "labs/raft/README.md should hold these rows:\n{}\n", rows.join("\n"));
    }
}
