//! The file system without faults or power losses.

use super::*;

#[test]
fn what_is_written_is_read_and_reads_end_with_the_file() {
    let mut host = Host::calm(1);
    let file = host.open("a");
    host.write(file, 0, b"hello").unwrap();
    host.write(file, 8, b"world").unwrap();
    assert_eq!(host.read(file, 0, 100).unwrap(), b"hello\0\0\0world");
    assert_eq!(host.read(file, 3, 4).unwrap(), b"lo\0\0");
    assert_eq!(host.read(file, 13, 4).unwrap(), b"");
    assert_eq!(host.read(file, u64::MAX, u64::MAX).unwrap(), b"");
    host.set_length(file, 3).unwrap();
    host.set_length(file, 5).unwrap();
    assert_eq!(host.whole("a").unwrap(), b"hel\0\0");
    assert_eq!(host.disk.bytes_used(), 5);
}

#[test]
fn appends_go_to_the_end_whatever_offset_they_name() {
    let mut host = Host::calm(1);
    let file = host.open_as("log", APPEND).unwrap();
    host.write(file, 0, b"one").unwrap();
    host.write(file, 0, b"two").unwrap();
    assert_eq!(host.whole("log").unwrap(), b"onetwo");
}

#[test]
fn modes_are_those_that_std_accepts() {
    let mut host = Host::calm(1);
    host.durable("a", b"x");
    let nothing = OpenMode::default();
    let refused = [
        nothing,
        OpenMode { truncate: true, ..READ },
        OpenMode { create: true, ..READ },
        OpenMode { create_new: true, ..READ },
        OpenMode { truncate: true, ..APPEND },
    ];
    for mode in refused {
        assert_eq!(host.open_as("a", mode), Err(DiskError::InvalidInput), "{mode:?}");
    }
    assert_eq!(host.open_as("a", OpenMode { create_new: true, ..ANY }), Err(DiskError::AlreadyExists));
    assert_eq!(host.open_as("b", READ), Err(DiskError::NotFound));
    assert_eq!(host.whole("a").unwrap(), b"x");
    host.open_as("a", OpenMode { truncate: true, ..ANY }).unwrap();
    assert_eq!(host.whole("a").unwrap(), b"");
    assert_eq!(host.disk.bytes_used(), 0);
}

#[test]
fn files_allow_only_what_they_were_opened_for() {
    let mut host = Host::calm(1);
    host.durable("a", b"x");
    let read = host.open_as("a", READ).unwrap();
    assert_eq!(host.write(read, 0, b"y"), Err(DiskError::PermissionDenied));
    assert_eq!(host.set_length(read, 0), Err(DiskError::PermissionDenied));
    let append = host.open_as("a", OpenMode { read: false, ..APPEND }).unwrap();
    assert_eq!(host.read(append, 0, 1), Err(DiskError::PermissionDenied));
    host.ask(DiskRequest::Close { file: read }).unwrap();
    assert_eq!(host.read(read, 0, 1), Err(DiskError::PermissionDenied));
    assert_eq!(host.ask(DiskRequest::Close { file: read }), Err(DiskError::PermissionDenied));
    assert_eq!(
        host.ask(DiskRequest::Open { file: append, path: "a".into(), mode: READ }),
        Err(DiskError::InvalidInput)
    );
}

#[test]
fn paths_stay_in_the_root_and_are_normalised() {
    let mut host = Host::calm(1);
    for path in ["", "/", "/a", "..", "a/../b", "a\0b", &"n".repeat(256)] {
        assert_eq!(host.open_as(path, ANY), Err(DiskError::InvalidInput), "{path:?}");
    }
    host.open(&"n".repeat(255));
    host.remove(&"n".repeat(255)).unwrap();
    host.make_directory("d").unwrap();
    host.open("./d//a");
    assert!(host.whole("d/a").is_some());
    assert_eq!(host.open_as("d/a/b", ANY), Err(DiskError::NotADirectory));
    assert_eq!(host.open_as("e/a", ANY), Err(DiskError::NotFound));
    assert_eq!(host.list(".").unwrap(), ["d"]);
}

#[test]
fn offsets_past_what_a_file_can_be_are_refused() {
    let mut host = Host::calm(1);
    let file = host.open("a");
    assert_eq!(host.write(file, u64::MAX, b"x"), Err(DiskError::InvalidInput));
    assert_eq!(host.set_length(file, u64::MAX), Err(DiskError::InvalidInput));
    assert_eq!(host.set_length(file, 1 << 60), Err(DiskError::StorageFull));
    assert_eq!(host.write(file, 1 << 60, b"x"), Err(DiskError::StorageFull));
}

#[test]
fn directories_are_made_listed_and_removed_when_empty() {
    let mut host = Host::calm(1);
    assert_eq!(host.make_directory("a/b"), Err(DiskError::NotFound));
    host.ask(DiskRequest::CreateDirectory { path: "a/b/c".into(), all: true }).unwrap();
    host.ask(DiskRequest::CreateDirectory { path: "a/b/c".into(), all: true }).unwrap();
    assert_eq!(host.make_directory("a/b"), Err(DiskError::AlreadyExists));
    host.open("a/z");
    host.open("a/f");
    assert_eq!(host.list("a").unwrap(), ["b", "f", "z"]);
    assert_eq!(host.list("a/f"), Err(DiskError::NotADirectory));
    let remove = |path: &str| DiskRequest::RemoveDirectory { path: path.into() };
    assert_eq!(host.ask(remove("a")), Err(DiskError::DirectoryNotEmpty));
    assert_eq!(host.ask(remove("a/f")), Err(DiskError::NotADirectory));
    assert_eq!(host.remove("a/b"), Err(DiskError::IsADirectory));
    host.ask(remove("a/b/c")).unwrap();
    host.ask(remove("a/b")).unwrap();
    assert_eq!(host.list("a").unwrap(), ["f", "z"]);
    assert_eq!(host.ask(remove(".")), Err(DiskError::InvalidInput));
}

#[test]
fn renames_follow_posix() {
    let mut host = Host::calm(1);
    host.durable("a", b"a");
    host.durable("b", b"b");
    host.ask(DiskRequest::CreateDirectory { path: "d/e".into(), all: true }).unwrap();
    assert_eq!(host.rename("x", "a"), Err(DiskError::NotFound));
    assert_eq!(host.rename("a", "d"), Err(DiskError::IsADirectory));
    assert_eq!(host.rename("d", "a"), Err(DiskError::NotADirectory));
    assert_eq!(host.rename("d", "d/e/f"), Err(DiskError::InvalidInput));
    assert_eq!(host.rename("d/e", "d"), Err(DiskError::DirectoryNotEmpty));
    host.rename("a", "a").unwrap();
    host.rename("a", "b").unwrap();
    assert_eq!((host.whole("a"), host.whole("b")), (None, Some(b"a".to_vec())));
    assert_eq!(host.disk.bytes_used(), 2, "the old b is still open");
    host.make_directory("empty").unwrap();
    host.rename("d", "empty").unwrap();
    assert_eq!(host.list(".").unwrap(), ["b", "empty"]);
    assert_eq!(host.list("empty").unwrap(), ["e"]);
}

#[test]
fn a_removed_file_lives_while_it_is_open_and_counts_as_long() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"alive");
    host.remove("a").unwrap();
    assert_eq!(host.read(file, 0, 9).unwrap(), b"alive");
    assert_eq!(host.disk.bytes_used(), 5);
    host.ask(DiskRequest::Close { file }).unwrap();
    assert_eq!(host.disk.bytes_used(), 0);
}

#[test]
fn a_directory_can_be_opened_and_synced_but_not_read() {
    let mut host = Host::calm(1);
    host.open("a");
    let root = host.open_as(".", READ).unwrap();
    assert_eq!(host.read(root, 0, 1), Err(DiskError::IsADirectory));
    assert_eq!(host.open_as(".", ANY), Err(DiskError::IsADirectory));
    assert!(host.disk.durable_files().is_empty());
    host.sync(root).unwrap();
    assert!(host.disk.durable_files().contains_key("a"));
}

#[test]
fn operations_wait_for_those_before_them() {
    let weather = DiskWeather {
        operation_latency: [Nanos(10), Nanos(10)],
        sync_latency: [Nanos(100), Nanos(100)],
        ..DiskWeather::default()
    };
    let mut disk = Disk::new(Seed(1), NodeId(1), weather, None);
    let file = FileId(1);
    let open = DiskRequest::Open { file, path: "a".into(), mode: ANY };
    assert_eq!(disk.submit(Nanos(1_000), OperationId(1), open), Nanos(1_010));
    assert_eq!(disk.submit(Nanos(1_005), OperationId(2), DiskRequest::Sync { file }), Nanos(1_110));
    assert_eq!(disk.submit(Nanos(5_000), OperationId(3), DiskRequest::Sync { file }), Nanos(5_100));
    let order: Vec<u64> = std::iter::from_fn(|| disk.complete()).map(|(operation, _)| operation.0).collect();
    assert_eq!(order, [1, 2, 3]);
}

#[test]
fn files_that_are_replaced_for_ever_do_not_fill_the_memory() {
    let mut host = Host::calm(1);
    for round in 0..2_000 {
        let file = host.open("state.tmp");
        host.write(file, 0, &[7; 1_000]).unwrap();
        host.ask(DiskRequest::Close { file }).unwrap();
        host.rename("state.tmp", "state").unwrap();
        if round % 2 == 0 {
            continue; // half of them never see a sync
        }
    }
    assert_eq!(host.disk.bytes_used(), 1_000);
    let kept = host.disk.system.inodes.numbers().count();
    assert!(kept < 400, "{kept} inodes for one file");
}

#[test]
fn large_files_that_are_replaced_are_forgotten_sooner() {
    let mut host = Host::calm(1);
    for _ in 0..20 {
        let file = host.open("state.tmp");
        host.write(file, 0, &vec![7; 1 << 20]).unwrap();
        host.ask(DiskRequest::Close { file }).unwrap();
        host.rename("state.tmp", "state").unwrap();
        host.sync_directory(".").unwrap();
    }
    let kept = host.disk.system.inodes.numbers().count();
    assert!(kept < 6, "{kept} inodes for one file");
}

#[test]
fn a_removed_file_that_is_open_outlives_any_number_of_others() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"alive");
    host.remove("a").unwrap();
    for _ in 0..100 {
        let other = host.open("b");
        host.remove("b").unwrap();
        host.ask(DiskRequest::Close { file: other }).unwrap();
        host.sync_directory(".").unwrap();
    }
    assert_eq!(host.read(file, 0, 9).unwrap(), b"alive");
}
