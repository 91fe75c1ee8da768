//! The worker.

use super::messages::AskForTask;
use lab_mapreduce::Apps;
use std::io;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::{NodeId, net, spawn};

/// The coordinator's node.
const COORDINATOR: NodeId = NodeId(1);

/// A worker. It lives in its tasks.
#[derive(Debug)]
pub struct Worker;

impl lab_mapreduce::Worker for Worker {
    async fn start(apps: Apps) -> io::Result<Self> {
        spawn(work(apps));
        Ok(Worker)
    }
}

async fn work(apps: Apps) {
    loop {
        let task = net::call(COORDINATOR, AskForTask).await;
        // TODO(you): do it. `apps.begin(&job, task, &skip)` gives you an attempt, through which you call map and reduce; the store
        // (lab_mapreduce::store) has the inputs and takes the outputs.
        tracing::debug!("{apps:?} and {task:?} are all I have");
        sleep(Duration::from_secs(1)).await;
    }
}
