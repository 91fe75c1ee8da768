//! A node's side of the line: turns one event into a list of effects.
//!
//! Each incarnation of a node owns one [`Executor`]: a small single-threaded scheduler for its
//! tasks. A step hands it an event, polls what became ready until nothing is, and takes what was
//! done. The facade (`task`, `time`, `net`, `fs`, …) reaches the executor of the step that is
//! running through `context`. It knows nothing of the world: the same code runs in the world's
//! thread, in a child process and in flight.
//! Next to read: `context` for what a node holds, `tasks` for who runs when.

pub(crate) mod calls;
pub(crate) mod context;
pub(crate) mod operations;
pub(crate) mod panics;
mod ready;
pub(crate) mod std_hash_keys;
mod stop;
mod tasks;
pub(crate) mod timers;
mod window;

use crate::line::{Clock, Effect, Event};
use context::Context;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

pub use panics::{LAST_WORDS, install_panic_hook};
pub use std_hash_keys::are_kept_apart as std_hash_keys_are_kept_apart;

/// Polls of one step after which a node counts as never idle.
pub const POLL_BUDGET: u32 = 100_000;

/// What a node runs from its start: a function that makes its main future.
///
/// It is called once an incarnation, on the thread (or in the process) where the node lives.
#[derive(Clone)]
pub struct Program {
    main: Arc<dyn Fn() -> MainFuture + Send + Sync>,
    crate_name: &'static str,
}

type MainFuture = Pin<Box<dyn Future<Output = ()>>>;

impl Program {
    /// A program that runs `main`.
    pub fn new<F: Future<Output = ()> + 'static>(main: impl Fn() -> F + Send + Sync + 'static) -> Self {
        let crate_name = crate_of(&main);
        Program { main: Arc::new(move || Box::pin(main())), crate_name }
    }

    /// The crate that `main` is written in, such as `lab_raft`: of a lab's program the lab, whoever submits to it.
    /// For comparing with what the same compiler says elsewhere, and for words.
    #[must_use]
    pub const fn crate_name(&self) -> &'static str {
        self.crate_name
    }
}

/// A function or closure names its crate first.
fn crate_of<F>(_: &F) -> &'static str {
    std::any::type_name::<F>().split("::").next().unwrap_or_default()
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

/// One incarnation of a node.
pub struct Executor {
    context: Rc<Context>,
    /// Makes the first task; taken at the start.
    main: Option<Box<dyn FnOnce() -> MainFuture>>,
    directory: Option<PathBuf>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Executor").field(&self.context).finish()
    }
}

impl Executor {
    /// An incarnation that waits for its [`Event::Start`].
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let program = program.clone();
        Executor::with_main(move || (program.main)())
    }

    /// The same for a main that exists once.
    pub(crate) fn with_main(main: impl FnOnce() -> MainFuture + 'static) -> Self {
        Executor { context: Rc::new(Context::unborn()), main: Some(Box::new(main)), directory: None }
    }

    /// The same with its files below this directory of a real disk.
    #[cfg(feature = "real")]
    pub(crate) fn in_directory(self, directory: PathBuf) -> Self {
        Executor { directory: Some(directory), ..self }
    }

    /// Handles one event to the end and moves what was done into `effects`, which should be empty.
    pub fn step(&mut self, clock: Clock, event: Event, effects: &mut Vec<Effect>) {
        if let Event::Start(start) = &event {
            self.context = Rc::new(Context::born(start, self.directory.clone()));
        }
        panics::forget();
        let context = &self.context;
        context.clock.set(clock);
        let main = self.main.take_if(|_| matches!(event, Event::Start(_)));
        context::enter(context, || {
            let body = AssertUnwindSafe(|| {
                if let Some(main) = main {
                    context.tasks.spawn(main());
                }
                context.accept(event);
                context.run_until_idle();
                context.run_before_output();
            });
            let ran = catch_unwind(body);
            let stopped = context.dead.get() && context.end_of_stop();
            if ran.is_err() && !stopped {
                context.emit(Effect::Panicked(panics::take_report()));
            }
        });
        // Moved, not swapped: the buffer stays with the node whose heap it counts to.
        effects.append(&mut context.effects.borrow_mut());
    }

    /// The process dies: nothing of it runs any more, all it owned is dropped.
    ///
    /// Tasks go in the order in which they were spawned, each under a `catch_unwind` of its own,
    /// then the handlers, which may hold the node itself in a cycle. A panic in a drop goes unheard:
    /// a process that is killed runs no drops at all.
    pub fn kill(self) {
        let context = self.context;
        context.dead.set(true);
        context::enter(&context, || context.drop_everything());
    }
}
