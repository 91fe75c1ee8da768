//! Clients at work: each gets and puts a few keys, at versions that it was told, or takes turns with a lock, until it is stopped.

use super::cluster::Client;
use crate::contract::{GetError, PutError, Version, Versioned};
use crate::control::{Reply, Request};
use lab_harness::at_work::AtWork;
use lab_harness::load::{Load, LoadClient};
use lab_harness::pairs::{NoAnswer, PairsClient, Put};
use windtunnel::Nanos;
use windtunnel::rand::Stream;
use windtunnel::time::sleep;

/// A few clients' worth of work on three keys.
pub const FEW_KEYS: Load = Load { keys: 3, ahead: false, ..Load::ONE_KEY };

impl PairsClient for Client {
    async fn get(&self, key: &str) -> Result<u64, NoAnswer> {
        match answered(self, &self.asks_for(key)).await? {
            Reply::Got(Ok(Versioned { version, .. })) => Ok(version.0),
            Reply::Got(Err(GetError::NoKey)) => Ok(0),
            _ => Err(NoAnswer::Odd),
        }
    }

    async fn put(&self, key: &str, value: &str, version: u64) -> Result<Put, NoAnswer> {
        match answered(self, &self.puts(key, value, Version(version))).await? {
            Reply::Put(Ok(())) => Ok(Put::Done),
            Reply::Put(Err(PutError::Maybe)) => Ok(Put::Perhaps),
            Reply::Put(Err(PutError::Version | PutError::NoKey)) => Ok(Put::Refused),
            _ => Err(NoAnswer::Odd),
        }
    }
}

impl LoadClient for Client {
    fn stream(&self) -> Stream {
        self.cluster().inner().stream("load")
    }

    fn new_value(&self) -> String {
        self.cluster().new_value()
    }
}

/// What its node says, if it is there.
async fn answered(client: &Client, request: &Request) -> Result<Reply, NoAnswer> {
    client.cluster().inner().control(client.node(), request).await.map_err(|_| NoAnswer::Down)
}

/// Sets these clients to take turns with a lock, each for so long.
pub fn begin_turns(clients: &[Client], lock: &'static str, inside: [Nanos; 2]) -> AtWork {
    AtWork::begin(clients.iter().map(|client| take_turns(client.clone(), lock, inside)))
}

async fn take_turns(client: Client, lock: &'static str, [least, most]: [Nanos; 2]) {
    let stream = client.cluster().inner().stream("turns");
    let request = |which: fn(u32, String) -> Request| which(client.clerk(), lock.to_owned());
    loop {
        client.ask_on_and_on(&request(|clerk, lock| Request::Acquire { clerk, lock })).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Use { clerk, lock })).await;
        sleep(stream.duration(least.to_duration(), most.to_duration())).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Use { clerk, lock })).await;
        client.ask_on_and_on(&request(|clerk, lock| Request::Release { clerk, lock })).await;
    }
}
