//! How a connection between nodes is set up.

use rustix::net::sockopt;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// Silence after which the kernel asks whether the other end is still there, and how often it asks in vain.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(5);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(1);
const KEEP_ALIVE_ATTEMPTS: u32 = 5;
/// How long bytes may be on their way before the connection counts as gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// Small messages go at once, and an end that is gone without a word is noticed within ten seconds.
pub fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_EVERY)?;
    sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_ATTEMPTS)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED.as_millis() as u32)?;
    Ok(())
}

/// Whether a connection is set up so, as the kernel says.
#[cfg(test)]
pub fn is_prepared(stream: &TcpStream) -> bool {
    let asks = (
        sockopt::socket_keepalive(stream),
        sockopt::tcp_keepidle(stream),
        sockopt::tcp_keepintvl(stream),
        sockopt::tcp_keepcnt(stream),
    );
    #[cfg(target_os = "linux")]
    let is_given_up = sockopt::tcp_user_timeout(stream) == Ok(UNACKNOWLEDGED.as_millis() as u32);
    #[cfg(not(target_os = "linux"))]
    let is_given_up = true;
    let silence = KEEP_ALIVE_AFTER + KEEP_ALIVE_EVERY * KEEP_ALIVE_ATTEMPTS;
    let wanted = (Ok(true), Ok(KEEP_ALIVE_AFTER), Ok(KEEP_ALIVE_EVERY), Ok(KEEP_ALIVE_ATTEMPTS));
    stream.nodelay().is_ok_and(|nodelay| nodelay) && asks == wanted && silence <= UNACKNOWLEDGED && is_given_up
}
