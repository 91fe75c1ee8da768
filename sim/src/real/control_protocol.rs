//! What goes over the control port between a tester and a node in flight: frames of postcard behind a length.
//!
//! Needs no tokio: the tester reads and writes with the blocking functions here. The tester says
//! [`ToNode::Hello`] first, the node answers [`FromNode::Hello`], and from then on each side sends what it has.
//! The order of what a node sends is the order of its effects.

use crate::line::{ControlFailure, ControlId, LogLine, PanicReport};
use crate::units::{Incarnation, NodeId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read, Write};

/// Both sides must be built for the same one.
pub const CONTROL_PROTOCOL: u32 = 3;

/// The largest frame, in bytes: the largest request or observation, and what stands around it.
pub const CONTROL_FRAME_LIMIT: usize = (64 << 20) + 1_024;

/// What a tester sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToNode {
    /// The first frame: who does not know the token is no tester.
    Hello {
        /// [`CONTROL_PROTOCOL`].
        protocol: u32,
        /// The token in the node's configuration.
        token: String,
    },
    /// Asks the node's control handler.
    Control {
        /// The tester's number for it.
        id: ControlId,
        /// The request, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// Ends the node as SIGTERM does: it answers what it was asked, and exits with 0.
    Stop,
}

impl fmt::Debug for ToNode {
    /// Keeps the token out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToNode::Hello { protocol, .. } => {
                f.debug_struct("Hello").field("protocol", protocol).finish_non_exhaustive()
            }
            ToNode::Control { id, body } => f.debug_struct("Control").field("id", id).field("body", body).finish(),
            ToNode::Stop => f.write_str("Stop"),
        }
    }
}

/// What a node sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromNode {
    /// The first frame of each connection.
    Hello {
        /// [`CONTROL_PROTOCOL`].
        protocol: u32,
        /// The cluster the node belongs to.
        cluster: String,
        /// Its id.
        node: NodeId,
        /// What it runs: the crate of its [`Program`](crate::executor::Program::home), for a lab's node the lab's.
        program: String,
        /// How often it was started, this time included.
        incarnation: Incarnation,
        /// Its process.
        pid: u32,
        /// What its monotonic clock shows at this moment: nanoseconds since its process began.
        at_ns: u64,
        /// What the machine's monotonic clock (`CLOCK_MONOTONIC`) shows at this moment. All processes of a machine
        /// share that one: it sets what nodes show into one order.
        machine_ns: u64,
    },
    /// It listens to its peers, and its program starts. Told again on each connection.
    Ready,
    /// Answers [`ToNode::Control`].
    ControlReply {
        /// The tester's number for it.
        id: ControlId,
        /// The answer of the node's control handler, or why there is none.
        result: Result<Vec<u8>, ControlFailure>,
    },
    /// The node shows something. What it showed before a tester came is kept for the first one.
    Observed {
        /// The step of the node in which it did, counted from 1.
        step: u64,
        /// When that step began: nanoseconds since the process began.
        at_ns: u64,
        /// What kind of thing: a name that node and tester agree on.
        kind: String,
        /// The thing, serialised.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// What one step showed is whole: the last [`Observed`](FromNode::Observed) of that step is behind this.
    Stepped {
        /// How many fsyncs, of files and of directories, this process has done by now.
        fsyncs: u64,
    },
    /// A log line. Those made while no tester was there are on standard error alone.
    Log {
        /// When the step began in which it was made: nanoseconds since the process began.
        at_ns: u64,
        /// The line.
        line: LogLine,
    },
    /// The node has ended. The last frame.
    Ended {
        /// How.
        how: Ended,
    },
}

/// How a node ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// It was asked to (SIGTERM, [`ToNode::Stop`]) and has answered what it was asked.
    Terminated,
    /// It was ended from outside, in the middle of things: what SIGKILL is to a process.
    Killed,
    /// Its own code has ended it: [`node::stop`](crate::node::stop).
    Stopped {
        /// Why, in its own words.
        reason: String,
        /// What its disk had done to it by then: whoever judges it must know.
        disk: DiskFaults,
    },
    /// A task panicked.
    Panicked(PanicReport),
    /// It polled its tasks 100,000 times in one step and still was not idle.
    NeverIdle,
    /// No tester fetched what it showed, and there was no room for more.
    Unobserved {
        /// How many bytes were kept.
        bytes: u64,
    },
}

/// How often a node's disk has failed it, since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskFaults {
    /// Operations that failed (EIO, and what else a machine says that a node has no word for).
    pub errors: u64,
    /// Operations that found no room.
    pub full: u64,
}

impl Ended {
    /// The exit code of the node's process.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Ended::Terminated => 0,
            Ended::Stopped { .. } => 3,
            Ended::Unobserved { .. } => 4,
            Ended::Panicked(_) | Ended::NeverIdle => 101,
            Ended::Killed => 137,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Terminated => f.write_str("terminated"),
            Ended::Killed => f.write_str("killed"),
            Ended::Stopped { reason, .. } => write!(f, "stopped: {reason}"),
            Ended::Panicked(PanicReport { message, place }) => write!(f, "panicked at {place}: {message}"),
            Ended::NeverIdle => f.write_str("never idle: a task is woken again and again without waiting for anything"),
            Ended::Unobserved { bytes } => {
                write!(
                    f,
                    "{bytes} bytes of observations are waiting and no tester fetches them: connect one, or leave out `control`"
                )
            }
        }
    }
}

/// Writes one frame, in one call of the system for what fits the socket.
///
/// # Errors
/// Of the writer; and `InvalidInput` for a frame past [`CONTROL_FRAME_LIMIT`], of which nothing is written.
pub fn write_frame(output: &mut impl Write, frame: &impl Serialize) -> io::Result<()> {
    output.write_all(&encode_frame(frame)?)
}

/// A frame behind its length.
///
/// # Errors
/// `InvalidInput` for one past [`CONTROL_FRAME_LIMIT`].
pub fn encode_frame(frame: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(frame, vec![0; LENGTH_BYTES]).map_err(invalid_input)?;
    let length = bytes.len() - LENGTH_BYTES;
    if length > CONTROL_FRAME_LIMIT {
        return Err(invalid_input(format!("a control frame of {length} bytes is larger than {CONTROL_FRAME_LIMIT}")));
    }
    bytes[..LENGTH_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
    Ok(bytes)
}

/// Reads one frame; waits for it if the reader does.
///
/// # Errors
/// `UnexpectedEof` when the other side is gone, `InvalidData` for a length past [`CONTROL_FRAME_LIMIT`] (before
/// anything is allocated) or bytes that are no such frame, and those of the reader.
pub fn read_frame<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<T> {
    let mut length = [0; LENGTH_BYTES];
    input.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > CONTROL_FRAME_LIMIT {
        return Err(invalid_data(format!("a control frame of {length} bytes is larger than {CONTROL_FRAME_LIMIT}")));
    }
    // Grows with what comes, so that a length alone takes no memory.
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    decode_frame(&body)
}

/// The frame that the bytes behind a length are, all of them.
///
/// # Errors
/// `InvalidData` if they are none.
pub fn decode_frame<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    match postcard::take_from_bytes(body) {
        Ok((frame, [])) => Ok(frame),
        Ok((_, rest)) => Err(invalid_data(format!("{} bytes behind a control frame", rest.len()))),
        Err(error) => Err(invalid_data(format!("no control frame: {error}"))),
    }
}

const LENGTH_BYTES: usize = 4;

fn invalid_data(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn invalid_input(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LogLevel;
    use crate::real::spoilt::{behind_their_length, spoilt};
    use proptest::prelude::*;

    fn frames() -> impl Strategy<Value = FromNode> {
        let body = prop::collection::vec(any::<u8>(), 0..300);
        prop_oneof![
            Just(FromNode::Ready),
            any::<u64>().prop_map(|fsyncs| FromNode::Stepped { fsyncs }),
            (any::<u64>(), body.clone())
                .prop_map(|(id, body)| FromNode::ControlReply { id: ControlId(id), result: Ok(body) }),
            any::<u64>()
                .prop_map(|id| FromNode::ControlReply { id: ControlId(id), result: Err(ControlFailure::NoHandler) }),
            (any::<u64>(), any::<u64>(), "[a-z]{0,9}", body).prop_map(|(step, at_ns, kind, body)| FromNode::Observed {
                step,
                at_ns,
                kind,
                body
            }),
            ("[a-z ]{0,40}", any::<u64>()).prop_map(|(reason, full)| FromNode::Ended {
                how: Ended::Stopped { reason, disk: DiskFaults { errors: 1, full } }
            }),
            ("[a-z ]{0,40}", any::<u64>()).prop_map(|(message, at_ns)| {
                let line = LogLine { level: LogLevel::Info, target: "node".into(), message };
                FromNode::Log { at_ns, line }
            }),
            ("[a-z]{0,9}", any::<u64>()).prop_map(|(program, machine_ns)| FromNode::Hello {
                protocol: CONTROL_PROTOCOL,
                cluster: program.clone(),
                node: NodeId(1),
                program,
                incarnation: Incarnation(2),
                pid: 3,
                at_ns: 4,
                machine_ns,
            }),
        ]
    }

    fn requests() -> impl Strategy<Value = ToNode> {
        prop_oneof![
            Just(ToNode::Stop),
            (any::<u32>(), "[0-9a-f]{0,20}").prop_map(|(protocol, token)| ToNode::Hello { protocol, token }),
            (any::<u64>(), prop::collection::vec(any::<u8>(), 0..300))
                .prop_map(|(id, body)| ToNode::Control { id: ControlId(id), body }),
        ]
    }

    /// What stands behind the lengths of frames of both sides.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            frames().prop_map(|frame| postcard::to_stdvec(&frame).unwrap()),
            requests().prop_map(|frame| postcard::to_stdvec(&frame).unwrap()),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_and_a_cut_one_is_an_end_of_file(
            frames in prop::collection::vec(frames(), 1..6), cut in any::<prop::sample::Index>(),
        ) {
            let mut wire = Vec::new();
            for frame in &frames {
                write_frame(&mut wire, frame).unwrap();
            }
            let cut = cut.index(wire.len());
            let mut whole = &wire[..];
            for frame in &frames {
                prop_assert_eq!(&read_frame::<FromNode>(&mut whole).unwrap(), frame);
            }
            let mut short = &wire[..cut];
            let mut read = 0;
            let error = loop {
                match read_frame::<FromNode>(&mut short) {
                    Ok(frame) => prop_assert_eq!(&frame, &frames[read]),
                    Err(error) => break error,
                }
                read += 1;
            };
            prop_assert!(read < frames.len());
            prop_assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_frame::<FromNode>(&mut &bytes[..]);
            let _ = read_frame::<ToNode>(&mut &bytes[..]);
        }

        #[test]
        fn garbage_behind_a_length_that_is_right_is_no_frame_or_one_that_can_be_sent(body in spoilt(bodies())) {
            is_no_frame_or_one_that_can_be_sent::<FromNode>(&body);
            is_no_frame_or_one_that_can_be_sent::<ToNode>(&body);
        }
    }

    fn is_no_frame_or_one_that_can_be_sent<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(body: &[u8]) {
        let Ok(frame) = read_frame::<T>(&mut &behind_their_length(body)[..]) else { return };
        let sent = encode_frame(&frame).expect("it came in one");
        assert_eq!(read_frame::<T>(&mut &sent[..]).expect("it was sent"), frame);
    }

    #[test]
    fn a_length_past_the_limit_is_refused_before_anything_is_read() {
        let error = read_frame::<ToNode>(&mut &[0xff; 8][..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_token_is_not_shown() {
        let hello = ToNode::Hello { protocol: CONTROL_PROTOCOL, token: "secret".into() };
        assert!(!format!("{hello:?}").contains("secret"));
    }
}
