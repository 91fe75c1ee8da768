//! The model of locks against a lock with a clock, which knows nothing of models: it is tried at every moment at which an operation can have
//! happened.

use proptest::prelude::*;
use std::collections::BTreeSet;
use windtunnel::check::linearizability::{Budget, Verdict, check};
use windtunnel::check::models::{Lock, LockAnswer, LockAsk};
use windtunnel::check::{ClientId, History};

/// Nothing happens later.
const END: u64 = 12;

/// The lock: who holds it until when, and the least token that it may give out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Real {
    holder: Option<(u64, Option<u64>)>,
    next: u64,
}

impl Real {
    fn is_held_at(&self, now: u64) -> bool {
        self.holder.is_some_and(|(_, until)| until.is_none_or(|until| until > now))
    }

    fn is_held_by(&self, token: u64) -> bool {
        self.holder.is_some_and(|(by, _)| by == token)
    }

    fn granted(&self, token: u64, until: Option<u64>, now: u64) -> Option<Real> {
        (!self.is_held_at(now) && token >= self.next).then_some(Real { holder: Some((token, until)), next: token + 1 })
    }

    fn freed(&self) -> Real {
        Real { holder: None, next: self.next }
    }

    /// What it can be after it was asked this at this moment, if it answered so. It may see late that a lease has ended.
    fn after(&self, asked: &LockAsk, answer: Option<&LockAnswer>, now: u64) -> Vec<Real> {
        match (asked, answer) {
            (LockAsk::Acquire(_), Some(LockAnswer::Granted { token, until, .. })) => {
                self.granted(*token, *until, now).into_iter().collect()
            }
            (LockAsk::Acquire(_), Some(LockAnswer::Held { .. })) => self.holder.iter().map(|_| self.clone()).collect(),
            (LockAsk::Acquire(_), None) => {
                let leases = || (now..=END).map(Some).chain([None]);
                let tokens = self.next..self.next + 4;
                tokens.flat_map(|token| leases().filter_map(move |until| self.granted(token, until, now))).collect()
            }
            (LockAsk::Release(_, token), Some(LockAnswer::Released { .. }) | None) => {
                self.is_held_by(*token).then(|| self.freed()).into_iter().collect()
            }
            (LockAsk::Release(_, token), Some(LockAnswer::Lost { .. })) => {
                let is_its_own = self.is_held_by(*token) && self.is_held_at(now);
                (!is_its_own).then(|| self.clone()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
struct Did {
    asked: LockAsk,
    answer: Option<LockAnswer>,
    called: u64,
    told: u64,
}

/// Whether there are moments for all of these at which the lock can have answered so.
fn can_be(did: &[Did], left: u32, now: u64, lock: &Real, seen: &mut BTreeSet<(u32, u64, Real)>) -> bool {
    let is_left = |place: &usize| left >> place & 1 == 1;
    if (0..did.len()).filter(is_left).all(|place| did[place].answer.is_none()) {
        return true;
    }
    if !seen.insert((left, now, lock.clone())) {
        return false;
    }
    (0..did.len()).filter(is_left).any(|place| {
        let Did { asked, answer, called, told } = &did[place];
        let latest = if answer.is_some() { *told } else { END };
        (now.max(*called)..=latest).any(|moment| {
            let next = lock.after(asked, answer.as_ref(), moment);
            next.iter().any(|next| can_be(did, left & !(1 << place), moment, next, seen))
        })
    })
}

/// What is asked, when, how long it takes, and what decides on the answer.
type Choice = (Option<u64>, u64, u64, (u64, u64, bool, bool));

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let how = (0..4_u64, 0..6_u64, prop::bool::weighted(0.8), prop::bool::weighted(0.25));
    prop::collection::vec((prop::option::weighted(0.45, 0..4_u64), 0..9_u64, 0..4_u64, how), 1..=6)
}

/// What a lock that is right and gives out no smaller token does with these, in the order of the moments at which they happen.
fn done(choices: &[Choice], first_token: u64) -> Vec<Did> {
    let moment = |(_, called, during, (share, ..)): &Choice| called + during * share / 4;
    let mut order = choices.to_vec();
    order.sort_by_key(moment);
    let mut lock = Real { holder: None, next: first_token };
    let did = order.iter().map(|choice| {
        let (token, called, during, (share, lease, has_lease, is_unknown)) = *choice;
        let (now, told) = (moment(choice), called + during);
        let asked = token.map_or(LockAsk::Acquire("".into()), |token| LockAsk::Release("".into(), token));
        let until = has_lease.then_some(now + lease);
        let answers = [
            LockAnswer::Granted { token: lock.next + share / 3, until, told },
            LockAnswer::Held { told },
            LockAnswer::Released { told },
            LockAnswer::Lost { told },
        ];
        let first = answers.iter().find_map(|answer| Some((answer, lock.after(&asked, Some(answer), now).pop()?)));
        let (answer, after) = first.expect("a lock answers always");
        lock = after;
        let answer = (!is_unknown).then(|| answer.clone());
        Did { asked, answer, called, told }
    });
    did.collect()
}

/// One answer is another one.
fn lied(did: &mut [Did], (which, how, token): (usize, u64, u64)) {
    let place = which % did.len();
    let Did { asked, answer, told, .. } = &mut did[place];
    let told = *told;
    *answer = Some(match (asked, how % 3) {
        (LockAsk::Acquire(_), 0) => LockAnswer::Held { told },
        (LockAsk::Acquire(_), _) => LockAnswer::Granted { token, until: (how % 2 == 0).then_some(told + how), told },
        (LockAsk::Release(..), 0) => LockAnswer::Released { told },
        (LockAsk::Release(..), _) => LockAnswer::Lost { told },
    });
}

fn history(did: &[Did]) -> History<LockAsk, LockAnswer> {
    let mut events = Vec::new();
    for (place, Did { called, told, .. }) in did.iter().enumerate() {
        events.extend([(*called, 0, place), (*told, 1, place)]);
    }
    events.sort_unstable();
    let mut history = History::new();
    for (at, what, place) in events {
        let (client, Did { asked, answer, .. }) = (ClientId(place as u64), &did[place]);
        let told = match (what, answer) {
            (0, _) => history.called(client, asked.clone(), at),
            (_, Some(answer)) => history.returned(client, answer.clone(), at),
            (_, None) => history.unknown(client, at),
        };
        told.expect("the events are in order");
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(3_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn locks_are_judged_as_a_lock_with_a_clock_does(
        choices in choices(),
        first_token in 0..2_u64,
        lie in prop::option::weighted(0.7, (any::<usize>(), 0..6_u64, 0..6_u64)),
    ) {
        let mut did = done(&choices, first_token);
        lie.into_iter().for_each(|lie| lied(&mut did, lie));
        let truth = can_be(&did, (1 << did.len()) - 1, 0, &Real::default(), &mut BTreeSet::new());
        prop_assert!(truth || lie.is_some(), "a lock that is right: {did:?}");
        let found = check(&Lock, &history(&did), Budget::default()).verdict;
        prop_assert_eq!(found == Verdict::Linearizable, truth, "{:?}", did);
    }
}
