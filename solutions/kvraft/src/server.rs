//! A server: what clerks ask, as commands and looks at this server's replica.

use crate::pairs::{Answer, Command, Pairs};
use crate::replicated::Replicated;
use lab_kvraft::Replicated as _;
use lab_kvraft::{Append, Get, GetError, NotServed, Options, Put, PutRefused, Versioned};
use lab_raft::{Applied, Raft};
use windtunnel::sync::mpsc::UnboundedReceiver;

/// The server. Cheap to clone.
#[derive(Debug)]
pub struct Server<R>(Replicated<R, Pairs>);

impl<R> Clone for Server<R> {
    fn clone(&self) -> Self {
        Server(self.0.clone())
    }
}

impl<R: Raft> lab_kvraft::Server<R> for Server<R> {
    fn start(raft: R, applied: UnboundedReceiver<Applied>, options: Options) -> Self {
        Server(Replicated::start(raft, applied, Pairs::default(), options))
    }

    async fn get(&self, request: Get) -> Result<Result<Versioned, GetError>, NotServed> {
        self.0.read(|pairs| pairs.get(&request.key)).await
    }

    async fn put(&self, request: Put) -> Result<Result<(), PutRefused>, NotServed> {
        match self.0.submit(Command::Put(request)).await? {
            Answer::Put(answer) => Ok(answer),
            Answer::Appended => unreachable!("the answer to a put"),
        }
    }

    async fn append(&self, request: Append) -> Result<(), NotServed> {
        self.0.submit(Command::Append(request)).await.map(drop)
    }
}
