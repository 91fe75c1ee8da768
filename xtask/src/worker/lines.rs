//! What comes out of a worker: answers on one pipe, last words on the other.

use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{ChildStderr, ChildStdout};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// No honest line is longer: output of a run is capped at 1 MiB.
const LONGEST: u64 = 64 * 1024 * 1024;
/// So much of a worker's standard error is kept.
const TAIL: usize = 64 * 1024;

/// One line of a worker's answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<T> {
    Response(T),
    /// Something that is none; its beginning.
    Garbage(String),
    End,
}

/// Reads lines in a thread of its own, until the pipe ends or nobody listens.
pub fn read<T: DeserializeOwned + Send + 'static>(stdout: ChildStdout) -> Receiver<Line<T>> {
    let (sender, receiver) = sync_channel(1024);
    std::thread::spawn(move || {
        let mut reader = BufReader::with_capacity(64 * 1024, stdout);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let length = (&mut reader).take(LONGEST).read_until(b'\n', &mut buffer).unwrap_or(0);
            let line = if length == 0 { Line::End } else { parse(&buffer) };
            let last = matches!(line, Line::End);
            if sender.send(line).is_err() || last {
                return;
            }
        }
    });
    receiver
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Line<T> {
    match serde_json::from_slice(bytes) {
        Ok(response) => Line::Response(response),
        Err(_) => Line::Garbage(String::from_utf8_lossy(bytes).trim_end().chars().take(200).collect()),
    }
}

/// The end of what a worker wrote to its standard error.
#[derive(Debug)]
pub struct Tail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Tail {
    /// Reads in a thread of its own.
    pub fn of(mut stderr: ChildStderr) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let shared = Arc::clone(&kept);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..count]);
                let surplus = kept.len().saturating_sub(TAIL);
                kept.drain(..surplus);
            }
        });
        Tail { kept, reader: Some(reader) }
    }

    /// Forgets what belongs to earlier runs.
    pub fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits, for a moment, until everything has been read.
    pub fn wait_for_end(&self) {
        let began = Instant::now();
        let ended = || self.reader.as_ref().is_none_or(JoinHandle::is_finished);
        while !ended() && began.elapsed() < Duration::from_millis(200) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The last lines that say something.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: Vec<u8> = kept.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(most)..].iter().map(|line| (*line).to_owned()).collect()
    }
}
