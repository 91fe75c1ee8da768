//! Hosts a submission's server: hands it what clerks ask, and shows how it answers puts.

use crate::contract::{Get, Put, Server};
use crate::observation::{ANSWERED, Answered};
use windtunnel::{net, node};

/// Starts the server and serves its requests. Until it has started no clerk gets an answer.
pub async fn host<S: Server>() {
    match S::start().await {
        Ok(server) => serve(server),
        Err(error) => node::stop(format_args!("it cannot start: {error}")),
    }
}

fn serve<S: Server>(server: S) {
    let gets = server.clone();
    net::serve(move |_, request: Get| {
        let server = gets.clone();
        async move { server.get(request).await }
    });
    net::serve(move |from, request: Put| {
        let server = server.clone();
        async move {
            let (key, version) = (request.key.clone(), request.version);
            let answer = server.put(request).await;
            node::observe(ANSWERED, &Answered { from, key, version, answer });
            answer
        }
    });
}
