//! What a lab is made of: parts, tests with points, and how it is judged.

use crate::cluster::Cluster;
use crate::failed::TestResult;
use crate::judge::Judge;
use crate::scenario::DrawnLoad;
use std::future::Future;
use std::pin::Pin;
use windtunnel::Nanos;

/// A test body under way.
pub type Running<T = TestResult> = Pin<Box<dyn Future<Output = T>>>;

/// A lab, judged by a `J`.
#[derive(Debug)]
pub struct Lab<J: Judge> {
    /// Its name: `raft`.
    pub name: &'static str,
    /// Its parts, in the order of the handout.
    pub parts: Vec<Part>,
    /// Its tests, part after part.
    pub tests: Vec<Test<J>>,
    /// What its nodes show, by the names of the kinds: what a fault may wait for.
    pub observations: &'static [&'static str],
    /// What its storms do besides the weather.
    pub storm: Storm<J>,
}

/// A part of a lab.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its name: `election`.
    pub name: &'static str,
    /// Its name at MIT: `3A`.
    pub alias: &'static str,
}

/// One test.
#[derive(Debug)]
pub struct Test<J: Judge> {
    /// Its name, unique in the lab: `re_election`.
    pub name: &'static str,
    /// Its name at MIT.
    pub mit: Option<&'static str>,
    /// The name of its part.
    pub part: &'static str,
    /// What it is worth.
    pub points: u32,
    /// What it is about, in one line.
    pub about: &'static str,
    /// What is run.
    pub body: Body<J>,
}

/// What a test runs.
#[derive(Debug)]
pub enum Body<J: Judge> {
    /// A story in code.
    Directed {
        /// How many nodes it has.
        nodes: u32,
        /// Virtual time after which it has failed.
        time_budget: Nanos,
        /// The story.
        run: fn(Cluster<J>) -> Running,
    },
    /// Weather from a scenario file.
    Storm {
        /// The file's name below `scenarios/<lab>/`, without `.toml`.
        scenario: &'static str,
        /// Its content.
        text: &'static str,
    },
}

/// What happens in a storm besides the weather.
#[derive(Debug)]
pub struct Storm<J: Judge> {
    /// Clients, which run until the storm is over and are dropped then.
    pub load: fn(Cluster<J>, DrawnLoad) -> Running<()>,
    /// What must come true after everything was healed: leaders, progress, all caught up.
    pub recovery: fn(Cluster<J>) -> Running,
    /// Virtual time that recovery may take, past its own bounds.
    pub recovery_budget: Nanos,
}

impl<J: Judge> Test<J> {
    /// Tags that filters know: `mit`, `storm`.
    #[must_use]
    pub fn tags(&self) -> Vec<&'static str> {
        let mit = self.mit.map(|_| "mit");
        let storm = matches!(self.body, Body::Storm { .. }).then_some("storm");
        mit.into_iter().chain(storm).collect()
    }
}
