//! Connections for tests.
#![allow(clippy::disallowed_methods)] // real sockets and real time, which is what they are about

use std::io::Read;
use std::net::{TcpListener, TcpStream as Blocking};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

/// Past that nothing comes any more.
const PATIENCE: Duration = Duration::from_secs(20);
/// So long nothing has come when it is said that nothing comes.
const QUIET: Duration = Duration::from_millis(40);

/// Runs a body as a node runs: on one thread, with tasks of its own.
pub fn run<F: Future<Output = ()>>(body: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the machine has one more");
    runtime.block_on(LocalSet::new().run_until(async { body().await }));
}

/// A connection: an end for what is tested, and one for the test, which does not wait for bytes.
pub async fn pair() -> (TcpStream, Blocking) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stream = TcpStream::connect(listener.local_addr().expect("it has one")).await.expect("it listens");
    let other = listener.accept().expect("it has come").0;
    other.set_nonblocking(true).expect("sockets can");
    (stream, other)
}

/// Reads until so many bytes have come and nothing more for a moment.
pub async fn read(reader: &mut Blocking, wanted: usize) -> Vec<u8> {
    let (mut came, mut chunk) = (Vec::new(), vec![0; 1 << 20]);
    let all = async {
        let mut quiet = Duration::ZERO;
        while came.len() < wanted || quiet < QUIET {
            match reader.read(&mut chunk) {
                Ok(count) => came.extend_from_slice(&chunk[..count]),
                Err(_) => {
                    sleep(Duration::from_millis(2)).await;
                    quiet = if came.len() < wanted { Duration::ZERO } else { quiet + Duration::from_millis(2) };
                }
            }
        }
    };
    soon(all).await;
    came
}

/// What comes before the test's patience ends.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it comes soon")
}

/// Whether something does not come for a moment.
pub async fn never(what: impl Future) -> bool {
    timeout(QUIET, what).await.is_err()
}
