//! The state of a directed link, as those see it who carry its bytes.

use super::super::latency::Latency;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// How a directed link treats bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkState {
    /// Whether what is sent waits until the link is mended.
    pub cut: bool,
    pub latency: Latency,
}

/// One directed link: who changes it.
#[derive(Debug)]
pub(super) struct Link {
    state: watch::Sender<LinkState>,
    bytes: Arc<AtomicU64>,
}

impl Link {
    pub fn new(latency: Latency) -> Self {
        Link { state: watch::Sender::new(LinkState { cut: false, latency }), bytes: Arc::default() }
    }

    pub fn set_cut(&self, cut: bool) {
        self.state.send_modify(|state| state.cut = cut);
    }

    pub fn is_cut(&self) -> bool {
        self.state.borrow().cut
    }

    pub fn set_latency(&self, latency: Latency) {
        self.state.send_modify(|state| state.latency = latency);
    }

    pub fn watch(&self) -> LinkWatch {
        LinkWatch { state: self.state.subscribe(), bytes: self.bytes.clone() }
    }

    /// Bytes that were sent over it so far, held ones too.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }
}

/// One directed link: who carries its bytes.
#[derive(Clone, Debug)]
pub(super) struct LinkWatch {
    state: watch::Receiver<LinkState>,
    bytes: Arc<AtomicU64>,
}

impl LinkWatch {
    pub fn state(&self) -> LinkState {
        *self.state.borrow()
    }

    /// Comes back when the link has changed since it was last called; fails once nobody can change it any more.
    pub async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.state.changed().await
    }

    /// Comes back once the link is not cut.
    pub async fn mended(&mut self) -> Result<(), watch::error::RecvError> {
        self.state.wait_for(|state| !state.cut).await.map(drop)
    }

    pub fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }
}
