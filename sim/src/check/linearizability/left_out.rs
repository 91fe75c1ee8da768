//! What need not be looked at: operations of unknown outcome that no answer can be due to.
//!
//! An operation of unknown outcome may never have happened, so an order of all others is an order of all: to leave some out never makes a
//! contradiction linearizable. Nor does it make a contradiction of what is none, as long as they lead to no answer (`Model::leads_to`), neither at
//! once nor by others of unknown outcome that do. Since an explanation takes answers for unknown, what leads to an operation whose answer is unknown stays, too.

use super::Operations;
use super::budget::Meter;
use crate::check::model::{Asked, Model};

/// So many looks are taken for each operation. What was not found useless by then stays.
const LOOKS: usize = 16;

/// Takes those out of the operations of one object, which are in the order of their calls: whether there were any.
pub(super) fn leave_out<M: Model>(
    model: &M,
    operations: &Operations<M>,
    part: &mut Vec<u32>,
    meter: &mut Meter,
) -> bool {
    let of = |place: u32| &operations[place as usize];
    let is_free = |place: &u32| of(*place).ended().is_none() && !model.is_read(&of(*place).input);
    let free = part.iter().copied().filter(is_free).collect::<Vec<_>>();
    if free.is_empty() {
        return false;
    }
    let mut answered = part.iter().filter_map(|place| Some((of(*place).ended()?, *place))).collect::<Vec<_>>();
    answered.sort_unstable();
    let mut looks = Looks { model, operations, left: LOOKS * part.len() };
    // What was answered before a call is not due to it.
    let is_due_to = |looks: &mut Looks<'_, M>, earlier: u32| {
        let since = answered.partition_point(|(ended, _)| *ended < of(earlier).called);
        answered[since..].iter().any(|(_, later)| looks.leads(earlier, *later))
    };
    let (mut useful, mut useless) = free.into_iter().partition::<Vec<_>, _>(|place| is_due_to(&mut looks, *place));
    while let Some(later) = useful.pop() {
        let (more, rest) = useless.into_iter().partition::<Vec<_>, _>(|earlier| looks.leads(*earlier, later));
        useful.extend(more);
        useless = rest;
    }
    meter.compared((LOOKS * part.len() - looks.left) as u64);
    part.retain(|place| useless.binary_search(place).is_err());
    !useless.is_empty()
}

struct Looks<'m, M: Model> {
    model: &'m M,
    operations: &'m Operations<M>,
    left: usize,
}

impl<M: Model> Looks<'_, M> {
    /// Whether the one may have led to the other, as far as there are looks left.
    fn leads(&mut self, earlier: u32, later: u32) -> bool {
        if self.left == 0 {
            return true;
        }
        self.left -= 1;
        let asked = |place: u32| -> Asked<'_, M> { self.operations[place as usize].asked() };
        let (earlier, later) = (asked(earlier), asked(later));
        let let_go = Asked { output: None, ..later };
        self.model.leads_to(earlier, later) || !self.model.is_read(later.input) && self.model.leads_to(earlier, let_go)
    }
}
