//! The whole suite on a Raft that has no read barrier: reads go through the log.

use lab_raft::{AppliedStream, LogIndex, NotLeader, Proposed, Raft, Status, View};
use std::io;

/// The reference's Raft, without what the contract leaves free.
#[derive(Clone)]
struct Plain(solution_raft::Raft);

impl Raft for Plain {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        <solution_raft::Raft as Raft>::start(applied).await.map(Plain)
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        self.0.propose(command)
    }

    fn status(&self) -> Status {
        self.0.status()
    }

    fn snapshot(&self, index: LogIndex, data: Vec<u8>) {
        self.0.snapshot(index, data);
    }

    fn view(&self) -> View {
        self.0.view()
    }
}

fn main() -> lab_kvraft::ExitCode {
    lab_kvraft::suite_main::<solution_kvraft::Submission, Plain>()
}
