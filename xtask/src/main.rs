//! `cargo lab`: builds a submission, runs a lab's tests on it in worker processes, shows what broke.
//!
//! One file a subcommand (`test`, `fly`, `job`, `replay`, `list`, `new`, `power`, `export`, `check`, `schema`); what they share:
//!
//! - [`house`] finds labs and submissions, [`building`] turns one into a worker binary;
//! - [`worker`] holds one worker process, its watchdog and what is said when it dies;
//! - [`pool`] spreads runs over workers, [`tally`] counts their results in an order of its own;
//! - [`console`] prints [`event`]s, as JSON or through [`text`].

mod apart;
mod blame;
mod building;
mod check;
mod cli;
mod clock;
mod compare;
mod console;
mod emit;
mod error;
mod event;
mod exit;
mod export;
mod failures;
mod fingerprint;
mod fly;
mod hermetic;
mod house;
mod interrupt;
mod job;
mod known;
mod last_events;
mod list;
mod new;
mod on_raft;
mod pool;
mod power;
mod replay;
mod report;
mod run_directory;
mod schema;
mod seeds;
mod select;
mod session;
mod shell;
mod tally;
mod test;
mod text;
mod weather;
mod worker;

use crate::console::Console;
use crate::event::{ErrorEvent, Event};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match cli::parse(&arguments) {
        Ok(cli) => cli,
        Err(answered) => return answered.into(),
    };
    let console = Console::new(cli.format);
    let mut summary = event::Summary::default();
    let exit = match run(&cli, &console, &mut summary) {
        Ok(exit) => exit,
        Err(error) => {
            console.say(&Event::Error(ErrorEvent::from(&error)));
            error.exit()
        }
    };
    summary.exit = exit.code();
    console.say(&Event::Summary(Box::new(summary)));
    if let Some(error) = console.problem() {
        console.chat(&format!("error: cannot write the results to standard output: {error}\n"));
        return exit.max(exit::Exit::Harness).into();
    }
    exit.into()
}

fn run(cli: &cli::Cli, console: &Console, summary: &mut event::Summary) -> Result<exit::Exit, error::LabError> {
    let house = house::House::find(cli.root.as_deref())?;
    let session =
        session::Session { house: &house, console, worker: cli.worker.as_deref(), keep_words: console.is_json() };
    match &cli.command {
        cli::Command::List(options) => list::list(&session, options),
        cli::Command::Test(options) => test::test(&session, options, summary),
        cli::Command::Fly(options) => fly::fly(&session, options, summary),
        cli::Command::Job(options) => job::job(&session, options, summary),
        cli::Command::Replay(options) => replay::replay(&session, options, summary),
        cli::Command::New(options) => new::new(&session, options),
        cli::Command::Power(options) => power::power(&session, options, summary),
        cli::Command::Export(options) => export::export(&session, options),
        cli::Command::Check(options) => check::check(&session, options),
        cli::Command::Schema => schema::schema(&session),
    }
}
