//! Where the object stood before a contradiction: some returns before, twice as many, and so on to the beginning; and where the contradiction ends.

use super::Operations;
use super::budget::{Exhausted, Meter};
use super::part::{Event, PartVerdict, judge};
use super::scene::Scene;
use super::search::Search;
use crate::check::model::Model;
use std::collections::BTreeSet;

/// The shortest scene begins so many returns before the contradiction, or a few more.
const RETURNS: usize = 8;

/// The scenes that end with the first return at which these events, of one object, contradict themselves; the shortest first. Nothing if
/// they do not. The first `explained` of them do not, and what has not returned in them all has an unknown outcome.
pub(super) fn scenes<'s, 'm, M: Model>(
    model: &'m M,
    initial: &M::State,
    operations: &'s Operations<M>,
    events: &'s [Event],
    explained: usize,
    meter: &mut Meter,
) -> Result<Option<Vec<Scene<'s, 'm, M>>>, Exhausted> {
    if !events[explained..].iter().any(|event| matches!(event, Event::Returned(_))) {
        return Ok(None);
    }
    let beside = meter.beside();
    let mut search = Search::new(model, initial.clone());
    search.let_go(pending::<M>(operations, events));
    let mut scenes = Vec::<Scene<'s, 'm, M>>::new();
    let (mut at, mut bytes) = (0, 0);
    for begin in beginnings::<M>(operations, events, explained) {
        if judge(&mut search, operations, &events[at..begin], meter)? != PartVerdict::Linearizable {
            return Ok(None);
        }
        search.forget_the_horizon();
        bytes += search.bytes();
        meter.lies_beside(beside + bytes);
        meter.holds(search.bytes())?;
        scenes.push(Scene { model, operations, stood: search.fork(), begin, events });
        at = begin;
    }
    if judge(&mut search, operations, &events[at..], meter)? == PartVerdict::Linearizable {
        return Ok(None);
    }
    drop(search); // what comes now begins where the scenes do
    scenes.reverse();
    let end = end(&mut scenes[0], explained, meter)?;
    scenes.iter_mut().for_each(|scene| scene.events = &events[..=end]);
    let last = scenes[0].last();
    scenes.retain(|scene| scene.may_let_go(last));
    Ok(Some(scenes))
}

/// What has not returned in these events and returns later.
fn pending<M: Model>(operations: &Operations<M>, events: &[Event]) -> BTreeSet<usize> {
    let mut pending = BTreeSet::new();
    for event in events {
        match event {
            Event::Called(operation) if operations[*operation].ended().is_some() => pending.insert(*operation),
            Event::Called(_) => false,
            Event::Returned(operation) => pending.remove(operation),
        };
    }
    pending
}

/// Where scenes begin, from the first event on. Where little is open there is little to remember; and nothing may be open there that
/// returns after what is explained, since it may have to be let go.
fn beginnings<M: Model>(operations: &Operations<M>, events: &[Event], explained: usize) -> Vec<usize> {
    let (before, after) = events.split_at(explained);
    let returned = |events: &[Event]| {
        let returned = events.iter().filter(|event| matches!(event, Event::Returned(_)));
        returned.map(|event| event.operation()).collect::<BTreeSet<_>>()
    };
    let late = returned(after);
    let mut late_and_open =
        before.iter().filter(|event| matches!(event, Event::Called(operation) if late.contains(operation))).count();
    let (mut returns, mut window) = (0, RETURNS);
    let (mut open, mut least) = (0_isize, None);
    let mut beginnings = Vec::new();
    for (place, event) in before.iter().enumerate().rev() {
        match event {
            Event::Returned(_) => (returns, open) = (returns + 1, open + 1),
            Event::Called(operation) if late.contains(operation) => late_and_open -= 1,
            Event::Called(operation) if operations[*operation].ended().is_some() => open -= 1,
            Event::Called(_) => {}
        }
        if late_and_open > 0 || returns < window {
            continue;
        }
        if least.is_none_or(|(fewest, _)| open < fewest) {
            window = if least.is_none() { returns } else { window };
            least = Some((open, place));
        }
        if returns >= 2 * window {
            beginnings.extend(least.take().map(|(_, place)| place));
            window *= 2;
        }
    }
    beginnings.push(0);
    beginnings.reverse();
    beginnings
}

/// The first return behind what is explained at which what has returned contradicts itself: most often the first or one of the next, so in steps that
/// double, then halve.
fn end<M: Model>(scene: &mut Scene<'_, '_, M>, explained: usize, meter: &mut Meter) -> Result<usize, Exhausted> {
    let whole = scene.events;
    let returns = (explained..whole.len()).filter(|place| matches!(whole[*place], Event::Returned(_)));
    let ends = returns.collect::<Vec<_>>();
    let mut ends_it = |place: usize| {
        scene.events = &whole[..=ends[place]];
        scene.contradicts(&scene.others(), meter)
    };
    let (mut low, mut high) = (0, 0);
    while high < ends.len() - 1 && !ends_it(high)? {
        (low, high) = (high + 1, (2 * high + 1).min(ends.len() - 1));
    }
    while low < high {
        let middle = usize::midpoint(low, high);
        if ends_it(middle)? { high = middle } else { low = middle + 1 }
    }
    Ok(ends[low])
}
