//! One ordered pair of nodes: the port at which the first finds the second.

use super::link::LinkWatch;
use super::pump::{Pump, Reset};
use crate::streams::{Purpose, Stream};
use crate::units::{NodeId, Seed};
use rustix::net::sockopt::set_socket_linger;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, sleep_until};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;
/// How long a port is left alone that cannot be opened for the moment: the process is short of descriptors, say.
const RETRY: Duration = Duration::from_millis(10);
/// How long who holds a connection half open takes to learn it: from what it sends into it on, and without that from its
/// keep-alive.
const ANSWERED: Duration = Duration::from_millis(500);
const KEPT_ALIVE: Duration = Duration::from_secs(10);

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who connected.
    Dialler,
    /// Whom it connected to.
    Acceptor,
}

/// A pair of nodes and all that decides what becomes of its connections. Dropping the senders ends it.
#[derive(Clone)]
pub(super) struct Pair {
    pub seed: Seed,
    pub dialler: NodeId,
    pub acceptor: NodeId,
    /// Where the dialler finds the acceptor, and where that really listens.
    pub port: SocketAddr,
    pub target: SocketAddr,
    /// From the dialler to the acceptor, and back.
    pub there: LinkWatch,
    pub back: LinkWatch,
    /// Whether the acceptor's process runs.
    pub alive: watch::Receiver<bool>,
    /// The orders to leave the connections half open, counted, and whom the last one tells. Each connection listens.
    pub halved: Arc<watch::Sender<(u64, Side)>>,
    /// Where to say whether somebody listens at the port.
    pub is_open: watch::Sender<bool>,
}

/// Nobody steers the proxies any more.
struct Over;

impl From<watch::error::RecvError> for Over {
    fn from(_: watch::error::RecvError) -> Self {
        Over
    }
}

impl Pair {
    /// Accepts connections while the acceptor lives, or while the pair is cut: then nobody can tell.
    pub async fn run(mut self) {
        let mut connections = 0;
        while self.serve(&mut connections).await.is_ok() {}
    }

    /// Opens the port when it should be open, and closes it when it should not: then a connect is refused by the
    /// kernel, as a dead process's is.
    async fn serve(&mut self, connections: &mut u64) -> Result<(), Over> {
        while !self.should_listen() {
            self.changed().await?;
        }
        let Ok(listener) = listen(self.port) else {
            sleep(RETRY).await;
            return Ok(());
        };
        self.is_open.send_replace(true);
        while self.should_listen() {
            tokio::select! {
                changed = self.changed() => changed?,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        *connections += 1;
                        spawn_local(self.clone().connect(stream, *connections));
                    }
                    Err(_) => sleep(RETRY).await,
                },
            }
        }
        drop(listener);
        self.is_open.send_replace(false);
        Ok(())
    }

    fn should_listen(&self) -> bool {
        *self.alive.borrow() || self.there.state().cut || self.back.state().cut
    }

    async fn changed(&mut self) -> Result<(), Over> {
        tokio::select! {
            changed = self.there.changed() => changed?,
            changed = self.back.changed() => changed?,
            changed = self.alive.changed() => changed?,
        }
        Ok(())
    }

    /// Connects on to the acceptor once both directions let it: a handshake takes both.
    async fn connect(mut self, dialler: TcpStream, number: u64) {
        while self.there.state().cut || self.back.state().cut {
            if self.there.mended().await.is_err() || self.back.mended().await.is_err() {
                return;
            }
        }
        match TcpStream::connect(self.target).await {
            Ok(acceptor) => self.carry(dialler, acceptor, number).await,
            Err(_) => reset(dialler),
        }
    }

    async fn carry(self, dialler: TcpStream, acceptor: TcpStream, number: u64) {
        let _ = (dialler.set_nodelay(true), acceptor.set_nodelay(true));
        let mut halved = self.halved.subscribe();
        let there = Pump::new(&dialler, &acceptor, self.there.clone(), self.draws(number, 0));
        let back = Pump::new(&acceptor, &dialler, self.back.clone(), self.draws(number, 1));
        let ended = tokio::select! {
            // First: what a cut has held back is lost with the connection, though the cut is mended in the same breath.
            biased;
            _ = halved.changed() => None,
            ended = async { tokio::try_join!(there.run(), back.run()) } => Some(ended),
        };
        let (_, told) = *halved.borrow();
        drop(halved);
        match ended {
            Some(Ok(_)) => {}
            Some(Err(Reset)) => {
                reset(dialler);
                reset(acceptor);
            }
            None => {
                let (told, other) = if told == Side::Dialler { (dialler, acceptor) } else { (acceptor, dialler) };
                reset(told);
                goes_unnoticed(&other).await;
                reset(other);
            }
        }
    }

    fn draws(&self, connection: u64, direction: u64) -> Stream {
        let link = u64::from(self.dialler.0) << 32 | u64::from(self.acceptor.0);
        Stream::keyed(self.seed, Purpose::Message, [link, connection << 1 | direction])
    }
}

/// A socket that holds a port of the kernel's choice and does not listen: the port is nobody else's, and a connect to
/// it is refused until a second socket listens there.
pub(crate) fn hold_port() -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

fn listen(port: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(port)?;
    socket.listen(BACKLOG)
}

/// Closes with RST.
fn reset(stream: TcpStream) {
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
}

/// Takes what comes and never answers, until the other end closes, or is to learn that nobody is there.
async fn goes_unnoticed(stream: &TcpStream) {
    let mut noticed = Instant::now() + KEPT_ALIVE;
    let mut buffer = [0; 4_096];
    loop {
        let ready = tokio::select! {
            () = sleep_until(noticed) => return,
            ready = stream.readable() => ready,
        };
        match ready.and_then(|()| stream.try_read(&mut buffer)) {
            Ok(0) => return,
            Ok(_) => noticed = noticed.min(Instant::now() + ANSWERED),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
