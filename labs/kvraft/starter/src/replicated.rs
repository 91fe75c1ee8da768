//! One replica of a state machine, kept equal to all others by Raft's log.

use lab_kvraft::{NotServed, Options, StateMachine};
use lab_raft::{Applied, NotLeader, Raft};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use windtunnel::spawn;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// One server's replica. Clones are the same replica.
pub struct Replicated<R, M>(Rc<Inner<R, M>>);

struct Inner<R, M> {
    raft: R,
    options: Options,
    /// Do not hold a borrow of it across an `.await`.
    machine: RefCell<M>,
    // TODO(you): who waits for which entry of the log.
}

impl<R, M> Clone for Replicated<R, M> {
    fn clone(&self) -> Self {
        Replicated(self.0.clone())
    }
}

impl<R, M> fmt::Debug for Replicated<R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicated").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl<R: Raft, M: StateMachine> lab_kvraft::Replicated<R, M> for Replicated<R, M> {
    fn start(raft: R, applied: UnboundedReceiver<Applied>, machine: M, options: Options) -> Self {
        let replica = Replicated(Rc::new(Inner { raft, options, machine: RefCell::new(machine) }));
        spawn(replica.clone().apply_on_and_on(applied));
        replica
    }

    async fn submit(&self, command: M::Command) -> Result<M::Answer, NotServed> {
        let command = postcard::to_stdvec(&command).expect("commands are plain data");
        match self.0.raft.propose(command) {
            // Nobody was offered anything: that is certain, and worth saying.
            Err(NotLeader { hint }) => Err(NotServed::NotLeader { hint }),
            // TODO(you): wait until this replica has done that very command, and give its answer. Whoever waits must be told
            // when nothing will come of it: another command stands in its place, or this server leads no more.
            Ok(proposed) => {
                tracing::debug!("a command stands at {} of term {}", proposed.index, proposed.term);
                Err(NotServed::Lost)
            }
        }
    }

    async fn read<T>(&self, look: impl FnOnce(&M) -> T) -> Result<T, NotServed> {
        // TODO(you): this replica may be old. Find out what it must have done first (`read_barrier`, or an entry of your own in
        // the log), wait for that, and only then look. Under a lease (`options.lease`) nobody need be asked.
        let _ = |machine: &M| look(machine);
        Err(NotServed::NotLeader { hint: None })
    }
}

impl<R: Raft, M: StateMachine> Replicated<R, M> {
    /// All that Raft has committed comes through here, in order.
    async fn apply_on_and_on(self, mut applied: UnboundedReceiver<Applied>) {
        while let Some(what) = applied.recv().await {
            match what {
                Applied::Entry { index, term, command } => {
                    tracing::debug!("{} bytes are committed at {index} of term {term}", command.len());
                    // TODO(you): `self.0.machine` does the command, and whoever waits for it is answered. When entries of
                    // `options.log_limit` bytes were applied, Raft is handed a snapshot. (Part snapshot)
                }
                Applied::Snapshot { index, data, .. } => {
                    tracing::debug!("a snapshot of {} bytes stands for all up to {index}", data.len());
                    // TODO(you): its state takes the place of this one. (Part snapshot)
                    self.0.machine.borrow_mut().restore(&data);
                }
            }
        }
    }
}
