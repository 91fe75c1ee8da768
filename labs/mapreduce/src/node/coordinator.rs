//! Hosts a submission's coordinator: hands it jobs, and shows when they end.

use super::answer_control;
use crate::contract::{Coordinator, Status};
use crate::control::{Reply, Request};
use crate::observation::{STATUS, SUBMITTED};
use windtunnel::node;

/// Starts the coordinator and opens its control port.
pub async fn host<C: Coordinator>() {
    match C::start().await {
        Ok(coordinator) => serve(coordinator),
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    }
}

fn serve<C: Coordinator>(coordinator: C) {
    let watched = coordinator.clone();
    let mut told = None;
    node::before_output(move || {
        // Running on is told once, and ends are: progress is for those who ask.
        let now = match watched.status() {
            Status::Running { job, .. } => Status::Running { job, progress: Default::default() },
            status => status,
        };
        if told.as_ref() != Some(&now) {
            node::observe(STATUS, &now);
            told = Some(now);
        }
    });
    answer_control(move |request| {
        let coordinator = coordinator.clone();
        async move {
            match request {
                Request::Submit(job) => {
                    node::observe(SUBMITTED, &job);
                    Reply::Submitted(coordinator.submit(job).await)
                }
                Request::Status => Reply::Status(coordinator.status()),
                _ => Reply::NotUnderstood,
            }
        }
    });
}
