//! Rows on files, of those that need no power loss.

use crate::both_worlds;
use crate::stage::{A, BROKEN, Disk};
use std::io;
use std::io::ErrorKind::{
    AlreadyExists, DirectoryNotEmpty, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    StorageFull,
};
use windtunnel::fs::{self, File, OpenOptions};

fn kind<T>(result: io::Result<T>) -> Option<io::ErrorKind> {
    result.err().map(|error| error.kind())
}

async fn exists(path: &str) -> bool {
    fs::metadata(path).await.is_ok()
}

async fn append(path: &str, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path).await?.append(bytes).await
}

const MORE: &[u8] = b"what there is no room for";

/// What a failed append of [`MORE`] left: all that was there `before`, and a beginning of it, but never all.
async fn and_a_beginning_of_more(before: &[u8]) -> Vec<u8> {
    let now = if exists(BROKEN).await { fs::read(BROKEN).await.unwrap() } else { Vec::new() };
    let left = now.strip_prefix(before).expect("what was there is there");
    assert!(MORE.starts_with(left) && left.len() < MORE.len(), "{}", left.escape_ascii());
    now
}

both_worlds! {
    async fn what_is_written_is_read_and_reads_end_with_the_file(_stage: Stage) {
        let file = File::create("a").await.unwrap();
        file.write_at(0, b"hello").await.unwrap();
        file.write_at(8, b"world").await.unwrap();
        assert_eq!(file.read_at(0, 100).await.unwrap(), b"hello\0\0\0world");
        assert_eq!(file.read_at(3, 4).await.unwrap(), b"lo\0\0");
        assert_eq!(file.read_at(13, 4).await.unwrap(), b"");
        assert_eq!(file.read_at(u64::MAX, usize::MAX).await.unwrap(), b"");
        file.set_len(3).await.unwrap();
        file.set_len(5).await.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(fs::read("a").await.unwrap(), b"hel\0\0");
        assert_eq!(file.metadata().await.unwrap().length, 5);
    }

    async fn a_write_through_is_a_write_and_an_fsync(_stage: Stage) {
        let file = File::create("a").await.unwrap();
        file.write_through(0, b"hello").await.unwrap();
        file.write_through(3, b"p!").await.unwrap();
        assert_eq!(fs::read("a").await.unwrap(), b"help!");
        let log = OpenOptions::new().append(true).open("a").await.unwrap();
        log.write_through(0, b"?").await.unwrap();
        assert_eq!(fs::read("a").await.unwrap(), b"help!?");
        let read = File::open("a").await.unwrap();
        assert_eq!(kind(read.write_through(0, b"y").await), Some(PermissionDenied));
        assert_eq!(kind(file.write_through(u64::MAX, b"x").await), Some(InvalidInput));
    }

    async fn appends_go_to_the_end_whatever_offset_they_name(_stage: Stage) {
        let log = OpenOptions::new().append(true).create(true).open("log").await.unwrap();
        log.append(b"one").await.unwrap();
        log.write_at(0, b"two").await.unwrap();
        assert_eq!(fs::read("log").await.unwrap(), b"onetwo");
    }

    async fn modes_are_those_that_std_accepts(_stage: Stage) {
        fs::write("a", b"x").await.unwrap();
        let options = || OpenOptions::new();
        assert_eq!(kind(options().open("a").await), Some(InvalidInput));
        assert_eq!(kind(options().read(true).truncate(true).open("a").await), Some(InvalidInput));
        assert_eq!(kind(options().read(true).create(true).open("a").await), Some(InvalidInput));
        assert_eq!(kind(options().append(true).truncate(true).open("a").await), Some(InvalidInput));
        assert_eq!(kind(options().write(true).create_new(true).open("a").await), Some(AlreadyExists));
        assert_eq!(kind(File::open("b").await), Some(NotFound));
        assert_eq!(fs::read("a").await.unwrap(), b"x");
        options().write(true).truncate(true).open("a").await.unwrap();
        assert_eq!(fs::read("a").await.unwrap(), b"");
    }

    async fn files_allow_only_what_they_were_opened_for(_stage: Stage) {
        fs::write("a", b"x").await.unwrap();
        let read = File::open("a").await.unwrap();
        assert_eq!(kind(read.write_at(0, b"y").await), Some(PermissionDenied));
        assert_eq!(kind(read.set_len(0).await), Some(PermissionDenied));
        let append = OpenOptions::new().append(true).open("a").await.unwrap();
        assert_eq!(kind(append.read_at(0, 1).await), Some(PermissionDenied));
    }

    async fn paths_stay_in_the_root_and_are_normalised(_stage: Stage) {
        for path in ["", "/", "/a", "..", "a/../b", "../../etc/passwd", "a\0b", &"n".repeat(256)] {
            assert_eq!(kind(File::create(path).await), Some(InvalidInput), "{path:?}");
            assert_eq!(kind(fs::rename("a", path).await), Some(InvalidInput), "{path:?}");
            assert_eq!(kind(fs::create_dir_all(path).await), Some(InvalidInput), "{path:?}");
        }
        File::create(&"n".repeat(255)).await.unwrap();
        fs::remove_file(&"n".repeat(255)).await.unwrap();
        fs::create_dir("d").await.unwrap();
        File::create("./d//a").await.unwrap();
        assert!(exists("d/a").await);
        assert_eq!(kind(File::create("d/a/b").await), Some(NotADirectory));
        assert_eq!(kind(File::create("e/a").await), Some(NotFound));
        assert_eq!(fs::read_dir(".").await.unwrap(), ["d"]);
    }

    async fn directories_are_made_listed_and_removed_when_empty(_stage: Stage) {
        assert_eq!(kind(fs::create_dir("a/b").await), Some(NotFound));
        fs::create_dir_all("a/b/c").await.unwrap();
        fs::create_dir_all("a/b/c").await.unwrap();
        assert_eq!(kind(fs::create_dir("a/b").await), Some(AlreadyExists));
        fs::write("a/z", b"").await.unwrap();
        fs::write("a/f", b"").await.unwrap();
        assert_eq!(fs::read_dir("a").await.unwrap(), ["b", "f", "z"]);
        assert_eq!(kind(fs::read_dir("a/f").await), Some(NotADirectory));
        assert_eq!(kind(fs::create_dir_all("a/f").await), Some(AlreadyExists));
        assert_eq!(kind(fs::create_dir_all("a/f/g").await), Some(AlreadyExists));
        assert_eq!(kind(fs::remove_dir("a").await), Some(DirectoryNotEmpty));
        assert_eq!(kind(fs::remove_dir("a/f").await), Some(NotADirectory));
        assert_eq!(kind(fs::remove_file("a/b").await), Some(IsADirectory));
        assert_eq!(kind(fs::remove_dir(".").await), Some(InvalidInput));
        assert_eq!(kind(fs::remove_file("a/x").await), Some(NotFound));
        fs::remove_dir("a/b/c").await.unwrap();
        fs::sync_dir("a/b").await.unwrap();
        assert_eq!(kind(fs::sync_dir("a/f").await), Some(NotADirectory));
        assert_eq!(kind(fs::sync_dir("a/x").await), Some(NotFound));
        fs::remove_dir("a/b").await.unwrap();
        assert_eq!(fs::read_dir("a").await.unwrap(), ["f", "z"]);
        let found = fs::metadata("a").await.unwrap();
        assert_eq!((found.directory, found.length), (true, 0));
    }

    async fn a_directory_can_be_opened_and_synced_and_not_read_or_written(_stage: Stage) {
        fs::create_dir("d").await.unwrap();
        let directory = File::open("d").await.unwrap();
        directory.sync_all().await.unwrap();
        assert_eq!(kind(directory.read_at(0, 1).await), Some(IsADirectory));
        assert_eq!(kind(directory.write_at(0, b"x").await), Some(IsADirectory));
        assert_eq!(kind(OpenOptions::new().write(true).open("d").await), Some(IsADirectory));
    }

    async fn renames_follow_posix(_stage: Stage) {
        fs::write("a", b"a").await.unwrap();
        fs::write("b", b"b").await.unwrap();
        fs::create_dir_all("d/e").await.unwrap();
        assert_eq!(kind(fs::rename("x", "a").await), Some(NotFound));
        assert_eq!(kind(fs::rename("a", "d").await), Some(IsADirectory));
        assert_eq!(kind(fs::rename("d", "a").await), Some(NotADirectory));
        assert_eq!(kind(fs::rename("d", "d/e/f").await), Some(InvalidInput));
        assert_eq!(kind(fs::rename("d/e", "d").await), Some(DirectoryNotEmpty));
        assert_eq!(kind(fs::rename(".", "c").await), Some(InvalidInput));
        fs::rename("a", "a").await.unwrap();
        fs::rename("a", "b").await.unwrap();
        assert!(!exists("a").await);
        assert_eq!(fs::read("b").await.unwrap(), b"a");
        fs::create_dir("empty").await.unwrap();
        fs::rename("d", "empty").await.unwrap();
        assert_eq!(fs::read_dir(".").await.unwrap(), ["b", "empty"]);
        assert_eq!(fs::read_dir("empty").await.unwrap(), ["e"]);
    }

    async fn a_file_is_replaced_whole_and_goes_on_as_others_do(_stage: Stage) {
        fs::replace("a", b"one").await.unwrap();
        fs::write("a.new", b"what a crash has left aside, and longer").await.unwrap();
        let before = File::open("a").await.unwrap();
        let file = fs::replace("a", b"two").await.unwrap();
        assert_eq!(fs::read("a").await.unwrap(), b"two");
        assert_eq!(before.read_at(0, 9).await.unwrap(), b"one", "who has it open reads what he opened");
        assert!(!exists("a.new").await);
        file.write_through(3, b"!").await.unwrap();
        assert_eq!((fs::read("a").await.unwrap(), file.read_at(0, 9).await.unwrap()), (b"two!".into(), b"two!".into()));
        fs::create_dir_all("d/e").await.unwrap();
        fs::replace("./d//a/", b"").await.unwrap();
        assert_eq!((fs::read("d/a").await.unwrap(), fs::read_dir("d").await.unwrap()), (vec![], vec!["a".into(), "e".into()]));
        assert_eq!(kind(fs::replace("d/e", b"x").await), Some(IsADirectory));
        assert_eq!(kind(fs::replace("x/a", b"x").await), Some(NotFound));
        for path in [".", "", "/a", "../a", &"n".repeat(252)] {
            assert_eq!(kind(fs::replace(path, b"x").await), Some(InvalidInput), "{path:?}");
        }
    }

    async fn a_removed_file_lives_while_it_is_open(_stage: Stage) {
        let file = File::create("a").await.unwrap();
        fs::remove_file("a").await.unwrap();
        file.write_at(0, b"still").await.unwrap();
        assert_eq!(file.read_at(0, 9).await.unwrap(), b"still");
        assert!(!exists("a").await);
    }

    async fn offsets_past_what_a_file_can_be_are_refused(_stage: Stage) {
        let file = File::create("a").await.unwrap();
        assert_eq!(kind(file.write_at(u64::MAX, b"x").await), Some(InvalidInput));
        assert_eq!(kind(file.set_len(u64::MAX).await), Some(InvalidInput));
        assert_eq!(file.metadata().await.unwrap().length, 0);
    }

    /// The read was submitted last and sees the write before it, though nobody waited for that.
    async fn operations_end_in_the_order_in_which_they_were_submitted(_stage: Stage) {
        let file = std::rc::Rc::new(File::create("a").await.unwrap());
        for round in 0..50u8 {
            let writer = file.clone();
            let write = windtunnel::spawn(async move { writer.write_at(0, &[round]).await });
            windtunnel::task::yield_now().await;
            assert_eq!(file.read_at(0, 1).await.unwrap(), [round]);
            write.await.expect("it is not aborted").unwrap();
        }
    }

    async fn each_node_has_a_root_of_its_own(_stage: Stage) {
        fs::write("mine", b"x").await.unwrap();
        let theirs = windtunnel::net::call(crate::stage::B, crate::services::Names()).await;
        assert_eq!(theirs.as_deref(), Ok(&[] as &[String]));
        let mine = windtunnel::net::call(A, crate::services::Names()).await;
        assert_eq!(mine.as_deref(), Ok(&["mine".to_owned()] as &[String]));
    }

    async fn a_kill_leaves_what_was_written_synced_or_not(stage: Stage) {
        use crate::services::{Keep, Kept, PATIENCE};
        use crate::stage::B;
        use windtunnel::net::{CallError, call};
        assert_eq!(call(B, Keep("written".into())).timeout(PATIENCE).await, Ok(()));
        stage.kill(B).await;
        stage.start(B).await;
        let kept = loop {
            match call(B, Kept()).timeout(PATIENCE).await {
                Err(CallError::Reset | CallError::Refused) => {}
                other => break other,
            }
        };
        assert_eq!(kept.as_deref(), Ok("written"));
    }

    async fn a_full_disk_says_so_and_keeps_what_it_has(stage: Stage) {
        fs::write("kept", b"before").await.unwrap();
        stage.spoil(A, Disk::Full).await;
        let mut before = Vec::new();
        for _ in 0..8 {
            assert_eq!(kind(append(BROKEN, MORE).await), Some(StorageFull));
            before = and_a_beginning_of_more(&before).await;
        }
        assert_eq!(fs::read("kept").await.unwrap(), b"before");
    }

    async fn a_disk_that_fails_says_so_and_leaves_no_more_than_a_beginning(stage: Stage) {
        fs::write("kept", b"before").await.unwrap();
        let (mut before, mut failures) = (Vec::new(), 0);
        for _ in 0..16 {
            stage.spoil(A, Disk::Failing).await;
            let appended = append(BROKEN, MORE).await;
            stage.mend(A).await;
            before = match appended {
                // Not each time, in the tunnel.
                Ok(()) => fs::read(BROKEN).await.unwrap(),
                Err(error) => {
                    failures += 1;
                    assert_eq!(error.to_string(), "Input/output error (os error 5)");
                    and_a_beginning_of_more(&before).await
                }
            };
        }
        assert!(failures > 4, "{failures} of 16");
        assert_eq!(fs::read("kept").await.unwrap(), b"before");
    }
}
