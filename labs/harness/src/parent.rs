//! The line to who has started this process: the page that shows where it is, and pipes out of lab code's reach.

use crate::protocol::progress;
use rustix::stdio;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Shows where this process is in the file that `cargo lab` has made for it.
///
/// # Errors
/// If there is such a file, and it cannot be used.
pub fn attach_progress() -> io::Result<()> {
    let Some(path) = std::env::var_os(progress::VARIABLE) else { return Ok(()) };
    windtunnel::progress::attach(&File::options().read(true).write(true).open(path)?)
}

/// Takes the pipes away from standard input and output, so that lab code that prints breaks no line.
///
/// # Errors
/// If that cannot be done.
pub fn private_pipes() -> io::Result<(File, File)> {
    let input = File::from(rustix::io::fcntl_dupfd_cloexec(stdio::stdin(), 3)?);
    let output = File::from(rustix::io::fcntl_dupfd_cloexec(stdio::stdout(), 3)?);
    stdio::dup2_stdin(File::open("/dev/null")?)?;
    stdio::dup2_stdout(stdio::stderr())?;
    Ok((input, output))
}

/// Writes a line of JSON.
///
/// # Errors
/// If nobody reads any more.
pub fn send(output: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(line).map_err(io::Error::other)?;
    line.push(b'\n');
    output.write_all(&line)
}

/// Listens beside what goes on here: sets the flag as soon as `requests` says anything more, or ends.
#[allow(clippy::disallowed_methods)] // a thread of the harness's own
pub fn overhear<T>(requests: impl Iterator<Item = T> + Send + 'static, flag: Arc<AtomicBool>) -> JoinHandle<()> {
    let mut requests = requests;
    thread::spawn(move || {
        let _ = requests.next();
        flag.store(true, Ordering::Relaxed);
    })
}
