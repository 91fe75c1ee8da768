//! Statistics and reports: each operation, fault and loss is counted once, where it takes effect.

use super::*;
use crate::units::Ppm;

fn under(host: &mut Host, change: impl Fn(&mut DiskWeather)) {
    let mut weather = DiskWeather::default();
    change(&mut weather);
    host.disk.set_weather(weather);
}

#[test]
fn work_that_is_done_is_counted_and_work_that_is_refused_is_not() {
    let mut host = Host::calm(1);
    let file = host.durable("a", &[1; 1_000]);
    host.read(file, 900, 500).unwrap();
    let nowhere = FileId(99);
    host.read(nowhere, 0, 1).unwrap_err();
    host.write(nowhere, 0, b"x").unwrap_err();
    host.sync(nowhere).unwrap_err();
    host.sync_directory("none").unwrap_err();
    let expected = DiskStatistics {
        reads: 1,
        bytes_read: 100,
        writes: 1,
        bytes_written: 1_000,
        syncs: 1,
        directory_syncs: 1,
        ..DiskStatistics::default()
    };
    assert_eq!(host.disk.statistics(), expected);
}

#[test]
fn faults_are_counted_by_kind() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"x");
    let before = host.disk.statistics();
    // Of one byte no part can be left.
    under(&mut host, |weather| weather.error_ppm = Ppm::ALWAYS);
    host.write(file, 0, b"y").unwrap_err();
    under(&mut host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
    host.sync(file).unwrap_err();
    host.sync_directory(".").unwrap_err();
    host.write(file, 0, b"z").unwrap();
    under(&mut host, |weather| weather.slow_ppm = Ppm::ALWAYS);
    host.write(file, 0, b"x").unwrap();
    let expected = DiskStatistics {
        writes: before.writes + 2,
        bytes_written: before.bytes_written + 2,
        errors_injected: 3,
        sync_errors_injected: 2,
        slow: 1,
        ..before
    };
    assert_eq!(host.disk.statistics(), expected);
}

#[test]
fn power_losses_are_counted_with_what_they_undid() {
    for seed in 0..50 {
        let mut host = Host::calm(seed);
        let file = host.durable("a", b"old");
        host.write(file, 0, b"new").unwrap();
        host.open("b");
        host.begin(DiskRequest::Sync { file });
        let first = host.power_loss().lost_operations.len();
        assert_eq!(host.power_loss(), PowerLossReport::default(), "nothing is left to lose");
        let statistics = host.disk.statistics();
        assert_eq!((statistics.power_losses, statistics.lost_operations), (2, first as u64));
    }
}

#[test]
fn unsynced_operations_are_changes_that_no_fsync_covered() {
    let unsynced = |story: &dyn Fn(&mut Host, FileId)| {
        let mut host = Host::calm(1);
        let file = host.durable("a", &[1; 100]);
        story(&mut host, file);
        host.power_loss().unsynced_operations
    };
    assert_eq!(unsynced(&|_, _| ()), 0);
    let nothing_changed = |host: &mut Host, file| {
        host.write(file, 7, b"").unwrap();
        host.set_length(file, 100).unwrap();
        host.rename("a", "a").unwrap();
        host.read(file, 0, 100).unwrap();
        host.begin(DiskRequest::Read { file, offset: 0, length: 100 });
    };
    assert_eq!(unsynced(&nothing_changed), 0);
    let five = |host: &mut Host, file| {
        host.write(file, 0, b"x").unwrap();
        host.set_length(file, 200).unwrap();
        host.set_length(file, 50).unwrap();
        host.make_directory("d").unwrap();
        host.rename("a", "b").unwrap();
    };
    assert_eq!(unsynced(&five), 5);
    let behind_a_failed_one = |host: &mut Host, file| {
        host.write(file, 0, b"x").unwrap();
        under(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        host.sync(file).unwrap_err();
        under(host, |_| ());
        host.write(file, 1, b"y").unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(unsynced(&behind_a_failed_one), 1, "the second write is durable");
}

#[test]
fn a_removal_and_an_fsync_that_a_power_loss_meets_are_no_unsynced_data() {
    let met = |story: &dyn Fn(&mut Host, FileId)| {
        let mut host = Host::calm(1);
        let file = host.durable("a", &[1; 100]);
        story(&mut host, file);
        let report = host.power_loss();
        (report.unsynced_operations, report.unsynced_data)
    };
    assert_eq!(met(&|host, _| _ = host.remove("a").unwrap()), (1, 0));
    assert_eq!(met(&|host, _| _ = host.begin(DiskRequest::RemoveFile { path: "a".into() })), (1, 0));
    assert_eq!(met(&|host, file| _ = host.begin(DiskRequest::Sync { file })), (1, 0));
    assert_eq!(met(&|host, file| _ = host.write(file, 0, b"x").unwrap()), (1, 1));
    assert_eq!(met(&|host, file| _ = host.begin(DiskRequest::Write { file, offset: 0, data: b"x".to_vec() })), (1, 1));
    assert_eq!(met(&|host, _| _ = host.rename("a", "b").unwrap()), (1, 1));
    let removed_behind_a_write = |host: &mut Host, file| {
        host.write(file, 0, b"x").unwrap();
        host.remove("a").unwrap();
        host.sync_directory(".").unwrap();
    };
    assert_eq!(met(&removed_behind_a_write).1, 0, "nobody misses what a removed file held");
}

#[test]
fn operations_in_flight_count_as_unsynced_done_or_not() {
    for seed in 0..50 {
        let mut host = Host::calm(seed);
        let file = host.durable("a", b"");
        for offset in 0..5 {
            host.begin(DiskRequest::Write { file, offset, data: b"x".to_vec() });
        }
        assert_eq!(host.power_loss().unsynced_operations, 5);
    }
}

#[test]
fn what_was_in_flight_is_told_if_it_would_have_changed_something() {
    let mut told = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut host = Host::calm(seed);
        let file = host.durable("a", b"x");
        host.make_directory("d").unwrap();
        host.sync_directory(".").unwrap();
        let requests = [
            DiskRequest::Read { file, offset: 0, length: 1 },
            DiskRequest::Open { file: FileId(50), path: "a".into(), mode: ANY },
            DiskRequest::CreateDirectory { path: "d".into(), all: true },
            DiskRequest::Open { file: FileId(51), path: "new".into(), mode: ANY },
            DiskRequest::CreateDirectory { path: "e".into(), all: false },
            DiskRequest::SetLength { file, length: 9 },
            DiskRequest::Write { file, offset: 9, data: b"yz".to_vec() },
            DiskRequest::Rename { from: "a".into(), to: "b".into() },
            DiskRequest::Replace { from: "b".into(), to: "c".into() },
            DiskRequest::RemoveFile { path: "b".into() },
            DiskRequest::RemoveDirectory { path: "d".into() },
            DiskRequest::SyncDirectory { path: ".".into() },
        ];
        for request in requests {
            host.begin(request);
        }
        let lost = host.power_loss().lost_operations;
        told.extend(lost.iter().filter(|lost| lost.loss == Loss::InFlight).map(ToString::to_string));
    }
    let mut expected = [
        "creation of new (in flight)",
        "creation of directory e (in flight)",
        "length 9 of a (in flight)",
        "write of 2 bytes to a at 9 (in flight)",
        "rename of a to b (in flight)",
        "rename of b to c (in flight)",
        "removal of b (in flight)",
        "removal of d (in flight)",
        "fsync of . (in flight)",
    ];
    expected.sort_unstable();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
}
