//! What a lab is made of: parts, tests with points, and how it is judged.

use crate::cluster::Cluster;
use crate::failed::TestResult;
use crate::judge::Judge;
use crate::meter::Meter;
use crate::scenario::{DrawnLoad, RuledOut, Vocabulary};
use std::fmt;
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
    /// Names of numbers that its nodes may be told.
    pub settings: &'static [&'static str],
    /// Whether its clients have nodes of their own, which tests count apart from those that they are about.
    pub client_nodes: bool,
    /// Weather that its contract rules out, and why: scenarios with it are refused.
    pub ruled_out: &'static [(RuledOut, &'static str)],
    /// What its storms do besides the weather.
    pub storm: Storm<J>,
    /// What its clients do in flight; nothing if the lab does not fly.
    pub flight: Option<Flight<J>>,
}

impl<J: Judge> Lab<J> {
    /// Nothing but a name: no parts and tests, storms that ask nobody for anything, and no flight.
    #[must_use]
    pub fn bare(name: &'static str) -> Self {
        let storm = Storm {
            load: |_, _| Box::pin(std::future::pending()),
            recovery: |_| Box::pin(async { Ok(()) }),
            recovery_budget: Nanos::from_secs(1),
        };
        Lab {
            name,
            parts: Vec::new(),
            tests: Vec::new(),
            observations: &[],
            settings: &[],
            client_nodes: false,
            ruled_out: &[],
            storm,
            flight: None,
        }
    }

    /// What scenarios of this lab may name.
    #[must_use]
    pub const fn vocabulary(&self) -> Vocabulary<'static> {
        let Lab { observations, settings, client_nodes, ruled_out, .. } = *self;
        Vocabulary { observations, settings, client_nodes, ruled_out }
    }
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
    /// Why a real machine cannot show it, if it cannot. Of a storm its weather tells.
    pub grounded: Option<&'static str>,
    /// What is run.
    pub body: Body<J>,
}

/// What a test runs.
#[derive(Debug)]
pub enum Body<J: Judge> {
    /// A story in code.
    Directed {
        /// How many nodes it is about.
        nodes: u32,
        /// How many nodes of clients come after these.
        client_nodes: u32,
        /// Numbers that all nodes are told, by name.
        settings: &'static [(&'static str, u64)],
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

/// What happens in flight besides the weather.
#[derive(Debug)]
pub struct Flight<J: Judge> {
    /// Clients who count what they do, and what is to be true of it; each has one request outstanding.
    pub load: fn(Cluster<J>, DrawnLoad, Meter) -> Clients,
    /// Whether these clients read, so that it can be said how often.
    pub reads: bool,
    /// How many nodes of clients a flight in calm weather has.
    pub client_nodes: u32,
    /// Numbers that all nodes are told in calm weather, by name.
    pub settings: &'static [(&'static str, u64)],
    /// Rules that are bounds of time: who misses one on a real machine may be right all the same.
    pub bounds: &'static [&'static str],
    /// Rules that take a judge who has seen all since the nodes were new: they say nothing of nodes that begin with the data
    /// of an earlier flight.
    pub whole_history: &'static [&'static str],
}

/// Clients in flight.
pub struct Clients {
    /// They work until this is dropped.
    pub at_work: Running<()>,
    /// That nothing is lost of what they were answered; begun after recovery.
    pub nothing_lost: Running,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl<J: Judge> Test<J> {
    /// A storm: its part, name, points, what it is about, and the file below `scenarios/<lab>/` with its content.
    #[must_use]
    pub const fn storm(
        part: &'static str,
        name: &'static str,
        points: u32,
        about: &'static str,
        scenario: &'static str,
        text: &'static str,
    ) -> Self {
        Test { name, mit: None, part, points, about, grounded: None, body: Body::Storm { scenario, text } }
    }

    /// Tags that filters know: `mit`, `storm`.
    #[must_use]
    pub fn tags(&self) -> Vec<&'static str> {
        let mit = self.mit.map(|_| "mit");
        let storm = matches!(self.body, Body::Storm { .. }).then_some("storm");
        mit.into_iter().chain(storm).collect()
    }
}
