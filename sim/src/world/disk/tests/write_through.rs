//! A write and its fsync in one operation: what two operations would have done, at one answer.

use super::*;
use crate::units::Ppm;

fn write_through(file: FileId, data: &[u8]) -> DiskRequest {
    DiskRequest::WriteThrough { file, offset: 0, data: data.to_vec() }
}

/// A host with a durable file `a` of three bytes.
fn with_file(seed: u64) -> (Host, FileId) {
    let mut host = Host::calm(seed);
    let file = host.durable("a", b"old");
    (host, file)
}

#[test]
fn it_takes_as_long_as_its_two_parts_and_does_what_they_do() {
    for seed in 0..20 {
        let ((mut one, file), (mut two, _)) = (with_file(seed), with_file(seed));
        let end = one.begin(write_through(file, b"new"));
        two.begin(DiskRequest::Write { file, offset: 0, data: b"new".to_vec() });
        assert_eq!(end, two.begin(DiskRequest::Sync { file }));
        assert_eq!(one.disk.complete(), Some((OperationId(7), Ok(DiskReply::Done))));
        assert_eq!(one.disk.complete(), None);
        two.disk.complete();
        two.disk.complete();
        for host in [&one, &two] {
            assert_eq!(host.disk.durable_files()["a"], b"new");
        }
        assert_eq!(one.disk.statistics(), two.disk.statistics());
        assert_eq!(one.disk.decisions(), two.disk.decisions());
    }
}

#[test]
fn the_write_fails_and_there_is_no_fsync() {
    let (mut host, file) = with_file(1);
    host.write(file, 0, b"new").unwrap();
    host.disk.set_weather(DiskWeather { capacity: Some(3), ..DiskWeather::default() });
    assert_eq!(host.ask(write_through(file, b"longer")), Err(DiskError::StorageFull));
    assert_eq!(host.disk.complete(), None);
    let left = host.whole("a").unwrap();
    assert!([&b"new"[..], b"lew", b"low", b"lon"].contains(&&left[..]), "{left:?} fits");
    assert_eq!(host.disk.durable_files()["a"], b"old");
}

#[test]
fn the_fsync_fails_and_what_was_written_is_seen_and_not_safe() {
    let (mut host, file) = with_file(1);
    host.disk.set_weather(DiskWeather { sync_error_ppm: Ppm::ALWAYS, ..DiskWeather::default() });
    assert_eq!(host.ask(write_through(file, b"new")), Err(DiskError::Device));
    assert_eq!(host.whole("a").unwrap(), b"new");
    assert_eq!(host.disk.durable_files()["a"], b"old");
}

#[test]
fn a_power_loss_before_its_answer_finds_nothing_a_part_or_all_of_it() {
    let before = |host: &mut Host| {
        let file = host.durable("a", b"old");
        host.begin(write_through(file, b"new"));
    };
    assert!(sometimes(count(before, |host| host.whole("a").unwrap() == b"new")));
    assert!(sometimes(count(before, |host| host.whole("a").unwrap() == b"old")));
    let is_between = |seed| {
        let (mut host, file) = with_file(seed);
        host.begin(write_through(file, b"new"));
        let report = host.power_loss();
        report.lost_operations.iter().any(|lost| matches!(lost.operation, UnsyncedOperation::Sync { .. }))
            && !report.lost_operations.iter().any(|lost| lost.loss == Loss::InFlight && is_write(lost))
    };
    assert!(sometimes((0..400).filter(|seed| is_between(*seed)).count()));
}

fn is_write(lost: &LostOperation) -> bool {
    matches!(lost.operation, UnsyncedOperation::Write { .. })
}

#[test]
fn a_kill_before_its_answer_leaves_the_write_or_not() {
    let killed = |seed| {
        let (mut host, file) = with_file(seed);
        host.begin(write_through(file, b"new"));
        host.disk.process_killed(Incarnation(1));
        (host.whole("a").unwrap() == b"new", host.disk.durable_files()["a"] == b"new")
    };
    for wanted in [(false, false), (true, false), (true, true)] {
        assert!(sometimes((0..400).filter(|seed| killed(*seed) == wanted).count()), "{wanted:?}");
    }
}
