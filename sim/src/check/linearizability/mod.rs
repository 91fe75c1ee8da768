//! Linearizability (Herlihy and Wing 1990): is there an order of the operations, each between its call and its return, in which
//! a sequential service would have answered the same?
//!
//! `part` takes the events of one object in order, `search` carries the possible orders, `configurations`, `slots`, `states` and `index` keep them
//! small; before anything is searched `hinted` tries the order that the service told and `walk` the first that comes to mind, and `left_out` takes away what no
//! answer can be due to; `online` judges while the history is made; `budget` ends what
//! would take too long, and `explain` finds what a `violation` says, with `scene` and `stage`.

mod budget;
mod configurations;
mod explain;
mod found;
mod hinted;
mod horizon;
mod index;
mod left_out;
mod online;
mod part;
mod scene;
mod search;
mod slots;
mod stage;
mod states;
mod violation;
mod walk;

pub use budget::{Budget, Cost, Exhausted};
pub use online::Online;
pub use violation::{Explained, Violation};

use super::history::{History, Operation};
use super::model::Model;
use budget::Meter;
use found::{Found, explained, place_of};
use left_out::{For, leave_out};
use part::{Event, PartVerdict, events as events_of, judge, number};
use search::Search;
use std::collections::BTreeMap;
use walk::{Walked, walk};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order that explains every answer.
    Linearizable,
    /// There is none.
    NotLinearizable(Violation),
    /// The check ran out of its budget. This is no pass.
    Undecided(Exhausted),
}

/// A verdict and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was found.
    pub verdict: Verdict,
    /// What it took, explanations left out.
    pub cost: Cost,
    /// What the explanation took, if there was one: see [`Budget::EXPLANATION`].
    pub explanation: Cost,
}

/// Judges a history, each object for itself, and explains the first contradiction.
pub fn check<M: Model>(model: &M, history: &History<M::Input, M::Output>, budget: Budget) -> Checked {
    check_keys(model, history, budget, By::WhatIsQuickest, explained)
}

/// The same without explanation: of a contradiction it names only the operation at whose return it showed.
pub fn verdict<M: Model>(model: &M, history: &History<M::Input, M::Output>, budget: Budget) -> Checked {
    check_keys(model, history, budget, By::WhatIsQuickest, |_, _, _, found, _| {
        (Violation::unexplained(found.events[found.at].operation(), Explained::NotAsked), Cost::default())
    })
}

/// [`check`] by search alone, which most histories never need: for tests of the search.
#[doc(hidden)]
pub fn check_by_search<M: Model>(model: &M, history: &History<M::Input, M::Output>, budget: Budget) -> Checked {
    check_keys(model, history, budget, By::Search, explained)
}

/// How a verdict is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The order that was told, then the first that comes to mind, then the search.
    WhatIsQuickest,
    Search,
}

type Operations<M> = [Operation<<M as Model>::Input, <M as Model>::Output>];

fn check_keys<M: Model>(
    model: &M,
    history: &History<M::Input, M::Output>,
    budget: Budget,
    by: By,
    explain_it: impl Fn(&M, &M::Key, &Operations<M>, Found<'_>, &Meter) -> (Violation, Cost),
) -> Checked {
    let operations = history.operations();
    let mut meter = Meter::new(budget);
    let (mut verdict, mut explanation) = (Verdict::Linearizable, Cost::default());
    let mut search = None;
    for (key, part) in parts(model, operations) {
        let initial = model.initial(&key);
        if by == By::WhatIsQuickest && hinted::explains(model, initial.clone(), operations, &part) {
            continue;
        }
        match judge_part(model, initial, operations, &part, by, &mut search, &mut meter) {
            Ok(None) => continue,
            Ok(Some(returned)) => {
                drop(search.take()); // what explains it may take the whole budget
                let events = events_of(operations, &part);
                let found = Found { events: &events, at: place_of(returned, &events) };
                let violation;
                (violation, explanation) = explain_it(model, &key, operations, found, &meter);
                verdict = Verdict::NotLinearizable(violation);
            }
            Err(exhausted) => verdict = Verdict::Undecided(exhausted),
        }
        break;
    }
    Checked { verdict, cost: meter.cost, explanation }
}

/// Judges the operations of one object: at which return it showed that no order explains them, if it did.
fn judge_part<'m, M: Model>(
    model: &'m M,
    initial: M::State,
    operations: &Operations<M>,
    part: &[u32],
    by: By,
    search: &mut Option<Search<'m, M>>,
    meter: &mut Meter,
) -> Result<Option<Event>, Exhausted> {
    let walk_through = |part: &[u32], meter: &mut Meter| {
        let events = events_of(operations, part);
        let walked = match by {
            By::WhatIsQuickest => walk(model, initial.clone(), operations, &events, meter),
            By::Search => Ok(Walked::Stuck { from: 0, state: initial.clone() }),
        };
        walked.map(|walked| (events, walked))
    };
    let (mut events, mut walked) = walk_through(part, meter)?;
    if let Walked::Stuck { .. } = walked
        && let Some(fewer) = leave_out(model, operations, part, For::Verdict, meter)
    {
        (events, walked) = walk_through(&fewer, meter)?;
    }
    let Walked::Stuck { from, state } = walked else { return Ok(None) };
    let search = search.get_or_insert_with(|| Search::new(model, state.clone()));
    search.begin(state);
    match judge(search, operations, &events[from..], meter)? {
        PartVerdict::Linearizable => Ok(None),
        PartVerdict::Contradiction(at) => Ok(Some(events[from + at])),
    }
}

/// The operations of each object, in the order of their calls.
fn parts<M: Model>(model: &M, operations: &[Operation<M::Input, M::Output>]) -> BTreeMap<M::Key, Vec<u32>> {
    let mut parts = BTreeMap::<M::Key, Vec<u32>>::new();
    for (index, operation) in operations.iter().enumerate().filter(|(_, operation)| !operation.never) {
        parts.entry(model.key(&operation.input)).or_default().push(number(index));
    }
    parts
}
