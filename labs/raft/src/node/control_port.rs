//! The control port: requests of the tester become calls of the contract.

use super::on_disk;
use crate::contract::Raft;
use crate::control::{Reply, Request};
use windtunnel::node;

/// Answers the tester from now on.
pub fn serve(raft: impl Raft) {
    node::control(move |request: Vec<u8>| {
        let raft = raft.clone();
        async move {
            let reply = match postcard::from_bytes(&request) {
                Ok(request) => answer(&raft, request).await,
                Err(_) => Reply::NotUnderstood,
            };
            postcard::to_stdvec(&reply).expect("replies are plain data")
        }
    });
}

async fn answer(raft: &impl Raft, request: Request) -> Reply {
    match request {
        Request::Propose(command) => match raft.propose(command) {
            Ok(proposed) => Reply::Proposed(proposed),
            Err(not_leader) => Reply::NotLeader(not_leader),
        },
        Request::Status => Reply::Status(raft.status()),
        Request::Snapshot { index, data } => {
            raft.snapshot(index, data);
            Reply::Done
        }
        Request::OnDisk(bytes) => Reply::OnDisk(on_disk::count(&bytes).await.ok()),
        Request::ReadBarrier => Reply::Barrier(raft.read_barrier().await),
    }
}
