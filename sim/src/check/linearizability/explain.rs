//! Why a history is not linearizable: the smallest part of it that no order explains.
//!
//! The search says at which return no order was left. `stage` puts the object back to where it stood some returns before that; from there on
//! operations are let go for as long as the rest still cannot be explained. If the last answer alone cannot be, whatever became of the others, then
//! what makes it impossible lies further back, and so do the next tries begin. Last it is tried whether the contradiction holds whatever
//! happened before that as well.
//!
//! An operation that is let go is not taken away, which might make a contradiction of its own (a read of what nobody wrote): its outcome counts as
//! unknown, so that it may have taken effect at any time after its call, or never. So what is left contradicts itself, whatever became of the others.

use super::Operations;
use super::budget::{Exhausted, Meter};
use super::part::Event;
use super::scene::Scene;
use super::stage::scenes;
use super::violation::FEW;
use crate::check::model::Model;
use std::collections::BTreeMap;

/// A contradiction.
pub(super) struct Core<State> {
    /// The operations, by their index, in the order of their calls.
    pub operations: Vec<usize>,
    /// The one that returned last.
    pub last: usize,
    /// What was called before this operation is not let go.
    pub since: Option<usize>,
    /// The states in which the last one may have met the object, if they are few and were found within the budget: without them it is the same
    /// contradiction.
    pub states: Vec<State>,
    /// The budget that ended the search for a smaller one, or for one that says more: that it holds whatever happened before `since`.
    pub ended_by: Option<Exhausted>,
}

/// So many returns later the contradiction shows at the latest, most often: the search that found it looked ahead.
const BEYOND: usize = super::horizon::Horizon::RETURNS;

/// The smallest contradiction that these events end in, where a search had no order left at `at`; or the smallest that was found within the budget.
pub(super) fn explain<M: Model>(
    model: &M,
    initial: &M::State,
    operations: &Operations<M>,
    events: &[Event],
    at: usize,
    meter: &mut Meter,
) -> Result<Core<M::State>, Exhausted> {
    in_scenes(model, initial, operations, (events, at), meter, |scenes, meter| Ok(core(scenes, meter)))
}

/// The states in which the operation that ends the same contradiction may have met the object, if they are few and have names.
pub(super) fn states_met<M: Model>(
    model: &M,
    initial: &M::State,
    operations: &Operations<M>,
    events: &[Event],
    at: usize,
    meter: &mut Meter,
) -> Result<Vec<M::State>, Exhausted> {
    in_scenes(model, initial, operations, (events, at), meter, |scenes, meter| {
        scenes[0].states_during_the_last(FEW, meter)
    })
}

/// Sets the scenes in which these events contradict themselves, soon behind `at` most often.
fn in_scenes<M: Model, Found>(
    model: &M,
    initial: &M::State,
    operations: &Operations<M>,
    (events, at): (&[Event], usize),
    meter: &mut Meter,
    look: impl Fn(&[Scene<'_, '_, M>], &mut Meter) -> Result<Found, Exhausted>,
) -> Result<Found, Exhausted> {
    let ends = [BEYOND, 16 * BEYOND].map(|beyond| nth_return(&events[at..], beyond).map(|place| at + place + 1));
    let beside = meter.beside();
    for end in ends.into_iter().map(|end| end.unwrap_or(events.len())).chain([events.len()]) {
        meter.lies_beside(beside);
        let objects = apart(model, operations, &events[..end], at);
        if let Some(scenes) = first_scenes(model, initial, operations, &events[..end], &objects, meter)? {
            let found = look(&scenes, meter);
            meter.lies_beside(beside);
            return found;
        }
    }
    unreachable!("a search found a contradiction in them: the model must say in its hooks what is so in its steps")
}

/// The scenes of the object that is the first to contradict itself in these events already, with everything that has not returned in them let go.
fn first_scenes<'s, 'm, M: Model>(
    model: &'m M,
    initial: &M::State,
    operations: &'s Operations<M>,
    events: &[Event],
    objects: &'s BTreeMap<u64, (Vec<Event>, usize)>,
    meter: &mut Meter,
) -> Result<Option<Vec<Scene<'s, 'm, M>>>, Exhausted> {
    let mut first: Option<Vec<Scene<'_, '_, M>>> = None;
    let beside = meter.beside();
    for (events_of_it, explained) in objects.values() {
        let found = scenes(model, initial, operations, events_of_it, *explained, meter)?;
        let place = |scenes: &[Scene<'_, '_, M>]| {
            let returned = Event::Returned(scenes[0].last());
            events.iter().position(|event| *event == returned)
        };
        if let Some(found) = found
            && first.as_ref().is_none_or(|first| place(&found) < place(first))
        {
            first = Some(found);
        }
        let scenes = first.iter().flatten().map(|scene| scene.stood.bytes()).sum::<usize>();
        meter.lies_beside(beside + scenes);
    }
    Ok(first)
}

/// The events of each object that the model tells apart, and how many of them lie before `at`. What contradicts itself contradicts itself
/// within one of them (Herlihy and Wing, locality), and to look for it there takes less, however the verdict was found.
fn apart<M: Model>(
    model: &M,
    operations: &Operations<M>,
    events: &[Event],
    at: usize,
) -> BTreeMap<u64, (Vec<Event>, usize)> {
    let mut objects = BTreeMap::<u64, (Vec<Event>, usize)>::new();
    for (place, event) in events.iter().enumerate() {
        let (of_it, explained) = objects.entry(model.object(&operations[event.operation()].input)).or_default();
        of_it.push(*event);
        *explained += usize::from(place < at);
    }
    objects
}

/// The place of the return before which there are `count` others.
fn nth_return(events: &[Event], count: usize) -> Option<usize> {
    let mut returns = events.iter().enumerate().filter(|(_, event)| matches!(event, Event::Returned(_)));
    returns.nth(count).map(|(place, _)| place)
}

/// The smallest core of the smallest scene that shows why: of scenes that end alike, the shortest first.
fn core<M: Model>(scenes: &[Scene<'_, '_, M>], meter: &mut Meter) -> Core<M::State> {
    let last = scenes[0].last();
    let mut best = Best { scene: 0, others: scenes[0].others() };
    let mut ended_by = best.improve(scenes, meter).err();
    let (scene, mut operations) = (&scenes[best.scene], best.others);
    let states = scenes[0].states_during_the_last(FEW, meter).unwrap_or_default();
    let mut since = scene.since();
    if since.is_some()
        && let Some(whole) = scenes.last()
    {
        match whole.contradicts(&operations, meter) {
            Ok(true) => since = None,
            Ok(false) => {}
            Err(exhausted) => ended_by = ended_by.or(Some(exhausted)),
        }
    }
    operations.push(last);
    operations.sort_unstable();
    Core { operations, last, since, states, ended_by }
}

/// The best contradiction so far: the operations beside the last one.
struct Best {
    scene: usize,
    others: Vec<usize>,
}

impl Best {
    fn improve<M: Model>(&mut self, scenes: &[Scene<'_, '_, M>], meter: &mut Meter) -> Result<(), Exhausted> {
        for (place, scene) in scenes.iter().enumerate() {
            if scene.contradicts(&[], meter)? {
                *self = Best { scene: place, others: Vec::new() };
                continue;
            }
            let others = scene.grow(meter)?;
            *self = Best { scene: place, others };
            return scene.shrink(&mut self.others, meter);
        }
        Ok(())
    }
}
