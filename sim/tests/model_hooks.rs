//! What the ready models say to make a check cheaper, against what it means: on every state that a few operations lead to, and every
//! short order of operations, with every answer that could be given.

use windtunnel::check::models::{
    AppendList, CasRegister, Counter, CounterAnswer, CounterAsk, Element, Elements, Kv, KvAnswer, KvAppend,
    KvAppendAsk, KvAsk, ListAsk, Lock, LockAnswer, LockAsk, Register, RegisterAnswer, Whole,
};
use windtunnel::check::{Asked, Model};

/// Operations, each with an answer or with none.
type Pool<M> = Vec<(<M as Model>::Input, Option<<M as Model>::Output>)>;

/// The first states that these operations lead to, the shortest ways first.
const STATES: usize = 40;

fn asked<M: Model>((input, output): &(M::Input, Option<M::Output>)) -> Asked<'_, M> {
    Asked { input, output: output.as_ref() }
}

fn states<M: Model>(model: &M, pool: &Pool<M>) -> Vec<M::State> {
    let mut states = vec![model.initial(&model.key(&pool[0].0))];
    let mut place = 0;
    while place < states.len() && states.len() < STATES {
        for operation in pool {
            if let Some(next) = model.step(&states[place], asked(operation))
                && !states.contains(&next)
            {
                states.push(next);
            }
        }
        place += 1;
    }
    states
}

/// Whether these can be answered so, one after the other.
fn is_legal<'a, M: Model + 'a>(
    model: &M,
    state: &M::State,
    order: impl IntoIterator<Item = &'a (M::Input, Option<M::Output>)>,
) -> bool
where
    M::Input: 'a,
    M::Output: 'a,
{
    order.into_iter().try_fold(state.clone(), |state, operation| model.step(&state, asked(operation))).is_some()
}

fn agrees<M: Model>(model: &M, pool: &Pool<M>) {
    let states = states(model, pool);
    assert!(states.len() > 2, "{} states show nothing", states.len());
    what_only_reads_changes_nothing(model, pool, &states);
    what_an_answer_needs_leads_to_it(model, pool, &states);
    what_is_past_needs_what_revives_it(model, pool, &states);
}

fn what_only_reads_changes_nothing<M: Model>(model: &M, pool: &Pool<M>, states: &[M::State]) {
    for operation in pool.iter().filter(|(input, _)| model.is_read(input)) {
        for state in states {
            assert!(model.step(state, asked(operation)).is_none_or(|next| next == *state), "{:?}", operation.0);
        }
    }
}

/// If one or two operations are answered as they were only since `earlier` came first, it leads to one of them, whatever it was answered itself.
fn what_an_answer_needs_leads_to_it<M: Model>(model: &M, pool: &Pool<M>, states: &[M::State]) {
    for earlier in pool.iter().filter(|(input, output)| output.is_none() && !model.is_read(input)) {
        for (state, next) in states.iter().filter_map(|state| Some((state, model.step(state, asked(earlier))?))) {
            let leads = |later| model.leads_to(asked::<M>(earlier), asked::<M>(later));
            for later in pool {
                let needs = is_legal(model, &next, [later]) && !is_legal(model, state, [later]);
                assert!(!needs || leads(later), "{:?} leads to {:?}", asked::<M>(earlier), asked::<M>(later));
                for last in pool.iter().filter(|_| is_legal(model, &next, [later])) {
                    let needs = is_legal(model, &next, [later, last]) && !is_legal(model, state, [later, last]);
                    assert!(
                        !needs || leads(later) || leads(last),
                        "{:?} leads to {:?} or {:?}",
                        asked::<M>(earlier),
                        asked::<M>(later),
                        asked::<M>(last)
                    );
                }
            }
        }
    }
}

/// What is past is impossible, and stays so until something comes that revives it.
fn what_is_past_needs_what_revives_it<M: Model>(model: &M, pool: &Pool<M>, states: &[M::State]) {
    for operation in pool {
        let others = pool.iter().filter(|other| !model.revives(asked(other), asked(operation))).collect::<Vec<_>>();
        for state in states.iter().filter(|state| model.is_past(state, asked(operation))) {
            assert!(!is_legal(model, state, [operation]), "{:?} is not past", asked::<M>(operation));
            for first in &others {
                assert!(!is_legal(model, state, [*first, operation]), "{:?} revives {:?}", first.0, operation.0);
                for second in &others {
                    let is_alive = is_legal(model, state, [*first, *second, operation]);
                    assert!(!is_alive, "{:?} and {:?} revive {:?}", first.0, second.0, operation.0);
                }
            }
        }
    }
}

/// Every question with every answer, and with none.
fn every<I: Clone, O: Clone>(inputs: impl IntoIterator<Item = I>, outputs: &[O]) -> Vec<(I, Option<O>)> {
    let answers = || outputs.iter().cloned().map(Some).chain([None]);
    inputs.into_iter().flat_map(|input| answers().map(move |output| (input.clone(), output))).collect()
}

/// All texts of so many letters a and b at most.
fn texts(longest: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    for place in 0.. {
        if texts[place].len() == longest {
            return texts;
        }
        texts.extend(["a", "b"].map(|letter| texts[place].clone() + letter));
    }
    unreachable!("there is a longest")
}

#[test]
fn registers_with_compare_and_set() {
    let mut pool = every([Register::Read], &[None, Some(0), Some(1)].map(RegisterAnswer::Value));
    pool.extend(every((0..2).map(Register::Write), &[RegisterAnswer::Done]));
    let swaps = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(from, to)| Register::CompareAndSet { from, to });
    pool.extend(every(swaps, &[RegisterAnswer::Done, RegisterAnswer::Differs]));
    agrees(&CasRegister, &pool);
}

fn versioned(keys: &[&str]) -> Pool<Kv> {
    let mut pool = Vec::new();
    for key in keys {
        let found = (1..4).flat_map(|version| ["a", "b"].map(|value| KvAnswer::Found(value.into(), version)));
        pool.extend(every([KvAsk::Get((*key).into())], &found.chain([KvAnswer::NoKey]).collect::<Vec<_>>()));
        let puts = (0..4).flat_map(|version| ["a", "b"].map(|value| KvAsk::Put((*key).into(), value.into(), version)));
        pool.extend(every(puts, &[KvAnswer::Done, KvAnswer::NoKey, KvAnswer::OtherVersion]));
    }
    pool
}

#[test]
fn versioned_keys() {
    agrees(&Kv, &versioned(&["x"]));
}

#[test]
fn versioned_keys_together() {
    let some = versioned(&["x", "y"]);
    agrees(&Whole(Kv), &some.into_iter().filter(|(input, _)| !matches!(input, KvAsk::Put(_, _, 2..))).collect());
}

#[test]
fn keys_with_appends() {
    let reads = texts(3).into_iter().map(Into::into).collect::<Vec<_>>();
    let mut pool = every([KvAppendAsk::Get("x".into())], &reads);
    for text in texts(2) {
        pool.extend(every([KvAppendAsk::Put("x".into(), text.as_str().into())], &["".into()]));
        pool.extend(every([KvAppendAsk::Append("x".into(), text.into())], &["".into()]));
    }
    agrees(&KvAppend, &pool);
}

#[test]
fn lists_that_grow() {
    let lists = texts(3).into_iter().map(|text| Some(Elements::new(text.split("").filter(|word| !word.is_empty()))));
    let mut pool = every([ListAsk::Read("x".into())], &lists.collect::<Vec<_>>());
    pool.extend(every(["a", "b", "ab"].map(|word| ListAsk::Append("x".into(), Element::new(word))), &[None]));
    agrees(&AppendList, &pool);
}

#[test]
fn counters() {
    let stands = (-2..4).map(CounterAnswer::Stands).collect::<Vec<_>>();
    let mut pool = every([CounterAsk::Read("x".into())], &stands);
    let adds = [-1, 0, 1, 2].map(|by| CounterAsk::Add("x".into(), by));
    pool.extend(every(adds, &[&stands[..], &[CounterAnswer::Done]].concat()));
    agrees(&Counter, &pool);
    let stands = [i64::MIN, -1, 0, i64::MAX - 1, i64::MAX].map(CounterAnswer::Stands);
    let mut wraps = every([CounterAsk::Read("x".into())], &stands);
    wraps.extend(every([i64::MIN, -1, 1, i64::MAX].map(|by| CounterAsk::Add("x".into(), by)), &stands));
    agrees(&Counter, &wraps);
}

#[test]
fn locks() {
    let granted = |(token, told)| {
        [None, Some(3), Some(9)].map(|until: Option<u64>| LockAnswer::Granted {
            token,
            until: until.map(|until| until + told),
            told,
        })
    };
    let times = (1..4).flat_map(|token| [(token, 0), (token, 6)]);
    let answers = times.flat_map(granted).chain([0, 6].map(|told| LockAnswer::Held { told })).collect::<Vec<_>>();
    let mut pool = every([LockAsk::Acquire("x".into())], &answers);
    let releases = (1..4).map(|token| LockAsk::Release("x".into(), token));
    let told = [0, 6].map(|told| [LockAnswer::Released { told }, LockAnswer::Lost { told }]);
    pool.extend(every(releases, &told.concat()));
    agrees(&Lock, &pool);
}
