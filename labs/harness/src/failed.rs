//! What ends a test: [`Failed`], from a test body or from a judge.

use std::fmt;
use windtunnel::NodeId;

/// How a test body ends.
pub type TestResult<T = ()> = Result<T, Failed>;

/// A rule that was broken, or a bound that was missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The rule's name for machines, in kebab-case: `election-safety`, `no-agreement`.
    pub rule: &'static str,
    /// What broke, as a sentence: `Election safety is broken: node 1 and node 3 both lead term 5.`
    pub title: String,
    /// Where the rule comes from, and its words: `Raft, section 5.2: a server votes for …`.
    pub source: Option<&'static str>,
    /// Nodes that took part, for the columns of the story.
    pub nodes: Vec<NodeId>,
}

impl Failed {
    /// A broken rule, in a sentence.
    pub fn new(rule: &'static str, title: impl Into<String>) -> Self {
        Failed { rule, title: title.into(), source: None, nodes: Vec::new() }
    }

    /// Names the source of the rule.
    #[must_use]
    pub const fn from_source(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    /// Names nodes that took part.
    #[must_use]
    pub fn on(mut self, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        self.nodes.extend(nodes);
        self
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}
