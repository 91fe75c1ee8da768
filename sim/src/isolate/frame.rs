//! What goes over the pipe: a frame down, a list of effects up, each behind its length.

use crate::line::{Clock, Event};
use crate::units::Nanos;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// One event for a node, with all that a step depends on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The time of the world, for madsim's clock.
    pub world: Nanos,
    /// What the node's own clocks show.
    pub clock: Clock,
    /// What happens.
    pub event: Event,
}

/// Writes a value behind its length, in one call of the system for what fits the pipe.
pub(super) fn write(output: &mut impl Write, buffer: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    buffer.clear();
    buffer.extend([0; 4]);
    *buffer = postcard::to_extend(value, std::mem::take(buffer)).map_err(io::Error::other)?;
    let length = u32::try_from(buffer.len() - 4).map_err(io::Error::other)?;
    buffer[..4].copy_from_slice(&length.to_le_bytes());
    output.write_all(buffer)
}

/// Reads a value behind its length. Both ends only ever have one message under way, so whatever
/// one read brings belongs to it.
pub(super) fn read<T: DeserializeOwned>(input: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<T> {
    const FIRST_READ: usize = 64 << 10;
    buffer.resize(buffer.len().max(FIRST_READ), 0);
    let mut filled = 0;
    let mut needed = 4;
    while filled < needed {
        let count = match input.read(&mut buffer[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled += count;
        if filled >= 4 {
            let length = u32::from_le_bytes([buffer[0], buffer[1], buffer[2], buffer[3]]);
            needed = 4 + length as usize;
            if buffer.len() < needed {
                buffer.resize(needed, 0);
            }
        }
    }
    postcard::from_bytes(&buffer[4..needed]).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{CallId, Effect, Method, TimerId};
    use crate::units::NodeId;
    use proptest::prelude::*;

    fn effects() -> impl Strategy<Value = Vec<Effect>> {
        let body = prop::collection::vec(any::<u8>(), 0..100_000);
        let effect = prop_oneof![
            (any::<u32>(), any::<u64>(), "[a-z_]{0,20}", body.clone()).prop_map(|(to, call, method, body)| {
                Effect::Send { to: NodeId(to), call: CallId(call), method: Method::Owned(method), body }
            }),
            (any::<u32>(), any::<u32>(), any::<u64>())
                .prop_map(|(slot, generation, at)| Effect::Arm { timer: TimerId { slot, generation }, at: Nanos(at) }),
            ("[a-z.]{0,9}", body).prop_map(|(kind, body)| Effect::Observe { kind: Method::Owned(kind), body }),
        ];
        prop::collection::vec(effect, 0..6)
    }

    /// Gives a few bytes at a time, as a pipe may.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn effects_come_out_as_they_went_in_however_the_pipe_cuts_them(effects in effects(), step in 1usize..70_000) {
            let (mut wire, mut buffer) = (Vec::new(), Vec::new());
            write(&mut wire, &mut buffer, &effects).unwrap();
            let back: Vec<Effect> = read(&mut Dribble(&wire, step), &mut Vec::new()).unwrap();
            prop_assert_eq!(back, effects);
        }

        #[test]
        fn a_frame_cut_short_is_an_error_and_no_panic(effects in effects(), keep in 0.0f64..1.0) {
            let (mut wire, mut buffer) = (Vec::new(), Vec::new());
            write(&mut wire, &mut buffer, &effects).unwrap();
            let cut = ((wire.len() - 1) as f64 * keep) as usize;
            let result: io::Result<Vec<Effect>> = read(&mut Dribble(&wire[..cut], 4_096), &mut Vec::new());
            prop_assert!(result.is_err());
        }
    }
}
