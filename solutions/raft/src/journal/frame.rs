//! Bytes with a checksum around them.
//!
//! ```text
//! frame = mark (4 bytes), length of body (4), checksum of body (8), body in postcard
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;
use windtunnel::fold;

/// Begins each frame. The third byte is the version of all that is written here.
const MARK: [u8; 4] = *b"RJ2\n";
const HEADER_BYTES: usize = 16;

/// Most frames need no more room.
const USUAL_BYTES: usize = 256;

/// The version that is written.
pub const VERSION: char = MARK[2] as char;

pub fn encode(body: &impl Serialize) -> Vec<u8> {
    let mut room = Vec::with_capacity(USUAL_BYTES);
    room.resize(HEADER_BYTES, 0);
    let mut bytes = postcard::to_extend(body, room).expect("what is saved is plain data");
    let (header, body) = bytes.split_at_mut(HEADER_BYTES);
    let length = u32::try_from(body.len()).expect("a frame is smaller than 4 GiB");
    header[..4].copy_from_slice(&MARK);
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..].copy_from_slice(&fold::of_bytes(body).to_le_bytes());
    bytes
}

/// The frame at the beginning of `content`, if a whole one is there, and its length in bytes.
pub fn decode<T: DeserializeOwned>(content: &[u8]) -> Option<(T, usize)> {
    let rest = content.strip_prefix(&MARK)?;
    let (length, rest) = rest.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let body = rest.get(..u32::from_le_bytes(*length) as usize)?;
    if fold::of_bytes(body) != u64::from_le_bytes(*checksum) {
        return None;
    }
    Some((postcard::from_bytes(body).ok()?, HEADER_BYTES + body.len()))
}

/// The version of the frame at the beginning of `content`, if it is of another one.
pub fn other_version(content: &[u8]) -> Option<char> {
    match content {
        [b'R', b'J', version, b'\n', ..] if *version != MARK[2] => Some(char::from(*version)),
        _ => None,
    }
}
