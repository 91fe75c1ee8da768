//! The journal on a disk that loses its power, at every event of a run.

use super::*;
use crate::core::{Core, ToApply};
use crate::messages::{AppendEntries, Entry, InstallSnapshot};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::rc::Rc;
use windtunnel::time::{Duration, sleep};
use windtunnel::world::{Command, Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{EventNumber, Seed, node};

const NODE: NodeId = NodeId(1);
const LEADER: NodeId = NodeId(2);
const LAST: u64 = 40;

/// What is known to be on the disk, or was found there.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct State {
    last: u64,
    term: u64,
}

fn term_at(index: u64) -> Term {
    Term(index.div_ceil(7))
}

fn entry_at(index: u64) -> Entry {
    Entry { term: term_at(index), command: vec![index as u8; 90] }
}

fn snapshot_data(index: u64) -> Vec<u8> {
    vec![index as u8; 1_500]
}

/// Takes entries from a leader and snapshots of its own and of the leader's, and saves each change.
async fn follow() {
    let (mut journal, recovered) = Journal::open(NODE).await.expect("what was synced is there");
    check(&recovered);
    node::observe("found", &State { last: recovered.log.last_index().0, term: recovered.term.0 });
    let mut core = Core::new(NODE, vec![LEADER, NodeId(3)], recovered);
    while core.view().last_index.0 < LAST {
        step(&mut core);
        while let Some(unsaved) = core.take_unsaved() {
            journal.save(&unsaved).await.expect("the disk is sound");
            core.saved(&unsaved);
            node::observe("saved", &State { last: unsaved.last_index.0, term: unsaved.record.term.0 });
        }
        while let Some(ToApply::Entry(..) | ToApply::Snapshot(_)) = core.next_to_apply() {}
    }
}

fn step(core: &mut Core) {
    let (view, commit) = (core.view(), core.view().commit);
    let last = view.last_index.0;
    let next = LogIndex(last + 1);
    if last % 5 == 0 && view.snapshot_index < commit {
        return core.take_snapshot(commit, snapshot_data(commit.0));
    }
    if last % 11 == 10 {
        let (index, term) = (LogIndex(last + 2), term_at(last + 2));
        let data = snapshot_data(index.0);
        let piece = InstallSnapshot { term, last_index: index, last_term: term, offset: 0, data, done: true };
        core.handle_install_snapshot(LEADER, &piece);
        return;
    }
    let (previous_index, previous_term) = (view.last_index, term_at(last));
    let entries = vec![entry_at(next.0)];
    let term = term_at(next.0);
    core.handle_append_entries(LEADER, &AppendEntries { term, previous_index, previous_term, entries, commit: next });
}

fn check(recovered: &Recovered) {
    let log = &recovered.log;
    assert_eq!(log.base_term(), term_at(log.base().0));
    for index in log.base().0 + 1..=log.last_index().0 {
        assert_eq!(log.get(LogIndex(index)), Some(&entry_at(index)));
    }
    let snapshot = recovered.snapshot.as_ref().map(|snapshot| (snapshot.index, snapshot.data.clone()));
    let expected = (log.base() > LogIndex::ZERO).then(|| (log.base(), snapshot_data(log.base().0)));
    assert_eq!(snapshot, expected);
}

/// Remembers what was saved; whatever is found must be that at least.
#[derive(Clone, Default)]
struct Watch(Rc<Cell<State>>);

impl Observer for Watch {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, body: &[u8]) -> Response {
        let state: State = postcard::from_bytes(body).unwrap();
        let saved = self.0.replace(state);
        if kind == "found" {
            assert!(state.last >= saved.last && state.term >= saved.term, "{saved:?} was saved, {state:?} was found");
        }
        Response::Continue
    }
}

/// A run with a power loss right behind each of these events; how many events it has, and what it ends with.
fn run(seed: u64, power_losses: Vec<EventNumber>) -> (u64, State) {
    let setup = || {
        let body = |tester: Tester| async move {
            power_losses.iter().for_each(|event| tester.at_event(*event, Command::PowerLoss(NODE)));
            for _ in 0..40 {
                sleep(Duration::from_millis(50)).await;
                if !tester.is_running(NODE) {
                    tester.start(NODE);
                }
            }
        };
        (Watch::default(), body)
    };
    let (report, last) = Simulation::new(Seed(seed)).nodes(1, follow).observe(setup, |watch| watch.0.get());
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    (report.events, last)
}

#[test]
fn power_may_be_lost_at_any_moment_and_nothing_that_was_synced_is() {
    let (events, whole) = run(1, Vec::new());
    assert!(events > 200 && whole.last >= LAST, "{events} events, {whole:?}");
    for event in 1..events {
        // Another seed is another crash image; the second loss strikes the start after the first.
        let again = EventNumber(event + 1 + event % 23);
        let (_, end) = run(event, vec![EventNumber(event), again]);
        assert!(end.last >= LAST, "it goes on after a power loss at event {event}: {end:?}");
    }
}
