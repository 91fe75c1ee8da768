//! A worker that flies: it says how it goes once a second, and lands when nobody talks to it any more.

use super::{Line, Request, Response, Worker};
use crate::error::LabError;
use lab_harness::protocol::{FlightResult, FlightRow, FlyRequest};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(50);
/// How long a worker may say nothing: while nodes start, and while they end.
pub const SILENCE: Duration = Duration::from_secs(60);
/// How long it may take to land; then it is killed, and its nodes with it.
pub const LANDING: Duration = Duration::from_secs(15);

impl Worker<'_> {
    /// Flies. After Ctrl-C the flight lands, and its result is what was seen so far.
    pub fn fly(&mut self, request: &FlyRequest, on_row: &mut dyn FnMut(FlightRow)) -> Result<FlightResult, LabError> {
        self.send(&Request::Fly(Box::new(request.clone())));
        let mut patience = Instant::now() + SILENCE;
        let mut landing = false;
        let problem = loop {
            match self.lines.recv_timeout(TICK) {
                Ok(Line::Response(Response::Flying(row))) => {
                    on_row(*row);
                    if !landing {
                        patience = Instant::now() + SILENCE;
                    }
                }
                Ok(Line::Response(Response::Flown(result))) => return Ok(*result),
                Ok(Line::Response(Response::Refused(refusal))) => return Err(LabError::Refused(refusal)),
                Ok(Line::Response(_)) => break "it answered something else than a flight".to_owned(),
                Ok(Line::Garbage(line)) => break format!("it wrote what is no answer: {line}"),
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => {
                    let words = self.last_words();
                    break format!("it {} in flight{words}", self.ending());
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() > patience => {
                    break format!("it said nothing for {} s", SILENCE.as_secs());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.command.interrupt.is_set() && !landing {
                landing = true;
                patience = Instant::now() + LANDING;
                self.send(&Request::Quit);
            }
        };
        match landing {
            true => Err(LabError::Interrupted),
            false => Err(LabError::Worker { program: self.command.program.display().to_string(), problem }),
        }
    }

    fn last_words(&self) -> String {
        let words = self.tail.lines(3).join(" / ");
        if words.is_empty() { words } else { format!(": {words}") }
    }
}
