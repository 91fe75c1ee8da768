//! The same check while the history is made: the first response that no order explains ends the test.

use super::budget::{Budget, Cost, Exhausted, Meter};
use super::found::{Found, explained};
use super::part::{Event, PartVerdict, judge};
use super::search::Search;
use super::{Verdict, Violation};
use crate::check::history::{ClientId, History, HistoryError, Operation, OperationId};
use crate::check::model::Model;
use std::collections::BTreeMap;

/// A check that is told what happens as it happens: the order in which it is told is the order of events, also where times are equal.
///
/// An answer is judged at once, with calls of its object that are still open counted as unknown. Only while more than
/// [`LITTLE`](Online::LITTLE) events lie behind the first open call is that put off until a quarter of them are new since the last look, and until
/// some of those calls have ended if a look was given up: each may take a sixteenth of the steps that are left, and all together 100,000, and
/// 2,000 for each operation. Then a contradiction may be told late. It names the return at which it showed in any case.
///
/// It takes no [hints](History::hint), which help to judge a history that lies there whole.
///
/// ```
/// use windtunnel::check::linearizability::{Budget, Online, Verdict};
/// use windtunnel::check::models::{CasRegister, Register, RegisterAnswer};
/// use windtunnel::check::ClientId;
///
/// let mut check = Online::new(&CasRegister, Budget::default());
/// check.called(ClientId(1), Register::Write(7), 10)?;
/// assert_eq!(check.returned(ClientId(1), RegisterAnswer::Done, 20)?, Verdict::Linearizable);
/// check.called(ClientId(2), Register::Read, 30)?;
/// let verdict = check.returned(ClientId(2), RegisterAnswer::Value(None), 40)?;
/// let Verdict::NotLinearizable(violation) = verdict else { panic!("nothing was read after 7 had been written") };
/// let sentence = "#1 read returned nothing, called after #0 write 7: it can only have been 7";
/// assert_eq!(violation.sentence, sentence);
/// # Ok::<(), windtunnel::check::HistoryError>(())
/// ```
pub struct Online<'m, M: Model> {
    model: &'m M,
    history: History<M::Input, M::Output>,
    parts: BTreeMap<M::Key, Part<'m, M>>,
    /// Bytes of the searches of all objects.
    bytes: usize,
    meter: Meter,
}

/// What happened to one object.
struct Part<'m, M: Model> {
    /// It has seen the events below `taken`. The next one is the call of an operation of which nobody can say yet how it ends.
    search: Box<Search<'m, M>>,
    events: Vec<Event>,
    taken: usize,
    /// How many events there were at the last look at those behind that call.
    looked: usize,
    /// That look took too much: the next one waits until some of what it looked at is settled.
    was_too_much: bool,
    /// Bytes of the search.
    bytes: usize,
    /// The contradiction, once there is one: nothing that comes behind it is looked at.
    found: Option<Violation>,
}

impl<'m, M: Model> Online<'m, M> {
    /// While no more events than these lie behind the first open call of an object, every answer is judged at once. A look beyond that call
    /// costs what lies behind it.
    pub const LITTLE: usize = 32;

    /// A check of a history in which nothing has happened.
    pub fn new(model: &'m M, budget: Budget) -> Self {
        Online { model, history: History::new(), parts: BTreeMap::new(), bytes: 0, meter: Meter::new(budget) }
    }

    /// `client` asks.
    ///
    /// # Errors
    /// What does not fit into a history: see [`History::called`].
    pub fn called(&mut self, client: ClientId, input: M::Input, at: u64) -> Result<OperationId, HistoryError> {
        let key = self.model.key(&input);
        let operation = self.history.called(client, input, at)?;
        let (model, all_bytes) = (self.model, &mut self.bytes);
        let begin = || {
            let search = Box::new(Search::new(model, model.initial(&key)));
            let bytes = search.bytes();
            *all_bytes += bytes;
            Part { search, events: Vec::new(), taken: 0, looked: 0, was_too_much: false, bytes, found: None }
        };
        let part = self.parts.entry(key.clone()).or_insert_with(begin);
        part.events.push(Event::Called(operation.0));
        Ok(operation)
    }

    /// `client` is answered: whether all answers so far are explained. A contradiction of one object is told again with every further answer about it.
    ///
    /// # Errors
    /// What does not fit into a history: see [`History::returned`].
    pub fn returned(&mut self, client: ClientId, output: M::Output, at: u64) -> Result<Verdict, HistoryError> {
        let operation = self.history.returned(client, output, at)?;
        let key = self.model.key(&self.history.operations()[operation.0].input);
        let part = self.parts.get_mut(&key).expect("the call made a part of this key");
        part.events.push(Event::Returned(operation.0));
        Ok(self.advance(&key, false))
    }

    /// `client` gives up: it will never know whether its operation took effect. What was answered since its call is judged now, if nothing else is
    /// open.
    ///
    /// # Errors
    /// What does not fit into a history: see [`History::unknown`].
    pub fn unknown(&mut self, client: ClientId, at: u64) -> Result<Verdict, HistoryError> {
        let operation = self.history.unknown(client, at)?;
        let key = self.model.key(&self.history.operations()[operation.0].input);
        Ok(self.advance(&key, false))
    }

    /// Nothing more will happen: whatever is open stays so for ever. Answers behind a call that is open are not all judged before.
    ///
    /// A contradiction counts more than an object that cannot be judged: whoever runs out of the budget leaves to the others what
    /// there was before it.
    pub fn finish(&mut self) -> Verdict {
        let keys = self.parts.keys().cloned().collect::<Vec<_>>();
        let mut ran_out = None;
        for key in keys {
            let before = self.meter;
            match self.advance(&key, true) {
                Verdict::Linearizable => {}
                Verdict::Undecided(exhausted) => {
                    let spent = std::mem::replace(&mut self.meter, before);
                    ran_out.get_or_insert((exhausted, spent));
                }
                contradiction @ Verdict::NotLinearizable(_) => return contradiction,
            }
        }
        let Some((exhausted, spent)) = ran_out else { return Verdict::Linearizable };
        self.meter = spent;
        Verdict::Undecided(exhausted)
    }

    /// What was told so far.
    #[must_use]
    pub fn history(&self) -> &History<M::Input, M::Output> {
        &self.history
    }

    /// What it took so far.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.meter.cost
    }

    fn advance(&mut self, key: &M::Key, is_over: bool) -> Verdict {
        let Some(part) = self.parts.get_mut(key) else { return Verdict::Linearizable };
        if let Some(found) = &part.found {
            return Verdict::NotLinearizable(found.clone());
        }
        let others = self.bytes - part.bytes;
        let judged = part.advance(&self.history, is_over, others, &mut self.meter);
        part.bytes = part.search.bytes();
        self.bytes = others + part.bytes;
        match judged {
            Ok(PartVerdict::Linearizable) => Verdict::Linearizable,
            Ok(PartVerdict::Contradiction(at)) => {
                let found = Found { events: &part.events, at };
                self.meter.lies_beside(self.bytes);
                let violation = explained(self.model, key, self.history.operations(), found, &self.meter).0;
                part.found = Some(violation.clone());
                Verdict::NotLinearizable(violation)
            }
            Err(exhausted) => Verdict::Undecided(exhausted),
        }
    }
}

impl<M: Model> Part<'_, M> {
    fn advance(
        &mut self,
        history: &History<M::Input, M::Output>,
        is_over: bool,
        others: usize,
        meter: &mut Meter,
    ) -> Result<PartVerdict, Exhausted> {
        meter.lies_beside(others);
        let operations = history.operations();
        let is_settled = |event: &Event| match event {
            Event::Called(operation) => is_over || operations[*operation].returned.is_some(),
            Event::Returned(_) => true,
        };
        let settled = self.events[self.taken..].iter().take_while(|event| is_settled(event)).count();
        let from = self.taken;
        self.taken += settled;
        let verdict = judge(&mut self.search, operations, &self.events[from..self.taken], meter)?;
        if let PartVerdict::Contradiction(_) = verdict {
            return Ok(verdict.after(from));
        }
        if !self.look_is_due(settled) {
            return Ok(PartVerdict::Linearizable);
        }
        let verdict = self.look(operations, others, meter);
        (self.looked, self.was_too_much) = (self.events.len(), verdict.is_none());
        Ok(verdict.map_or(PartVerdict::Linearizable, |verdict| verdict.after(self.taken)))
    }

    /// Whether to look beyond the first open call, now that so many events before it were settled.
    fn look_is_due(&self, settled: usize) -> bool {
        let (all, beyond) = (self.events.len(), self.events.len() - self.taken);
        let (is_due, not_looked_at) = match self.was_too_much {
            true => (settled > 0, self.taken),
            false => (beyond <= Online::<M>::LITTLE || 4 * (all - self.looked) >= beyond, self.looked.max(self.taken)),
        };
        // Calls alone contradict nothing.
        is_due && self.events[not_looked_at..].iter().any(|event| matches!(event, Event::Returned(_)))
    }

    /// A look that is not kept, in which what is open counts as unknown. One that would take too much says nothing: there is less to judge once what is
    /// open has ended.
    fn look(
        &self,
        operations: &[Operation<M::Input, M::Output>],
        others: usize,
        meter: &mut Meter,
    ) -> Option<PartVerdict> {
        let mut aside = meter.aside(others + self.search.bytes(), operations.len())?;
        let verdict = aside
            .holds(self.search.bytes())
            .and_then(|()| judge(&mut self.search.fork(), operations, &self.events[self.taken..], &mut aside));
        let verdict = verdict.ok();
        meter.did_aside(aside, verdict.is_some());
        verdict
    }
}

impl<M: Model> std::fmt::Debug for Online<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Online").field("operations", &self.history.operations().len()).finish_non_exhaustive()
    }
}
