//! Ends a node from outside: from another thread, or for a signal.

use super::input::Input;
use super::own_task::OwnTask;
use tokio::sync::{mpsc, watch};

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
        let mut receiver = self.0.subscribe();
        // What was wanted before is news too.
        receiver.mark_changed();
        Watch(receiver)
    }
}

/// The node's side.
#[derive(Debug)]
pub(super) struct Watch(watch::Receiver<Wanted>);

impl Watch {
    /// What is wanted, if it is something else than at the last look. Costs next to nothing: a node looks all the time.
    pub fn news(&mut self) -> Option<Wanted> {
        let is_new = self.0.has_changed().unwrap_or(false);
        is_new.then(|| *self.0.borrow_and_update())
    }

    /// Tells the driver each time that there are some. It looks before it takes the next input, so that only one that
    /// sleeps needs to be told.
    pub fn wake(&self, inputs: mpsc::Sender<Input>) -> OwnTask {
        let mut receiver = self.0.clone();
        OwnTask::spawn(async move {
            // Fails when nobody is left who could want anything, or the node has ended.
            while receiver.changed().await.is_ok() && inputs.send(Input::Switched).await.is_ok() {}
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_news_once_though_it_was_wanted_before_anybody_looked() {
        let switch = Switch::default();
        switch.terminate();
        let mut watch = switch.watch();
        assert_eq!([watch.news(), watch.news()], [Some(Wanted::Terminate), None]);
        switch.terminate();
        assert_eq!(watch.news(), None, "it is wanted already");
        switch.kill();
        assert_eq!([watch.news(), watch.news()], [Some(Wanted::Kill), None]);
    }
}
