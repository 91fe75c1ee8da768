//! The checker against the definition, on what services tell their clients: five clients, outcomes that nobody learns, equal requests, and
//! one lie. Whole histories, and every prefix of them while they are made.

#[path = "linearizability/machine.rs"]
mod machine;
#[path = "linearizability/services.rs"]
mod services;
#[path = "linearizability/told.rs"]
mod told;

use machine::{INPUTS, machines};
use proptest::prelude::*;
use std::rc::Rc;
use told::{Choice, Event, Service, Story, choices, story};
use windtunnel::check::OperationId;
use windtunnel::check::linearizability::{Budget, Explained, Online, Verdict, Violation, check, check_by_search};
use windtunnel::check::models::{
    AppendList, CasRegister, Counter, CounterAsk, Element, Kv, KvAppend, KvAppendAsk, KvAsk, ListAsk, Lock, LockAsk,
    Register,
};

/// With all but a few answers let go, the definition takes twice as long with every operation.
const SMALL: usize = 11;

type Lie = Option<(usize, u64)>;

fn lies() -> impl Strategy<Value = Lie> {
    prop::option::weighted(0.7, (any::<usize>(), any::<u64>()))
}

/// How many of 256 steps give up: few, or very many.
fn giving_up() -> impl Strategy<Value = u8> {
    prop_oneof![Just(10_u8), Just(80)]
}

fn agrees<S: Service>(service: &S, choices: &[Choice<S::Input>], gives_up: u8, lie: Lie) -> Result<(), TestCaseError> {
    let story = story(service, choices, gives_up, lie);
    let bad_from = story.bad_from(service);
    let truth = bad_from.is_none();
    prop_assert!(truth || lie.is_some(), "a service that did not lie: {:?}", story.events);
    let found = check(service, &story.history(), Budget::default()).verdict;
    prop_assert_eq!(found == Verdict::Linearizable, truth, "{:?}", found);
    let searched = check_by_search(service, &story.history(), Budget::default()).verdict;
    prop_assert_eq!(&searched, &found, "by search alone");
    if let Verdict::NotLinearizable(violation) = found {
        is_a_smallest_contradiction(service, &story, &violation)?;
    }
    let hinted = check(service, &story.hinted_history(), Budget::default());
    prop_assert_eq!(hinted.verdict == Verdict::Linearizable, truth, "with hints: {:?}", hinted.verdict);
    // What was done for who gave up may have changed less than a model must suppose.
    let all_told = story.operations.iter().all(|operation| operation.done.is_none() || operation.returned.is_some());
    prop_assert!(lie.is_some() || !all_told || hinted.cost.steps == 0, "it told its order: {:?}", hinted.cost);
    online_agrees(service, &story, bad_from)
}

/// Whether what is named contradicts itself with all else let go, at the first return at which the history contradicts itself, and nothing of it can be left out.
fn is_a_smallest_contradiction<S: Service>(
    service: &S,
    story: &Story<S::Input, S::Output>,
    violation: &Violation,
) -> Result<(), TestCaseError> {
    let end = story.operations[violation.operation.0].returned.expect("a contradiction ends with a return") + 1;
    prop_assert_eq!(Some(end), story.bad_from(service), "another return: {:?}", violation);
    // Where nothing says what leads to what, a long history may take more than an explanation may cost.
    let is_explained = violation.explained == Explained::Fully;
    prop_assert!(is_explained || story.operations.len() > SMALL, "{:?}", violation);
    met_no_other_state(service, story, violation, end)?;
    let stands = |id: usize| violation.since.is_some_and(|since| id < since.0);
    let is_let_go = |id: &usize| !stands(*id) && !violation.core.contains(&OperationId(*id));
    if (0..story.operations.len()).filter(is_let_go).count() > SMALL {
        return Ok(());
    }
    prop_assert!(!violation.core.iter().any(|operation| stands(operation.0)), "it stands anyway: {:?}", violation);
    let contradicts =
        |core: &[OperationId]| !story.is_linearizable(service, end, |id| stands(id) || core.contains(&OperationId(id)));
    prop_assert!(contradicts(&violation.core), "no contradiction: {:?}", violation);
    for place in (0..violation.core.len()).filter(|_| is_explained) {
        let smaller = [&violation.core[..place], &violation.core[place + 1..]].concat();
        prop_assert!(!contradicts(&smaller), "{:?} will do of {:?}", smaller, violation);
    }
    Ok(())
}

/// Whether the last operation can have met the object in no other states than in those that are named, whatever became of what nobody knows.
fn met_no_other_state<S: Service>(
    service: &S,
    story: &Story<S::Input, S::Output>,
    violation: &Violation,
    end: usize,
) -> Result<(), TestCaseError> {
    let last = violation.operation.0;
    let is_short = story.operations.iter().filter(|operation| operation.called < end).count() <= 2 * SMALL;
    if !violation.states.is_empty() && is_short {
        for state in story.met_by(service, end, last) {
            let name = service.describe_state(&state).expect("those that are named have names");
            prop_assert!(violation.states.contains(&name), "it can have been {}: {:?}", name, violation);
        }
    }
    Ok(())
}

/// Tells a story as it happens. No verdict may be wrong about what was told so far, and none may come late as long as little lies behind a call that is still
/// open.
fn online_agrees<S: Service>(
    service: &S,
    story: &Story<S::Input, S::Output>,
    bad_from: Option<usize>,
) -> Result<(), TestCaseError> {
    let is_bad = |length: usize| bad_from.is_some_and(|bad| length >= bad);
    let mut online = Online::new(service, Budget::default());
    let mut open = Vec::new();
    let mut late_since = None;
    for (at, event) in story.events.iter().enumerate() {
        let verdict = match *event {
            Event::Called(id) => {
                let operation = &story.operations[id];
                online.called(operation.client, operation.input.clone(), at as u64).expect("in order");
                open.push(id);
                continue;
            }
            Event::GaveUp(id) => online.unknown(story.operations[id].client, at as u64),
            Event::Returned(id) => {
                let operation = &story.operations[id];
                online.returned(operation.client, operation.output.clone().expect("it returned"), at as u64)
            }
        };
        open.retain(|id| ![Event::GaveUp(*id), Event::Returned(*id)].contains(event));
        let verdict = verdict.expect("in order");
        if verdict != Verdict::Linearizable {
            prop_assert!(is_bad(at + 1), "a false alarm at {}: {:?}", at, verdict);
            return Ok(());
        }
        let first_open = open.iter().map(|id| story.operations[*id].called).min();
        let settled = first_open.unwrap_or(at + 1);
        prop_assert!(!is_bad(settled), "too late at {}", at);
        let told =
            |from: usize| story.events[from..=at].iter().filter(|event| !matches!(event, Event::GaveUp(_))).count();
        if is_bad(at + 1) {
            let (beyond, late) = (told(settled), told(*late_since.get_or_insert(at)));
            prop_assert!(beyond > Online::<S>::LITTLE && 4 * late < beyond, "much too late at {}", at);
        }
    }
    let verdict = online.finish();
    prop_assert_eq!(verdict == Verdict::Linearizable, bad_from.is_none(), "in the end: {:?}", verdict);
    Ok(())
}

/// A history of which more is let go than the definition likes, but not all: what an explanation begins with stands.
fn is_explained_from_some_place_on<S: Service>(
    service: &S,
    choices: &[Choice<S::Input>],
    gives_up: u8,
    lie: (usize, u64),
) -> Result<(), TestCaseError> {
    let story = story(service, choices, gives_up, Some(lie));
    match check(service, &story.history(), Budget::default()).verdict {
        Verdict::NotLinearizable(violation) => is_a_smallest_contradiction(service, &story, &violation),
        found => {
            prop_assert_eq!(found == Verdict::Linearizable, story.bad_from(service).is_none());
            Ok(())
        }
    }
}

/// A long history, with much open at a time: a search that looks ahead must not see what is not there.
fn is_explained_at_length<S: Service>(
    service: &S,
    choices: &[Choice<S::Input>],
    lie: Lie,
) -> Result<(), TestCaseError> {
    let story = story(service, choices, 4, lie);
    let found = check(service, &story.history(), Budget::default()).verdict;
    let searched = check_by_search(service, &story.history(), Budget::default()).verdict;
    prop_assert_eq!(searched == Verdict::Linearizable, found == Verdict::Linearizable, "by search alone");
    let truth = lie.is_none() || story.is_linearizable(service, usize::MAX, |_| true);
    prop_assert_eq!(found == Verdict::Linearizable, truth, "{:?}", found);
    Ok(())
}

fn cas_chains() -> impl Strategy<Value = Register> {
    prop_oneof![
        1 => Just(Register::Read),
        1 => (0..3_i64).prop_map(Register::Write),
        4 => (0..3_i64, 0..3_i64).prop_map(|(from, to)| Register::CompareAndSet { from, to }),
    ]
}

fn counters() -> impl Strategy<Value = CounterAsk> {
    let key = || Rc::<str>::from("");
    prop_oneof![
        1 => Just(()).prop_map(move |()| CounterAsk::Read(key())),
        3 => prop_oneof![Just(1), Just(2), Just(-1), Just(0)].prop_map(move |by| CounterAsk::Add(key(), by)),
    ]
}

fn lists() -> impl Strategy<Value = ListAsk> {
    let key = || Rc::<str>::from("");
    prop_oneof![
        Just(()).prop_map(move |()| ListAsk::Read(key())),
        "[12]".prop_map(move |element| ListAsk::Append(key(), Element::new(&element))),
    ]
}

fn versioned() -> impl Strategy<Value = KvAsk> {
    let key = || Rc::<str>::from("");
    prop_oneof![
        1 => Just(()).prop_map(move |()| KvAsk::Get(key())),
        2 => ("[ab]", 0..5_u64).prop_map(move |(value, version)| KvAsk::Put(key(), value.into(), version)),
    ]
}

fn texts() -> impl Strategy<Value = KvAppendAsk> {
    let key = || Rc::<str>::from("");
    prop_oneof![
        3 => Just(()).prop_map(move |()| KvAppendAsk::Get(key())),
        1 => "[ab]{0,2}".prop_map(move |value| KvAppendAsk::Put(key(), value.into())),
        3 => "[ab]{0,2}".prop_map(move |value| KvAppendAsk::Append(key(), value.into())),
    ]
}

fn locks() -> impl Strategy<Value = LockAsk> {
    let key = || Rc::<str>::from("");
    prop_oneof![
        3 => Just(()).prop_map(move |()| LockAsk::Acquire(key())),
        2 => (1..5_u64).prop_map(move |token| LockAsk::Release(key(), token)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(120), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn machines_by_chance(machine in machines(), choices in choices(6, 0..INPUTS, 42), gives_up in giving_up(), lie in lies()) {
        agrees(&machine, &choices, gives_up, lie)?;
    }

    #[test]
    fn chains_of_compare_and_set(choices in choices(5, cas_chains(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&CasRegister, &choices, gives_up, lie)?;
    }

    #[test]
    fn counters_of_small_steps(choices in choices(5, counters(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&Counter, &choices, gives_up, lie)?;
    }

    #[test]
    fn lists_of_equal_elements(choices in choices(5, lists(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&AppendList, &choices, gives_up, lie)?;
    }

    #[test]
    fn versions_that_are_asked_for_again(choices in choices(5, versioned(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&Kv, &choices, gives_up, lie)?;
    }

    #[test]
    fn texts_of_two_letters(choices in choices(5, texts(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&KvAppend, &choices, gives_up, lie)?;
    }

    #[test]
    fn locks_with_leases(choices in choices(5, locks(), 42), gives_up in giving_up(), lie in lies()) {
        agrees(&Lock, &choices, gives_up, lie)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(200), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_when_an_explanation_begins_is_as_it_was(
        machine in machines(),
        inputs in choices(4, 0..INPUTS, 100),
        swaps in choices(4, cas_chains(), 100),
        adds in choices(4, counters(), 100),
        gives_up in prop_oneof![Just(0_u8), Just(10)],
        lie in any::<(usize, u64)>(),
    ) {
        is_explained_from_some_place_on(&machine, &inputs, gives_up, lie)?;
        is_explained_from_some_place_on(&CasRegister, &swaps, gives_up, lie)?;
        is_explained_from_some_place_on(&Counter, &adds, gives_up, lie)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(60), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_histories_of_machines(machine in machines(), choices in choices(8, 0..INPUTS, 120), lie in lies()) {
        is_explained_at_length(&machine, &choices, lie)?;
    }

    #[test]
    fn long_histories_of_the_ready_models(
        texts in choices(8, texts(), 240),
        versioned in choices(8, versioned(), 240),
        lists in choices(8, lists(), 240),
        counters in choices(8, counters(), 240),
    ) {
        is_explained_at_length(&KvAppend, &texts, None)?;
        is_explained_at_length(&Kv, &versioned, None)?;
        is_explained_at_length(&AppendList, &lists, None)?;
        is_explained_at_length(&Counter, &counters, None)?;
    }
}
