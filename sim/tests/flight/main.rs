//! What only flight can show: strangers, nonsense, real files that are not what they should be.

mod control_port;
mod data;
#[path = "../support/fleet.rs"]
mod fleet;
mod peers;
mod strangers;

use serde::{Deserialize, Serialize};
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::line::ControlFailure;
use windtunnel::net::{self, CallError, Request};
use windtunnel::{NodeId, node, time};

pub const A: NodeId = NodeId(1);
pub const B: NodeId = NodeId(2);

#[derive(Serialize, Deserialize)]
pub struct Echo(pub String);

impl Request for Echo {
    type Reply = String;
    const NAME: &'static str = "echo";
}

/// What a test asks of a node.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Calls a peer.
    Echo { to: NodeId, within: Duration },
    /// Says that it waits, and answers after a while.
    Wait(Duration),
    /// Shows so many bytes.
    Show(u64),
    /// Ends itself.
    Stop,
    /// Panics.
    Panic,
    /// Never comes to rest.
    Spin,
}

/// How a call ended, in words that serialise.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Done,
    Echoed(String),
    Failed(String),
}

impl Answer {
    pub fn failed(error: CallError) -> Self {
        Answer::Failed(error.to_string())
    }
}

/// A node that does what it is asked.
pub fn program() -> Program {
    Program::new(|| async {
        net::serve(|_, Echo(text)| async move { text });
        node::control(|ask| async move {
            let answer = obey(postcard::from_bytes(&ask).expect("the test asks for something")).await;
            postcard::to_stdvec(&answer).expect("an answer serialises")
        });
        node::observe("started", &());
    })
}

async fn obey(ask: Ask) -> Answer {
    match ask {
        Ask::Echo { to, within } => match net::call(to, Echo("one".into())).timeout(within).await {
            Ok(text) => return Answer::Echoed(text),
            Err(error) => return Answer::failed(error),
        },
        Ask::Wait(span) => {
            node::observe("waits", &());
            time::sleep(span).await;
        }
        Ask::Show(bytes) => node::observe("bytes", &"x".repeat(bytes as usize)),
        Ask::Stop => node::stop("the disk is gone"),
        Ask::Panic => panic!("on purpose"),
        Ask::Spin => loop {
            windtunnel::task::yield_now().await;
        },
    }
    Answer::Done
}

pub fn ask(fleet: &mut fleet::Fleet, node: NodeId, ask: &Ask) -> Result<Answer, ControlFailure> {
    let reply = fleet.ask(node, postcard::to_stdvec(ask).expect("it serialises"))?;
    Ok(postcard::from_bytes(&reply).expect("the node answers with an answer"))
}

/// Lets `from` call `to`, which is expected to answer if it is there at all.
pub fn echo(fleet: &mut fleet::Fleet, from: NodeId, to: NodeId) -> Answer {
    ask(fleet, from, &Ask::Echo { to, within: fleet::PATIENCE / 2 }).expect("the node has a control handler")
}

pub fn echoed() -> Answer {
    Answer::Echoed("one".into())
}
