//! The same check while the history is made: the first response that no order explains ends the test.

use super::budget::{Budget, Cost, Exhausted, Meter};
use super::part::{Event, PartVerdict, judge};
use super::search::Search;
use super::{Verdict, explained};
use crate::check::history::{ClientId, History, HistoryError, OperationId};
use crate::check::model::Model;
use std::collections::BTreeMap;

/// A check that is told what happens as it happens: the order in which it is told is the order of events, also where times are equal.
///
/// An answer is judged once every earlier call of its object has ended, or with those that are open counted as unknown after some
/// more events: a contradiction may be told a few events late, and names the return at which it showed.
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
    meter: Meter,
}

/// What happened to one object.
struct Part<'m, M: Model> {
    /// It has seen the events below `taken`. The next one is the call of an operation of which nobody can say yet how it ends.
    search: Search<'m, M>,
    events: Vec<Event>,
    taken: usize,
    /// How many events a look beyond that call saw last.
    looked: usize,
}

/// A look beyond a call that stays open costs what lies behind it, so it is taken when that has grown by this many events, and by half.
const GROWN: usize = 8;

impl<'m, M: Model> Online<'m, M> {
    /// A check of a history in which nothing has happened.
    pub fn new(model: &'m M, budget: Budget) -> Self {
        Online { model, history: History::new(), parts: BTreeMap::new(), meter: Meter::new(budget) }
    }

    /// `client` asks.
    ///
    /// # Errors
    /// What does not fit into a history: see [`History::called`].
    pub fn called(&mut self, client: ClientId, input: M::Input, at: u64) -> Result<OperationId, HistoryError> {
        let key = self.model.key(&input);
        let operation = self.history.called(client, input, at)?;
        let model = self.model;
        let begin = |key: &M::Key| Part {
            search: Search::new(model, model.initial(key)),
            events: Vec::new(),
            taken: 0,
            looked: 0,
        };
        let part = self.parts.entry(key.clone()).or_insert_with(|| begin(&key));
        part.events.push(Event::Called(operation.0));
        Ok(operation)
    }

    /// `client` is answered: whether all answers so far are explained.
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
        match part.advance(&self.history, is_over, &mut self.meter) {
            Ok(PartVerdict::Linearizable) => Verdict::Linearizable,
            Ok(PartVerdict::Contradiction(at)) => {
                explained(self.model, key, self.history.operations(), &part.events, at, &self.meter)
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
        meter: &mut Meter,
    ) -> Result<PartVerdict, Exhausted> {
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
        let beyond = self.events.len() - self.taken;
        if settled > 0 {
            self.looked = 0;
        }
        if beyond < self.looked + GROWN.max(self.looked / 2) {
            return Ok(PartVerdict::Linearizable);
        }
        // What is open counts as unknown in a look that is not kept.
        self.looked = beyond;
        let verdict = judge(&mut self.search.fork(), operations, &self.events[self.taken..], meter)?;
        Ok(verdict.after(self.taken))
    }
}

impl<M: Model> std::fmt::Debug for Online<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Online").field("operations", &self.history.operations().len()).finish_non_exhaustive()
    }
}
