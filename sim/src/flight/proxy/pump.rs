//! One direction of one connection: reads what one end sent and gives it to the other, late or not at all.

use super::delay_line::{DelayLine, Item};
use super::link::LinkWatch;
use crate::streams::Stream;
use rustix::net::{Shutdown, shutdown};
use std::io;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

const CHUNK: usize = 64 << 10;

/// The source's socket is gone, and the sink was about to learn it.
#[derive(Debug)]
pub(super) struct Reset;

/// One direction of a connection.
pub(super) struct Pump<'a> {
    source: &'a TcpStream,
    sink: &'a TcpStream,
    link: LinkWatch,
    draws: Stream,
    line: DelayLine,
    /// Whether the source may still send.
    open: bool,
}

impl<'a> Pump<'a> {
    pub fn new(source: &'a TcpStream, sink: &'a TcpStream, link: LinkWatch, draws: Stream) -> Self {
        Pump { source, sink, link, draws, line: DelayLine::default(), open: true }
    }

    /// Runs until the source's end, or its reset, has reached the sink; or until the sink is gone, of which the
    /// other direction tells.
    pub async fn run(mut self) -> Result<(), Reset> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let cut = self.link.state().cut;
            let now = Instant::now();
            let due = self.line.due().filter(|_| !cut);
            let deliverable = due.is_some_and(|due| due <= now);
            tokio::select! {
                changed = self.link.changed() => if changed.is_err() { return Ok(()) },
                ready = self.sink.writable(), if deliverable => {
                    if ready.is_err() { return Ok(()) }
                    if let Some(ended) = self.deliver() { return ended }
                }
                ready = self.source.readable(), if self.open && self.line.has_room() => match ready {
                    Ok(()) => self.take_in(&mut buffer),
                    Err(_) => self.close(Item::Reset),
                },
                () = sleep_until(due.unwrap_or(now)), if due.is_some() && !deliverable => {}
            }
        }
    }

    /// Takes what the source has sent. What is neither late nor held goes on at once.
    fn take_in(&mut self, buffer: &mut [u8]) {
        let count = match self.source.try_read(buffer) {
            Ok(0) => return self.close(Item::End),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => return self.close(Item::Reset),
        };
        let state = self.link.state();
        self.link.count(count);
        let mut gone_on = 0;
        if self.line.is_empty() && !state.cut && state.latency.is_none() {
            // An error will show again where the rest is delivered.
            gone_on = self.sink.try_write(&buffer[..count]).unwrap_or(0);
        }
        if gone_on < count {
            let rest = Item::Bytes(buffer[gone_on..count].to_vec());
            self.line.push(Instant::now(), &state.latency, &mut self.draws, rest);
        }
    }

    fn close(&mut self, how: Item) {
        self.open = false;
        let latency = self.link.state().latency;
        self.line.push(Instant::now(), &latency, &mut self.draws, how);
    }

    /// Gives the sink the first item; says if that is the end.
    fn deliver(&mut self) -> Option<Result<(), Reset>> {
        match self.line.front()? {
            (Item::Bytes(_), rest) => match self.sink.try_write(rest) {
                Ok(count) => self.line.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Some(Ok(())),
            },
            (Item::End, _) => {
                // It fails if the sink is gone, which the other direction tells.
                let _ = shutdown(self.sink, Shutdown::Write);
                return Some(Ok(()));
            }
            (Item::Reset, _) => return Some(Err(Reset)),
        }
        None
    }
}
