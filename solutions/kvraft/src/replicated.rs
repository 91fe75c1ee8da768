//! One replica of a state machine, kept equal to all others by the log, and who waits for what in it.

use crate::lease::{LeaseId, Leases};
use lab_kvraft::{ENTRY_BYTES, NotServed, Options, StateMachine};
use lab_raft::{Applied, BarrierError, LogIndex, NotLeader, Proposed, Raft, Role, Term};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use windtunnel::spawn;
use windtunnel::sync::mpsc::UnboundedReceiver;
use windtunnel::sync::{Notify, oneshot};
use windtunnel::time::{Duration, sleep};

/// Who waits for a command looks so often whether it may still wait: Raft tells nobody that it leads no more.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One server's replica. Clones are the same replica.
pub struct Replicated<R, M: StateMachine>(Rc<Inner<R, M>>);

struct Inner<R, M: StateMachine> {
    raft: R,
    log_limit: Option<u64>,
    machine: RefCell<M>,
    /// The last entry that the machine has done, and its term.
    applied: Cell<(LogIndex, Term)>,
    /// It has done one more.
    progress: Notify,
    /// Bytes of entries since the last snapshot.
    since_snapshot: Cell<u64>,
    waiting: RefCell<BTreeMap<LogIndex, Waiting<M::Answer>>>,
    /// Somebody waits.
    somebody_waits: Notify,
    leases: Leases,
}

/// Who waits for the entry of that term at its place in the log, and for nothing else that may come to stand there.
struct Waiting<A> {
    term: Term,
    /// Dropped if it was lost.
    done: oneshot::Sender<Option<A>>,
}

/// What stands in the log.
#[derive(Serialize, Deserialize)]
enum Record<C> {
    /// For the machine.
    Command(C),
    /// For who reads.
    Lease(LeaseId),
    /// For who wants to know what stands before it.
    Nothing,
}

impl<R, M: StateMachine> Clone for Replicated<R, M> {
    fn clone(&self) -> Self {
        Replicated(self.0.clone())
    }
}

impl<R, M: StateMachine> fmt::Debug for Replicated<R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicated").field("applied", &self.0.applied).finish_non_exhaustive()
    }
}

impl<R: Raft, M: StateMachine> lab_kvraft::Replicated<R, M> for Replicated<R, M> {
    fn start(raft: R, applied: UnboundedReceiver<Applied>, machine: M, options: Options) -> Self {
        let replica = Replicated(Rc::new(Inner {
            raft,
            log_limit: options.log_limit,
            machine: RefCell::new(machine),
            applied: Cell::new((LogIndex::ZERO, Term::ZERO)),
            progress: Notify::new(),
            since_snapshot: Cell::new(0),
            waiting: RefCell::default(),
            somebody_waits: Notify::new(),
            leases: Leases::new(options.lease),
        }));
        spawn(replica.clone().apply_on_and_on(applied));
        spawn(replica.clone().give_up_what_is_lost());
        replica
    }

    async fn submit(&self, command: M::Command) -> Result<M::Answer, NotServed> {
        let answer = self.offer(&Record::Command(command)).await?;
        // It is done, but somebody else may still answer reads without knowing.
        self.0.leases.others_are_over().await;
        answer.ok_or(NotServed::Lost)
    }

    async fn read<T>(&self, look: impl FnOnce(&M) -> T) -> Result<T, NotServed> {
        let leases = &self.0.leases;
        let is_alone = leases.is_held();
        self.ask_for_a_lease();
        if !is_alone {
            self.catch_up().await?;
            leases.others_are_over().await;
        }
        Ok(look(&self.0.machine.borrow()))
    }
}

impl<R: Raft, M: StateMachine> Replicated<R, M> {
    /// Puts something into the log and waits until this replica has come to it.
    async fn offer(&self, record: &Record<M::Command>) -> Result<Option<M::Answer>, NotServed> {
        let command = postcard::to_stdvec(record).expect("commands are plain data");
        let proposed = self.0.raft.propose(command);
        let Proposed { index, term } = proposed.map_err(|NotLeader { hint }| NotServed::NotLeader { hint })?;
        let (done, receiver) = oneshot::channel();
        // Who waited here before waited for an entry that is gone.
        self.0.waiting.borrow_mut().insert(index, Waiting { term, done });
        self.0.somebody_waits.notify_one();
        receiver.await.map_err(|_| NotServed::Lost)
    }

    /// Waits until this replica has all that anybody was told of before. (Raft, section 8)
    async fn catch_up(&self) -> Result<(), NotServed> {
        let status = self.0.raft.status();
        if status.role == Role::Leader && self.0.applied.get().1 < status.term {
            // A new leader does not know what is committed until something of its own term is.
            return self.offer(&Record::Nothing).await.map(drop);
        }
        match self.0.raft.read_barrier().await {
            Ok(index) => {
                while self.0.applied.get().0 < index {
                    self.0.progress.notified().await;
                }
                Ok(())
            }
            Err(BarrierError::NotLeader { hint }) => Err(NotServed::NotLeader { hint }),
            Err(BarrierError::Unsupported) => self.offer(&Record::Nothing).await.map(drop),
        }
    }

    /// Sees to it that reads to come need not ask anybody.
    fn ask_for_a_lease(&self) {
        if self.0.raft.status().role != Role::Leader {
            return;
        }
        let Some(id) = self.0.leases.ask() else { return };
        let replica = self.clone();
        spawn(async move {
            let _ = replica.offer(&Record::Lease(id)).await;
            replica.0.leases.forget(id);
        });
    }

    async fn apply_on_and_on(self, mut applied: UnboundedReceiver<Applied>) {
        while let Some(what) = applied.recv().await {
            match what {
                Applied::Entry { index, term, command } => self.apply(index, term, &command),
                Applied::Snapshot { index, term, data } => self.restore(index, term, &data),
            }
            self.0.progress.notify_waiters();
        }
    }

    fn apply(&self, index: LogIndex, term: Term, command: &[u8]) {
        let record = postcard::from_bytes(command).expect("nobody but these servers writes this log");
        let answer = match record {
            Record::Command(command) => Some(self.0.machine.borrow_mut().apply(command)),
            Record::Lease(id) => {
                self.0.leases.granted(id);
                None
            }
            Record::Nothing => None,
        };
        self.0.applied.set((index, term));
        let waiting = self.0.waiting.borrow_mut().remove(&index);
        if let Some(Waiting { done, .. }) = waiting.filter(|waiting| waiting.term == term) {
            // Who has gone away wants no answer.
            let _ = done.send(answer);
        }
        self.take_snapshot_if_due(command.len());
    }

    fn take_snapshot_if_due(&self, command_bytes: usize) {
        let inner = &*self.0;
        let bytes = inner.since_snapshot.get() + command_bytes as u64 + ENTRY_BYTES;
        inner.since_snapshot.set(bytes);
        if inner.log_limit.is_some_and(|limit| bytes >= limit) {
            inner.since_snapshot.set(0);
            inner.raft.snapshot(inner.applied.get().0, inner.machine.borrow().snapshot());
        }
    }

    /// Takes the state of a snapshot. Whatever this server has begun in the entries that it covers may be done.
    fn restore(&self, index: LogIndex, term: Term, snapshot: &[u8]) {
        self.0.machine.borrow_mut().restore(snapshot);
        self.0.applied.set((index, term));
        self.0.since_snapshot.set(0);
        self.0.leases.anothers();
        let mut waiting = self.0.waiting.borrow_mut();
        *waiting = waiting.split_off(&index.next());
    }

    /// Lets nobody wait for entries that a server has taken which leads no more, or leads anew.
    async fn give_up_what_is_lost(self) {
        loop {
            if self.0.waiting.borrow().is_empty() {
                self.0.somebody_waits.notified().await;
            }
            sleep(LOOK_EVERY).await;
            let status = self.0.raft.status();
            let goes_on = |waiting: &Waiting<_>| status.role == Role::Leader && status.term == waiting.term;
            self.0.waiting.borrow_mut().retain(|_, waiting| goes_on(waiting));
        }
    }
}
