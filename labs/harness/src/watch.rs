//! Stands between the world and a lab's judge: keeps the first broken rule, and occasions that
//! faults wait for.

use crate::awaited::Waits;
use crate::failed::Failed;
use crate::judge::{Interest, Judge};
use crate::ledger::Ledger;
use crate::meter::{Meter, Sums};
use crate::operations::Asked;
use crate::output::Capture;
use crate::protocol::{LogRecord, OutputRecord};
use crate::scenario::{Event, Occasions};
use crate::stopped::Stopped;
use crate::storm::Struck;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::line::LogLine;
use windtunnel::world::{Lifecycle, Moment, Observer, Response, Stop};
use windtunnel::{Nanos, NodeId};

/// A rule that was broken, and where.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub failed: Failed,
    pub moment: Moment,
    pub node: NodeId,
}

/// Faults that wait for an occasion, and the strikes that came up since the storm last looked.
#[derive(Debug, Default)]
pub(crate) struct StrikesDue {
    occasions: RefCell<Option<Occasions>>,
    due: RefCell<Vec<Vec<Event>>>,
}

impl StrikesDue {
    /// From now on occasions count.
    pub fn begin(&self, occasions: Occasions) {
        *self.occasions.borrow_mut() = Some(occasions);
    }

    /// The events of each strike, once.
    pub fn take(&self) -> Vec<Vec<Event>> {
        self.due.take()
    }

    /// Whether what a node shows brings strikes. Called for everything that is shown in any run, and inlined: this
    /// crate is built without optimisation.
    #[inline]
    fn seen(&self, kind: &str, now: Nanos) -> bool {
        if self.occasions.borrow().is_none() {
            return false;
        }
        self.seen_in_a_storm(kind, now)
    }

    fn seen_in_a_storm(&self, kind: &str, now: Nanos) -> bool {
        let mut occasions = self.occasions.borrow_mut();
        let strikes = occasions.as_mut().map(|occasions| occasions.seen(kind, now)).unwrap_or_default();
        let any = !strikes.is_empty();
        self.due.borrow_mut().extend(strikes);
        any
    }
}

/// What is kept of a run.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub broken: Option<Broken>,
    /// What the judge had to say only when the run was over.
    pub broken_at_the_end: Option<Failed>,
    /// What the test body was doing at the end, if it said so.
    pub awaited: Option<String>,
    pub struck: Struck,
    /// How often another node came to lead.
    pub changes_of_leader: u64,
    /// What the judge has counted.
    pub counted: BTreeMap<String, u64>,
    /// Whether there was a history of clients to judge.
    #[cfg_attr(not(feature = "flight"), allow(dead_code, reason = "only flights look at it"))]
    pub has_history: bool,
    /// Nodes that are down because they have ended themselves.
    pub stopped: Stopped,
    pub log: Vec<LogRecord>,
    pub output: Vec<OutputRecord>,
    /// What clients did, where they were counted.
    #[cfg_attr(not(feature = "flight"), allow(dead_code, reason = "only flights look at it"))]
    pub sums: Sums,
    /// What they asked, as the judge saw it.
    #[cfg_attr(not(feature = "flight"), allow(dead_code, reason = "only flights look at it"))]
    pub asked: Option<Asked>,
}

/// The observer of a run.
pub(crate) struct Watcher<J: Judge> {
    judge: Rc<RefCell<J>>,
    strikes_due: Rc<StrikesDue>,
    struck: Rc<RefCell<Struck>>,
    waits: Waits,
    capture: Option<Capture>,
    meter: Meter,
    ledger: Option<Ledger>,
    kept: Kept,
}

impl<J: Judge> Watcher<J> {
    pub fn new(
        judge: Rc<RefCell<J>>,
        strikes_due: Rc<StrikesDue>,
        struck: Rc<RefCell<Struck>>,
        waits: Waits,
        capture: Option<Capture>,
    ) -> Self {
        let (meter, kept) = (Meter::default(), Kept::default());
        Watcher { judge, strikes_due, struck, waits, capture, meter, ledger: None, kept }
    }

    /// Keeps what that one counts.
    #[cfg(feature = "flight")]
    pub fn with_meter(self, meter: Meter) -> Self {
        Watcher { meter, ..self }
    }

    /// Has clients' operations written down there, in a lab that has some.
    #[cfg(feature = "flight")]
    pub fn with_ledger(self, ledger: Ledger) -> Self {
        self.judge.borrow_mut().write_down(ledger.clone());
        Watcher { ledger: Some(ledger), ..self }
    }

    /// Has the judge ask for nothing that only deliveries show.
    #[cfg(feature = "flight")]
    pub fn without_deliveries(self) -> Self {
        self.judge.borrow_mut().hears_of_no_deliveries();
        self
    }

    /// The faults that strike.
    #[cfg(feature = "flight")]
    pub const fn struck(&self) -> &Rc<RefCell<Struck>> {
        &self.struck
    }

    pub fn into_kept(mut self) -> Kept {
        if let Some(capture) = self.capture.take() {
            capture.finish(&mut self.kept.output);
        }
        if self.kept.broken.is_none() {
            self.kept.broken_at_the_end = self.judge.borrow_mut().over().err();
        }
        if let Some(ledger) = &self.ledger {
            ledger.flush(); // tasks of the run may hold the judge beyond it
        }
        let (changes_of_leader, counted) = (self.judge.borrow().changes_of_leader(), self.judge.borrow().counted());
        let (sums, has_history) = (self.meter.sums(), self.judge.borrow().has_history());
        let (struck, asked, awaited) = (self.struck.take(), self.judge.borrow().asked(), self.waits.latest());
        Kept { struck, changes_of_leader, counted, awaited, sums, asked, has_history, ..self.kept }
    }

    fn respond(&mut self, seen: Result<Interest, Failed>, moment: Moment, node: NodeId) -> Response {
        match seen {
            Ok(Interest::None) => Response::Continue,
            Ok(Interest::Changed) => Response::WakeTester,
            Err(failed) => {
                self.kept.broken.get_or_insert(Broken { failed, moment, node });
                Response::Stop
            }
        }
    }
}

impl<J: Judge> Observer for Watcher<J> {
    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Response {
        let seen = self.judge.borrow_mut().observed(moment, node, kind, body);
        let response = self.respond(seen, moment, node);
        if self.strikes_due.seen(kind, moment.at) { response.max(Response::WakeTester) } else { response }
    }

    fn delivered(&mut self, from: NodeId, to: NodeId) {
        self.judge.borrow_mut().delivered(from, to);
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Response {
        match what {
            Lifecycle::Started(_) => self.kept.stopped.started(node),
            Lifecycle::Killed | Lifecycle::PowerLost | Lifecycle::Stopped => {
                if let Some(capture) = &mut self.capture {
                    capture.node_ended(node, &mut self.kept.output);
                }
            }
            Lifecycle::Paused | Lifecycle::Resumed => {}
        }
        let seen = self.judge.borrow_mut().lifecycle(moment, node, what);
        self.respond(seen, moment, node)
    }

    fn stopped(&mut self, moment: Moment, node: NodeId, stop: Stop<'_>) -> Response {
        let may_stop = self.kept.stopped.take(moment, node, stop);
        self.respond(may_stop.map(|()| Interest::None), moment, node)
    }

    fn stepped(&mut self, moment: Moment, node: NodeId) {
        if let Some(capture) = &mut self.capture {
            capture.take(moment, node, &mut self.kept.output);
        }
    }

    fn logged(&mut self, moment: Moment, node: NodeId, line: &LogLine) {
        self.kept.log.push(LogRecord {
            event: moment.event.0,
            at_ns: moment.at.0,
            node,
            level: line.level,
            target: line.target.clone(),
            message: line.message.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who says something only at the end.
    struct LastWord;

    impl Judge for LastWord {
        fn new(_nodes: u32) -> Self {
            LastWord
        }

        fn observed(&mut self, _: Moment, _: NodeId, kind: &str, _: &[u8]) -> Result<Interest, Failed> {
            if kind == "bad" { Err(Failed::new("seen", "It was seen.")) } else { Ok(Interest::None) }
        }

        fn over(&mut self) -> Result<(), Failed> {
            Err(Failed::new("last-word", "It is over."))
        }
    }

    fn kept(seen: &[&str]) -> Kept {
        let judge = Rc::new(RefCell::new(LastWord));
        let mut watch = Watcher::new(judge, Rc::default(), Rc::default(), Waits::default(), None);
        for kind in seen {
            watch.observed(Moment { at: Nanos(1), event: windtunnel::EventNumber(1) }, NodeId(1), kind, b"");
        }
        watch.into_kept()
    }

    #[test]
    fn the_judge_has_the_last_word_on_a_run_in_which_nothing_broke() {
        let rule = |failed: Option<&Failed>| failed.map(|failed| failed.rule);
        let fine = kept(&["fine"]);
        assert_eq!((fine.broken.is_none(), rule(fine.broken_at_the_end.as_ref())), (true, Some("last-word")));
        let broken = kept(&["fine", "bad"]);
        assert_eq!(rule(broken.broken.as_ref().map(|broken| &broken.failed)), Some("seen"));
        assert_eq!(rule(broken.broken_at_the_end.as_ref()), None);
    }
}
