//! The words of the command line.

use crate::console::{Console, Format};
use crate::event::{ErrorEvent, Event, Summary};
use crate::exit::Exit;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Distributed-systems labs in simulated weather: every failure replays from its seed.
#[derive(Debug, Parser)]
#[command(name = "cargo lab", bin_name = "cargo lab", disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// What is printed: text for people, or one JSON object a line (docs/EVENTS.md)
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Format,
    /// Another root of the repository (for tests of this program)
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// A worker that is built already (for tests of this program)
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    pub worker: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the labs, their parts and tests
    List(ListOptions),
    /// Build a submission and run a lab's tests on it
    Test(TestOptions),
    /// Fly a submission: real processes, TCP and files, under kills, pauses, cuts and delays (docs/FLIGHT.md)
    Fly(FlyOptions),
    /// Run a MapReduce job over files of yours, in the tunnel or in one go (docs/JOB.md)
    Job(JobOptions),
    /// Run a saved failure again and show it event by event
    Replay(ReplayOptions),
    /// Begin a submission from a lab's starter
    New(NewOptions),
    /// Run a lab's tests on solutions known to be wrong, and say which of them they catch
    Power(PowerOptions),
    /// Write the tree for a course: without solutions and what serves them alone
    Export(ExportOptions),
    /// Judge a history of any service: is it linearizable, and if not, why not (docs/HISTORIES.md)
    Check(CheckOptions),
    /// Print the JSON schema of scenario files
    Schema,
}

#[derive(Debug, Args)]
pub struct CheckOptions {
    /// The history: JSON lines, EDN maps as Porcupine and Jepsen write them, or a log of Jepsen's
    pub file: PathBuf,
    /// What the service should have been
    #[arg(long, value_enum, value_name = "MODEL")]
    pub model: ModelOption,
    /// Judge all keys together: far slower, and never another verdict
    #[arg(long)]
    pub no_partition: bool,
    /// Steps of the model that the check may take before it is undecided, sixteen comparisons as one; a hundred million if left out
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Memory that the search may take before it is undecided; 512 if left out
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub mebibytes: Option<u64>,
    /// Memory that the history itself may take; 1024 if left out
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub history_mebibytes: Option<u64>,
    /// Operations that a history may have; two million if left out
    #[arg(long, value_name = "N")]
    pub operations: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelOption {
    /// Versioned key/value: get, put over a version
    Kv,
    /// Key/value with get, put and append
    KvAppend,
    /// One register: read, write, compare-and-set
    CasRegister,
    /// Lists that are read and appended to
    AppendList,
    /// Counters: read, add
    Counter,
    /// Locks with fencing tokens, with or without leases
    Lock,
}

#[derive(Debug, Args)]
pub struct ListOptions {
    /// The lab; all labs if left out
    pub lab: Option<String>,
    /// Say which tests fly, and why the others do not
    #[arg(long)]
    pub flight: bool,
}

#[derive(Debug, Args)]
pub struct TestOptions {
    /// The lab (may be left out inside a submission), then test names, parts of names, MIT names or part aliases
    #[arg(value_name = "LAB [FILTER]...")]
    pub words: Vec<String>,
    /// Only tests of this part, by name or alias (`election`, `3A`); may be repeated
    #[arg(long, value_name = "PART")]
    pub part: Vec<String>,
    /// Only tests with this tag: `mit` or `storm`
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// The seed, in decimal or 0x; drawn if left out
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    pub seed: Option<String>,
    /// Many seeds: `N` is 0..N; `A..B` leaves B out, `A..=B` does not
    #[arg(long, value_name = "N|A..B|A..=B")]
    pub seeds: Option<String>,
    /// Give each seed to one test instead of all: seed i to test i mod their number
    #[arg(long)]
    pub spread: bool,
    /// Worker processes at a time; as many as there are cores if left out
    #[arg(long, short, value_name = "J")]
    pub jobs: Option<String>,
    /// The crate to test instead of solutions/LAB
    #[arg(long, value_name = "DIR")]
    pub submission: Option<PathBuf>,
    /// The Raft to run it on, for labs that are built on one: a crate of lab raft
    #[arg(long, value_name = "DIR")]
    pub raft: Option<PathBuf>,
    /// Run under this weather: a scenario file, or the name of one of the lab's
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Write all that the seed decides as an explicit scenario file (one test, one seed)
    #[arg(long, value_name = "FILE")]
    pub save_schedule: Option<PathBuf>,
    /// Run every seed twice in different processes and compare; scan the sources for what reaches the real machine
    #[arg(long)]
    pub check: bool,
    /// Run every seed in the thread and again with a process for each node, and compare
    #[arg(long, value_enum, value_name = "HOW")]
    pub isolate: Option<IsolateOption>,
    /// Write the results to a file too: `junit=FILE` or `json=FILE` (docs/EVENTS.md); may be repeated, with one file each time
    #[arg(long, value_name = "KIND=FILE")]
    pub emit: Vec<String>,
    /// Stop at the first failure
    #[arg(long, conflicts_with = "keep_going")]
    pub fail_fast: bool,
    /// Stop a test at its first failing seed, go on with the others (the default)
    #[arg(long)]
    pub keep_going: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IsolateOption {
    /// Nodes share the world's thread
    None,
    /// Each node lives in an operating-system process of its own
    Process,
}

#[derive(Debug, Args)]
pub struct FlyOptions {
    /// The lab (may be left out inside a submission)
    pub lab: Option<String>,
    /// How many nodes; left out, as many as the scenario says, and 3 in calm weather
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99), conflicts_with = "tests")]
    pub nodes: Option<u32>,
    /// Leave everything of the flight here, and start from the data that is here (if a server of lab raft or kvraft had a
    /// snapshot, its judge has not seen that come about, and the flight ends undecided)
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Fly through this weather: a scenario file, or the name of one of the lab's
    #[arg(long, value_name = "FILE", conflicts_with = "tests")]
    pub scenario: Option<PathBuf>,
    /// Fly the tests of this part or name that can fly (`cargo lab list LAB --flight`)
    #[arg(long, value_name = "PART", conflicts_with = "load")]
    pub tests: Option<String>,
    /// So long, clients keep 64 commands of 256 bytes outstanding; 10s if nothing else is flown
    #[arg(long, value_name = "TIME")]
    pub load: Option<String>,
    /// So many of a hundred operations are reads, in labs whose clients read (kv, kvraft); 50 if left out
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(0..=100), conflicts_with = "tests")]
    pub reads: Option<u64>,
    /// The seed of weather and clients, in decimal or 0x; drawn if left out. A flight does not repeat
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// The crate to fly instead of solutions/LAB
    #[arg(long, value_name = "DIR")]
    pub submission: Option<PathBuf>,
    /// The Raft to fly it on, for labs that are built on one: a crate of lab raft
    #[arg(long, value_name = "DIR")]
    pub raft: Option<PathBuf>,
    /// A node that is built already (for tests of this program)
    #[arg(long, hide = true, value_name = "FILE")]
    pub node_binary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct JobOptions {
    /// The application: wordcount, index, grep, sort, or one of the submission's own
    #[arg(value_name = "APPLICATION")]
    pub app: String,
    /// The files to read, by name or pattern: `*`, `?`, `[a-z]`, and `**` for directories
    #[arg(long, value_name = "GLOB", num_args = 1.., required = true)]
    pub input: Vec<OsString>,
    /// A directory for the parts of the output, which is not there yet
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// How many workers; left out, as many as the scenario says, and 4 without one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub workers: Option<u32>,
    /// How many reduce tasks, each of which writes a part
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub reduces: u32,
    /// What the application is opened with: of grep the bytes to look for
    #[arg(long, value_name = "TEXT", visible_alias = "pattern")]
    pub parameters: Option<OsString>,
    /// A map task reads about so many KiB, up to the end of a line; a short file is a task of its own
    #[arg(long, value_name = "KIB", default_value = "1024", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub split_kib: u64,
    /// Replace the output of an earlier job, once the new one is whole
    #[arg(long)]
    pub overwrite: bool,
    /// Do it in one go, without nodes: the same output, byte for byte
    #[arg(long, conflicts_with_all = ["workers", "seed", "scenario", "fly"])]
    pub sequential: bool,
    /// Do it on real processes instead of the tunnel's (docs/FLIGHT.md)
    #[arg(long)]
    pub fly: bool,
    /// The seed of the tunnel, in decimal or 0x; drawn if left out. A flight draws its weather from it, and does not repeat
    #[arg(long, value_name = "N")]
    pub seed: Option<String>,
    /// Do it in this weather: a scenario file, or the name of one of the lab's
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// The crate whose coordinator, workers and applications are run instead of solutions/mapreduce
    #[arg(long, value_name = "DIR")]
    pub submission: Option<PathBuf>,
    /// A node that is built already (for tests of this program)
    #[arg(long, hide = true, value_name = "FILE", requires = "fly")]
    pub node_binary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// A failure file, its name alone if it lies under target/windtunnel/failures, or `last` for the newest
    #[arg(default_value = "last")]
    pub file: PathBuf,
    /// Show log lines from this level on
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub log: Option<LevelOption>,
    /// Show only rows that concern this node, and where it broke
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub node: Option<u32>,
    /// Show all rows from this virtual time on, as `1.2s`; without it the last 60
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Write every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE.jsonl")]
    pub trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelOption {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Args)]
pub struct NewOptions {
    /// The lab
    pub lab: String,
    /// Where to; submissions/LAB if left out
    pub directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PowerOptions {
    /// The lab
    pub lab: String,
    /// Only these mutants, by name or part of a name; all of solutions/LAB/mutants if left out
    #[arg(value_name = "MUTANT")]
    pub names: Vec<String>,
    /// Seeds to try on each, as in `test`
    #[arg(long, value_name = "N|A..B|A..=B", default_value = "100", conflicts_with = "fly")]
    pub seeds: String,
    /// Worker processes at a time; as many as there are cores if left out, and one flight
    #[arg(long, short, value_name = "J")]
    pub jobs: Option<String>,
    /// Only say whether every patch applies and compiles; run nothing
    #[arg(long, conflicts_with = "fly")]
    pub check_only: bool,
    /// Fly each as real processes through a storm instead, once: what the tunnel sees and a flight does not
    #[arg(long)]
    pub fly: bool,
    /// Fly them through this weather; the lab's `rough-flight` if left out
    #[arg(long, value_name = "FILE", requires = "fly")]
    pub scenario: Option<PathBuf>,
    /// In flight for so long, with clients who keep 64 commands outstanding; those of the scenario if left out
    #[arg(long, value_name = "TIME", requires = "fly")]
    pub load: Option<String>,
    /// The seed of the flights' weather and clients, in decimal or 0x; 0 if left out
    #[arg(long, value_name = "N", requires = "fly")]
    pub seed: Option<String>,
    /// A node that is built already (for tests of this program)
    #[arg(long, hide = true, value_name = "FILE", requires = "fly")]
    pub node_binary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExportOptions {
    /// Where to; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

/// Reads the command line. What clap answers itself (help, usage errors) is printed here, and in
/// JSON it ends in a summary like everything else.
pub fn parse(arguments: &[OsString]) -> Result<Cli, Exit> {
    Cli::try_parse_from(arguments).map_err(|error| {
        if !error.use_stderr() {
            Console::new(Format::Text).print(&error.render().to_string());
            return Exit::Passed;
        }
        if asks_for_json(arguments) {
            let console = Console::new(Format::Json);
            let message = error.render().to_string();
            let message = message.strip_prefix("error: ").unwrap_or(&message).trim_end().to_owned();
            console.say(&Event::Error(ErrorEvent { message, nearest: Vec::new(), exit: Exit::Usage.code() }));
            console.say(&Event::Summary(Box::new(Summary { exit: Exit::Usage.code(), ..Summary::default() })));
        } else {
            let _ = error.print();
        }
        Exit::Usage
    })
}

fn asks_for_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().filter_map(|word| word.to_str()).collect();
    words.contains(&"--format=json") || words.windows(2).any(|pair| pair == ["--format", "json"])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a page or a workflow of contrib/ tells people to type is understood here.
    #[test]
    fn the_commands_of_contrib_and_of_the_readme_are_understood() {
        let pages = [
            include_str!("../../contrib/github-actions/raft.yml"),
            include_str!("../../contrib/README.md"),
            include_str!("../../README.md"),
        ];
        for page in pages {
            let mut lines = page.lines().peekable();
            let mut commands = Vec::new();
            while let Some(line) = lines.next() {
                let line = line.trim().trim_start_matches("script: ");
                let Some(line) = line.strip_prefix("cargo lab ").filter(|_| !line.ends_with('\\')) else { continue };
                let mut words = line.split('#').next().unwrap_or_default().to_owned();
                while let Some(more) = lines.next_if(|line| line.trim().starts_with("--")) {
                    words = format!("{words} {}", more.trim());
                }
                commands.push(words);
            }
            assert!(!commands.is_empty(), "no command is found");
            for command in commands {
                let words = ["cargo lab"].into_iter().chain(command.split_whitespace());
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("cargo lab {command}: {error}");
                }
            }
        }
    }
}
