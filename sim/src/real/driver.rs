//! The loop of a node in flight: takes what happened, steps the node, carries out what it did.
//!
//! One thread: a step never runs beside another, and everything that is due is done before the loop sleeps.

use super::accept::Callers;
use super::clock::RealClock;
use super::control::Control;
use super::control_protocol::{Ended, ToNode};
use super::disk::Disk;
use super::input::Input;
use super::log::Log;
use super::outbox::Outbox;
use super::own_task::OwnTask;
use super::peer::Links;
use super::switch::{Wanted, Watch};
use super::timers::Timers;
use crate::executor::Executor;
use crate::line::{Clock, ControlFailure, Effect, Event, Start};
use crate::units::Nanos;
use std::future::pending;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep, timeout};

/// How long a node that is asked to end may take to answer what it was asked.
const DRAIN: Nanos = Nanos::from_secs(2);
/// How long its last words may take to leave it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Inputs taken in one round before timers have their turn.
const ROUND: usize = 64;

/// A node and all that it can reach.
pub struct Driver {
    pub executor: Executor,
    pub clock: RealClock,
    pub timers: Timers,
    pub disk: Disk,
    pub links: Links,
    pub callers: Callers,
    pub control: Control,
    pub log: Log,
    /// The ports; gone when no more is let in.
    pub doors: Vec<OwnTask>,
    pub effects: Vec<Effect>,
    pub steps: u64,
    /// What the monotonic clock showed at the last step, if timers have not had their turn since.
    pub stepped_at: Option<Nanos>,
    /// When an ending node has answered long enough.
    pub draining: Option<Nanos>,
    pub end: Option<Ended>,
}

impl Driver {
    /// Runs the node to its end.
    pub async fn run(
        &mut self,
        start: Start,
        wait: bool,
        inputs: &mut mpsc::Receiver<Input>,
        mut switch: Watch,
    ) -> Ended {
        let mut alarm = Alarm::new();
        if wait && !self.control.has_tester() {
            self.log.info("waits for a tester: `control.wait` is set");
        }
        while wait && !self.control.has_tester() && self.end.is_none() && self.draining.is_none() {
            self.round(inputs, &mut switch, &mut alarm).await;
        }
        if self.end.is_none() && self.draining.is_none() {
            // Before what the start does: a tester waits for this first.
            self.control.is_ready();
            self.step(Event::Start(Box::new(start)));
        }
        while self.end.is_none() {
            self.fire_timers();
            self.flush();
            self.look_whether_drained();
            if self.end.is_none() {
                self.round(inputs, &mut switch, &mut alarm).await;
            }
        }
        let how = self.end.clone().unwrap_or(Ended::Killed);
        if how != Ended::Killed {
            self.control.ended(how.clone());
            self.flush();
            self.finish_writing().await;
        }
        how
    }

    /// Waits until something happens, and takes in what has.
    async fn round(&mut self, inputs: &mut mpsc::Receiver<Input>, switch: &mut Watch, alarm: &mut Alarm) {
        let next = [self.timers.next(), self.draining].into_iter().flatten().min();
        let behind = self.control.behind();
        let caught_up = async { if let Some(behind) = behind { behind.await } else { pending().await } };
        if let Some(wanted) = switch.news() {
            return self.turn_off(wanted);
        }
        tokio::select! {
            biased;
            input = inputs.recv() => {
                let mut input = input;
                for _ in 0..ROUND {
                    let Some(happened) = input else { break };
                    self.take(happened);
                    input = inputs.try_recv().ok();
                }
                if let Some(happened) = input {
                    self.take(happened);
                }
            }
            () = alarm.wait(self.clock, next) => {}
            // Then messages may leave that had to wait for it.
            () = caught_up => {}
        }
    }

    fn turn_off(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::Run => {}
            Wanted::Kill => self.end = Some(Ended::Killed),
            Wanted::Terminate => self.drain(),
        }
    }

    /// From now on the node only answers what it was asked before.
    fn drain(&mut self) {
        if self.draining.is_none() {
            self.log.info("was asked to end: answers what it was asked, and takes no more");
            self.draining = Some(self.clock.monotonic().saturating_add(DRAIN));
            self.doors.clear();
            self.callers.close();
        }
    }

    fn look_whether_drained(&mut self) {
        let Some(deadline) = self.draining else { return };
        let owes_nothing = self.callers.owe_nothing() && self.control.owes_nothing();
        let written = self.outboxes().all(Outbox::is_empty);
        if (owes_nothing && written) || self.clock.monotonic() >= deadline {
            self.end.get_or_insert(Ended::Terminated);
        }
    }

    /// Those that were due when the round began: a node that sets timers for now still hears from others.
    fn fire_timers(&mut self) {
        // A look at the clock costs as much as a timer; who is due since the last one wakes the loop at once.
        let now = self.stepped_at.take().unwrap_or_else(|| self.clock.monotonic());
        let mark = self.timers.mark();
        while self.end.is_none()
            && let Some(timer) = self.timers.due(now, mark)
        {
            self.step(Event::Timer(timer));
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Event(event) => self.step(event),
            Input::Reply { event, held: _held } => self.step(event),
            Input::Link { peer, attempt, news } => {
                for event in self.links.take(peer, attempt, news) {
                    self.step(event);
                }
            }
            Input::Greeted { hello, stream, unframe } => {
                self.links.is_alive(hello.from);
                self.callers.welcome(&hello, stream, unframe);
            }
            Input::Request { from, connection, call, method, body, held: _held } => {
                if self.callers.admit(from, connection, call, &method, body.len()) {
                    self.step(Event::Request { from, call, method, body });
                }
            }
            Input::CallerLost { from, connection, nonsense } => self.callers.lost(from, connection, nonsense),
            Input::TesterCame { stream, unframe } => self.control.tester_came(stream, unframe),
            Input::TesterLost { connection } => self.control.tester_lost(connection),
            Input::Tester { connection, frame } if self.control.is_current(connection) => self.asked(frame),
            // The next round looks.
            Input::Tester { .. } | Input::Switched => {}
        }
    }

    fn asked(&mut self, frame: ToNode) {
        match frame {
            ToNode::Hello { .. } => {}
            ToNode::Stop => self.drain(),
            ToNode::Control { id, .. } if self.draining.is_some() || self.steps == 0 => {
                self.control.reply(id, Err(ControlFailure::NoHandler));
            }
            ToNode::Control { id, body } => {
                self.control.asked();
                self.step(Event::Control { id, body });
            }
        }
    }

    fn step(&mut self, event: Event) {
        if self.end.is_some() {
            return;
        }
        self.steps += 1;
        let clock = self.clock.read();
        self.stepped_at = Some(clock.monotonic);
        let mut effects = std::mem::take(&mut self.effects);
        whole(|| self.executor.step(clock, event, &mut effects));
        for effect in effects.drain(..) {
            self.carry_out(clock, effect);
        }
        self.control.stepped(self.disk.fsyncs());
        self.effects = effects;
    }

    fn carry_out(&mut self, clock: Clock, effect: Effect) {
        let at_ns = clock.monotonic.0;
        match effect {
            Effect::Send { to, call, method, body } => self.links.send(to, call, method, body),
            Effect::Respond { to, call, method, result } => self.callers.respond(to, call, &method, result),
            Effect::Unanswered { to, call, method } => self.callers.give_up(to, call, &method),
            Effect::Arm { timer, at } => self.timers.arm(timer, at),
            Effect::Cancel { timer } => self.timers.cancel(timer),
            Effect::Disk { operation, request } => self.disk.submit(operation, request),
            Effect::ControlReply { id, body } => self.control.reply(id, Ok(body)),
            Effect::ControlUnserved { id } => self.control.reply(id, Err(ControlFailure::NoHandler)),
            Effect::Observe { kind, body } => {
                if let Some(how) = self.control.observed(self.steps, at_ns, kind.into_owned(), body) {
                    self.ends(how);
                }
            }
            Effect::Log(line) => {
                self.log.line(&line);
                self.control.log(at_ns, line);
            }
            Effect::Undecodable { from, method } => {
                self.log.error(format_args!("{method} from {from} does not decode: are both built from one version?"));
            }
            Effect::Panicked(report) => self.ends(Ended::Panicked(report)),
            Effect::Stopped { reason } => self.ends(Ended::Stopped { reason, disk: self.disk.faults() }),
            Effect::NeverIdle => self.ends(Ended::NeverIdle),
            // Only the tester of a simulation makes commands.
            #[cfg(feature = "sim")]
            Effect::Command(_) => {}
        }
    }

    /// The first end counts.
    fn ends(&mut self, how: Ended) {
        self.log.error(&how);
        self.end.get_or_insert(how);
    }

    /// The tester first: it must see what a node has become before others act on it. While the tester does not take
    /// what it is told, nothing leaves the node, and past a bound the node ends (`control`).
    fn flush(&self) {
        self.control.flush();
        if self.control.behind().is_none() {
            self.callers.flush();
            self.links.flush();
        }
    }

    fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        self.control.outbox().into_iter().chain(self.callers.outboxes()).chain(self.links.outboxes())
    }

    /// What the node has said still leaves it, as what a process gave its kernel before it exited does.
    async fn finish_writing(&self) {
        let last_words = async {
            if let Some(behind) = self.control.behind() {
                behind.await;
                self.flush();
            }
            for outbox in self.outboxes() {
                outbox.emptied().await;
            }
        };
        // Who does not take them in time does not want them.
        let _ = timeout(LAST_WORDS, last_words).await;
    }
}

/// Runs a step without the budget of a task of tokio's, which the driver is: from its 129th use in a turn on, a channel or
/// lock would tell lab code that it is not ready though it is, and wake it outside of all steps, where nobody hears.
fn whole(step: impl FnOnce()) {
    let step = pin!(unconstrained(async { step() }));
    let _ended = step.poll(&mut Context::from_waker(Waker::noop()));
}

/// Sleeps until the first timer is due. Set anew only for an earlier one: most timers are taken back long before.
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    set: Option<Nanos>,
}

impl Alarm {
    fn new() -> Self {
        Alarm { sleep: Box::pin(sleep(Duration::ZERO)), set: None }
    }

    /// Ends at `next` or before, never after.
    async fn wait(&mut self, clock: RealClock, next: Option<Nanos>) {
        let Some((next, at)) = next.and_then(|next| Some((next, clock.when(next)?))) else {
            return pending().await;
        };
        if self.set.is_none_or(|set| next < set) {
            self.sleep.as_mut().reset(at.into());
            self.set = Some(next);
        }
        self.sleep.as_mut().await;
        self.set = None;
    }
}
