//! A node as a process of its own: `<program> node --config node.toml`.

use super::config::NodeConfig;
use super::control_protocol::Ended;
use super::node::{NodeError, Ports, run_node_on};
use super::switch::Switch;
use crate::executor::{Program, install_panic_hook};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::stdio;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const NODE_ARGUMENT: &str = "node";
const USAGE: &str = "usage: node --config FILE [--until-stdin-closes]";
/// How a line begins that says why a node cannot begin.
pub(crate) const SPEAKS_AS: &str = "node: ";
/// Bad arguments, configuration, ports or data: nothing has been run.
pub(crate) const NOT_RUN: u8 = 2;

/// Runs this process as a node if its first argument is `node`, and `None` if it is not.
///
/// An executable calls this first of all in its `main`. The process ends with the code of [`Ended::exit_code`], or 2 if
/// the node could not begin. With `--until-stdin-closes` it dies with its parent, more precisely with the thread that
/// started it, and when nobody holds the other end of its standard input any more.
pub fn main_if_asked(program: &Program) -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != NODE_ARGUMENT {
        return None;
    }
    let code = match Arguments::read(arguments) {
        Err(fault) => not_run(&format!("{fault}\n{USAGE}")),
        Ok(arguments) => {
            run(program, arguments).map_or_else(|error| not_run(&error.to_string()), |how| how.exit_code())
        }
    };
    Some(ExitCode::from(code))
}

/// Says why, if there is room for it: a full disk that takes no word must not make a panic of it.
fn not_run(why: &str) -> u8 {
    let _ = writeln!(io::stderr(), "{SPEAKS_AS}{why}");
    NOT_RUN
}

#[derive(Debug, PartialEq)]
struct Arguments {
    config: PathBuf,
    until_stdin_closes: bool,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut config, mut until_stdin_closes) = (None, false);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--config") => config = arguments.next().map(PathBuf::from),
                Some("--until-stdin-closes") => until_stdin_closes = true,
                _ => return Err(format!("unknown argument `{}`", argument.display())),
            }
        }
        let config = config.ok_or("--config needs a file")?;
        Ok(Arguments { config, until_stdin_closes })
    }
}

fn run(program: &Program, arguments: Arguments) -> Result<Ended, NodeError> {
    if arguments.until_stdin_closes {
        // The parent may be gone already; then standard input is closed.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        end_with_stdin()?;
    }
    // What lab code prints stands among its log lines.
    stdio::dup2_stdout(stdio::stderr()).map_err(io::Error::from)?;
    let config = NodeConfig::read(&arguments.config)?;
    let ports = Ports::open(&config)?;
    install_panic_hook();
    let switch = Switch::default();
    listen_to_signals(&switch)?;
    run_node_on(program, config, ports, &switch)
}

/// Ends the process as SIGKILL does when standard input is closed: who held its other end is gone, and nobody is left
/// to answer.
#[allow(clippy::disallowed_methods)] // a thread beside the node's own, which touches nothing of it
fn end_with_stdin() -> io::Result<()> {
    let watch = || {
        let mut buffer = [0; 64];
        while io::stdin().read(&mut buffer).is_ok_and(|count| count > 0) {}
        std::process::exit(Ended::Killed.exit_code().into());
    };
    std::thread::Builder::new().name("stdin".into()).spawn(watch).map(drop)
}

/// SIGTERM and SIGINT end the node in peace.
fn listen_to_signals(switch: &Switch) -> io::Result<()> {
    let switch = switch.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        switch.terminate();
        // Keeps the handlers of the signals, for a second one to meet.
        std::mem::forget((terminate, interrupt));
    };
    std::thread::Builder::new().name("signals".into()).stack_size(64 << 10).spawn(wait).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::read(arguments.iter().map(OsString::from))
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_named() {
        let config = PathBuf::from("n.toml");
        assert_eq!(read(&["--config", "n.toml"]), Ok(Arguments { config: config.clone(), until_stdin_closes: false }));
        assert_eq!(
            read(&["--until-stdin-closes", "--config", "n.toml"]),
            Ok(Arguments { config, until_stdin_closes: true })
        );
        assert_eq!(read(&[]), Err("--config needs a file".into()));
        assert_eq!(read(&["--config"]), Err("--config needs a file".into()));
        assert_eq!(read(&["--conf", "n"]), Err("unknown argument `--conf`".into()));
    }
}
