//! Write-back: what is never synced becomes durable in the end, oldest first, and no sooner than told.

use super::*;

#[test]
fn the_oldest_change_of_a_file_is_written_back_when_there_are_more_than_1024() {
    let mut host = Host::calm(1);
    let file = host.durable("log", b"");
    for at in 0..1_024 {
        host.write(file, at, &[1]).unwrap();
    }
    assert_eq!(host.disk.durable_files()["log"], b"", "all of them may be lost");
    for written_back in 1..=100 {
        host.write(file, 1_023 + written_back, &[2]).unwrap();
        assert_eq!(host.disk.durable_files()["log"], vec![1; written_back as usize]);
    }
}

#[test]
fn overwritten_bytes_are_written_back_past_4_mib_and_an_fsync_begins_anew() {
    const MIB: usize = 1 << 20;
    let mut host = Host::calm(1);
    let file = host.durable("a", &vec![0; MIB]);
    let durable = |host: &Host| host.disk.durable_files()["a"][0];
    for round in 1..=4 {
        host.write(file, 0, &vec![round; MIB]).unwrap();
    }
    assert_eq!(durable(&host), 0, "4 MiB are within bounds");
    host.write(file, 0, &vec![5; MIB]).unwrap();
    assert_eq!(durable(&host), 1);
    host.write(file, 0, &vec![6; MIB]).unwrap();
    assert_eq!(durable(&host), 2, "one at a time");
    host.sync(file).unwrap();
    for round in 7..=10 {
        host.write(file, 0, &vec![round; MIB]).unwrap();
    }
    assert_eq!(durable(&host), 6);
}

#[test]
fn the_oldest_change_of_names_is_written_back_when_there_are_more_than_256() {
    let mut host = Host::calm(1);
    for at in 0..256 {
        host.open(&format!("{at:03}"));
    }
    assert!(host.disk.durable_files().is_empty(), "all of them may be lost");
    host.open("256");
    host.open("257");
    assert_eq!(host.disk.durable_files().into_keys().collect::<Vec<_>>(), ["000", "001"]);
}
