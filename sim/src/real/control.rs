//! The port for a tester: who comes in, and what it is told.

use super::clock::RealClock;
use super::config::ControlConfig;
use super::control_protocol::{CONTROL_FRAME_LIMIT, CONTROL_PROTOCOL, Ended, FromNode, ToNode, encode_frame};
use super::door::{HELLO_DEADLINE, let_in};
use super::input::Input;
use super::log::{Log, Often};
use super::outbox::Outbox;
use super::own_task::OwnTask;
use super::wire::{LARGEST_HELLO, Unframe};
use crate::line::{ControlFailure, ControlId, LogLine};
use crate::units::{Incarnation, NodeId};
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What may wait for a tester. A judge must see everything: past that, the node ends.
const KEPT_BYTES: usize = 64 << 20;
/// Strangers who may be about to show a token.
const STRANGERS: usize = 8;

/// Greets testers, for as long as it is kept.
pub fn open(listener: TcpListener, config: &ControlConfig, inputs: mpsc::Sender<Input>, log: Log) -> OwnTask {
    let (token, strangers) = (Rc::<str>::from(config.token.as_str()), Rc::<Often>::default());
    let greet = move |stream: TcpStream| {
        let (token, strangers, inputs) = (token.clone(), strangers.clone(), inputs.clone());
        async move {
            match greet(stream, &token).await {
                // Fails only when the node has ended.
                Ok(input) => _ = inputs.send(input).await,
                Err(why) => {
                    log.warn_rarely(&strangers, format_args!("a connection to the control port is closed: {why}"));
                }
            }
        }
    };
    OwnTask::spawn(let_in(listener, STRANGERS, log, greet))
}

async fn greet(mut stream: TcpStream, token: &str) -> Result<Input, String> {
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut unframe = Box::new(Unframe::with_limit(LARGEST_HELLO));
    match timeout(HELLO_DEADLINE, unframe.read(&mut stream)).await {
        Err(_) => Err("it says nothing".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(ToNode::Hello { protocol, .. })) if protocol != CONTROL_PROTOCOL => {
            Err(format!("it speaks protocol {protocol}, and this node {CONTROL_PROTOCOL}: build both from one version"))
        }
        Ok(Ok(ToNode::Hello { token: shown, .. })) if is_same(&shown, token) => {
            unframe.set_limit(CONTROL_FRAME_LIMIT);
            Ok(Input::TesterCame { stream, unframe })
        }
        Ok(Ok(ToNode::Hello { .. })) => Err("its token is wrong".into()),
        Ok(Ok(_)) => Err("it does not say who it is".into()),
    }
}

/// Compares without telling by the time it takes how much was right.
fn is_same(shown: &str, token: &str) -> bool {
    let mut difference = usize::from(shown.len() != token.len());
    for (place, byte) in shown.bytes().enumerate() {
        let wanted = token.as_bytes().get(place).copied().unwrap_or_default();
        difference |= usize::from(byte ^ wanted);
    }
    std::hint::black_box(difference) == 0
}

/// What the tester is told, and who it is at the moment.
#[derive(Debug)]
pub struct Control {
    /// There is a control port at all.
    enabled: bool,
    identity: Identity,
    clock: RealClock,
    tester: Option<Tester>,
    /// Frames for the first tester.
    kept: Vec<u8>,
    ready: bool,
    connections: u64,
    /// The step has shown something.
    has_shown: bool,
    /// Requests without an answer.
    owed: usize,
    inputs: mpsc::Sender<Input>,
    log: Log,
}

/// Who the node is.
#[derive(Clone, Debug)]
pub struct Identity {
    pub cluster: String,
    pub node: NodeId,
    pub incarnation: Incarnation,
    /// The crate of its program.
    pub program: &'static str,
}

#[derive(Debug)]
struct Tester {
    number: u64,
    outbox: Outbox,
    _reader: OwnTask,
}

impl Control {
    pub const fn new(
        enabled: bool,
        identity: Identity,
        clock: RealClock,
        inputs: mpsc::Sender<Input>,
        log: Log,
    ) -> Self {
        Control {
            enabled,
            identity,
            clock,
            tester: None,
            kept: Vec::new(),
            ready: false,
            connections: 0,
            has_shown: false,
            owed: 0,
            inputs,
            log,
        }
    }

    /// A tester has come. One at a time: a second one would see half of everything.
    pub fn tester_came(&mut self, stream: TcpStream, unframe: Box<Unframe>) {
        if self.tester.is_some() {
            return self.log.warn("a second tester is sent away: the first one is still there");
        }
        self.connections += 1;
        let (mut input, output) = stream.into_split();
        let (number, inputs, mut unframe) = (self.connections, self.inputs.clone(), unframe);
        let reader = OwnTask::spawn(async move {
            while let Ok(frame) = unframe.read(&mut input).await {
                if inputs.send(Input::Tester { connection: number, frame }).await.is_err() {
                    return;
                }
            }
            let _ = inputs.send(Input::TesterLost { connection: number }).await;
        });
        self.tester = Some(Tester { number, outbox: Outbox::new(output), _reader: reader });
        let Identity { cluster, node, incarnation, program } = self.identity.clone();
        let (at_ns, machine_ns) = self.clock.beside_machine();
        let (protocol, program) = (CONTROL_PROTOCOL, program.to_owned());
        let pid = std::process::id();
        self.tell(&FromNode::Hello { protocol, cluster, node, program, incarnation, pid, at_ns, machine_ns });
        if self.ready {
            self.tell(&FromNode::Ready);
        }
        if let Some(tester) = &self.tester {
            tester.outbox.push_bytes(&std::mem::take(&mut self.kept));
        }
    }

    pub fn tester_lost(&mut self, connection: u64) {
        if self.is_current(connection) {
            self.tester = None;
            self.owed = 0;
        }
    }

    pub fn is_current(&self, connection: u64) -> bool {
        self.tester.as_ref().is_some_and(|tester| tester.number == connection)
    }

    pub const fn has_tester(&self) -> bool {
        self.tester.is_some()
    }

    /// The program has been started.
    pub fn is_ready(&mut self) {
        self.ready = true;
        self.tell(&FromNode::Ready);
    }

    /// A request is about to be handled.
    pub const fn asked(&mut self) {
        self.owed += 1;
    }

    pub const fn owes_nothing(&self) -> bool {
        self.owed == 0
    }

    pub fn reply(&mut self, id: ControlId, result: Result<Vec<u8>, ControlFailure>) {
        self.owed = self.owed.saturating_sub(1);
        self.tell(&FromNode::ControlReply { id, result });
    }

    pub fn log(&self, at_ns: u64, line: LogLine) {
        self.tell(&FromNode::Log { at_ns, line });
    }

    /// Shows the tester something, or keeps it for the first one; how the node ends if there is no room.
    pub fn observed(&mut self, step: u64, at_ns: u64, kind: String, body: Vec<u8>) -> Option<Ended> {
        if !self.enabled {
            return None;
        }
        let Ok(frame) = encode_frame(&FromNode::Observed { step, at_ns, kind, body }) else {
            return Some(Ended::Unobserved { bytes: CONTROL_FRAME_LIMIT as u64 });
        };
        self.has_shown = true;
        let waiting = frame.len() + self.tester.as_ref().map_or(self.kept.len(), |tester| tester.outbox.len());
        match &self.tester {
            _ if waiting > KEPT_BYTES => return Some(Ended::Unobserved { bytes: waiting as u64 }),
            Some(tester) => tester.outbox.push_bytes(&frame),
            None => self.kept.extend_from_slice(&frame),
        }
        None
    }

    /// A step has ended: who judges steps must not see half of one. So many fsyncs were done by now.
    pub fn stepped(&mut self, fsyncs: u64) {
        if !std::mem::take(&mut self.has_shown) {
            return;
        }
        let frame = FromNode::Stepped { fsyncs };
        match &self.tester {
            Some(_) => self.tell(&frame),
            None => self.kept.extend(encode_frame(&frame).unwrap_or_default()),
        }
    }

    /// The last word.
    pub fn ended(&self, how: Ended) {
        self.tell(&FromNode::Ended { how });
    }

    fn tell(&self, frame: &FromNode) {
        let Some(tester) = &self.tester else { return };
        if let Err(error) = tester.outbox.push(frame, CONTROL_FRAME_LIMIT) {
            self.log.error(format_args!("the tester is not told something: {error}"));
        }
    }

    pub fn flush(&self) {
        if let Some(tester) = &self.tester {
            tester.outbox.flush();
        }
    }

    /// Waits until the tester has taken what it was told, if it has not.
    pub fn behind(&self) -> Option<impl Future<Output = ()> + 'static> {
        self.outbox().filter(|outbox| !outbox.is_empty()).map(Outbox::emptied)
    }

    pub fn outbox(&self) -> Option<&Outbox> {
        self.tester.as_ref().map(|tester| &tester.outbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_is_the_same() {
        assert!(is_same("0123456789abcdef", "0123456789abcdef"));
        for other in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef\0"] {
            assert!(!is_same(other, "0123456789abcdef"), "{other:?}");
        }
    }
}
