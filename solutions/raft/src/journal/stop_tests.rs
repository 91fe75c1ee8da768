//! What a server says when it ends for its disk's sake: which file it was, and which record.

use super::segment::{encode_opening, name};
use super::*;
use crate::Raft;
use lab_raft::control::Request;
use windtunnel::time::{Duration, sleep};
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Moment, Observer, Outcome, Response, Simulation, Stop, Tester};
use windtunnel::{Ppm, Seed};

const NODE: NodeId = NodeId(1);
const ALWAYS: Ppm = Ppm(1_000_000);

#[derive(Default)]
struct Reasons(Vec<String>);

impl Observer for Reasons {
    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Response {
        Response::Continue
    }

    fn stopped(&mut self, _: Moment, _: NodeId, stop: Stop<'_>) -> Response {
        self.0.push(stop.reason.to_string());
        Response::Continue
    }
}

/// What a server finds on its disk, besides what it wrote.
#[derive(Clone, Copy)]
enum Finds {
    Nothing,
    /// The journal of another node, at its first start.
    AnothersJournal,
    /// At each start one bit of this byte of its snapshot changed, if it has a snapshot of so many bytes.
    RottenSnapshot(usize),
}

/// A server alone.
async fn host(finds: Finds) {
    match finds {
        Finds::Nothing => {}
        Finds::AnothersJournal => {
            let record = Record { term: Term(1), voted_for: None, previous: LogIndex::ZERO, entries: Vec::new() };
            let opening = encode_opening(NodeId(2), 1, (LogIndex::ZERO, Term::ZERO), &record);
            fs::File::create(&name(1)).await.unwrap().write_at(0, &opening).await.unwrap();
        }
        Finds::RottenSnapshot(byte) => {
            let mut content = fs::read("raft.snapshot").await.unwrap_or_default();
            if let Some(byte) = content.get_mut(byte) {
                *byte ^= 1;
                fs::write("raft.snapshot", &content).await.unwrap();
            }
        }
    }
    lab_raft::host::<Raft>().await;
}

async fn ask(tester: &Tester, request: Request) {
    let request = postcard::to_stdvec(&request).expect("a request serialises");
    let _ = tester.control(NODE, request).await; // no answer from who ends
}

/// Why the server ended that leads, has a few records in its journal, and to which this was done.
fn reason(finds: Finds, spoil: impl AsyncFnOnce(&Tester) + Send + 'static) -> String {
    let reasons = reasons(finds, spoil);
    let [reason] = &reasons[..] else { panic!("it ends once: {reasons:?}") };
    reason.clone()
}

/// The same of one that may not have ended.
fn reasons(finds: Finds, spoil: impl AsyncFnOnce(&Tester) + Send + 'static) -> Vec<String> {
    let setup = move || {
        let body = move |tester: Tester| async move {
            sleep(Duration::from_secs(2)).await;
            for number in 0..20 {
                ask(&tester, Request::Propose(vec![number; 40])).await;
                sleep(Duration::from_millis(5)).await;
            }
            spoil(&tester).await;
            sleep(Duration::from_secs(1)).await;
        };
        (Reasons::default(), body)
    };
    let simulation = Simulation::new(Seed(1)).nodes(1, move || host(finds));
    let (report, reasons) = simulation.observe(setup, |reasons| reasons.0);
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    reasons
}

/// The same of one that is started again on such a disk.
fn reason_at_a_start(weather: DiskWeather) -> String {
    reason(Finds::Nothing, async move |tester| {
        tester.kill(NODE);
        tester.set_disk(NODE, weather);
        tester.start(NODE);
    })
}

fn failing() -> DiskWeather {
    DiskWeather { error_ppm: ALWAYS, ..DiskWeather::default() }
}

/// No byte more than there are, and a few.
fn full(tester: &Tester) -> DiskWeather {
    DiskWeather { capacity: Some(tester.disk_bytes(NODE) + 20), ..DiskWeather::default() }
}

async fn take_a_snapshot(tester: &Tester, bytes: usize) {
    ask(tester, Request::Snapshot { index: LogIndex(10), data: vec![7; bytes] }).await;
}

/// The words between which a number stands.
#[track_caller]
fn assert_says(reason: &str, begin: &str, rest: &str) {
    let number = reason.strip_prefix(begin).and_then(|said| said.split_once(rest)).map(|(number, _)| number);
    assert!(number.is_some_and(|number| number.parse::<u64>().is_ok()), "{reason}");
}

#[test]
fn rot_is_told_with_the_file_and_the_record() {
    let reason = reason_at_a_start(DiskWeather { bit_rot_ppm: ALWAYS, ..DiskWeather::default() });
    assert_says(&reason, "it cannot start: raft.journal.1: record ", " at byte ");
    assert!(reason.contains(" is damaged: "), "{reason}");
}

/// On a disk that rots, and one bit of each byte in turn.
#[test]
fn rot_of_a_snapshot_is_told_by_its_name_wherever_it_is() {
    let damaged = "it cannot start: raft.snapshot: record 0 at byte 0 is damaged: it does not match its checksum";
    let rotting = reason(Finds::Nothing, async |tester| {
        take_a_snapshot(tester, 3_000).await;
        sleep(Duration::from_millis(100)).await;
        tester.power_loss(NODE);
        tester.set_disk(NODE, DiskWeather { bit_rot_ppm: ALWAYS, ..DiskWeather::default() });
        tester.start(NODE);
    });
    assert!(rotting.starts_with(damaged), "{rotting}");
    let of_a_bit_in = |byte| {
        reasons(Finds::RottenSnapshot(byte), async |tester| {
            take_a_snapshot(tester, 50).await;
            sleep(Duration::from_millis(100)).await;
            tester.kill(NODE);
            tester.start(NODE);
        })
    };
    let mut bytes = 0;
    while let [reason] = &of_a_bit_in(bytes)[..] {
        let is_version = bytes == 2;
        let expected = if is_version { "it cannot start: raft.snapshot is of version '3'" } else { damaged };
        assert!(reason.starts_with(expected), "byte {bytes}: {reason}");
        bytes += 1;
    }
    assert!((70..90).contains(&bytes), "the file has {bytes} bytes, with a header of 16 and 50 of the state");
}

#[test]
fn a_record_that_fails_is_told_with_the_file_and_the_byte() {
    let reason = reason(Finds::Nothing, async move |tester| {
        tester.set_disk(NODE, failing());
        ask(tester, Request::Propose(vec![1])).await;
    });
    assert_says(&reason, "raft.journal.1 at byte ", " cannot be written: ");
}

#[test]
fn a_disk_that_is_full_is_told_with_the_file_and_the_byte() {
    let reason = reason(Finds::Nothing, async move |tester| {
        tester.set_disk(NODE, full(tester));
        ask(tester, Request::Propose(vec![1; 3_000])).await;
    });
    assert_says(&reason, "raft.journal.1 at byte ", " cannot be written: no storage space");
}

#[test]
fn a_snapshot_that_cannot_be_written_is_told_by_its_name() {
    let weathers: [fn(&Tester) -> DiskWeather; 2] = [|_| failing(), full];
    for weather in weathers {
        let reason = reason(Finds::Nothing, async move |tester| {
            tester.set_disk(NODE, weather(tester));
            take_a_snapshot(tester, 3_000).await;
        });
        assert!(reason.starts_with("raft.snapshot cannot be written: "), "{reason}");
    }
}

#[test]
fn a_start_that_cannot_read_or_write_says_what() {
    let reason = reason_at_a_start(failing());
    assert!(reason.starts_with("it cannot start: the directory: "), "{reason}");
    let reason = reason_at_a_start(DiskWeather { sync_error_ppm: ALWAYS, ..DiskWeather::default() });
    assert!(reason.starts_with("it cannot start: raft.journal.2 cannot be written: "), "{reason}");
}

#[test]
fn the_file_of_another_node_is_told_with_both() {
    let reason = reason(Finds::AnothersJournal, async |_| ());
    assert_eq!(
        reason,
        "it cannot start: raft.journal.1 belongs to node 2, and this is node 1; give each server its own disk back"
    );
}
