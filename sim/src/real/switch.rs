//! Ends a node from outside: from another thread, or for a signal.

use tokio::sync::watch;

/// What is wanted of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Run,
    Terminate,
    Kill,
}

/// Ends a node from another thread.
#[derive(Clone, Debug)]
pub struct Switch(watch::Sender<Wanted>);

impl Default for Switch {
    fn default() -> Self {
        Switch(watch::Sender::new(Wanted::Run))
    }
}

impl Switch {
    /// As SIGTERM: the node answers what it was asked, takes no more, and ends.
    pub fn terminate(&self) {
        self.0.send_if_modified(|wanted| {
            let changes = *wanted == Wanted::Run;
            if changes {
                *wanted = Wanted::Terminate;
            }
            changes
        });
    }

    /// As SIGKILL: the node ends in the middle of things. What it had written stays; what waited is lost.
    pub fn kill(&self) {
        self.0.send_replace(Wanted::Kill);
    }

    pub(super) fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }
}

/// The node's side.
#[derive(Debug)]
pub(super) struct Watch(watch::Receiver<Wanted>);

impl Watch {
    /// Waits until something else is wanted than to run; or, if the node already `drains`, than to end in peace.
    pub async fn changed(&mut self, drains: bool) -> Wanted {
        let settled = |wanted: &Wanted| *wanted == Wanted::Kill || (*wanted == Wanted::Terminate && !drains);
        let wanted = self.0.wait_for(settled).await.map(|wanted| *wanted);
        match wanted {
            Ok(wanted) => wanted,
            // Nobody is left who could want anything.
            Err(_) => std::future::pending().await,
        }
    }
}
