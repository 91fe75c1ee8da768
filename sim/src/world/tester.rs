//! The tester's handle on the world.
//!
//! Test bodies run as a privileged node of their own. What they do to the world are effects of
//! that node like all others, and take place when its step ends, in order.

use super::command::Command;
use super::disk::DiskWeather;
use super::in_force::InForce;
use super::report::Counters;
use super::weather::LinkWeather;
use crate::executor::context::{Context, current};
use crate::line::{ControlFailure, ControlId, Effect};
use crate::rand;
use crate::units::{EventNumber, Nanos, NodeId};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

/// What the world shows the tester without a step in between.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Whether the tester's body has ended.
    pub finished: Cell<bool>,
    /// Whether something in the test body may wait for a change.
    pub awaits_change: Cell<bool>,
    pub now: Cell<Nanos>,
    pub event: Cell<EventNumber>,
    pub running: RefCell<Vec<bool>>,
    pub disk_bytes: RefCell<Vec<u64>>,
    pub counters: RefCell<Counters>,
    /// What the tester has commanded and not taken back.
    pub in_force: RefCell<InForce>,
}

/// Drives the world from inside a test body. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tester {
    context: Rc<Context>,
    shared: Rc<Shared>,
    members: Rc<[NodeId]>,
    controls: Rc<Cell<u64>>,
}

impl Tester {
    pub(crate) fn of_current(shared: Rc<Shared>) -> Self {
        let context = current();
        let members = context.start.members().into();
        Tester { context, shared, members, controls: Rc::default() }
    }

    fn command(&self, command: Command) {
        let running = self.shared.running.borrow();
        let is_running = |node: NodeId| running.get(node.0 as usize).is_some_and(|running| *running);
        self.shared.in_force.borrow_mut().note(&command, is_running);
        self.context.emit(Effect::Command(Box::new(command)));
    }

    /// What was commanded of weather and not taken back, this step included.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        self.shared.in_force.borrow().clone()
    }

    /// All nodes, in order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        &self.members
    }

    /// The time of the world.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.shared.now.get()
    }

    /// The event that is being handled.
    #[must_use]
    pub fn event(&self) -> EventNumber {
        self.shared.event.get()
    }

    /// Whether a node's process runs (or is paused). What was commanded in this step does not show yet.
    #[must_use]
    pub fn is_running(&self, node: NodeId) -> bool {
        self.shared.running.borrow()[node.0 as usize]
    }

    /// What has been counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters.borrow().clone()
    }

    /// The bytes on a node's disk.
    #[must_use]
    pub fn disk_bytes(&self, node: NodeId) -> u64 {
        self.shared.disk_bytes.borrow()[node.0 as usize]
    }

    /// The tester's stream of that name, for what a test body draws.
    #[must_use]
    pub fn stream(&self, name: &'static str) -> rand::Stream {
        rand::stream(name)
    }

    /// Does anything that a command can say.
    pub fn apply(&self, command: Command) {
        self.command(command);
    }

    /// Starts a node that is not running.
    pub fn start(&self, node: NodeId) {
        self.command(Command::Start(node));
    }

    /// Kills a node's process.
    pub fn kill(&self, node: NodeId) {
        self.command(Command::Kill(node));
    }

    /// Takes the power from a node's machine.
    pub fn power_loss(&self, node: NodeId) {
        self.command(Command::PowerLoss(node));
    }

    /// Makes a node's process stand still.
    pub fn pause(&self, node: NodeId) {
        self.command(Command::Pause(node));
    }

    /// Lets a paused process run on.
    pub fn resume(&self, node: NodeId) {
        self.command(Command::Resume(node));
    }

    /// Lets nothing arrive any more on one directed link.
    pub fn cut(&self, from: NodeId, to: NodeId) {
        self.command(Command::Cut { from, to });
    }

    /// Takes a cut back.
    pub fn mend(&self, from: NodeId, to: NodeId) {
        self.command(Command::Mend { from, to });
    }

    /// Gives one directed link other settings.
    pub fn set_link(&self, from: NodeId, to: NodeId, weather: LinkWeather) {
        self.command(Command::Link { from, to, weather });
    }

    /// Gives a node's disk other settings.
    pub fn set_disk(&self, node: NodeId, weather: DiskWeather) {
        self.command(Command::Disk { node, weather: Box::new(weather) });
    }

    /// Does something right behind an event that is yet to come.
    pub fn at_event(&self, event: EventNumber, command: Command) {
        self.command(Command::AtEvent { event, command: Box::new(command) });
    }

    /// Asks a node over its control port. There is no deadline: a paused node answers late.
    ///
    /// # Errors
    /// When the node is down, dies before it answers, or has no control handler yet.
    pub fn control(
        &self,
        node: NodeId,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, ControlFailure>> + use<> {
        self.controls.set(self.controls.get() + 1);
        let id = ControlId(self.controls.get());
        self.context.control_replies.borrow_mut().insert(id, Default::default());
        self.command(Command::Control { id, node, body });
        let wait = Wait { context: self.context.clone(), id };
        async move {
            poll_fn(|poll_context| {
                let mut replies = wait.context.control_replies.borrow_mut();
                let Some(reply) = replies.get_mut(&wait.id) else { return Poll::Pending };
                match reply.result.take() {
                    Some(result) => Poll::Ready(result),
                    None => {
                        reply.waiter = wait.context.tasks.waiter(poll_context.waker());
                        Poll::Pending
                    }
                }
            })
            .await
        }
    }

    /// Waits until the observer says that something changed, from the first poll on.
    pub async fn changed(&self) {
        let mut before = None;
        poll_fn(|poll_context| {
            let changes = self.context.changes.get();
            if *before.get_or_insert(changes) != changes {
                return Poll::Ready(());
            }
            self.shared.awaits_change.set(true);
            self.context.changed.borrow_mut().push(self.context.tasks.waiter(poll_context.waker()));
            Poll::Pending
        })
        .await;
    }
}

struct Wait {
    context: Rc<Context>,
    id: ControlId,
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.context.control_replies.borrow_mut().remove(&self.id);
    }
}
