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
use explain::{Core, explain};
use left_out::leave_out;
use part::{Event, PartVerdict, events as events_of, judge};
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
        let violation = Violation::unexplained(found.events[found.at].operation(), Explained::NotAsked);
        (Verdict::NotLinearizable(violation), Cost::default())
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
    contradiction: impl Fn(&M, &M::Key, &Operations<M>, Found<'_>, &Meter) -> (Verdict, Cost),
) -> Checked {
    let operations = history.operations();
    let mut meter = Meter::new(budget);
    let (mut verdict, mut explanation) = (Verdict::Linearizable, Cost::default());
    let mut search = None;
    for (key, mut part) in parts(model, operations) {
        let initial = model.initial(&key);
        if by == By::WhatIsQuickest && hinted::explains(model, initial.clone(), operations, &part) {
            continue;
        }
        let walk_through = |part: &[u32], meter: &mut Meter| {
            let events = events_of(operations, part);
            let walked = match by {
                By::WhatIsQuickest => walk(model, initial.clone(), operations, &events, meter),
                By::Search => Ok(Walked::Stuck { from: 0, state: initial.clone() }),
            };
            (events, walked)
        };
        let (mut events, mut walked) = walk_through(&part, &mut meter);
        let is_stuck = matches!(walked, Ok(Walked::Stuck { .. }));
        let is_whole = !is_stuck || !leave_out(model, operations, &mut part, &mut meter);
        if !is_whole {
            (events, walked) = walk_through(&part, &mut meter);
        }
        let judged = walked.and_then(|walked| match walked {
            Walked::Through => Ok(PartVerdict::Linearizable),
            Walked::Stuck { from, state } => {
                let search = search.get_or_insert_with(|| Search::new(model, state.clone()));
                search.begin(state);
                Ok(judge(search, operations, &events[from..], &mut meter)?.after(from))
            }
        });
        match judged {
            Ok(PartVerdict::Linearizable) => continue,
            Ok(PartVerdict::Contradiction(at)) => {
                let found = Found { events: &events, at, is_whole };
                (verdict, explanation) = contradiction(model, &key, operations, found, &meter);
            }
            Err(exhausted) => verdict = Verdict::Undecided(exhausted),
        }
        break;
    }
    Checked { verdict, cost: meter.cost, explanation }
}

/// Events of one object that no order explains.
#[derive(Clone, Copy)]
struct Found<'e> {
    events: &'e [Event],
    /// At this one, a return, it showed.
    at: usize,
    /// Whether nothing was left out.
    is_whole: bool,
}

/// The verdict on events that no order explains.
fn explained<M: Model>(
    model: &M,
    key: &M::Key,
    operations: &[Operation<M::Input, M::Output>],
    found: Found<'_>,
    judged: &Meter,
) -> (Verdict, Cost) {
    let Found { events, at, is_whole } = found;
    let mut meter = Meter::new(judged.budget.for_explaining(judged.cost));
    let violation = match explain(model, &model.initial(key), operations, events, at, &mut meter) {
        // What was left out may have led to other states than those that were found.
        Ok(core) => {
            Violation::new(model, operations, if is_whole { core } else { Core { states: Vec::new(), ..core } })
        }
        Err(exhausted) => Violation::unexplained(events[at].operation(), Explained::Failed(exhausted)),
    };
    (Verdict::NotLinearizable(violation), meter.cost)
}

/// The operations of each object, in the order of their calls.
fn parts<M: Model>(model: &M, operations: &[Operation<M::Input, M::Output>]) -> BTreeMap<M::Key, Vec<u32>> {
    let mut parts = BTreeMap::<M::Key, Vec<u32>>::new();
    for (index, operation) in operations.iter().enumerate().filter(|(_, operation)| !operation.never) {
        let index = u32::try_from(index).expect("a history has fewer than four billion operations");
        parts.entry(model.key(&operation.input)).or_default().push(index);
    }
    parts
}
