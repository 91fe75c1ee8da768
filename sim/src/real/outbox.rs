//! What waits to be written to one connection.
//!
//! The driver puts frames in and writes at the end of each round what the socket takes at once, in one call of the
//! system; a task of the connection writes the rest when the socket has room again. Nobody writes what was put in
//! after the last flush: the driver decides when a step's messages may leave.

use super::own_task::OwnTask;
use super::wire;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio_util::bytes::{Buf, BytesMut};

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
    socket: OwnedWriteHalf,
    state: Cell<State>,
    wake_writer: Notify,
    /// Told each time all is written.
    emptied: Notify,
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
            socket,
            state: Cell::new(State::Free),
            wake_writer: Notify::new(),
            emptied: Notify::new(),
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
                    return self.emptied.notify_waiters();
                }
            }
        }
        self.state.set(State::Free);
        if !buffer.is_empty() {
            return;
        }
        if buffer.capacity() > KEPT {
            *buffer = BytesMut::new();
        }
        self.emptied.notify_waiters();
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
#[allow(clippy::disallowed_methods)] // a real socket and real time, which is what it is about
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Duration;
    use tokio::net::TcpStream;
    use tokio::task::LocalSet;

    const SOON: Duration = Duration::from_secs(10);

    /// More than sockets take when nobody reads.
    const MUCH: usize = 32 << 20;

    /// Runs a body with an outbox and its reader's end, which does not wait for bytes.
    fn with_outbox<F: Future<Output = ()>>(body: impl FnOnce(Outbox, std::net::TcpStream) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(LocalSet::new().run_until(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let reader = listener.accept().unwrap().0;
            reader.set_nonblocking(true).unwrap();
            body(Outbox::new(stream.into_split().1), reader).await;
        }));
    }

    /// Reads until so many bytes have come, and a moment longer.
    async fn read(reader: &mut std::net::TcpStream, wanted: usize) -> Vec<u8> {
        let (mut came, mut chunk) = (Vec::new(), vec![0; 1 << 20]);
        let all = async {
            let mut quiet = 0;
            while quiet < 20 {
                match reader.read(&mut chunk) {
                    Ok(count) => came.extend_from_slice(&chunk[..count]),
                    Err(_) => {
                        quiet += u32::from(came.len() >= wanted);
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
            }
        };
        timeout_or_panic(all).await;
        came
    }

    async fn timeout_or_panic(what: impl Future<Output = ()>) {
        tokio::time::timeout(SOON, what).await.expect("it comes soon");
    }

    #[test]
    fn what_was_put_in_after_a_flush_waits_for_the_next_one() {
        with_outbox(|outbox, mut reader| async move {
            outbox.push_bytes(b"first");
            outbox.flush();
            outbox.push_bytes(b"second");
            assert_eq!(read(&mut reader, 5).await, b"first");
            outbox.flush();
            assert_eq!(read(&mut reader, 6).await, b"second");
            assert!(outbox.is_empty());
        });
    }

    /// Its writer is at work by itself when the second part is put in.
    #[test]
    fn on_a_full_socket_too() {
        with_outbox(|outbox, mut reader| async move {
            outbox.push_bytes(&vec![1; MUCH]);
            outbox.flush();
            assert!(!outbox.is_empty(), "the socket is full");
            outbox.push_bytes(b"second");
            let first = read(&mut reader, MUCH).await;
            assert!(first.len() == MUCH && first.iter().all(|byte| *byte == 1), "{} bytes", first.len());
            assert_eq!(outbox.len(), 6);
            outbox.flush();
            assert_eq!(read(&mut reader, 6).await, b"second");
            timeout_or_panic(outbox.emptied()).await;
        });
    }

    #[test]
    fn what_is_released_while_the_socket_is_full_follows_by_itself() {
        with_outbox(|outbox, mut reader| async move {
            outbox.push_bytes(&vec![1; MUCH]);
            outbox.flush();
            outbox.push_bytes(&[2; 6]);
            outbox.flush();
            let came = read(&mut reader, MUCH + 6).await;
            assert_eq!((came.len(), came.last()), (MUCH + 6, Some(&2)));
            timeout_or_panic(outbox.emptied()).await;
        });
    }

    #[test]
    fn a_connection_that_is_gone_takes_everything_and_keeps_nothing() {
        with_outbox(|outbox, reader| async move {
            drop(reader);
            let broken = async {
                while outbox.shared.state.get() != State::Broken {
                    outbox.push_bytes(&[1; 100]);
                    outbox.flush();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            timeout_or_panic(broken).await;
            outbox.push_bytes(&[1; 100]);
            assert!(outbox.is_empty());
            timeout_or_panic(outbox.emptied()).await;
        });
    }
}
