//! EIO, failed fsyncs, full disks, slowness, kills.

use super::*;
use crate::units::Ppm;

fn set(host: &mut Host, change: impl Fn(&mut DiskWeather)) {
    let mut weather = DiskWeather::default();
    change(&mut weather);
    host.disk.set_weather(weather);
}

#[test]
fn an_operation_that_fails_with_eio_has_no_effect_but_for_writes() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"old");
    set(&mut host, |weather| weather.error_ppm = Ppm::ALWAYS);
    assert_eq!(host.rename("a", "b"), Err(DiskError::Device));
    assert_eq!(host.open_as("c", ANY), Err(DiskError::Device));
    assert_eq!(host.remove("a"), Err(DiskError::Device));
    assert_eq!(host.make_directory("d"), Err(DiskError::Device));
    assert_eq!(host.set_length(file, 0), Err(DiskError::Device));
    assert_eq!(host.whole("a").unwrap(), b"old");
    assert_eq!(host.disk.statistics().errors_injected, 5);
    assert_eq!(host.ask(DiskRequest::Close { file }), Err(DiskError::Device));
    set(&mut host, |_| ());
    assert_eq!(host.list(".").unwrap(), ["a"]);
    assert_eq!(host.read(file, 0, 1), Err(DiskError::PermissionDenied), "a close that fails closes");
}

#[test]
fn after_a_failed_fsync_the_next_one_succeeds_and_saves_nothing() {
    let story = |host: &mut Host| {
        let file = host.durable("a", b"old");
        host.write(file, 0, b"new").unwrap();
        set(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        assert_eq!(host.sync(file), Err(DiskError::Device));
        set(host, |_| ());
        assert_eq!(host.sync(file), Ok(DiskReply::Done));
        assert_eq!(host.whole("a").unwrap(), b"new", "the page cache keeps it");
    };
    assert!(sometimes(count(story, |host| host.whole("a").unwrap() == b"old")));
    assert_eq!(count(story, |host| !matches!(host.whole("a").as_deref(), Some(b"old" | b"new"))), 0);
}

#[test]
fn after_a_failed_fsync_later_pages_are_saved_behind_a_hole() {
    let story = |host: &mut Host| {
        let file = host.durable("log", &[1; 4_096]);
        host.write(file, 4_096, &[2; 4_096]).unwrap();
        set(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        assert_eq!(host.sync(file), Err(DiskError::Device));
        set(host, |_| ());
        host.write(file, 8_192, &[3; 4_096]).unwrap();
        assert_eq!(host.sync(file), Ok(DiskReply::Done));
    };
    let page = |host: &Host, page: usize| host.whole("log").unwrap()[page * 4_096..][..4_096].to_vec();
    assert_eq!(count(story, |host| page(host, 0) != [1; 4_096] || page(host, 2) != [3; 4_096]), 0);
    assert!(sometimes(count(story, |host| page(host, 1).contains(&0))));
}

#[test]
fn after_a_failed_fsync_a_page_that_is_written_again_is_saved_whole() {
    let story = |host: &mut Host| {
        let file = host.durable("log", &[1; 600]);
        host.write(file, 600, &[2; 100]).unwrap();
        set(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        assert_eq!(host.sync(file), Err(DiskError::Device));
        set(host, |_| ());
        host.write(file, 3_000, &[3; 10]).unwrap();
        assert_eq!(host.sync(file), Ok(DiskReply::Done));
    };
    let expected = |host: &Host| host.whole("log").unwrap()[600..700] == [2; 100];
    assert_eq!(count(story, expected), 400);
}

#[test]
fn without_tearing_a_failed_fsync_too_may_have_saved_all_or_nothing() {
    let story = |host: &mut Host| {
        let file = host.durable("a", &[1; 9_000]);
        host.write(file, 0, &[2; 4_096]).unwrap();
        set(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        assert_eq!(host.sync(file), Err(DiskError::Device));
        set(host, |weather| weather.torn_writes = false);
        host.write(file, 8_192, &[3; 10]).unwrap();
        host.sync(file).unwrap();
    };
    let first_page = |host: &Host| host.whole("a").unwrap()[..4_096].to_vec();
    assert!(sometimes(count(story, |host| first_page(host) == [1; 4_096])));
    assert!(sometimes(count(story, |host| first_page(host) == [2; 4_096])));
    assert_eq!(count(story, |host| !matches!(first_page(host)[..], [1, .., 1] | [2, .., 2])), 0);
}

#[test]
fn a_failed_directory_sync_is_not_mended_by_the_next() {
    let story = |host: &mut Host| {
        let file = host.open("a");
        host.sync(file).unwrap();
        set(host, |weather| weather.sync_error_ppm = Ppm::ALWAYS);
        assert_eq!(host.sync_directory("."), Err(DiskError::Device));
        set(host, |_| ());
        assert_eq!(host.sync_directory("."), Ok(DiskReply::Done));
    };
    assert!(sometimes(count(story, |host| host.whole("a").is_none())));
}

/// How much of a write is left by each of 400 seeds, by length; it is always a beginning.
fn left_behind(before: &[u8], offset: u64, data: &[u8], error: DiskError, weather: DiskWeather) -> Vec<usize> {
    let mut seen = vec![0; data.len() + 1];
    for seed in 0..400 {
        let mut host = Host::calm(seed);
        let file = host.durable("a", before);
        host.disk.set_weather(weather);
        assert_eq!(host.write(file, offset, data), Err(error));
        let after = host.whole("a").unwrap();
        let behind = after.get(offset as usize..).unwrap_or_default();
        let left = behind.iter().zip(data).take_while(|(found, written)| found == written).count();
        let mut expected = before.to_vec();
        if left > 0 {
            let end = offset as usize + left;
            expected.resize(before.len().max(end), 0);
            expected[offset as usize..end].copy_from_slice(&data[..left]);
        }
        assert_eq!(after, expected, "a beginning of the write, and else what was there");
        assert_eq!(host.disk.statistics().short_writes, u64::from(left > 0));
        assert_eq!(host.disk.bytes_used(), after.len() as u64);
        assert_eq!(host.disk.durable_files()["a"], before, "and none of it is safe");
        seen[left] += 1;
    }
    seen
}

fn each_is_seen(seen: &[usize], lengths: std::ops::RangeInclusive<usize>) {
    for (length, seen) in seen.iter().enumerate() {
        assert_eq!(*seen > 20, lengths.contains(&length), "{length} bytes under {seen} of 400 seeds");
    }
}

#[test]
fn a_write_that_fails_with_eio_leaves_a_drawn_beginning_and_never_all_of_it() {
    let failing = DiskWeather { error_ppm: Ppm::ALWAYS, ..DiskWeather::default() };
    each_is_seen(&left_behind(b"old", 1, b"NEWER", DiskError::Device, failing), 0..=4);
    each_is_seen(&left_behind(b"old", 3, b"+", DiskError::Device, failing), 0..=0);
}

#[test]
fn a_write_past_a_full_disk_leaves_a_drawn_beginning_that_fits() {
    let holds = |bytes| DiskWeather { capacity: Some(bytes), ..DiskWeather::default() };
    each_is_seen(&left_behind(b"old", 3, b"NEWER", DiskError::StorageFull, holds(6)), 0..=3);
    each_is_seen(&left_behind(b"old", 3, b"NEWER", DiskError::StorageFull, holds(3)), 0..=0);
    each_is_seen(&left_behind(b"old", 3, b"NEWER", DiskError::StorageFull, holds(1)), 0..=0);
    each_is_seen(&left_behind(b"old", 0, b"NEWER", DiskError::StorageFull, holds(3)), 0..=3);
    each_is_seen(&left_behind(b"", 4, b"NEWER", DiskError::StorageFull, holds(6)), 0..=2);
}

#[test]
fn what_is_no_write_leaves_no_part() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"old");
    let reader = host.open_as("a", READ).unwrap();
    set(&mut host, |weather| weather.error_ppm = Ppm::ALWAYS);
    for (file, offset, data) in
        [(reader, 0, &b"new"[..]), (FileId(99), 0, b"new"), (file, 0, b""), (file, u64::MAX, b"new")]
    {
        for _ in 0..20 {
            assert_eq!(host.write(file, offset, data), Err(DiskError::Device));
        }
    }
    assert_eq!((host.whole("a").unwrap(), host.disk.statistics().short_writes), (b"old".to_vec(), 0));
}

#[test]
fn a_full_disk_takes_no_whole_write_and_frees_what_is_removed() {
    let mut host = Host::calm(1);
    set(&mut host, |weather| weather.capacity = Some(10));
    let file = host.open("a");
    host.write(file, 0, b"12345678").unwrap();
    assert_eq!(host.write(file, 8, b"abc"), Err(DiskError::StorageFull));
    assert!(host.whole("a").unwrap().starts_with(b"12345678"));
    assert_eq!(host.set_length(file, 11), Err(DiskError::StorageFull));
    host.write(file, 8, b"ab").unwrap();
    host.write(file, 0, b"overwriting takes").unwrap_err();
    host.write(file, 0, b"no space").unwrap();
    let other = host.open("b");
    assert_eq!(host.write(other, 0, b"x"), Err(DiskError::StorageFull));
    host.remove("a").unwrap();
    assert_eq!(host.write(other, 0, b"x"), Err(DiskError::StorageFull), "a is still open");
    host.ask(DiskRequest::Close { file }).unwrap();
    host.write(other, 0, b"x").unwrap();
    assert_eq!(host.disk.statistics().full, 5);
}

#[test]
fn a_disk_is_full_to_the_byte_and_only_what_grows_needs_space() {
    let mut host = Host::calm(1);
    let capacity = |host: &mut Host, bytes| set(host, move |weather| weather.capacity = Some(bytes));
    capacity(&mut host, 10);
    let (file, other) = (host.open("a"), host.open("b"));
    host.set_length(file, 10).unwrap();
    assert_eq!(host.set_length(file, 11), Err(DiskError::StorageFull));
    host.set_length(file, 4).unwrap();
    assert_eq!(host.set_length(other, 7), Err(DiskError::StorageFull));
    host.set_length(other, 5).unwrap();
    host.set_length(other, 6).unwrap();
    assert_eq!(host.write(file, 4, b"x"), Err(DiskError::StorageFull));
    capacity(&mut host, 3); // as a neighbour's data would
    host.write(file, 0, b"over").unwrap();
    host.set_length(file, 3).unwrap();
    assert_eq!(host.set_length(file, 4), Err(DiskError::StorageFull));
    assert_eq!((host.whole("a").unwrap(), host.disk.bytes_used()), (b"ove".to_vec(), 9));
}

#[test]
fn no_disk_is_larger_than_the_roof() {
    for capacity in [None, Some(u64::MAX)] {
        let mut host = Host::new(1, DiskWeather { capacity, ..DiskWeather::default() });
        let file = host.open("a");
        assert_eq!(host.set_length(file, (256 << 20) + 1), Err(DiskError::StorageFull));
    }
}

#[test]
fn slow_operations_take_so_much_longer() {
    let mut host = Host::calm(1);
    let latency = [Nanos(10), Nanos(10)];
    set(&mut host, |weather| {
        (weather.operation_latency, weather.slow_ppm) = (latency, Ppm::ALWAYS);
        weather.slow = [Nanos(190), Nanos(990)];
    });
    let mut last = Nanos::ZERO;
    for _ in 0..1_000 {
        let end = host.begin(DiskRequest::PathMetadata { path: ".".into() });
        assert!((200..=1_000).contains(&(end - last).0));
        last = end;
    }
}

#[test]
fn a_kill_leaves_the_page_cache_and_a_prefix_of_what_was_in_flight() {
    let mut seen = [0; 5];
    for seed in 0..400 {
        let mut host = Host::calm(seed);
        let file = host.open("a");
        host.write(file, 0, b"x").unwrap();
        for part in 1..=4 {
            host.begin(DiskRequest::Write { file, offset: part, data: vec![b'x'] });
        }
        host.disk.process_killed(Incarnation(1));
        let length = host.whole("a").unwrap().len();
        assert_eq!(host.whole("a").unwrap(), vec![b'x'; length], "a prefix has no holes");
        seen[length - 1] += 1;
        assert!(host.disk.complete().is_none());
        assert_eq!(host.read(file, 0, 1), Err(DiskError::PermissionDenied), "files are closed");
    }
    assert!(seen.iter().all(|seen| *seen > 40), "{seen:?}");
}

#[test]
fn after_a_kill_or_a_power_loss_the_disk_is_idle() {
    let weather = DiskWeather { operation_latency: [Nanos(10), Nanos(10)], ..DiskWeather::default() };
    for power_loss in [false, true] {
        let mut host = Host::new(1, weather);
        for _ in 0..9 {
            host.begin(DiskRequest::CreateDirectory { path: "d".into(), all: true });
        }
        if power_loss {
            drop(host.power_loss())
        } else {
            host.disk.process_killed(Incarnation(1))
        }
        assert!(host.disk.complete().is_none());
        assert_eq!(host.begin(DiskRequest::PathMetadata { path: ".".into() }), Nanos(10));
    }
}

#[test]
fn a_killed_process_leaves_its_unsynced_work_unsynced() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"old");
    host.write(file, 0, b"new").unwrap();
    host.open("b");
    host.disk.process_killed(Incarnation(1));
    assert_eq!((host.whole("a").unwrap(), host.list(".").unwrap().len()), (b"new".to_vec(), 2));
    assert_eq!(host.disk.durable_files(), [("a".to_string(), b"old".to_vec())].into());
}

#[test]
fn a_kill_frees_removed_files_that_were_open() {
    let mut host = Host::calm(1);
    host.durable("a", b"x");
    host.remove("a").unwrap();
    host.disk.process_killed(Incarnation(1));
    assert_eq!(host.disk.bytes_used(), 0);
}

#[test]
fn weather_is_read_in_part_and_unknown_keys_are_refused() {
    use serde::Deserialize;
    use serde::de::value::{Error, MapDeserializer};
    let read =
        |key: &str| DiskWeather::deserialize(MapDeserializer::<_, Error>::new([(key.to_string(), 7_u32)].into_iter()));
    assert_eq!(read("error_ppm").unwrap(), DiskWeather { error_ppm: Ppm(7), ..DiskWeather::default() });
    assert!(read("eror_ppm").is_err());
}
