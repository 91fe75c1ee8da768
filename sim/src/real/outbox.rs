//! What waits to be written to one connection.
//!
//! The driver puts frames in and writes at the end of each round what the socket takes at once, in one call of the
//! system; a task of the connection writes the rest when the socket has room again. Nobody writes what was put in
//! after the last flush: the driver decides when a step's messages may leave.

use super::own_task::OwnTask;
use super::wire;
use bytes::{Buf, BytesMut};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

/// Past this many bytes an empty buffer is given back.
const KEPT: usize = 1 << 20;

/// The writing side of one connection; closes it when dropped.
#[derive(Debug)]
pub struct Outbox {
    shared: Rc<Shared>,
    _writer: OwnTask,
}

#[derive(Debug)]
struct Shared {
    buffer: RefCell<BytesMut>,
    /// How many of the bytes may leave.
    released: Cell<usize>,
    /// The most bytes that have waited since the buffer was given back: what it holds room for.
    most: Cell<usize>,
    socket: OwnedWriteHalf,
    state: Cell<State>,
    wake_writer: Notify,
    /// Told each time all is written, if anybody waits for it.
    emptied: Notify,
    is_awaited: Cell<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// The driver writes.
    Free,
    /// The socket takes no more for now: the writer waits for it.
    Full,
    /// The connection is gone, which its reader is about to learn. What is put in is lost.
    Broken,
}

impl Outbox {
    pub fn new(socket: OwnedWriteHalf) -> Self {
        let shared = Rc::new(Shared {
            buffer: RefCell::default(),
            released: Cell::new(0),
            most: Cell::new(0),
            socket,
            state: Cell::new(State::Free),
            wake_writer: Notify::new(),
            emptied: Notify::new(),
            is_awaited: Cell::new(false),
        });
        let writer = shared.clone();
        Outbox { shared, _writer: OwnTask::spawn(async move { writer.write_on().await }) }
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// If it is larger than `limit`; then nothing is added.
    pub fn push(&self, frame: &impl Serialize, limit: usize) -> Result<(), wire::WireError> {
        if self.shared.state.get() == State::Broken {
            return Ok(());
        }
        wire::encode(frame, limit, &mut self.shared.buffer.borrow_mut())
    }

    /// Adds bytes that are frames already.
    pub fn push_bytes(&self, frames: &[u8]) {
        if self.shared.state.get() != State::Broken {
            self.shared.buffer.borrow_mut().extend_from_slice(frames);
        }
    }

    /// Lets everything leave that is in it by now, and writes what the socket takes at once.
    pub fn flush(&self) {
        self.shared.released.set(self.len());
        self.shared.most.set(self.shared.most.get().max(self.len()));
        if self.shared.state.get() == State::Free && !self.is_empty() {
            self.shared.write_some();
            if self.shared.state.get() == State::Full {
                self.shared.wake_writer.notify_one();
            }
        }
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.shared.buffer.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until all is written.
    pub fn emptied(&self) -> impl Future<Output = ()> + 'static {
        let shared = self.shared.clone();
        async move {
            while !shared.buffer.borrow().is_empty() {
                shared.is_awaited.set(true);
                shared.emptied.notified().await;
            }
        }
    }
}

impl Shared {
    fn write_some(&self) {
        let mut buffer = self.buffer.borrow_mut();
        while self.released.get() > 0 {
            match self.socket.try_write(&buffer[..self.released.get()]) {
                Ok(count) => {
                    buffer.advance(count);
                    self.released.set(self.released.get() - count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.state.set(State::Full),
                Err(_) => {
                    buffer.clear();
                    self.released.set(0);
                    self.state.set(State::Broken);
                    return self.tell_emptied();
                }
            }
        }
        self.state.set(State::Free);
        if !buffer.is_empty() {
            return;
        }
        // Its capacity does not say what lies behind what has left.
        if self.most.replace(0) > KEPT {
            *buffer = BytesMut::new();
        }
        self.tell_emptied();
    }

    fn tell_emptied(&self) {
        if self.is_awaited.replace(false) {
            self.emptied.notify_waiters();
        }
    }

    async fn write_on(&self) {
        loop {
            self.wake_writer.notified().await;
            while self.state.get() == State::Full {
                // An error shows at the write that follows.
                let _ = self.socket.writable().await;
                self.write_some();
            }
        }
    }
}

#[cfg(test)]
mod tests;
