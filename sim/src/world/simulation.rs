//! How a run is set up: [`Simulation`].

use super::body::{on_a_thread_of_its_own, tester_of};
use super::command::Fault;
use super::disk::{DiskWeather, Scratch};
use super::late_copies::LateCopies;
use super::machine::Machine;
use super::network::Network;
use super::observer::{Blind, Observer};
use super::queue::Queue;
use super::report::{Decisions, FaultDecisions, Outcome, Report};
use super::tester::{Shared, Tester};
use super::weather::{ClockWeather, LinkWeather};
use super::{End, Recorded, Recording, World};
use crate::executor::{Executor, Program};
use crate::fold::Fold;
use crate::line::{LogLevel, in_groups};
use crate::streams::{Purpose, Stream};
use crate::units::{EventNumber, Nanos, NodeId, Seed};
use madsim::time::TimeHandle;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;

/// Messages that may be under way at once, unless the options say otherwise: as many as ten thousand calls a second that
/// take ten seconds each. Runs of the labs have 300 at the most; 101 nodes that all call each other every 10 ms over links of
/// 1 to 10 ms have 11,000. A loop that calls and does not wait has more within a second, long before it fills the memory.
pub const MESSAGES_UNDER_WAY: u64 = 100_000;

/// Where the nodes of a run live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All in the world's own thread: fast.
    #[default]
    Thread,
    /// Each in an operating-system process of its own behind a pipe: nothing is shared.
    Process,
}

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What everything is drawn from.
    pub seed: Seed,
    /// Weather of every link at the start.
    pub links: LinkWeather,
    /// Weather of every disk at the start.
    pub disks: DiskWeather,
    /// Where the bytes of files are; without it they are in memory.
    pub scratch: Option<Scratch>,
    /// Clocks at the start, by node; those left out are right.
    pub clocks: BTreeMap<NodeId, ClockWeather>,
    /// The sizes of groups of nodes, from the first node on; the rest are a group of their own.
    pub groups: Vec<u32>,
    /// Numbers that nodes are told by name.
    pub settings: BTreeMap<String, u64>,
    /// Nodes whose ready tasks run in a drawn order.
    pub shuffle_tasks: BTreeSet<NodeId>,
    /// When the run is over at the latest.
    pub time_budget: Nanos,
    /// How many events the run has at the most.
    pub event_budget: u64,
    /// How many messages are under way at once at the most: [`MESSAGES_UNDER_WAY`] unless told otherwise.
    pub messages_under_way: u64,
    /// Where nodes live.
    pub isolation: Isolation,
    /// Which of the events are kept, with what their nodes did.
    pub record: Recorded,
    /// Gives std's hash maps other keys than the seed's own: a run that then differs depends on the
    /// order in which such a map is iterated.
    pub other_std_hash_keys: bool,
    /// Log lines from this level on are made.
    pub log_level: Option<LogLevel>,
    /// An event after which the trace hash is noted.
    pub hash_at: Option<EventNumber>,
}

/// A run to be.
///
/// The crate's front page has an example.
#[derive(Debug)]
pub struct Simulation {
    options: Options,
    names: Vec<String>,
    program: Program,
}

impl Simulation {
    /// A run without nodes under this seed.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        let options = Options {
            seed,
            links: LinkWeather::default(),
            disks: DiskWeather::default(),
            scratch: None,
            clocks: BTreeMap::new(),
            groups: Vec::new(),
            settings: BTreeMap::new(),
            shuffle_tasks: BTreeSet::new(),
            time_budget: Nanos::from_secs(600),
            event_budget: 50_000_000,
            messages_under_way: MESSAGES_UNDER_WAY,
            isolation: Isolation::Thread,
            record: Recorded::Nothing,
            other_std_hash_keys: false,
            log_level: None,
            hash_at: None,
        };
        Simulation { options, names: Vec::new(), program: Program::new(|| async {}) }
    }

    /// Gives the run so many nodes, named `node 1` and so on, which all run `main`.
    #[must_use]
    pub fn nodes<F: Future<Output = ()> + 'static>(
        self,
        count: u32,
        main: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        self.program(count, Program::new(main))
    }

    /// The same for a program that is at hand.
    #[must_use]
    pub fn program(mut self, count: u32, program: Program) -> Self {
        self.names = (1..=count).map(|id| NodeId(id).to_string()).collect();
        self.program = program;
        self
    }

    /// Changes options.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Runs `body` as the tester, with all nodes started, to its end. Nobody watches.
    pub fn run<T: Send + 'static, F: Future<Output = T> + 'static>(
        self,
        body: impl FnOnce(Tester) -> F + Send + 'static,
    ) -> Report<T> {
        self.observe(move || (Blind, body), drop).0
    }

    /// Runs a body as the tester, with all nodes started and an observer that sees what they show.
    ///
    /// Each run has a thread of its own, with fresh thread-locals, inside a madsim runtime of its
    /// own. There `setup` makes the observer and the body, which may share what is not `Send`, and
    /// `collect` takes from the observer what is to be kept.
    ///
    /// # Panics
    /// When one of the three, or the observer, panics: that is a bug of the harness, and the panic's payload is a
    /// [`PanicReport`](crate::line::PanicReport) that names the place. (A panic of the body is none: it is a
    /// [`Failure::Panicked`](super::Failure::Panicked) of the tester.)
    pub fn observe<T, S, O, B, F>(
        self,
        setup: impl FnOnce() -> (O, B) + Send,
        collect: impl FnOnce(O) -> S + Send,
    ) -> (Report<T>, S)
    where
        T: Send + 'static,
        S: Send,
        O: Observer,
        B: FnOnce(Tester) -> F + 'static,
        F: Future<Output = T> + 'static,
    {
        on_a_thread_of_its_own("simulation", || {
            if self.options.isolation == Isolation::Process {
                crate::isolate::pin_to_one_core();
            }
            crate::memory::begin_simulation();
            let (mut observer, body) = setup();
            let report = self.run_here(&mut observer, body);
            (report, collect(observer))
        })
    }

    fn run_here<T: 'static, F: Future<Output = T> + 'static>(
        self,
        observer: &mut dyn Observer,
        body: impl FnOnce(Tester) -> F + 'static,
    ) -> Report<T> {
        let seed = self.options.seed;
        let runtime = madsim::runtime::Runtime::with_seed_and_config(seed.0, madsim::Config::default());
        runtime.block_on(async move {
            let log = crate::logging::Subscriber::for_nodes();
            tracing::subscriber::with_default(log, || self.run_inside(observer, body))
        })
    }

    fn run_inside<T: 'static, F: Future<Output = T> + 'static>(
        self,
        observer: &mut dyn Observer,
        body: impl FnOnce(Tester) -> F + 'static,
    ) -> Report<T> {
        let shared = Rc::new(Shared::default());
        let (tester, result) = tester_of(body, &shared);
        let mut world = World::new(self, tester, shared, observer);
        world.run();
        let finished = result.borrow_mut().take();
        world.finish(finished)
    }
}

impl<'a> World<'a> {
    fn new(simulation: Simulation, tester: Executor, shared: Rc<Shared>, observer: &'a mut dyn Observer) -> Self {
        let Simulation { options, names, program } = simulation;
        let seed = options.seed;
        let wall = wall_clock(seed);
        let machines: Vec<Machine> = std::iter::once("tester".to_owned())
            .chain(names)
            .zip(0..)
            .map(|(name, id)| Machine::new(name, NodeId(id), wall, &options))
            .collect();
        let nodes = machines.len() - 1;
        let groups = in_groups(nodes as u32, &options.groups);
        *shared.running.borrow_mut() = vec![false; nodes + 1];
        *shared.disk_bytes.borrow_mut() = vec![0; nodes + 1];
        World {
            network: Network::new(seed, nodes, options.links),
            late_copies: LateCopies::default(),
            recording: (options.record != Recorded::Nothing).then(Recording::default),
            options,
            observer,
            program,
            tester: Some(tester),
            queue: Queue::default(),
            now: Nanos::ZERO,
            event: EventNumber(0),
            last_node: NodeId::TESTER,
            at_this_instant: 0,
            under_way: 0,
            groups,
            machines,
            at_event: BTreeMap::new(),
            faults: BTreeMap::new(),
            trace: Fold::default(),
            hash_at: None,
            shared,
            tester_told: false,
            end: None,
            spare_effects: Vec::new(),
            madsim_clock: TimeHandle::current(),
        }
    }

    /// Ends all processes and says what became of the run.
    fn finish<T>(mut self, finished: Option<T>) -> Report<T> {
        for machine in &mut self.machines {
            if let Some(process) = machine.process.take() {
                process.host.kill();
            }
        }
        let outcome = match (self.end, finished) {
            (Some(End::Failed(failure)), _) => Outcome::Failed(failure),
            (Some(End::Stopped), _) => Outcome::Stopped,
            (None, Some(value)) => Outcome::Finished(value),
            (None, None) => unreachable!("the loop ends with a result or with a reason"),
        };
        let mut counters = self.shared.counters.take();
        counters.disks = self.machines.iter().skip(1).map(|machine| machine.disk.statistics()).collect();
        Report {
            outcome,
            trace_hash: self.trace.value(),
            events: self.event.0,
            ended_at: self.now,
            last_node: self.last_node,
            counters,
            decisions: Decisions {
                links: self.network.decisions(),
                disks: self.machines.iter().skip(1).map(|machine| machine.disk.decisions()).collect(),
                faults: self.faults.iter().map(fault_decisions).collect(),
            },
            recording: self.recording,
            hash_at: self.hash_at,
        }
    }
}

fn fault_decisions((&(kind, place), decisions): (&Fault, &Fold)) -> FaultDecisions {
    FaultDecisions { kind, place, hash: decisions.value() }
}

/// True time at the start of the run: some point of the year 2026.
fn wall_clock(seed: Seed) -> Nanos {
    const YEAR_2026: Nanos = Nanos::from_secs(1_767_225_600);
    const ONE_YEAR: Nanos = Nanos::from_secs(365 * 24 * 3_600);
    YEAR_2026 + Stream::keyed(seed, Purpose::WallClock, [0, 0]).span(Nanos::ZERO, ONE_YEAR)
}
