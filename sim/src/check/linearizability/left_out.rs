//! What need not be looked at: operations of unknown outcome that no answer can be due to.
//!
//! An operation of unknown outcome may never have happened, so an order of all others is an order of all: to leave some out never makes a
//! contradiction linearizable. Nor does it make a contradiction of what is none, as long as they lead to no answer (`Model::leads_to`), neither at
//! once nor by others of unknown outcome that do.

use super::Operations;
use super::budget::Meter;
use crate::check::model::{Asked, Model};

/// So many looks are taken for each operation. What was not found useless by then stays.
const LOOKS: usize = 16;

/// What the operations that are left are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Whether an order explains all answers.
    Verdict,
    /// The smallest part of them that no order explains. Any answer is taken for unknown meanwhile, and who gave it may then have
    /// taken effect at any time, so that it can also be due to what was called later.
    Explanation,
}

/// The operations of one object, which are in the order of their calls, without those, if there are any.
pub(super) fn leave_out<M: Model>(
    model: &M,
    operations: &Operations<M>,
    part: &[u32],
    what_for: For,
    meter: &mut Meter,
) -> Option<Vec<u32>> {
    let of = |place: u32| &operations[place as usize];
    let is_free = |place: &u32| of(*place).ended().is_none() && !model.is_read(&of(*place).input);
    let free = part.iter().copied().filter(is_free).collect::<Vec<_>>();
    if free.is_empty() {
        return None;
    }
    let mut answered = part.iter().filter_map(|place| Some((of(*place).ended()?, *place))).collect::<Vec<_>>();
    answered.sort_unstable();
    let mut looks = Looks { model, operations, what_for, left: LOOKS * part.len() };
    let is_due_to = |looks: &mut Looks<'_, M>, earlier: u32| {
        let since = match what_for {
            // What was answered before a call is not due to it.
            For::Verdict => answered.partition_point(|(ended, _)| *ended < of(earlier).called),
            For::Explanation => 0,
        };
        answered[since..].iter().any(|(_, later)| looks.leads(earlier, *later))
    };
    let (mut useful, mut useless) = free.into_iter().partition::<Vec<_>, _>(|place| is_due_to(&mut looks, *place));
    while let Some(later) = useful.pop() {
        let (more, rest) = useless.into_iter().partition::<Vec<_>, _>(|earlier| looks.leads(*earlier, later));
        useful.extend(more);
        useless = rest;
    }
    meter.compared((LOOKS * part.len() - looks.left) as u64);
    let left = || part.iter().copied().filter(|place| useless.binary_search(place).is_err()).collect();
    (!useless.is_empty()).then(left)
}

struct Looks<'m, M: Model> {
    model: &'m M,
    operations: &'m Operations<M>,
    what_for: For,
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
        let may_be_unknown = self.what_for == For::Explanation && !self.model.is_read(later.input);
        self.model.leads_to(earlier, later)
            || may_be_unknown && self.model.leads_to(earlier, Asked { output: None, ..later })
    }
}
