//! What a worker says.

use super::{FlightResult, FlightRow, Hello, Row, RunResult};
use serde::{Deserialize, Serialize};

/// One line from a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "response", rename_all = "kebab-case")]
pub enum Response {
    /// The first line.
    Hello(Hello),
    /// Something that happened in the run that is on; only when it is recorded.
    Row(Row),
    /// How the run ended.
    Result(Box<RunResult>),
    /// A seed, expanded: an explicit scenario file.
    Schedule {
        /// The file's content.
        text: String,
    },
    /// How the flight goes that is on.
    Flying(Box<FlightRow>),
    /// How a flight ended.
    Flown(Box<FlightResult>),
    /// The request was not carried out.
    Refused(Refusal),
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Whose fault it is.
    pub kind: RefusalKind,
    /// What is wrong and what is allowed, as a person should read it; may have several lines.
    pub message: String,
}

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The user's: an unknown test, a bad scenario. `cargo lab` ends with 2.
    BadInput,
    /// The harness's own: `cargo lab` ends with 70.
    Harness,
}
