//! The last events before a contradiction, to be judged again and again with other operations let go.

use super::Operations;
use super::budget::{Exhausted, Meter};
use super::part::{Event, PartVerdict, judge};
use super::search::Search;
use crate::check::model::{Asked, Model};
use std::collections::BTreeSet;

/// The events up to a return at which they contradict themselves, and where the object stood when they began. What was called before stands: it is never
/// let go, and what of it returns in the scene was answered as it was.
pub(super) struct Scene<'s, 'm, M: Model> {
    pub model: &'m M,
    pub operations: &'s Operations<M>,
    pub stood: Search<'m, M>,
    /// Where the scene begins, and all events from the first on to the end of the scene.
    pub begin: usize,
    pub events: &'s [Event],
}

/// So many of the operations that can have led to an answer are looked at first.
const CAUSES: usize = 32;

impl<'m, M: Model> Scene<'_, 'm, M> {
    /// The operation that returned last.
    pub fn last(&self) -> usize {
        self.events.last().map_or(0, |event| event.operation())
    }

    /// The first operation that does not stand, if any do.
    pub fn since(&self) -> Option<usize> {
        self.called().next().filter(|_| self.begin > 0)
    }

    /// Whether this operation may be let go: it does not stand.
    pub fn may_let_go(&self, operation: usize) -> bool {
        self.called().next().is_some_and(|first| first <= operation)
    }

    /// What was called and returned in the scene, the last left out and the next to last first.
    pub fn others(&self) -> Vec<usize> {
        let last = self.last();
        self.returned().filter(|operation| *operation != last && self.may_let_go(*operation)).collect()
    }

    fn scene(&self) -> &[Event] {
        &self.events[self.begin..]
    }

    fn called(&self) -> impl Iterator<Item = usize> + '_ {
        self.scene().iter().filter_map(|event| match event {
            Event::Called(operation) => Some(*operation),
            Event::Returned(_) => None,
        })
    }

    fn returned(&self) -> impl Iterator<Item = usize> + '_ {
        self.scene().iter().rev().filter_map(|event| match event {
            Event::Returned(operation) => Some(*operation),
            Event::Called(_) => None,
        })
    }

    /// Operations that contradict the last one: what can have led to its answer, and so many of those that returned last that they do, and not
    /// half as many. Those that change something are tried first, since they say more.
    pub fn grow(&self, meter: &mut Meter) -> Result<Vec<usize>, Exhausted> {
        let is_read = |operation: usize| self.model.is_read(&self.operations[operation].input);
        let leads = |operation: usize| self.model.leads_to(self.asked(operation), self.asked(self.last()));
        let all = self.others();
        let changing = all.iter().copied().filter(|other| !is_read(*other)).collect::<Vec<_>>();
        meter.compared(changing.len() as u64);
        let causes = changing.iter().copied().filter(|other| leads(*other)).take(CAUSES).collect::<Vec<_>>();
        let mut size = 1;
        loop {
            for of in [&changing, &all] {
                let recent = &of[..size.min(of.len())];
                let mut some = recent.to_vec();
                some.extend(causes.iter().filter(|cause| !recent.contains(cause)));
                if size >= all.len() && of.len() == all.len() || self.contradicts(&some, meter)? {
                    // What says least is let go first: reads, then what is long ago.
                    some.sort_by_key(|other| (!is_read(*other), *other));
                    return Ok(some);
                }
            }
            size *= 2;
        }
    }

    /// Lets go of these, the first first, many at a time and then each for itself, while the rest contradicts the last one.
    pub fn shrink(&self, others: &mut Vec<usize>, meter: &mut Meter) -> Result<(), Exhausted> {
        let mut size = others.len();
        while size > 0 {
            let mut from = 0;
            while from < others.len() {
                let to = others.len().min(from + size);
                let fewer = [&others[..from], &others[to..]].concat();
                if self.contradicts(&fewer, meter)? {
                    *others = fewer;
                } else {
                    from = to;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2).min(others.len()) };
        }
        Ok(())
    }

    /// Whether these contradict the last one, even if all that were called with them took effect whenever they liked.
    pub fn contradicts(&self, others: &[usize], meter: &mut Meter) -> Result<bool, Exhausted> {
        let kept = others.iter().copied().chain([self.last()]).collect::<BTreeSet<_>>();
        let (mut search, events) = self.with_others_let_go(&kept, meter)?;
        Ok(matches!(judge(&mut search, self.operations, &events, meter)?, PartVerdict::Contradiction(_)))
    }

    /// A search at the beginning of the scene for which all but these is let go, and the events that are left to it.
    fn with_others_let_go(
        &self,
        kept: &BTreeSet<usize>,
        meter: &mut Meter,
    ) -> Result<(Search<'m, M>, Vec<Event>), Exhausted> {
        let useful = self.useful(kept, meter)?;
        let first = self.called().next().unwrap_or(usize::MAX);
        let is_left = |event: &&Event| match event {
            Event::Called(operation) => kept.contains(operation) || useful.contains(operation),
            Event::Returned(operation) => kept.contains(operation) || *operation < first,
        };
        let events = self.scene().iter().filter(is_left).copied().collect();
        let mut search = self.fork(meter)?;
        search.let_go(useful);
        Ok((search, events))
    }

    /// A search at the beginning of the scene, if there is room for another.
    fn fork(&self, meter: &mut Meter) -> Result<Search<'m, M>, Exhausted> {
        meter.holds(self.stood.bytes())?;
        Ok(self.stood.fork())
    }

    /// Those of the operations that are let go that can lead to what was answered to these, or to what stands.
    fn useful(&self, kept: &BTreeSet<usize>, meter: &mut Meter) -> Result<BTreeSet<usize>, Exhausted> {
        let first = self.called().next().unwrap_or(usize::MAX);
        let mut found = kept.iter().copied().chain(self.returned().filter(|other| *other < first)).collect::<Vec<_>>();
        let answered = found.iter().copied().collect::<BTreeSet<_>>();
        let is_read = |operation: usize| self.model.is_read(&self.operations[operation].input);
        let free = self.called().chain(self.stood.open());
        let mut free = free.filter(|other| !answered.contains(other) && !is_read(*other)).collect::<Vec<_>>();
        meter.compared(self.scene().len() as u64);
        let mut useful = BTreeSet::new();
        while let Some(later) = found.pop() {
            meter.compared(free.len() as u64);
            meter.holds(0)?;
            let later = if answered.contains(&later) { self.asked(later) } else { self.freely(later) };
            free.retain(|earlier| {
                let leads = self.model.leads_to(self.freely(*earlier), later);
                if leads {
                    found.push(*earlier);
                    useful.insert(*earlier);
                }
                !leads
            });
        }
        Ok(useful)
    }

    fn asked(&self, operation: usize) -> Asked<'_, M> {
        self.operations[operation].asked()
    }

    fn freely(&self, operation: usize) -> Asked<'_, M> {
        Asked { output: None, ..self.asked(operation) }
    }

    /// The states in which the operation that returned last may have met the object, whatever became of all that has not returned: if they are no more than
    /// `most` and have names.
    pub fn states_during_the_last(&self, most: usize, meter: &mut Meter) -> Result<Vec<M::State>, Exhausted> {
        let last = self.last();
        let answered = self.others().into_iter().collect::<BTreeSet<_>>();
        let mut search = self.fork(meter)?;
        search.let_go(self.called().filter(|operation| !answered.contains(operation)).collect());
        let (mut is_called, mut met) = (false, Vec::new());
        for event in self.scene() {
            is_called |= event.operation() == last;
            if event.operation() != last {
                if judge(&mut search, self.operations, &[*event], meter)? != PartVerdict::Linearizable {
                    break; // somebody was answered as only the last one makes it possible, so that it has happened by now
                }
                search.forget_the_horizon();
            }
            // What is called widens what the object can have been, and what returns does not.
            if is_called && matches!(event, Event::Called(_)) {
                let states = search.states(self.operations, most, meter)?;
                met.extend(states.into_iter().filter(|state| !met.contains(state)).collect::<Vec<_>>());
            }
        }
        let is_told = met.len() <= most && met.iter().all(|state| self.model.describe_state(state).is_some());
        Ok(if is_told { met } else { Vec::new() })
    }
}
