//! The tester's end of a node's control port. Never blocks: a paused node reads nothing, and the others go on.

use crate::real::control_protocol::{
    CONTROL_FRAME_LIMIT, CONTROL_PROTOCOL, FromNode, ToNode, decode_frame, encode_frame,
};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

const LENGTH_BYTES: usize = 4;
const CHUNK: usize = 64 << 10;

/// A connection to a control port.
#[derive(Debug)]
pub(super) struct ControlLink {
    stream: TcpStream,
    /// What came and is no whole frame yet.
    inbox: Vec<u8>,
    /// What the socket had no room for.
    outbox: Vec<u8>,
}

/// What came at once.
#[derive(Debug, Default)]
pub(super) struct Came {
    pub frames: Vec<FromNode>,
    /// Why nothing more will come, if so.
    pub closed: Option<String>,
}

impl ControlLink {
    /// Connects; on loopback that is done at once or refused at once.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(ControlLink { stream, inbox: Vec::new(), outbox: Vec::new() })
    }

    /// Says who this is.
    pub fn greet(&mut self, token: &str) {
        self.send(&ToNode::Hello { protocol: CONTROL_PROTOCOL, token: token.to_owned() });
    }

    /// Sends what fits now and the rest when [`flush`](Self::flush) is called. A socket that fails shows it to the
    /// next [`receive`](Self::receive).
    pub fn send(&mut self, frame: &ToNode) {
        match encode_frame(frame) {
            Ok(bytes) => self.outbox.extend(bytes),
            Err(error) => panic!("a control request cannot be sent: {error}"),
        }
        self.flush();
    }

    pub fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.outbox.len() {
            match self.stream.write(&self.outbox[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.outbox.drain(..sent);
    }

    pub const fn wants_to_send(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Everything that is there by now.
    pub fn receive(&mut self) -> Came {
        let mut came = Came::default();
        let mut chunk = [0; CHUNK];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => came.closed = Some("it closed its control port".to_owned()),
                Ok(count) => {
                    self.inbox.extend_from_slice(&chunk[..count]);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => came.closed = Some(format!("its control port failed: {error}")),
            }
            if let Err(error) = self.take_frames(&mut came.frames) {
                came.closed = Some(format!("it sent no frame over its control port: {error}"));
            }
            return came;
        }
    }

    fn take_frames(&mut self, frames: &mut Vec<FromNode>) -> io::Result<()> {
        let mut rest = &self.inbox[..];
        while let Some((length, behind)) = rest.split_first_chunk::<LENGTH_BYTES>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > CONTROL_FRAME_LIMIT {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a length of {length} bytes")));
            }
            let Some((body, next)) = behind.split_at_checked(length) else { break };
            frames.push(decode_frame(body)?);
            rest = next;
        }
        let taken = self.inbox.len() - rest.len();
        self.inbox.drain(..taken);
        Ok(())
    }
}

impl AsFd for ControlLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
