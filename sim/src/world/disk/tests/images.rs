//! What power losses leave, by story: the textbook mistakes show, and what is done right holds.

use super::*;

#[test]
fn a_write_without_fsync_may_be_lost_and_may_survive() {
    let story = |host: &mut Host| {
        let file = host.durable("a", b"old");
        host.write(file, 0, b"new").unwrap();
    };
    assert!(sometimes(count(story, |host| host.whole("a").unwrap() == b"new")));
    assert!(sometimes(count(story, |host| host.whole("a").unwrap() == b"old")));
}

#[test]
fn what_was_synced_survives() {
    let story = |host: &mut Host| {
        let file = host.durable("a", &[1; 5_000]);
        host.write(file, 5_000, &[2; 5_000]).unwrap();
        host.sync(file).unwrap();
        host.write(file, 10_000, &[3; 5_000]).unwrap();
    };
    let synced = [vec![1; 5_000], vec![2; 5_000]].concat();
    assert_eq!(count(story, |host| host.whole("a").unwrap().starts_with(&synced)), 400);
}

#[test]
fn a_synced_file_whose_directory_was_not_may_have_no_name() {
    let story = |host: &mut Host| {
        let file = host.open("a");
        host.write(file, 0, b"x").unwrap();
        host.sync(file).unwrap();
    };
    assert!(sometimes(count(story, |host| host.whole("a").is_none())));
    assert_eq!(count(story, |host| host.whole("a").is_some_and(|content| content != b"x")), 0);
}

#[test]
fn a_directory_whose_parent_was_not_synced_may_vanish_with_all_in_it() {
    let story = |host: &mut Host| {
        host.make_directory("d").unwrap();
        host.durable("d/a", b"x");
    };
    assert!(sometimes(count(story, |host| host.whole("d/a").is_none())));
    let synced = |host: &mut Host| {
        story(host);
        host.sync_directory(".").unwrap();
    };
    assert_eq!(count(synced, |host| host.whole("d/a").is_none()), 0);
}

/// The bug of a thousand editors: rename before the data is synced.
#[test]
fn a_rename_before_the_data_leaves_an_empty_or_torn_file_in_some_seeds() {
    let old = vec![1; 2_000];
    let new = vec![2; 2_000];
    let replace = |host: &mut Host, sync_data: bool, sync_directory: bool| {
        host.durable("state", &old);
        let file = host.open("state.tmp");
        host.write(file, 0, &new).unwrap();
        if sync_data {
            host.sync(file).unwrap();
        }
        host.rename("state.tmp", "state").unwrap();
        if sync_directory {
            host.sync_directory(".").unwrap();
        }
    };
    let broken = |host: &Host| host.whole("state").is_none_or(|state| state != old && state != new);
    let empty = |host: &Host| host.whole("state").unwrap().is_empty();
    let is_old = |host: &Host| host.whole("state").unwrap() == old;
    assert!(sometimes(count(|host| replace(host, false, true), broken)));
    assert!(count(|host| replace(host, false, true), empty) > 20);
    assert_eq!(count(|host| replace(host, true, false), broken), 0);
    assert!(sometimes(count(|host| replace(host, true, false), is_old)), "the rename was not synced");
    assert_eq!(count(|host| replace(host, true, true), |host| broken(host) || is_old(host)), 0);
}

#[test]
fn the_old_name_is_gone_when_the_new_one_is_there() {
    let story = |host: &mut Host| {
        host.durable("a", b"x");
        host.rename("a", "b").unwrap();
    };
    assert_eq!(count(story, |host| host.whole("a").is_some() == host.whole("b").is_some()), 0);
    assert!(sometimes(count(story, |host| host.whole("a").is_some())));
}

#[test]
fn names_persist_out_of_order_but_the_same_name_in_order() {
    let story = |host: &mut Host| {
        for name in ["a", "b"] {
            host.open(name);
        }
        host.remove("a").unwrap();
        host.open("c");
        host.rename("c", "a").unwrap();
    };
    let later_alone = count(story, |host| host.whole("a").is_none() && host.whole("b").is_some());
    assert!(sometimes(later_alone));
    let story = |host: &mut Host| {
        let first = host.open("a");
        host.write(first, 0, b"1").unwrap();
        host.sync(first).unwrap();
        host.sync_directory(".").unwrap();
        host.rename("a", "b").unwrap();
        let second = host.open("a");
        host.write(second, 0, b"2").unwrap();
        host.sync(second).unwrap();
    };
    let second_without_first = |host: &Host| host.whole("a").as_deref() == Some(b"2") && host.whole("b").is_none();
    assert_eq!(count(story, second_without_first), 0);
}

#[test]
fn of_many_names_all_none_the_oldest_or_any_may_persist() {
    let story = |host: &mut Host| {
        for at in 0..20 {
            host.open(&format!("{at:02}"));
        }
    };
    let there = |host: &Host| (0..20).map(|at| host.whole(&format!("{at:02}")).is_some()).collect::<Vec<_>>();
    let oldest = |host: &Host| there(host).is_sorted_by(|earlier, later| earlier >= later);
    assert!(sometimes(count(story, |host| there(host) == [true; 20])));
    assert!(sometimes(count(story, |host| there(host) == [false; 20])));
    assert!(sometimes(count(story, |host| oldest(host)
        && there(host).contains(&true)
        && there(host).contains(&false))));
    assert!(sometimes(count(story, |host| !oldest(host))));
}

#[test]
fn a_file_that_was_open_when_the_power_went_dies_with_its_name() {
    let mut host = Host::calm(1);
    host.durable("a", b"x");
    host.power_loss();
    host.remove("a").unwrap();
    assert_eq!(host.disk.bytes_used(), 0);
}

#[test]
fn what_moves_into_a_new_directory_is_not_lost_with_it() {
    let story = |host: &mut Host| {
        host.durable("a", b"x");
        host.make_directory("new").unwrap();
        host.rename("a", "new/a").unwrap();
    };
    assert_eq!(count(story, |host| host.whole("a").is_some() == host.whole("new/a").is_some()), 0);
    assert!(sometimes(count(story, |host| host.whole("new/a").is_some())));
}

#[test]
fn directories_moved_to_and_fro_are_not_lost() {
    let story = |host: &mut Host| {
        for directory in ["a", "b"] {
            host.make_directory(directory).unwrap();
            host.sync_directory(".").unwrap();
            host.durable(&format!("{directory}/file"), b"x");
        }
        host.rename("a", "b/a").unwrap();
        host.rename("b/a", "a").unwrap();
        host.rename("b", "a/b").unwrap();
    };
    assert_eq!(count(story, |host| host.disk.durable_files().len() == 2), 400);
}

#[test]
fn a_synced_removal_of_a_directory_loses_nothing_that_left_it() {
    let story = |host: &mut Host| {
        for directory in ["from", "to", "from/inner"] {
            host.make_directory(directory).unwrap();
        }
        host.sync_directory(".").unwrap();
        host.sync_directory("from").unwrap();
        host.durable("from/inner/file", b"x");
        host.rename("from/inner/file", "to/file").unwrap();
        host.ask(DiskRequest::RemoveDirectory { path: "from/inner".to_string() }).unwrap();
        host.sync_directory("from").unwrap();
    };
    assert_eq!(count(story, |host| host.whole("to/file").is_some()), 400);
}

#[test]
fn a_torn_write_tears_at_sectors() {
    let story = |host: &mut Host| {
        let file = host.durable("a", &[1; 4_096]);
        host.write(file, 0, &[2; 4_096]).unwrap();
    };
    let sectors = |host: &Host| -> Vec<Vec<u8>> { host.whole("a").unwrap().chunks(512).map(<[u8]>::to_vec).collect() };
    let torn = |host: &Host| sectors(host).windows(2).any(|pair| pair[0] != pair[1]);
    assert!(sometimes(count(story, torn)));
    assert_eq!(count(story, |host| sectors(host).iter().any(|sector| *sector != [1; 512] && *sector != [2; 512])), 0);
}

#[test]
fn a_sector_never_has_a_later_write_without_an_earlier_one() {
    let story = |host: &mut Host| {
        let file = host.durable("a", &[0; 512]);
        host.write(file, 0, &[1; 100]).unwrap();
        host.write(file, 200, &[2; 100]).unwrap();
    };
    let has = |host: &Host, byte: u8| host.whole("a").unwrap().contains(&byte);
    assert_eq!(count(story, |host| has(host, 2) && !has(host, 1)), 0);
    assert!(count(story, |host| has(host, 1) && !has(host, 2)) > 20);
}

#[test]
fn whole_writes_persist_or_not_where_the_weather_does_not_tear() {
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..400 {
        let mut host = Host::new(seed, DiskWeather { torn_writes: false, ..DiskWeather::default() });
        let file = host.durable("a", b"");
        for at in 0..3 {
            host.write(file, at * 5_000, &[7; 5_000]).unwrap();
        }
        host.power_loss();
        let left = host.whole("a").unwrap();
        assert_eq!(left, vec![7; left.len()]);
        lengths.insert(left.len());
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, 5_000, 10_000, 15_000]);
}

#[test]
fn an_append_tears_into_a_shorter_tail_or_one_with_zeros() {
    let story = |host: &mut Host| {
        let file = host.durable("log", &[1; 500]);
        host.write(file, 500, &[2; 9_000]).unwrap();
    };
    let log = |host: &Host| host.whole("log").unwrap();
    assert_eq!(count(story, |host| !log(host).starts_with(&[1; 500])), 0);
    assert!(sometimes(count(story, |host| log(host).contains(&0))));
    assert!(sometimes(count(story, |host| log(host).len() == 500)));
    assert!(count(story, |host| log(host).len() == 4_096) > 5, "a page's end");
}

#[test]
fn a_length_in_between_may_persist_without_its_data() {
    let story = |host: &mut Host| {
        let file = host.durable("log", b"");
        for at in 0..3 {
            host.write(file, at * 512, &[1; 512]).unwrap();
        }
    };
    let hole = |host: &Host| matches!(host.whole("log"), Some(log) if log.len() == 1_024 && log.contains(&0));
    assert!(count(story, hole) > 3);
}

#[test]
fn a_cut_persists_or_not() {
    let story = |host: &mut Host| {
        let file = host.durable("log", &[1; 3_000]);
        host.set_length(file, 1_000).unwrap();
    };
    let left = |host: &Host| host.whole("log").unwrap();
    assert!(sometimes(count(story, |host| left(host) == [1; 3_000])));
    assert_eq!(count(story, |host| left(host) != [1; 3_000] && left(host) != [1; 1_000]), 0);
}

#[test]
fn a_file_cut_and_written_anew_may_be_old_empty_zeros_or_new() {
    let story = |host: &mut Host| {
        let file = host.durable("state", &[1; 400]);
        host.set_length(file, 0).unwrap();
        host.write(file, 0, &[2; 300]).unwrap();
    };
    let left = |host: &Host| host.whole("state").unwrap();
    for image in [vec![1; 400], vec![], vec![0; 300], vec![2; 300]] {
        assert!(count(story, |host| left(host) == image) > 10, "{:?} of {}", image.first(), image.len());
    }
    let reused = [vec![2; 300], vec![0; 100]].concat();
    let legal = [vec![1; 400], vec![], vec![0; 300], vec![2; 300], reused];
    assert_eq!(count(story, |host| !legal.contains(&left(host))), 0);
}

#[test]
fn an_fsync_in_flight_may_or_may_not_have_been() {
    let story = |host: &mut Host| {
        let file = host.durable("a", b"old");
        host.begin(DiskRequest::Write { file, offset: 0, data: b"new".to_vec() });
        host.begin(DiskRequest::Sync { file });
    };
    assert!(sometimes(count(story, |host| host.whole("a").unwrap() == b"new")));
    assert!(sometimes(count(story, |host| host.whole("a").unwrap() == b"old")));
}

#[test]
fn the_report_names_what_was_lost() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..400 {
        let mut host = Host::calm(seed);
        host.make_directory("raft").unwrap();
        host.sync_directory(".").unwrap();
        let file = host.durable("raft/log", &[1; 4_096]);
        host.write(file, 4_096, &[2; 1_200]).unwrap();
        host.open("raft/new");
        host.begin(DiskRequest::Sync { file });
        let report = host.power_loss();
        assert!((1..=3).contains(&report.unsynced_operations), "{report:?}");
        seen.extend(report.lost_operations.iter().map(ToString::to_string));
    }
    let expected = [
        "creation of raft/new",
        "fsync of raft/log (in flight)",
        "write of 1200 bytes to raft/log at 4096",
        "write of 1200 bytes to raft/log at 4096 (torn)",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_lost_is_counted_alike_whether_it_is_told_or_not() {
    let struck = |seed, is_told| {
        let mut host = Host::calm(seed);
        let file = host.durable("log", &[1; 4_096]);
        host.write(file, 4_096, &[2; 1_200]).unwrap();
        host.open("new");
        host.begin(DiskRequest::Write { file, offset: 0, data: vec![3; 10] });
        host.begin(DiskRequest::Sync { file });
        host.begin(DiskRequest::Read { file, offset: 0, length: 10 });
        let report = host.disk.power_loss(Incarnation(1), is_told);
        (report.lost_operations.len() as u64, report.unsynced_operations, report.lost, host.disk.durable_files())
    };
    for seed in 0..200 {
        let (told, untold) = (struck(seed, true), struck(seed, false));
        assert_eq!((told.0, untold.0), (told.2, 0), "all that is counted is told, or nothing");
        assert_eq!((told.1, told.2, told.3), (untold.1, untold.2, untold.3));
    }
}

#[test]
fn what_is_left_is_durable_and_files_are_closed() {
    for seed in 0..50 {
        let mut host = Host::calm(seed);
        let file = host.open("a");
        host.write(file, 0, &[1; 3_000]).unwrap();
        host.power_loss();
        let left = host.disk.durable_files();
        assert_eq!(left.get("a").cloned(), host.whole("a"));
        assert_eq!(host.disk.bytes_used(), left.values().map(|data| data.len() as u64).sum::<u64>());
        assert_eq!(host.read(file, 0, 1), Err(DiskError::PermissionDenied));
        host.disk.power_loss(Incarnation(2), false);
        assert_eq!(host.disk.durable_files(), left);
    }
}
