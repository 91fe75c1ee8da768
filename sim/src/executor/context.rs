//! What one incarnation of a node holds, and how the facade finds it.

use super::calls::{Answer, Calls, Handlers};
use super::operations::Operations;
use super::ready::{OutsideWakes, TaskId, Waiter};
use super::std_hash_keys::{HashKeys, SwappedKeys};
use super::tasks::Tasks;
use super::timers::Timers;
use crate::fold;
use crate::line::{CallId, Clock, ControlFailure, ControlId, Effect, Event, Start};
use crate::streams::{Purpose, Stream};
use crate::units::{Incarnation, NodeId, Seed};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    /// The node whose step is running on this thread.
    static CURRENT: RefCell<Option<Rc<Context>>> = const { RefCell::new(None) };
}

/// All state of one incarnation on the node's side of the line.
///
/// Facade objects hold the context that made them. Once it is dead, all they do is a silent no-op:
/// their code only still runs because it is being dropped.
pub(crate) struct Context {
    pub start: Start,
    /// Where the node's files are, if they are on a real disk.
    pub directory: Option<PathBuf>,
    pub dead: Cell<bool>,
    pub clock: Cell<Clock>,
    pub effects: RefCell<Vec<Effect>>,
    pub tasks: Tasks,
    pub timers: Timers,
    pub calls: Calls,
    pub handlers: Handlers,
    pub operations: Operations,
    pub control_replies: RefCell<BTreeMap<ControlId, ControlWait>>,
    /// How often the tester was told of a change, and who waits for the next time.
    pub changes: Cell<u64>,
    pub changed: RefCell<Vec<Waiter>>,
    pub scratch: RefCell<Vec<u8>>,
    /// Why the node has ended itself, until the step has said so.
    pub stopping: RefCell<Option<String>>,
    before_output: RefCell<Vec<Box<dyn FnMut()>>>,
    /// Whether lab code has run since those hooks did.
    has_run: Cell<bool>,
    streams: RefCell<BTreeMap<&'static str, Rc<RefCell<Stream>>>>,
    collection_keys: (u64, u64),
    std_hash_keys: HashKeys,
}

/// A control request of the tester that waits for its answer.
#[derive(Debug, Default)]
pub(crate) struct ControlWait {
    pub result: Option<Result<Vec<u8>, ControlFailure>>,
    pub waiter: Waiter,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("start", &self.start).field("dead", &self.dead).finish_non_exhaustive()
    }
}

/// The context of the step that is running, or a panic that says so.
#[inline]
pub(crate) fn current() -> Rc<Context> {
    try_current().unwrap_or_else(|| panic!("this part of windtunnel was called outside of a node"))
}

#[inline]
pub(crate) fn try_current() -> Option<Rc<Context>> {
    CURRENT.with(|current| current.borrow().clone())
}

pub(super) fn is_inside() -> bool {
    CURRENT.with(|current| current.borrow().is_some())
}

/// Makes a task of the running node ready at its first wake since its last poll; false if it is a task of another.
#[inline]
pub(super) fn wake_current(outside: &Arc<OutsideWakes>, task: TaskId, is_first: impl Fn() -> bool) -> bool {
    let wake = |current: &RefCell<Option<Rc<Context>>>| {
        current.borrow().as_ref().is_some_and(|context| context.tasks.wake(outside, task, &is_first))
    };
    CURRENT.try_with(wake).unwrap_or(false)
}

/// Runs `body` as the node of `context`.
pub(super) fn enter(context: &Rc<Context>, body: impl FnOnce()) {
    let outer = CURRENT.with(|current| current.replace(Some(context.clone())));
    let keys = SwappedKeys::swap_in(&context.std_hash_keys);
    body();
    drop(keys);
    CURRENT.with(|current| *current.borrow_mut() = outer);
}

impl Context {
    /// The context before the start event has told who the node is.
    pub fn unborn() -> Self {
        Context::born(
            &Start {
                node: NodeId::TESTER,
                name: String::new(),
                groups: Vec::new(),
                settings: BTreeMap::new(),
                seed: Seed(0),
                incarnation: Incarnation(0),
                shuffle_tasks: false,
                other_std_hash_keys: false,
                log_level: None,
            },
            None,
        )
    }

    pub fn born(start: &Start, directory: Option<PathBuf>) -> Self {
        let stream = |purpose| Stream::keyed(start.seed, purpose, entity(start));
        let mut keys = stream(Purpose::Collections);
        let mut std_keys = stream(Purpose::StdHashKeys);
        Context {
            dead: Cell::new(false),
            clock: Cell::default(),
            effects: RefCell::default(),
            tasks: Tasks::shuffled_by(start.shuffle_tasks.then(|| stream(Purpose::Schedule))),
            timers: Timers::default(),
            calls: Calls::numbered_from(start.incarnation),
            handlers: Handlers::default(),
            operations: Operations::default(),
            control_replies: RefCell::default(),
            changes: Cell::new(0),
            changed: RefCell::default(),
            scratch: RefCell::default(),
            stopping: RefCell::default(),
            before_output: RefCell::default(),
            has_run: Cell::new(false),
            streams: RefCell::default(),
            collection_keys: (keys.word(), keys.word()),
            std_hash_keys: HashKeys::new(std_keys.word() ^ u64::from(start.other_std_hash_keys), std_keys.word()),
            start: start.clone(),
            directory,
        }
    }

    /// Adds to what this step has done. The dead do nothing.
    #[inline]
    pub fn emit(&self, effect: Effect) {
        if !self.dead.get() {
            self.effects.borrow_mut().push(effect);
        }
    }

    /// Lets the event reach whoever waits for it.
    pub fn accept(self: &Rc<Self>, event: Event) {
        match event {
            Event::Start(_) => {}
            Event::Request { from, call, method, body } => self.serve(from, call, method, &body),
            Event::Reply { call, result } => self.end_call(call, Answer::Reply(result)),
            Event::Refused { call } => self.end_call(call, Answer::Refused),
            Event::Reset { peer, method } => {
                for call in self.calls.lost(peer, &method) {
                    self.end_call(call, Answer::Reset);
                }
            }
            Event::Timer(timer) => self.tasks.wake_waiter(self.timers.fire(timer)),
            Event::Disk { operation, result } => self.tasks.wake_waiter(self.operations.ended(operation, result)),
            Event::Control { id, body } => self.serve_control(id, body),
            Event::ControlReply { id, result } => self.control_answered(id, result),
            Event::Changed => {
                self.changes.set(self.changes.get() + 1);
                for waiter in self.changed.take() {
                    self.tasks.wake_waiter(waiter);
                }
            }
        }
    }

    fn end_call(&self, call: CallId, answer: Answer) {
        self.tasks.wake_waiter(self.calls.end(call, answer));
    }

    fn control_answered(&self, id: ControlId, result: Result<Vec<u8>, ControlFailure>) {
        let mut replies = self.control_replies.borrow_mut();
        let Some(wait) = replies.get_mut(&id) else { return };
        wait.result = Some(result);
        let waiter = std::mem::take(&mut wait.waiter);
        drop(replies);
        self.tasks.wake_waiter(waiter);
    }

    pub fn add_before_output(&self, hook: Box<dyn FnMut()>) {
        self.before_output.borrow_mut().push(hook);
    }

    /// Lab code is about to run.
    #[inline]
    pub fn runs(&self) {
        self.has_run.set(true);
    }

    /// Runs the hooks, if there can be something new for them. The dead show nothing, and must not forget what they
    /// have not shown.
    pub fn run_before_output(&self) {
        if self.dead.get() || !self.has_run.replace(false) || self.before_output.borrow().is_empty() {
            return;
        }
        let mut hooks = self.before_output.take();
        for hook in &mut hooks {
            hook();
        }
        // A hook may have added another; those come behind.
        let mut added = self.before_output.borrow_mut();
        hooks.append(&mut added);
        *added = hooks;
    }

    /// The stream of that name; each incarnation begins it anew.
    pub fn lab_stream(&self, name: &'static str) -> Rc<RefCell<Stream>> {
        let mut streams = self.streams.borrow_mut();
        let stream = streams.entry(name).or_insert_with(|| {
            let purpose = if self.start.node == NodeId::TESTER { Purpose::Tester } else { Purpose::Lab };
            let [node, name] = [entity_word(&self.start), fold::of_bytes(name.as_bytes())];
            Rc::new(RefCell::new(Stream::keyed(self.start.seed, purpose, [node, name])))
        });
        stream.clone()
    }

    pub const fn collection_keys(&self) -> (u64, u64) {
        self.collection_keys
    }

    /// Drops tasks, then all that may hold the node in a cycle. A panic in a drop is kept apart
    /// from all others, so that every task gets its turn.
    pub fn drop_everything(&self) {
        self.tasks.drop_all();
        let leftovers: [Box<dyn FnOnce()>; 3] = [
            Box::new(|| drop(self.before_output.take())),
            Box::new(|| drop(self.handlers.take())),
            Box::new(|| drop(self.streams.take())),
        ];
        for leftover in leftovers {
            let _ = catch_unwind(AssertUnwindSafe(leftover));
        }
    }
}

/// Node and incarnation as one word of a stream's name.
const fn entity_word(start: &Start) -> u64 {
    (start.node.0 as u64) << 32 | start.incarnation.0 as u64
}

const fn entity(start: &Start) -> [u64; 2] {
    [start.node.0 as u64, start.incarnation.0 as u64]
}
