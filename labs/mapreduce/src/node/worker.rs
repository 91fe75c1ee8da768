//! Hosts a submission's worker.

use super::answer_control;
use crate::attempt::Apps;
use crate::contract::Worker;
use crate::control::{Reply, Request};
use mapreduce_apps::Registry;
use std::rc::Rc;
use windtunnel::node;

/// Starts the worker.
pub async fn host<W: Worker>(registry: Registry) {
    let apps = Apps::new(registry);
    match W::start(apps.clone()).await {
        Ok(worker) => serve(Rc::new(worker), apps),
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    }
}

/// The worker lives as long as its control port does.
fn serve<W: Worker>(worker: Rc<W>, apps: Apps) {
    answer_control(move |request| {
        let (apps, _worker) = (apps.clone(), worker.clone());
        async move {
            match request {
                Request::SlowDown(factor) => {
                    apps.slow_down(factor);
                    Reply::Done
                }
                _ => Reply::NotUnderstood,
            }
        }
    });
}
