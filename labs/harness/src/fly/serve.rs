//! The worker's side of a flight.

use super::{Radio, fly};
use crate::judge::Judge;
use crate::parent::overhear;
use crate::protocol::{FlightRow, FlyRequest, Refusal, RefusalKind, Response};
use crate::suite::Lab;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use windtunnel::executor::Program;
use windtunnel::line::PanicReport;

/// Flies; whatever `requests` still says, its end too, lands the flight.
pub(crate) fn answer<J: Judge, W: Write + Send + 'static>(
    lab: &Lab<J>,
    program: &Program,
    request: &FlyRequest,
    requests: impl Iterator<Item = io::Result<String>> + Send + 'static,
    mut output: W,
    send: fn(&mut W, &Response) -> io::Result<()>,
) -> Response {
    let radio = Radio::default();
    let _ = overhear(requests, radio.land.clone());
    // Nobody who reads: then the end of the requests comes as well.
    let tell = move |row: FlightRow| drop(send(&mut output, &Response::Flying(Box::new(row))));
    match catch_unwind(AssertUnwindSafe(|| fly(lab, program, request, &radio, tell))) {
        Ok(Ok(result)) => Response::Flown(Box::new(result)),
        Ok(Err(refusal)) => Response::Refused(refusal),
        Err(panic) => {
            let what = panic.downcast_ref::<PanicReport>().map_or_else(
                || "a panic without a message".to_owned(),
                |report| format!("{} ({})", report.message, report.place),
            );
            let message = format!("the harness itself panicked, not the submission: {what}; please report it");
            Response::Refused(Refusal { kind: RefusalKind::Harness, message })
        }
    }
}
