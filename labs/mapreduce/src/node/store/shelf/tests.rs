//! What both kinds of shelf do, in a node of the tunnel and below a directory of this machine.

use super::file::FileShelf;
use super::{Id, Shelf};
use crate::contract::store::UploadId;
use windtunnel::NodeId;
use windtunnel::time::sleep;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{Seed, node};

const UPLOAD: Id = (NodeId(7), UploadId(u64::MAX));

/// Names that are no file names, and one that is the beginning of others.
const NAMES: [&str; 6] = ["a", "a/", "a/b", "in/%2F", "out/1/part-0", "ä ö/../x"];

async fn whole<S: Shelf>(shelf: &S, name: &str) -> Option<Vec<u8>> {
    let object = shelf.object(name).await.unwrap()?;
    let bytes = shelf.read(&object, 0, u64::MAX).await.unwrap();
    assert_eq!(shelf.length(&object), bytes.len() as u64, "{name}");
    Some(bytes)
}

async fn names_are_told_apart<S: Shelf>(shelf: &S) {
    for name in NAMES {
        let object = shelf.store(name.as_bytes()).await.unwrap();
        assert_eq!(shelf.names(name).await.unwrap().iter().filter(|other| *other == name).count(), 0);
        assert!(shelf.insert(name.to_owned(), object).await.unwrap());
    }
    for name in NAMES {
        assert_eq!(whole(shelf, name).await, Some(name.as_bytes().to_vec()));
    }
    assert_eq!(shelf.names("").await.unwrap(), NAMES);
    assert_eq!(shelf.names("a/").await.unwrap(), ["a/", "a/b"]);
    assert!(shelf.remove("a/").await.unwrap() && !shelf.remove("a/").await.unwrap());
    assert_eq!((whole(shelf, "a/").await, whole(shelf, "a/b").await), (None, Some(b"a/b".to_vec())));
}

async fn an_object_never_changes<S: Shelf>(shelf: &S) {
    for (body, is_first) in [(&b"first"[..], true), (b"", false)] {
        let object = shelf.store(body).await.unwrap();
        assert_eq!(shelf.insert("object".to_owned(), object).await.unwrap(), is_first);
    }
    assert_eq!(whole(shelf, "object").await, Some(b"first".to_vec()));
    let object = shelf.object("object").await.unwrap().unwrap();
    for (from, length, found) in [(0, 2, &b"fi"[..]), (3, 100, b"st"), (5, 1, b""), (9, 1, b""), (1, 0, b"")] {
        assert_eq!(shelf.read(&object, from, length).await.unwrap(), found, "{from} {length}");
    }
}

async fn parts_come_in_any_order_and_again<S: Shelf>(shelf: &S) {
    for (number, body) in [(2, &b"!"[..]), (0, b"gone"), (0, b"well "), (1, b"done")] {
        assert!(shelf.upload(UPLOAD, 3).await.unwrap().is_none());
        shelf.add_part(UPLOAD, number, body).await.unwrap();
    }
    let object = shelf.upload(UPLOAD, 3).await.unwrap().unwrap();
    assert_eq!(whole(shelf, "upload").await, None);
    assert!(shelf.insert("upload".to_owned(), object).await.unwrap());
    shelf.forget(UPLOAD).await;
    assert!(shelf.upload(UPLOAD, 3).await.unwrap().is_none());
    assert_eq!(whole(shelf, "upload").await, Some(b"well done!".to_vec()));
    let nothing = shelf.upload(UPLOAD, 0).await.unwrap().unwrap();
    assert_eq!(shelf.length(&nothing), 0);
}

async fn all_of_it<S: Shelf>(shelf: S) {
    an_object_never_changes(&shelf).await;
    parts_come_in_any_order_and_again(&shelf).await;
    for name in ["object", "upload"] {
        assert!(shelf.remove(name).await.unwrap());
    }
    names_are_told_apart(&shelf).await;
}

#[test]
fn a_shelf_in_a_file_of_a_simulated_disk() {
    let main = || async {
        assert_eq!(node::directory(), None, "nothing is real in the tunnel");
        all_of_it(FileShelf::create().await.unwrap()).await;
        node::control(|_| async { b"done".to_vec() });
    };
    let report = Simulation::new(Seed(1)).nodes(1, main).run(|tester| async move {
        while tester.control(NodeId(1), Vec::new()).await.is_err() {
            sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{report:?}");
}

#[cfg(feature = "real")]
#[test]
fn a_shelf_below_a_directory_keeps_what_was_visible() {
    use super::directory::DirectoryShelf;
    let directory = std::env::temp_dir().join(format!("windtunnel-shelf-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let open = || DirectoryShelf::open(&directory).unwrap();
    pollster::block_on(async {
        all_of_it(open()).await;
        let shelf = open();
        let _seen_by_nobody = shelf.store(b"new").await.unwrap();
        shelf.add_part(UPLOAD, 0, b"part").await.unwrap();
        let shelf = open();
        assert!(shelf.upload(UPLOAD, 1).await.unwrap().is_none());
        assert_eq!(whole(&shelf, "a/b").await, Some(b"a/b".to_vec()));
        assert_eq!(std::fs::read_dir(directory.join("new")).unwrap().count(), 0);
    });
    std::fs::remove_dir_all(&directory).unwrap();
}
