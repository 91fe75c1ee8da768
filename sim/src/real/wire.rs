//! What nodes say to each other: frames of postcard behind a length, over one connection a direction of calls.
//!
//! Who connects says [`FromCaller::Hello`] first and waits for a [`FromServer::Welcome`]: until then nobody is
//! bound to anything. Next to read: `peer` for the side that calls, `accept` for the side that serves.

use crate::line::{CallId, Method, Rejection};
use crate::net::FRAME_LIMIT;
use crate::units::{Incarnation, NodeId};
use bytes::{Buf, BufMut, BytesMut};
use postcard::ser_flavors::Flavor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Both ends must be built for the same one.
pub const PROTOCOL: u32 = 1;

/// The largest frame: a body of [`FRAME_LIMIT`], and what stands around it.
pub const LARGEST_FRAME: usize = FRAME_LIMIT + 4_096;

/// The largest first frame of somebody who has not said who it is.
pub const LARGEST_HELLO: usize = 1_024;

const LENGTH_BYTES: usize = 4;

/// The room of a larger frame is given back when nothing follows it.
const KEPT: usize = 1 << 20;

/// What the side that calls sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromCaller {
    /// The first frame, and only that.
    Hello(Hello),
    /// Asks for a reply.
    Request {
        call: CallId,
        method: Method,
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
}

/// Who connects, and to whom it wants to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    pub cluster: String,
    pub from: NodeId,
    pub to: NodeId,
    pub incarnation: Incarnation,
}

/// What the side that serves sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromServer {
    /// The answer to a hello: requests may come.
    Welcome { incarnation: Incarnation },
    /// The answer to a hello that is meant for another node, cluster or version; the connection ends.
    Unwelcome { reason: String },
    /// A reply.
    Reply {
        call: CallId,
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// There is no reply.
    Rejected { call: CallId, rejection: Rejection },
}

/// Why no further frame comes.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side has closed the connection between two frames.
    #[error("the connection was closed")]
    Closed,
    /// It ended within a frame.
    #[error("the connection ended within a frame")]
    Half,
    /// A length that no frame has.
    #[error("a frame of more than {limit} bytes was announced")]
    TooLong {
        /// What is allowed.
        limit: usize,
    },
    /// Bytes that are no frame.
    #[error("bytes that are no frame: {0}")]
    Garbage(postcard::Error),
    /// More bytes than the frame needs.
    #[error("{0} bytes behind the end of a frame")]
    Trailing(usize),
    /// The connection broke.
    #[error("{0}")]
    Broken(#[from] io::Error),
}

impl WireError {
    /// What the other side has said that it must not; nothing if its connection just ended, as any may.
    pub fn nonsense(&self) -> Option<String> {
        match self {
            WireError::Closed | WireError::Broken(_) => None,
            WireError::Half | WireError::TooLong { .. } | WireError::Garbage(_) | WireError::Trailing(_) => {
                Some(self.to_string())
            }
        }
    }
}

/// Splits what comes into frames, without a copy of any.
#[derive(Debug)]
pub struct Unframe {
    limit: usize,
    /// Bytes that have come and belong to no frame that was given out.
    buffer: BytesMut,
}

impl Unframe {
    pub fn with_limit(limit: usize) -> Self {
        Unframe { limit, buffer: BytesMut::new() }
    }

    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The next whole frame among what has come so far.
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireError> {
        let Some((length, behind)) = self.buffer.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.limit {
            return Err(WireError::TooLong { limit: self.limit });
        }
        let Some(body) = behind.get(..length) else {
            // All of it fits then, and it is read in as few calls as there may be.
            self.buffer.reserve(LENGTH_BYTES + length - self.buffer.len());
            return Ok(None);
        };
        let decoded = decode(body).map(Some);
        self.buffer.advance(LENGTH_BYTES + length);
        if length > KEPT && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        decoded
    }

    /// Waits for the next frame. May be dropped while it waits; nothing is lost.
    pub async fn read<T: DeserializeOwned>(&mut self, input: &mut (impl AsyncRead + Unpin)) -> Result<T, WireError> {
        const ROOM: usize = 8_192;
        loop {
            if let Some(frame) = self.next()? {
                return Ok(frame);
            }
            self.buffer.reserve(ROOM);
            if input.read_buf(&mut self.buffer).await? == 0 {
                return Err(if self.buffer.is_empty() { WireError::Closed } else { WireError::Half });
            }
        }
    }

    #[cfg(test)]
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
}

/// Puts a frame behind what `output` already holds. Fails for one past `limit`, of which nothing is left there.
pub fn encode(frame: &impl Serialize, limit: usize, output: &mut BytesMut) -> Result<(), WireError> {
    let begin = output.len();
    output.put_bytes(0, LENGTH_BYTES);
    let written = postcard::serialize_with_flavor(frame, Behind(output));
    let length = output.len() - begin - LENGTH_BYTES;
    if written.is_ok() && length <= limit {
        output[begin..begin + LENGTH_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
        return Ok(());
    }
    // Its room goes with it.
    *output = BytesMut::from(&output[..begin]);
    Err(written.map_or_else(WireError::Garbage, |()| WireError::TooLong { limit }))
}

/// Where postcard writes: at the end of a buffer.
struct Behind<'a>(&'a mut BytesMut);

impl Flavor for Behind<'_> {
    type Output = ();

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.put_u8(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    match postcard::take_from_bytes(bytes) {
        Ok((frame, [])) => Ok(frame),
        Ok((_, rest)) => Err(WireError::Trailing(rest.len())),
        Err(error) => Err(WireError::Garbage(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::spoilt::{behind_their_length, spoilt};
    use proptest::prelude::*;

    fn frames() -> impl Strategy<Value = FromCaller> {
        let hello = (any::<u32>(), "[a-z]{0,9}", any::<u32>(), any::<u32>(), any::<u32>());
        let body = prop::collection::vec(any::<u8>(), 0..300);
        prop_oneof![
            hello.prop_map(|(protocol, cluster, from, to, incarnation)| {
                let (from, to, incarnation) = (NodeId(from), NodeId(to), Incarnation(incarnation));
                FromCaller::Hello(Hello { protocol, cluster, from, to, incarnation })
            }),
            (any::<u64>(), "[a-z_]{0,20}", body).prop_map(|(call, method, body)| FromCaller::Request {
                call: CallId(call),
                method: Method::Owned(method),
                body
            }),
        ]
    }

    fn answers() -> impl Strategy<Value = FromServer> {
        let rejection = prop_oneof![Just(Rejection::NoHandler), Just(Rejection::BadRequest)];
        let body = prop::collection::vec(any::<u8>(), 0..300);
        prop_oneof![
            any::<u32>().prop_map(|incarnation| FromServer::Welcome { incarnation: Incarnation(incarnation) }),
            "[a-z ]{0,40}".prop_map(|reason| FromServer::Unwelcome { reason }),
            (any::<u64>(), body).prop_map(|(call, body)| FromServer::Reply { call: CallId(call), body }),
            (any::<u64>(), rejection)
                .prop_map(|(call, rejection)| FromServer::Rejected { call: CallId(call), rejection }),
        ]
    }

    /// What stands behind the lengths of frames of both sides.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            frames().prop_map(|frame| postcard::to_stdvec(&frame).unwrap()),
            answers().prop_map(|frame| postcard::to_stdvec(&frame).unwrap()),
        ]
    }

    fn on_the_wire(frames: &[FromCaller]) -> BytesMut {
        let mut wire = BytesMut::new();
        for frame in frames {
            encode(frame, LARGEST_FRAME, &mut wire).unwrap();
        }
        wire
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_the_network_cuts_them(
            frames in prop::collection::vec(frames(), 1..8), step in 1usize..400,
        ) {
            let mut unframe = Unframe::with_limit(LARGEST_FRAME);
            let mut back = Vec::new();
            for piece in on_the_wire(&frames).chunks(step) {
                unframe.push(piece);
                while let Some(frame) = unframe.next::<FromCaller>().unwrap() {
                    back.push(frame);
                }
            }
            prop_assert!(unframe.buffer.is_empty());
            prop_assert_eq!(back, frames);
        }

        #[test]
        fn of_a_stream_that_is_cut_anywhere_come_the_whole_frames_and_no_others(
            frames in prop::collection::vec(frames(), 1..8), cut in any::<prop::sample::Index>(),
        ) {
            let wire = on_the_wire(&frames);
            let mut unframe = Unframe::with_limit(LARGEST_FRAME);
            unframe.push(&wire[..cut.index(wire.len())]);
            let mut count = 0;
            while let Some(frame) = unframe.next::<FromCaller>().unwrap() {
                prop_assert_eq!(&frame, &frames[count]);
                count += 1;
            }
            prop_assert!(count < frames.len());
            let boundary = on_the_wire(&frames[..count]).len() == cut.index(wire.len());
            prop_assert_eq!(unframe.buffer.is_empty(), boundary);
        }

        #[test]
        fn garbage_never_panics_and_takes_no_memory(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut unframe = Unframe::with_limit(LARGEST_HELLO);
            unframe.push(&bytes);
            while let Ok(Some(_)) = unframe.next::<FromCaller>() {}
            prop_assert!(unframe.buffer.capacity() <= 4 * LARGEST_HELLO);
        }

        #[test]
        fn garbage_behind_a_length_that_is_right_is_no_frame_or_one_that_can_be_sent(body in spoilt(bodies())) {
            is_no_frame_or_one_that_can_be_sent::<FromCaller>(&body);
            is_no_frame_or_one_that_can_be_sent::<FromServer>(&body);
        }
    }

    fn is_no_frame_or_one_that_can_be_sent<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(body: &[u8]) {
        let mut unframe = Unframe::with_limit(LARGEST_FRAME);
        unframe.push(&behind_their_length(body));
        let Ok(frame) = unframe.next::<T>() else { return };
        let frame = frame.expect("it is whole");
        encode(&frame, LARGEST_FRAME, &mut unframe.buffer).expect("it came in one");
        assert_eq!(unframe.next::<T>().expect("it was sent"), Some(frame));
    }

    #[test]
    fn a_frame_with_bytes_behind_it_is_no_frame() {
        let mut bytes = postcard::to_stdvec(&FromServer::Welcome { incarnation: Incarnation(1) }).unwrap();
        bytes.push(0);
        assert!(matches!(decode::<FromServer>(&bytes), Err(WireError::Trailing(1))));
    }

    #[test]
    fn a_length_of_four_gib_is_refused_before_its_bytes_come() {
        let mut unframe = Unframe::with_limit(LARGEST_FRAME);
        unframe.push(&[0xff; 4]);
        assert!(matches!(unframe.next::<FromCaller>(), Err(WireError::TooLong { limit: LARGEST_FRAME })));
    }

    #[test]
    fn the_largest_body_fits_a_frame() {
        let method = Method::Owned("m".repeat(1_000));
        let request =
            |size| FromCaller::Request { call: CallId(u64::MAX), method: method.clone(), body: vec![1; size] };
        assert!(encode(&request(FRAME_LIMIT), LARGEST_FRAME, &mut BytesMut::new()).is_ok());
        let mut output = BytesMut::from(&b"what waits already"[..]);
        assert!(encode(&request(LARGEST_FRAME), LARGEST_FRAME, &mut output).is_err());
        assert_eq!(&output[..], b"what waits already");
        assert!(output.capacity() < FRAME_LIMIT);
    }
}
