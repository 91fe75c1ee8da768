//! What is seen of a Raft that is none.

use super::*;
use lab_raft::Term;
use std::time::Duration;
use windtunnel::Seed;
use windtunnel::time::sleep;
use windtunnel::world::{Outcome, Simulation, Tester};

/// Begins from a snapshot, and keeps none.
#[derive(Clone)]
struct Forgetful;

impl Raft for Forgetful {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        applied.snapshot(LogIndex(1), Term(1), b"old!".to_vec());
        Ok(Forgetful)
    }

    fn propose(&self, _: Vec<u8>) -> Result<Proposed, NotLeader> {
        Err(NotLeader { hint: None })
    }

    fn status(&self) -> Status {
        Status::default()
    }

    fn snapshot(&self, _: LogIndex, _: Vec<u8>) {}

    fn view(&self) -> View {
        View { changed_from: LogIndex(1), ..View::default() }
    }
}

/// A server whose files hold 14 bytes, 4 of them the snapshot from which it begins, 5 what it is asked to take for the next one.
async fn server() {
    let (stream, _applied) = AppliedStream::channel();
    let raft = Watched::<Forgetful>::start(stream).await.expect("it always can");
    fs::create_dir("d").await.expect("the disk is sound");
    for (path, content) in [("d/a", "old!"), ("d/b", "12new!!"), ("c", "345")] {
        fs::write(path, content.as_bytes()).await.expect("the disk is sound");
    }
    node::control(move |next| {
        let raft = raft.clone();
        async move {
            if !next.is_empty() {
                raft.snapshot(LogIndex(2), next);
            }
            postcard::to_stdvec(&raft.state_bytes().await).expect("it is plain data")
        }
    });
}

#[test]
fn the_state_is_all_that_the_disk_holds_but_the_last_snapshot() {
    let body = |tester: Tester| async move {
        sleep(Duration::from_secs(1)).await; // its files are written
        let mut told = Vec::new();
        for next in ["", "new!!", "", "nowhere"] {
            let reply = tester.control(tester.nodes()[0], next.as_bytes().to_vec()).await.expect("it runs");
            told.push(postcard::from_bytes::<Option<u64>>(&reply).expect("a size"));
        }
        told
    };
    let report = Simulation::new(Seed(1)).nodes(1, server).run(body);
    let Outcome::Finished(told) = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(told, [Some(10), Some(9), Some(9), Some(14)]);
}
