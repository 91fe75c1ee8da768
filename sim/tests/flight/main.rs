//! What only flight can show: strangers, nonsense, real files that are not what they should be.
#![allow(clippy::disallowed_methods)] // real threads and real time

mod behind;
mod control_port;
mod data;
mod disks;
#[path = "../support/fleet.rs"]
mod fleet;
mod peers;
mod strangers;

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::line::ControlFailure;
use windtunnel::net::{self, CallError, Request};
use windtunnel::{NodeId, fs, node, time};

pub const A: NodeId = NodeId(1);
pub const B: NodeId = NodeId(2);

#[derive(Debug, Serialize, Deserialize)]
pub struct Echo(pub String);

impl Request for Echo {
    type Reply = String;
    const NAME: &'static str = "echo";
}

/// Told by a peer that has shown something.
#[derive(Debug, Serialize, Deserialize)]
pub struct Note;

impl Request for Note {
    type Reply = ();
    const NAME: &'static str = "note";
}

/// Never answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hang;

impl Request for Hang {
    type Reply = ();
    const NAME: &'static str = "hang";
}

/// Answered with so many bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Long(pub u64);

impl Request for Long {
    type Reply = String;
    const NAME: &'static str = "long";
}

/// What a test asks of a node.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Calls a peer.
    Echo { to: NodeId, within: Duration },
    /// Calls a peer that takes the call and does not answer.
    Hang { to: NodeId, within: Duration },
    /// Calls a peer that answers with so many bytes.
    Long { to: NodeId, bytes: u64, within: Duration },
    /// Says that it waits, and answers after a while.
    Wait(Duration),
    /// Shows so many bytes.
    Show(u64),
    /// Shows so many bytes, and in the same step tells a peer.
    ShowAndTell { bytes: u64, to: NodeId },
    /// How often it was told so.
    Heard,
    /// Writes a file's name into it, or ends the node.
    Keep(String),
    /// Reads it.
    Kept(String),
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
    Heard(u64),
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
        net::serve(|_, Hang| std::future::pending());
        net::serve(|_, Long(bytes)| async move { "x".repeat(bytes as usize) });
        let heard = Rc::new(Cell::new(0));
        let hears = heard.clone();
        net::serve(move |_, Note| {
            hears.set(hears.get() + 1);
            async {}
        });
        node::control(move |ask| {
            let heard = heard.get();
            async move {
                let answer = obey(postcard::from_bytes(&ask).expect("the test asks for something"), heard).await;
                postcard::to_stdvec(&answer).expect("an answer serialises")
            }
        });
        node::observe("started", &());
    })
}

async fn obey(ask: Ask, heard: u64) -> Answer {
    match ask {
        Ask::Echo { to, within } => match net::call(to, Echo("one".into())).timeout(within).await {
            Ok(text) => return Answer::Echoed(text),
            Err(error) => return Answer::failed(error),
        },
        Ask::Hang { to, within } => {
            if let Err(error) = net::call(to, Hang).timeout(within).await {
                return Answer::failed(error);
            }
        }
        Ask::Long { to, bytes, within } => {
            if let Err(error) = net::call(to, Long(bytes)).timeout(within).await {
                return Answer::failed(error);
            }
        }
        Ask::Wait(span) => {
            node::observe("waits", &());
            time::sleep(span).await;
        }
        Ask::Show(bytes) => node::observe("bytes", &"x".repeat(bytes as usize)),
        Ask::ShowAndTell { bytes, to } => {
            node::observe("bytes", &"x".repeat(bytes as usize));
            if let Err(error) = net::call(to, Note).timeout(fleet::PATIENCE).await {
                return Answer::failed(error);
            }
        }
        Ask::Heard => return Answer::Heard(heard),
        Ask::Keep(name) => {
            if let Err(error) = keep(&name).await {
                node::stop(format_args!("{name} cannot be written: {error}"));
            }
        }
        Ask::Kept(name) => {
            let bytes = fs::read(&name).await.unwrap_or_default();
            return Answer::Echoed(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ask::Stop => node::stop("the disk is gone"),
        Ask::Panic => panic!("on purpose"),
        Ask::Spin => loop {
            windtunnel::task::yield_now().await;
        },
    }
    Answer::Done
}

async fn keep(name: &str) -> std::io::Result<()> {
    let file = fs::OpenOptions::new().append(true).create(true).open(name).await?;
    file.append(name.as_bytes()).await?;
    file.sync_all().await?;
    fs::sync_dir(".").await
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
