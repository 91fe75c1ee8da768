//! A node process: the executor of one incarnation behind a pipe.

use super::frame::{self, Frame};
use crate::executor::{Executor, Program, install_panic_hook};
use crate::logging::Subscriber;
use crate::memory;
use crate::units::{Nanos, Seed};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::stdio;
use std::fs::File;
use std::io;
use std::process::ExitCode;

/// The argument that makes an executable a node process.
pub(super) const NODE_ARGUMENT: &str = "windtunnel-node-process";
/// The variable that tells it the seed of the run.
pub(super) const NODE_SEED: &str = "WINDTUNNEL_NODE_SEED";
/// The variable that tells it how much heap it may hold, in bytes.
pub(super) const NODE_MEMORY: &str = "WINDTUNNEL_NODE_MEMORY";
/// How a node process ends that wanted more.
pub(super) const OUT_OF_MEMORY: u8 = 86;

/// Runs this process as a node if that is what it was started for, and `None` if not.
///
/// An executable whose simulations use [`Isolation::Process`](crate::world::Isolation::Process)
/// calls this first of all in its `main`, with the program of its nodes.
pub fn run_node_if_asked(program: &Program) -> Option<ExitCode> {
    if std::env::args().nth(1).as_deref() != Some(NODE_ARGUMENT) {
        return None;
    }
    Some(match run(program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("node process: {error}");
            ExitCode::FAILURE
        }
    })
}

fn run(program: &Program) -> io::Result<()> {
    // The parent may be gone already; then the pipe is closed, and the loop ends.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let seed: Seed = std::env::var(NODE_SEED)
        .ok()
        .and_then(|seed| seed.parse().ok())
        .ok_or_else(|| io::Error::other(format!("{NODE_SEED} holds no seed")))?;
    let memory = std::env::var(NODE_MEMORY).ok().and_then(|bytes| bytes.parse().ok());
    memory::end_process_beyond(memory, OUT_OF_MEMORY);
    let (input, output) = private_pipe()?;
    install_panic_hook();
    let runtime = madsim::runtime::Runtime::with_seed_and_config(seed.0, madsim::Config::default());
    runtime.block_on(async move {
        tracing::subscriber::with_default(Subscriber::for_nodes(), || serve(program, input, output))
    })
}

/// Takes the pipe away from stdin and stdout, so that lab code that prints breaks no frame.
fn private_pipe() -> io::Result<(File, File)> {
    let input = File::from(rustix::io::dup(stdio::stdin())?);
    let output = File::from(rustix::io::dup(stdio::stdout())?);
    stdio::dup2_stdin(File::open("/dev/null")?)?;
    stdio::dup2_stdout(stdio::stderr())?;
    Ok((input, output))
}

/// Steps the node until the world closes the pipe.
fn serve(program: &Program, mut input: File, mut output: File) -> io::Result<()> {
    let clock = madsim::time::TimeHandle::current();
    let mut executor = Executor::new(program);
    let (mut buffer, mut effects, mut now) = (Vec::new(), Vec::new(), Nanos::ZERO);
    loop {
        let frame: Frame = match frame::read(&mut input, &mut buffer) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        if frame.world > now {
            clock.advance((frame.world - now).to_duration());
            now = frame.world;
        }
        effects.clear();
        let heap = super::step(&mut executor, frame, &mut effects);
        frame::write(&mut output, &mut buffer, &(heap, &effects))?;
    }
}
