//! The checker against the definition: on every small history it says what a search through all orders says.

#[path = "linearizability/bare.rs"]
mod bare;
#[path = "linearizability/budgets.rs"]
mod budgets;
#[path = "linearizability/definition.rs"]
mod definition;
#[path = "linearizability/explanations.rs"]
mod explanations;
#[path = "linearizability/hints.rs"]
mod hints;
#[path = "linearizability/leases.rs"]
mod leases;
#[path = "linearizability/walks.rs"]
mod walks;

use bare::Bare;
use definition::{in_some_order, is_linearizable};
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;
use windtunnel::check::linearizability::{Budget, Online, Verdict, Violation, check, check_by_search};
use windtunnel::check::models::{
    CasRegister, Counter, CounterAnswer, CounterAsk, Kv, KvAnswer, KvAppend, KvAppendAsk, KvAsk, Register,
    RegisterAnswer, Whole,
};
use windtunnel::check::{ClientId, History, Model, Operation, OperationId};

/// What one client did: its operation, how long it waited before it called and until it was answered, and whether it ever was.
type Did<I, O> = (I, Option<O>, u64, u64);

/// Clients' doings laid out in time; of what happens at the same time, calls first.
fn history<I: Clone, O: Clone>(clients: &[Vec<Did<I, O>>]) -> History<I, O> {
    told(clients, |is_answer, _| u64::from(is_answer), |at, _| at)
}

/// Clients' doings in the order of time; of those of one time what ranks first, by whether it is an answer and by how many events there were. It is told
/// with another time, by that and by how many events there were.
fn told<I: Clone, O: Clone>(
    clients: &[Vec<Did<I, O>>],
    rank: impl Fn(bool, usize) -> u64,
    time: impl Fn(u64, u64) -> u64,
) -> History<I, O> {
    enum Event<I, O> {
        Call(I),
        Return(Option<O>),
    }
    let (mut events, mut count) = (Vec::new(), 0);
    let mut next_client = clients.len() as u64;
    for (client, did) in clients.iter().enumerate() {
        let (mut now, mut id, mut own) = (0, client as u64, VecDeque::new());
        for (input, output, before, during) in did {
            let called = now + before;
            now = called + during;
            own.push_back((called, rank(false, count), id, Event::Call(input.clone())));
            own.push_back((now, rank(true, count + 1), id, Event::Return(output.clone())));
            count += 2;
            if output.is_none() {
                id = next_client; // who does not know goes on under another name
                next_client += 1;
            }
        }
        events.push(own);
    }
    let head = |own: &VecDeque<(u64, u64, u64, _)>| own.front().map(|(at, rank, id, _)| (*at, *rank, *id));
    let heads = events.iter().enumerate().filter_map(|(client, own)| Some(Reverse((head(own)?, client))));
    let mut heads = heads.collect::<BinaryHeap<_>>();
    let mut history = History::new();
    for place in 0.. {
        let Some(Reverse((_, whose))) = heads.pop() else { break };
        let (at, _, client, event) = events[whose].pop_front().expect("it has a head");
        heads.extend(head(&events[whose]).map(|head| Reverse((head, whose))));
        let at = time(at, place);
        match event {
            Event::Call(input) => history.called(ClientId(client), input, at).map(|_| ()),
            Event::Return(Some(output)) => history.returned(ClientId(client), output, at).map(|_| ()),
            Event::Return(None) => history.unknown(ClientId(client), at).map(|_| ()),
        }
        .expect("the events are in order");
    }
    history
}

/// Histories of up to `operations` operations of up to three clients.
fn clients<I: Clone + std::fmt::Debug, O: Clone + std::fmt::Debug>(
    did: impl Strategy<Value = (I, O)> + Clone + 'static,
    operations: usize,
) -> impl Strategy<Value = Vec<Vec<Did<I, O>>>> {
    let one = (did, prop::bool::weighted(0.15), 0..4_u64, 0..6_u64)
        .prop_map(|((input, output), unknown, before, during)| (input, (!unknown).then_some(output), before, during));
    prop::collection::vec(prop::collection::vec(one, 0..=operations / 3), 1..=3)
}

fn agrees<M: Model>(model: &M, history: &History<M::Input, M::Output>) -> Result<(), TestCaseError> {
    let found = check(model, history, Budget::default()).verdict;
    let all = history.operations().iter().map(|operation| with_answer(operation, true)).collect::<Vec<_>>();
    let truth = is_linearizable(model, &all);
    prop_assert_eq!(matches!(found, Verdict::Linearizable), truth, "{:?}", found);
    let searched = check_by_search(model, history, Budget::default()).verdict;
    prop_assert_eq!(&searched, &found, "by search alone");
    match found {
        Verdict::NotLinearizable(violation) => is_a_smallest_contradiction(model, history, &violation),
        Verdict::Linearizable => Ok(()),
        Verdict::Undecided(exhausted) => Err(TestCaseError::fail(format!("undecided: {exhausted}"))),
    }
}

/// Whether what an explanation names contradicts itself with all else let go, by the definition, up to the return that it names; and whether the history
/// does not before that.
fn is_a_smallest_contradiction<M: Model>(
    model: &M,
    history: &History<M::Input, M::Output>,
    violation: &Violation,
) -> Result<(), TestCaseError> {
    let operations = history.operations();
    let end = operations[violation.operation.0].ended_as();
    let key = model.key(&operations[violation.operation.0].input);
    let until_it_returned = |operation: &Operation<M::Input, M::Output>| {
        operation.behind <= end.unwrap_or(u64::MAX) && model.key(&operation.input) == key
    };
    let answered = |keep: &dyn Fn(OperationId) -> bool| {
        let asked =
            |(place, operation)| until_it_returned(operation).then(|| with_answer(operation, keep(OperationId(place))));
        operations.iter().enumerate().filter_map(asked).collect::<Vec<_>>()
    };
    let ended_by = |place: OperationId| operations[place.0].ended_as().is_some_and(|ended| Some(ended) <= end);
    let ended_before = |place: OperationId| operations[place.0].ended_as().is_some_and(|ended| Some(ended) < end);
    prop_assert!(!is_linearizable(model, &answered(&ended_by)), "it is linearizable when {:?} returned", violation);
    prop_assert!(is_linearizable(model, &answered(&ended_before)), "it was not before {:?}", violation);
    prop_assert!(violation.core.iter().all(|operation| ended_by(*operation)));
    let contradicts = |core: &[OperationId]| !is_linearizable(model, &answered(&|operation| core.contains(&operation)));
    prop_assert!(contradicts(&violation.core), "no contradiction: {:?}", violation);
    for place in 0..violation.core.len() {
        let smaller = [&violation.core[..place], &violation.core[place + 1..]].concat();
        prop_assert!(!contradicts(&smaller), "{:?} will do of {:?}", smaller, violation);
    }
    Ok(())
}

fn with_answer<I, O>(operation: &Operation<I, O>, keep: bool) -> Operation<&I, &O> {
    Operation {
        client: operation.client,
        input: &operation.input,
        output: operation.output.as_ref().filter(|_| keep),
        called: operation.called,
        behind: operation.behind,
        returned: operation.returned,
        answer: operation.answer,
        hint: None,
        never: operation.never,
    }
}

fn register() -> impl Strategy<Value = (Register, RegisterAnswer)> + Clone {
    prop_oneof![
        prop::option::of(0..3_i64).prop_map(|read| (Register::Read, RegisterAnswer::Value(read))),
        (0..3_i64).prop_map(|value| (Register::Write(value), RegisterAnswer::Done)),
        (0..3_i64, 0..3_i64, any::<bool>()).prop_map(|(from, to, done)| {
            (Register::CompareAndSet { from, to }, if done { RegisterAnswer::Done } else { RegisterAnswer::Differs })
        }),
    ]
}

fn kv_append(keys: u8) -> impl Strategy<Value = (KvAppendAsk, Rc<str>)> + Clone {
    let key = (0..keys).prop_map(|key| Rc::<str>::from(key.to_string()));
    let nothing = Rc::<str>::from("");
    let done = nothing.clone();
    prop_oneof![
        2 => (key.clone(), "[ab]{0,3}").prop_map(|(key, read)| (KvAppendAsk::Get(key), read.into())),
        1 => (key.clone(), "[ab]{0,2}").prop_map(move |(key, value)| (KvAppendAsk::Put(key, value.into()), nothing.clone())),
        2 => (key, "[ab]{0,2}").prop_map(move |(key, value)| (KvAppendAsk::Append(key, value.into()), done.clone())),
    ]
}

fn kv() -> impl Strategy<Value = (KvAsk, KvAnswer)> + Clone {
    let key = (0..2_u8).prop_map(|key| Rc::<str>::from(key.to_string()));
    let value = || "[ab]".prop_map(Rc::<str>::from);
    let put_answer =
        prop_oneof![3 => Just(KvAnswer::Done), 1 => Just(KvAnswer::NoKey), 1 => Just(KvAnswer::OtherVersion)];
    let found = prop_oneof![
        3 => (value(), 1..4_u64).prop_map(|(value, version)| KvAnswer::Found(value, version)),
        1 => Just(KvAnswer::NoKey),
    ];
    prop_oneof![
        (key.clone(), found).prop_map(|(key, found)| (KvAsk::Get(key), found)),
        (key, value(), 0..4_u64, put_answer)
            .prop_map(|(key, value, version, answer)| (KvAsk::Put(key, value, version), answer)),
    ]
}

/// Tells a history to a check that judges while it is made: whether and when it finds a contradiction.
fn online<M: Model>(model: &M, history: &History<M::Input, M::Output>) -> Verdict
where
    M::Input: Clone,
    M::Output: Clone,
{
    let operations = history.operations();
    let mut events = Vec::new();
    let mut ends =
        operations.iter().enumerate().filter(|(_, operation)| operation.returned.is_some()).collect::<Vec<_>>();
    ends.sort_by_key(|(_, operation)| (operation.returned, operation.answer.unwrap_or(u64::MAX)));
    let mut ends = ends.into_iter().map(|(place, end)| (end.returned.unwrap_or(0), 1, place)).peekable();
    for (place, operation) in operations.iter().enumerate() {
        let is_over = |(at, _, end): &(u64, u64, usize)| {
            *at < operation.called || operations[*end].answer.is_some_and(|answer| answer < operation.behind)
        };
        while let Some(end) = ends.next_if(is_over) {
            events.push(end);
        }
        events.push((operation.called, 0, place));
    }
    events.extend(ends);
    let mut check = Online::new(model, Budget::default());
    for (at, order, place) in events {
        let operation = &operations[place];
        let verdict = match (order, &operation.output) {
            (0, _) => check.called(operation.client, operation.input.clone(), at).map(|_| Verdict::Linearizable),
            (_, Some(output)) => check.returned(operation.client, output.clone(), at),
            (_, None) => check.unknown(operation.client, at),
        };
        match verdict.expect("the history was one before") {
            Verdict::Linearizable => {}
            other => return other,
        }
    }
    check.finish()
}

#[test]
fn a_wrong_answer_behind_an_open_call_is_found_at_once() {
    for (found, version, is_right) in [("a", 1, true), ("b", 1, false), ("a", 2, false)] {
        let mut online = Online::new(&Kv, Budget::default());
        let put = KvAsk::Put("k".into(), "a".into(), 0);
        online.called(ClientId(1), put, 1).expect("it is idle");
        online.called(ClientId(2), KvAsk::Get("k".into()), 2).expect("it is idle");
        let verdict = online.returned(ClientId(2), KvAnswer::Found(found.into(), version), 3).expect("it is open");
        assert_eq!(verdict == Verdict::Linearizable, is_right, "{found} {version}: {verdict:?}");
    }
}

#[test]
fn who_goes_on_behind_a_contradiction_is_told_the_same_again_and_of_other_objects_what_they_did() {
    let mut online = Online::new(&Kv, Budget::default());
    let mut get = |client: u64, key: &str, found: KvAnswer| {
        online.called(ClientId(client), KvAsk::Get(key.into()), 1).expect("it is idle");
        online.returned(ClientId(client), found, 1).expect("it is open")
    };
    let first = get(1, "k", KvAnswer::Found("nobody's".into(), 1));
    assert!(matches!(first, Verdict::NotLinearizable(_)), "{first:?}");
    assert_eq!(get(2, "k", KvAnswer::NoKey), first);
    assert_eq!(get(3, "k", KvAnswer::Found("nobody's".into(), 2)), first);
    assert_eq!(get(4, "other", KvAnswer::NoKey), Verdict::Linearizable);
    assert_eq!(online.finish(), first);
}

#[test]
fn behind_a_call_that_stays_open_for_long_a_wrong_answer_is_found_before_a_quarter_more_has_happened() {
    let mut online = Online::new(&Kv, Budget::default());
    let put = |value: &str, version| KvAsk::Put("k".into(), value.into(), version);
    online.called(ClientId(1), put("never", 7), 1).expect("it is idle");
    let mut wrong_at = None;
    for version in 0..400 {
        online.called(ClientId(2), put("a", version), 2).expect("it is idle");
        let answer = if version < 200 { KvAnswer::Done } else { KvAnswer::NoKey };
        let verdict = online.returned(ClientId(2), answer, 2).expect("it is open");
        if version >= 200 {
            let since = *wrong_at.get_or_insert(version);
            if verdict != Verdict::Linearizable {
                return;
            }
            assert!(version - since <= since / 4, "nothing was found since {since}");
        } else {
            assert_eq!(verdict, Verdict::Linearizable, "at {version}");
        }
    }
    panic!("nothing was found");
}

#[test]
fn what_a_client_does_at_the_time_of_its_last_answer_lies_behind_it() {
    let (mut online, client) = (Online::new(&Kv, Budget::default()), ClientId(1));
    let told = |online: &mut Online<'_, Kv>, client, asked, answer, [called, returned]: [u64; 2]| {
        online.called(client, asked, called).expect("it is idle");
        online.returned(client, answer, returned).expect("it is open")
    };
    let put = |value: &str| KvAsk::Put("k".into(), value.into(), 0);
    assert_eq!(told(&mut online, client, put("a"), KvAnswer::Done, [1, 2]), Verdict::Linearizable);
    let found = told(&mut online, client, KvAsk::Get("k".into()), KvAnswer::NoKey, [2, 2]);
    assert_eq!(check(&Kv, online.history(), Budget::default()).verdict, found);
    let Verdict::NotLinearizable(violation) = found else { panic!("the key was there") };
    let sentence = "#1 get \"k\" found no such key, called after #0 put \"k\" \"a\" over version 0 was done: it can only \
                    have been \"a\" (version 1)";
    assert_eq!(violation.sentence, sentence);

    let mut hinted = online.history().clone();
    (0..2).for_each(|place| hinted.hint(OperationId(place), 1 - place as u64));
    assert_ne!(check(&Kv, &hinted, Budget::default()).verdict, Verdict::Linearizable, "a hint puts the get first");

    let mut history = History::new();
    history.called(client, put("a"), 1).expect("it is idle");
    history.returned(client, KvAnswer::Done, 2).expect("it is open");
    history.called(ClientId(2), KvAsk::Get("k".into()), 2).expect("it is idle");
    history.returned(ClientId(2), KvAnswer::NoKey, 2).expect("it is open");
    assert_eq!(check(&Kv, &history, Budget::default()).verdict, Verdict::Linearizable, "others are concurrent");
}

/// Steps that it takes to tell of so many adds to one counter, all called before the first is answered, and to judge them at once.
fn of_open_adds<M>(model: &M, adds: u64) -> (u64, u64)
where
    M: Model<Input = CounterAsk, Output = CounterAnswer>,
{
    let (mut online, mut history) = (Online::new(model, Budget::default()), History::new());
    for client in (0..adds).map(ClientId) {
        let add = CounterAsk::Add("k".into(), 1);
        online.called(client, add.clone(), 1).expect("it is idle");
        history.called(client, add, 1).expect("it is idle");
    }
    for client in 0..adds {
        let answer = CounterAnswer::Stands(client as i64 + 1);
        let verdict = online.returned(ClientId(client), answer, 2).expect("it is open");
        assert_eq!(verdict, Verdict::Linearizable);
        history.returned(ClientId(client), answer, 2).expect("it is open");
    }
    (online.cost().steps, check_by_search(model, &history, Budget::default()).cost.steps)
}

#[test]
fn answers_that_settle_one_call_each_while_a_hundred_are_open_are_not_all_looked_beyond() {
    let (told, at_once) = of_open_adds(&Counter, 100);
    assert!(told < 4 * at_once, "{told} steps, {at_once} if all is told at once");
}

#[test]
fn looks_beyond_open_calls_that_would_take_too_much_are_given_up() {
    let (told, at_once) = of_open_adds(&Bare::<Counter>::default(), 100);
    assert!(told < 400_000, "{told} steps, {at_once} if all is told at once");
}

/// A get behind so many puts that stay open.
fn behind_open_puts(online: &mut Online<Kv>, key: &str, puts: u64) {
    for put in 0..puts {
        let value = format!("value {put}");
        let asked = KvAsk::Put(key.into(), value.as_str().into(), 0);
        online.called(ClientId(put), asked, 1).expect("it is idle");
    }
    online.called(ClientId(puts), KvAsk::Get(key.into()), 1).expect("it is idle");
    let found = format!("value {}", puts - 1);
    let answer = KvAnswer::Found(found.as_str().into(), 1);
    assert_eq!(
        online.returned(ClientId(puts), answer, 1),
        Ok(Verdict::Linearizable),
        "a look may not take all there is"
    );
}

/// Gets behind a put that stays open, the last of them wrong, and so many that no look is due when it is answered.
fn wrong_behind_an_open_put(online: &mut Online<Kv>, key: &str) {
    let (writer, reader) = (ClientId(1_000), ClientId(1_001));
    online.called(writer, KvAsk::Put(key.into(), "a".into(), 0), 1).expect("it is idle");
    for place in 1..=35 {
        online.called(reader, KvAsk::Get(key.into()), 1).expect("it is idle");
        let answer = if place < 35 { KvAnswer::NoKey } else { KvAnswer::Found("nobody's".into(), 1) };
        assert_eq!(online.returned(reader, answer, 1), Ok(Verdict::Linearizable), "the put is open");
    }
}

#[test]
fn a_contradiction_is_found_behind_an_object_that_takes_more_than_the_budget() {
    let budget = Budget { steps: 2_000, bytes: 4 << 20 };
    let finished = |tangled: Option<&str>, contradiction: Option<&str>| {
        let mut online = Online::new(&Kv, budget);
        tangled.into_iter().for_each(|key| behind_open_puts(&mut online, key, 300));
        contradiction.into_iter().for_each(|key| wrong_behind_an_open_put(&mut online, key));
        (online.finish(), online.cost().steps)
    };
    let (verdict, steps) = finished(Some("a"), None);
    assert!(matches!(verdict, Verdict::Undecided(_)) && steps > budget.steps, "{verdict:?} in {steps} steps");
    for tangled in [None, Some("a"), Some("c")] {
        let (verdict, _) = finished(tangled, Some("b"));
        assert!(matches!(verdict, Verdict::NotLinearizable(_)), "{tangled:?}: {verdict:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn registers_are_judged_as_the_definition_does(clients in clients(register(), 9)) {
        agrees(&CasRegister, &history(&clients))?;
    }

    #[test]
    fn versioned_keys_are_judged_as_the_definition_does(clients in clients(kv(), 9)) {
        agrees(&Kv, &history(&clients))?;
        agrees(&Whole(Kv), &history(&clients))?;
    }

    #[test]
    fn what_is_judged_online_is_judged_the_same(registers in clients(register(), 24), keys in clients(kv(), 24)) {
        let (registers, keys) = (history(&registers), history(&keys));
        let agree = |online: Verdict, whole: Verdict| {
            matches!(online, Verdict::Linearizable) == matches!(whole, Verdict::Linearizable)
        };
        prop_assert!(agree(online(&CasRegister, &registers), check(&CasRegister, &registers, Budget::default()).verdict));
        prop_assert!(agree(online(&Whole(Kv), &keys), check(&Whole(Kv), &keys, Budget::default()).verdict));
    }

    /// Whatever of one time is told first: what would be right in just this order is right, and what is right is so with each client's operations in turn.
    #[test]
    fn what_happens_at_the_same_time_is_concurrent_but_for_what_one_client_does(
        clients in clients(register(), 9),
        ranks in prop::collection::vec(any::<u64>(), 32),
    ) {
        let rank = |_, event: usize| ranks[event % ranks.len()];
        let history = told(&clients, rank, |at, _| at);
        let is_right = |history: &History<_, _>| {
            check(&CasRegister, history, Budget::default()).verdict == Verdict::Linearizable
        };
        agrees(&CasRegister, &history)?;
        prop_assert!(is_right(&history) || !is_right(&told(&clients, rank, |_, place| place)), "right as it is told");
        let all = history.operations().iter().map(|operation| with_answer(operation, true)).collect::<Vec<_>>();
        let must_precede = |one: usize, other: usize| {
            let (one, other) = ((one, &all[one]), (other, &all[other]));
            one.1.ended() < Some(other.1.called) || one.1.client == other.1.client && one.0 < other.0
        };
        prop_assert!(!is_right(&history) || in_some_order(&CasRegister, &all, &must_precede), "each client's in turn");
    }

    #[test]
    fn one_key_with_appends_is_judged_as_the_definition_does(clients in clients(kv_append(1), 9)) {
        agrees(&KvAppend, &history(&clients))?;
    }

    #[test]
    fn keys_together_and_apart_are_judged_as_the_definition_does(clients in clients(kv_append(2), 9)) {
        agrees(&KvAppend, &history(&clients))?;
        agrees(&Whole(KvAppend), &history(&clients))?;
    }
}
