//! What ends a test: [`Failed`], from a test body or from a judge.

use std::fmt;
use windtunnel::{Nanos, NodeId};

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
    /// What a learner looks at next, if the rule can say; boxed, since few can and every result would be larger.
    pub evidence: Option<Box<Evidence>>,
}

/// How things stood when a rule was broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A line each, shown as they are.
    pub facts: Vec<String>,
    /// Calls of which the failure is to say what became of them: only a recording of the run tells.
    pub calls: Option<Calls>,
}

/// The calls of one node to some others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Who called.
    pub from: NodeId,
    /// Whom.
    pub to: Vec<NodeId>,
    /// From when on.
    pub since: Nanos,
}

impl Failed {
    /// A broken rule, in a sentence.
    pub fn new(rule: &'static str, title: impl Into<String>) -> Self {
        Failed { rule, title: title.into(), source: None, nodes: Vec::new(), evidence: None }
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

    /// Says how things stood.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = Some(Box::new(evidence));
        self
    }

    /// How things stood, a line each.
    #[must_use]
    pub fn facts(&self) -> &[String] {
        self.evidence.as_ref().map_or(&[], |evidence| &evidence.facts)
    }

    /// Calls of which the failure is to say what became of them.
    #[must_use]
    pub fn calls(&self) -> Option<&Calls> {
        self.evidence.as_ref()?.calls.as_ref()
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}
