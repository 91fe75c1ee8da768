//! What a body asks of the world it runs in, by showing it; the world answers over the control port.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use windtunnel::executor::Program;
use windtunnel::sync::oneshot;
use windtunnel::{NodeId, node};

/// Where the body runs.
pub const A: NodeId = NodeId(1);
/// A node that serves what `services` holds.
pub const B: NodeId = NodeId(2);
/// How many nodes there are.
pub const NODES: u32 = 3;

/// The kind under which a body asks.
pub const ACT: &str = "act";

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Act {
    /// The process of a node ends, in the middle of things.
    Kill(NodeId),
    /// A node is started, and runs its program when this is done.
    Start(NodeId),
    /// From now on the file [`BROKEN`] of a node is on such a disk; other files may be as well.
    Spoil(NodeId, Disk),
    /// Its disk is as it was; the file stays what it is.
    Mend(NodeId),
    /// The body has ended well.
    Done,
}

/// The file that a body writes to when a disk is spoilt.
pub const BROKEN: &str = "broken";

/// What may be wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Disk {
    /// It has no room.
    Full,
    /// It fails whatever it is asked to write, in the tunnel every second time.
    Failing,
}

/// What is asked, under a number that the answer carries.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    pub number: u64,
    pub act: Act,
}

/// The body's side.
#[derive(Clone, Debug, Default)]
pub struct Stage(Rc<RefCell<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    count: u64,
    answers: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Stage {
    fn new() -> Self {
        let stage = Stage::default();
        let waiting = stage.0.clone();
        node::control(move |answer| {
            let number = postcard::from_bytes(&answer).expect("the world answers with a number");
            let sender = waiting.borrow_mut().answers.remove(&number).expect("to something that was asked");
            let _ = sender.send(());
            async { Vec::new() }
        });
        stage
    }

    pub async fn kill(&self, node: NodeId) {
        self.act(Act::Kill(node)).await;
    }

    pub async fn start(&self, node: NodeId) {
        self.act(Act::Start(node)).await;
    }

    pub async fn spoil(&self, node: NodeId, disk: Disk) {
        self.act(Act::Spoil(node, disk)).await;
    }

    pub async fn mend(&self, node: NodeId) {
        self.act(Act::Mend(node)).await;
    }

    async fn act(&self, act: Act) {
        let (sender, answer) = oneshot::channel();
        let number = {
            let mut waiting = self.0.borrow_mut();
            waiting.count += 1;
            let number = waiting.count;
            waiting.answers.insert(number, sender);
            number
        };
        node::observe(ACT, &Asked { number, act });
        answer.await.expect("the stage keeps the sender");
    }
}

/// What every node runs: services, and on node 1 the body.
pub fn program<F: Future<Output = ()> + 'static>(body: fn(Stage) -> F) -> Program {
    Program::new(move || async move {
        crate::services::serve();
        if node::id() == A {
            let stage = Stage::new();
            body(stage.clone()).await;
            stage.act(Act::Done).await;
        }
    })
}
