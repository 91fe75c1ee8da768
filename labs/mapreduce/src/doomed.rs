//! Workers whose application takes their process with it: whoever tests has to do so, and to start them again.

use lab_harness::at_work::AtWork;
use lab_harness::cluster::Cluster;
use lab_harness::judge::Judge;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::{NodeId, spawn};

/// They are started again after. (MIT: 1 s)
const STARTED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Kills those that the judge names, and starts them again, as long as the answer lives.
pub fn start_again<J: Judge>(cluster: Cluster<J>, take_doomed: impl Fn(&J) -> Vec<NodeId> + 'static) -> AtWork {
    AtWork::begin([async move {
        loop {
            let doomed = take_doomed(&cluster.judge());
            for node in doomed {
                cluster.kill(node);
                let cluster = cluster.clone();
                spawn(async move {
                    sleep(STARTED_AGAIN_AFTER).await;
                    cluster.start(node);
                });
            }
            cluster.tester().changed().await;
        }
    }])
}
