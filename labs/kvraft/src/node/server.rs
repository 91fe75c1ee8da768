//! Hosts a submission's server: hands it what clerks ask, and shows how it answers puts.

use super::{Watched, answer_control};
use crate::contract::{Append, Get, Options, Put, Server};
use crate::control::{Reply, Request};
use crate::observation::{ANSWERED, Answered};
use lab_raft::{Applied, Raft};
use windtunnel::sync::mpsc::UnboundedReceiver;
use windtunnel::{net, node};

/// Starts the server and serves its requests.
pub async fn host<S: Server<Watched<R>>, R: Raft>(
    raft: Watched<R>,
    applied: UnboundedReceiver<Applied>,
    options: Options,
) {
    serve::<S, R>(&S::start(raft.clone(), applied, options));
    answer_control(move |request| {
        let raft = raft.clone();
        async move {
            match request {
                Request::StateBytes => Reply::StateBytes(raft.state_bytes().await),
                _ => Reply::NotUnderstood,
            }
        }
    });
}

fn serve<S: Server<Watched<R>>, R: Raft>(server: &S) {
    let gets = server.clone();
    net::serve(move |_, request: Get| {
        let server = gets.clone();
        async move { server.get(request).await }
    });
    let appends = server.clone();
    net::serve(move |_, request: Append| {
        let server = appends.clone();
        async move { server.append(request).await }
    });
    let puts = server.clone();
    net::serve(move |from, request: Put| {
        let server = puts.clone();
        async move {
            let (key, version) = (request.key.clone(), request.version);
            let answer = server.put(request).await;
            node::observe(ANSWERED, &Answered { from, key, version, answer });
            answer
        }
    });
}
