//! How a flight is set up, [`Flight`], and what is known of it afterwards, [`Flown`].

use super::descriptors;
use super::fleet::{Fleet, hold_directory, make_directory};
use super::history::{History, set_aside};
use super::machine::Process;
use super::pilot::{End, Pilot};
use super::process::NodeBinary;
use super::unmade::Skipped;
use crate::line::LogLevel;
use crate::units::{Nanos, NodeId, Ppm, Seed};
use crate::world::body::{on_a_thread_of_its_own, tester_of};
use crate::world::{Blind, Decisions, LinkWeather, Observer, Outcome, Report, Shared, Tester};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// How long a node may take to end when it is asked to; it gives itself two seconds and one.
const LANDING: Duration = Duration::from_secs(5);

/// The options of a flight.
#[derive(Clone, Debug)]
pub struct FlightOptions {
    /// Where everything of the flight is left: `node-1/` and so on with each node's configuration, log and data, and
    /// `history.jsonl`. Records that are there (`*.jsonl`) are kept under a number, `history.1.jsonl`. Data that is there is what the nodes start with; a judge that has not seen how it came about may
    /// not know what to make of it (a snapshot of entries that nobody has shown as committed, say).
    pub directory: PathBuf,
    /// The name of the cluster; data of another one is refused.
    pub cluster: String,
    /// What the tester and the nodes draw from. What happens is not drawn from it: a flight does not repeat.
    pub seed: Seed,
    /// The sizes of groups of nodes, from the first node on; the rest are a group of their own.
    pub groups: Vec<u32>,
    /// Numbers that nodes are told by name.
    pub settings: BTreeMap<String, u64>,
    /// Latency of every link at the start; none but the loopback's without it.
    pub links: Option<LinkWeather>,
    /// How many of the connections that outlive a cut are half open when it is mended: one end gets a reset, and the other
    /// learns of it when it has sent something in vain. What the cut has held back is lost then.
    pub half_open_ppm: Ppm,
    /// When the run is over at the latest, on the real clock.
    pub time_budget: Nanos,
    /// How long a node may take from its start until it is ready.
    pub ready_within: Duration,
    /// Log lines from this level on are made.
    pub log_level: LogLevel,
}

/// A flight to be.
#[derive(Debug)]
pub struct Flight {
    binary: NodeBinary,
    nodes: u32,
    options: FlightOptions,
}

/// What is known of a flight.
#[derive(Debug)]
pub struct Flown<T> {
    /// As of a simulation, with what flight cannot know left empty: the trace hash is 0; of the counters there are
    /// only bytes (of frames, replies and connections' first words too), starts, kills, pauses, cuts, stops and half-open connections;
    /// there are no decisions, and no recording. An event is a step of a node that showed something, or a command; times are real ones from the start of
    /// the first node.
    pub report: Report<T>,
    /// Fsyncs of files and of directories, of all nodes together, up to the last thing that each incarnation showed: those
    /// of a step that was cut short by a kill are not known.
    pub fsyncs: u64,
    /// Whether the nodes began with files of an earlier flight, of which nobody in this one has seen how they came about.
    pub inherited: bool,
    /// What was asked for and not made.
    pub skipped: Skipped,
    /// Nodes that did not end as SIGTERM asks: with 0, after the replies they owed. Asked are those that are ready
    /// when the body has come to its end.
    pub unclean: Vec<(NodeId, String)>,
    /// Where everything was left.
    pub directory: PathBuf,
    /// Why the history is not whole, if it is not.
    pub history_error: Option<io::Error>,
}

/// Why a flight could not begin or go on, with no fault of a node.
#[derive(Debug, thiserror::Error)]
pub enum TakeOffError {
    /// A file or directory of the flight.
    #[error("{} cannot be used: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another flight leaves its files there.
    #[error("{} is locked: another flight uses it; wait for its end, or give this one a directory of its own", .0.display())]
    Locked(PathBuf),
    /// Data of a cluster of more nodes or fewer: a majority of these would be none of those.
    #[error(
        "{} holds the data of {found} nodes, and this flight has {nodes}: fly as many as there were, or give this one a \
         directory of its own",
        directory.display()
    )]
    OtherNodes {
        /// Where.
        directory: PathBuf,
        /// How many nodes have left something there.
        found: u32,
        /// How many are to fly.
        nodes: u32,
    },
    /// The node's executable.
    #[error("{} cannot be started: {source}; a node is an executable file", path.display())]
    Binary {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The same: it is no node, or one of another program.
    #[error("{} is no node of `{program}`: {found}", path.display())]
    OtherProgram {
        /// Which.
        path: PathBuf,
        /// The crate of the program that was wanted.
        program: String,
        /// What was found in its place.
        found: String,
    },
    /// More open files than this process may have.
    #[error(
        "a flight of {nodes} nodes takes {needed} open files at once, and this process may have {allowed}: raise that with \
         `ulimit -n {needed}` (root may, others ask for it), or fly fewer nodes"
    )]
    Descriptors {
        /// How many nodes are to fly.
        nodes: u32,
        /// Open files that they take.
        needed: u64,
        /// Open files that there may be.
        allowed: u64,
    },
    /// No port, or no thread for the proxies.
    #[error("no port of 127.0.0.1 can be had: {0}")]
    Ports(io::Error),
}

impl Flight {
    /// A flight of so many nodes, which leaves everything in `directory`.
    pub fn new(binary: NodeBinary, nodes: u32, directory: impl Into<PathBuf>) -> Self {
        let options = FlightOptions {
            directory: directory.into(),
            cluster: "flight".to_owned(),
            seed: Seed(0),
            groups: Vec::new(),
            settings: BTreeMap::new(),
            links: None,
            half_open_ppm: Ppm::NEVER,
            time_budget: Nanos::from_secs(600),
            ready_within: Duration::from_secs(10),
            log_level: LogLevel::Info,
        };
        Flight { binary, nodes, options }
    }

    /// Changes options.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut FlightOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// Runs `body` as the tester, with all nodes ready, to its end. Nobody watches.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn run<T: Send + 'static, F: Future<Output = T> + 'static>(
        self,
        body: impl FnOnce(Tester) -> F + Send + 'static,
    ) -> Result<Flown<T>, TakeOffError> {
        self.observe(move || (Blind, body), drop).map(|(flown, ())| flown)
    }

    /// Runs a body as the tester, with all nodes ready and an observer that sees what they show, on a thread of its
    /// own; `setup` and `collect` are those of [`Simulation::observe`](crate::world::Simulation::observe). When this
    /// comes back no process is left.
    ///
    /// # Errors
    /// When the flight could not begin, for no fault of a node.
    ///
    /// # Panics
    /// As [`Simulation::observe`](crate::world::Simulation::observe).
    pub fn observe<T, S, O, B, F>(
        self,
        setup: impl FnOnce() -> (O, B) + Send,
        collect: impl FnOnce(O) -> S + Send,
    ) -> Result<(Flown<T>, S), TakeOffError>
    where
        T: Send + 'static,
        S: Send,
        O: Observer,
        B: FnOnce(Tester) -> F + 'static,
        F: Future<Output = T> + 'static,
    {
        on_a_thread_of_its_own("flight", || {
            let (mut observer, body) = setup();
            let flown = self.run_here(&mut observer, body)?;
            Ok((flown, collect(observer)))
        })
    }

    fn run_here<T: 'static, F: Future<Output = T> + 'static>(
        self,
        observer: &mut dyn Observer,
        body: impl FnOnce(Tester) -> F + 'static,
    ) -> Result<Flown<T>, TakeOffError> {
        let Flight { binary, nodes, options } = self;
        make_directory(&options.directory)?;
        let _held = hold_directory(&options.directory)?;
        descriptors::provide(nodes)?;
        let fleet = Fleet::lay_out(binary, nodes, &options)?;
        let file = |source| TakeOffError::File { path: options.directory.clone(), source };
        set_aside(&options.directory).map_err(file)?;
        let path = options.directory.join("history.jsonl");
        let history = History::create(&path).map_err(|source| TakeOffError::File { path, source })?;

        let shared = Rc::new(Shared::default());
        let (tester, result) = tester_of(body, &shared);
        let mut pilot = Pilot::new(options, fleet, history, nodes, tester, shared, observer);
        let log = crate::logging::Subscriber::for_nodes();
        tracing::subscriber::with_default(log, || pilot.run());
        let finished = result.borrow_mut().take();
        pilot.finish(finished)
    }
}

impl Pilot<'_> {
    /// Asks all nodes to end, and says who did not.
    fn land(&mut self) -> Vec<(NodeId, String)> {
        let mut landing: Vec<(NodeId, &mut Process)> = Vec::new();
        for (node, machine) in &mut self.machines {
            // One that is about to begin does not listen to signals yet.
            landing.extend(machine.process.as_mut().filter(|process| process.ready).map(|process| (*node, process)));
        }
        landing.iter().for_each(|(_, process)| process.child.terminate());
        let mut unclean = Vec::new();
        for (node, process) in landing {
            match process.child.ended_within(LANDING) {
                Ok(status) if status.success() => {}
                Ok(status) => unclean.push((node, status.to_string())),
                Err(error) => unclean.push((node, error.to_string())),
            }
        }
        unclean
    }

    /// Ends all processes and says what became of the run.
    fn finish<T>(mut self, finished: Option<T>) -> Result<Flown<T>, TakeOffError> {
        let is_landing = self.end.is_none();
        let unclean = if is_landing { self.land() } else { Vec::new() };
        self.machines.clear(); // what still runs is killed
        let moment = self.moment_now();
        let outcome = match (self.end, finished) {
            (Some(End::Grounded(error)), _) => return Err(error),
            (Some(End::Failed(failure)), _) => Outcome::Failed(failure),
            (Some(End::Stopped), _) => Outcome::Stopped,
            (None, Some(value)) => Outcome::Finished(value),
            (None, None) => unreachable!("the loop ends with a result or with a reason"),
        };
        let words = match &outcome {
            Outcome::Finished(_) => "finished".to_owned(),
            Outcome::Stopped => "stopped by its observer".to_owned(),
            Outcome::Failed(failure) => failure.to_string(),
        };
        self.counters.bytes = self.fleet.proxies.bytes();
        let report = Report {
            outcome,
            trace_hash: 0,
            events: moment.event.0,
            ended_at: moment.at,
            last_node: self.last_node,
            counters: self.counters,
            decisions: Decisions::default(),
            recording: None,
            hash_at: None,
        };
        let history_error = self.history.finish(moment, &words);
        Ok(Flown {
            report,
            fsyncs: self.fsyncs,
            inherited: self.inherited,
            skipped: self.skipped,
            unclean,
            directory: self.options.directory,
            history_error,
        })
    }
}
