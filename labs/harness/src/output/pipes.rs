//! Pipes in the place of standard output and error, and a thread that keeps them from filling up.
//!
//! The thread reads only so that lab code which writes more than a pipe holds in one step does not stand still. Both it
//! and [`Pipes::take`] read under the same lock: what was written before a step ended is there when it is taken. What is
//! past the cap is counted and thrown away, wherever it is read, so that nothing fills the memory.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio, read};
use rustix::pipe::pipe;
use rustix::stdio;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Bytes read at once: as much as a pipe holds on Linux.
const CHUNK: usize = 1 << 16;

/// Standard output and error of the process, until this is dropped.
#[derive(Debug)]
pub(super) struct Pipes {
    kept: Arc<Kept>,
    originals: [OwnedFd; 2],
    /// The thread ends when this is closed.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Kept {
    ends: [OwnedFd; 2],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bytes: [Vec<u8>; 2],
    room: usize,
    cut: u64,
}

impl Pipes {
    /// Puts pipes in the place of both streams; of what passes, `cap` bytes are kept.
    ///
    /// # Errors
    /// When the system has no descriptors or threads left.
    pub fn open(cap: usize) -> io::Result<Self> {
        let ((stdout, to_stdout), (stderr, to_stderr)) = (private_pipe()?, private_pipe()?);
        let (stopped, stop) = private_pipe()?;
        for end in [&stdout, &stderr] {
            ioctl_fionbio(end, true)?;
        }
        // Room for all there will be: the heap of the simulation's thread does not move by what is printed.
        let state = State { bytes: [Vec::with_capacity(cap), Vec::with_capacity(cap)], room: cap, cut: 0 };
        let kept = Arc::new(Kept { ends: [stdout, stderr], state: Mutex::new(state) });
        let thread = {
            let kept = kept.clone();
            std::thread::Builder::new().name("output".into()).spawn(move || kept.keep_flowing(&stopped))?
        };
        let originals = [rustix::io::dup(stdio::stdout())?, rustix::io::dup(stdio::stderr())?];
        for original in &originals {
            fcntl_setfd(original, FdFlags::CLOEXEC)?;
        }
        let _ = io::stdout().flush();
        stdio::dup2_stdout(&to_stdout)?;
        stdio::dup2_stderr(&to_stderr)?;
        Ok(Pipes { kept, originals, stop: Some(stop), thread: Some(thread) })
    }

    /// Gives what was written to each stream since the last time: 0 is standard output, 1 standard error.
    pub fn take(&mut self, mut give: impl FnMut(usize, &[u8])) {
        // `print!` without a line's end waits in std's buffer.
        let _ = io::stdout().flush();
        let mut state = self.kept.state();
        for stream in 0..2 {
            self.kept.drain(stream, &mut state);
            if !state.bytes[stream].is_empty() {
                give(stream, &state.bytes[stream]);
                state.bytes[stream].clear();
            }
        }
    }

    /// How much was thrown away.
    pub fn cut(&self) -> u64 {
        self.kept.state().cut
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        let _ = stdio::dup2_stdout(&self.originals[0]);
        let _ = stdio::dup2_stderr(&self.originals[1]);
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Kept {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads whatever comes, until the other end of `stopped` is closed.
    fn keep_flowing(&self, stopped: &OwnedFd) {
        loop {
            let [stdout, stderr] = &self.ends;
            let mut waits = [stdout, stderr, stopped].map(|end| PollFd::new(end, PollFlags::IN));
            match poll(&mut waits, None) {
                Ok(_) if !waits[2].revents().is_empty() => return,
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
            let mut state = self.state();
            self.drain(0, &mut state);
            self.drain(1, &mut state);
        }
    }

    /// Reads all that is in a pipe.
    fn drain(&self, stream: usize, state: &mut State) {
        let mut chunk = [0; CHUNK];
        loop {
            match read(&self.ends[stream], &mut chunk[..]) {
                Ok(0) => return,
                Ok(length) => {
                    let fits = length.min(state.room);
                    state.room -= fits;
                    state.cut += (length - fits) as u64;
                    state.bytes[stream].extend_from_slice(&chunk[..fits]);
                }
                Err(Errno::INTR) => {}
                // Empty; or it cannot be read back, which is lost to the report and no reason to end the run.
                Err(_) => return,
            }
        }
    }
}

/// A pipe that no child inherits.
fn private_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (from, to) = pipe()?;
    fcntl_setfd(&from, FdFlags::CLOEXEC)?;
    fcntl_setfd(&to, FdFlags::CLOEXEC)?;
    Ok((from, to))
}
