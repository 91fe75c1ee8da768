//! A node as the pilot sees it: a process that starts, runs, is paused, ends; and its control port.

use super::control_link::ControlLink;
use super::order::Assembly;
use super::process::NodeProcess;
use crate::line::ControlId;
use crate::real::control_protocol::{Ended, ToNode};
use crate::units::Incarnation;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One node.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// How often it was started in this flight.
    pub starts: u32,
    pub process: Option<Process>,
}

/// One incarnation.
#[derive(Debug)]
pub(super) struct Process {
    pub child: NodeProcess,
    pub incarnation: Incarnation,
    /// Whether it has said who it is: then it could begin.
    pub has_greeted: bool,
    link: Link,
    /// What the machine's clock showed when the node's showed nothing; known from its hello on.
    pub epoch: u64,
    /// The time of its last step.
    pub last_stamp: u64,
    pub assembly: Assembly,
    /// Whether its program runs and its peers can reach it.
    pub ready: bool,
    pub paused: bool,
    /// Whether this flight killed it.
    pub killed: bool,
    /// When its time to become ready is over.
    pub ready_by: Instant,
    /// Control requests without an answer.
    pub controls: Vec<ControlId>,
    /// How many fsyncs it has told of.
    pub fsyncs: u64,
    /// How it said it would end.
    pub ended: Option<Ended>,
    /// Why nothing more comes from it.
    pub closed: Option<String>,
}

/// The way to a node's control port.
#[derive(Debug)]
enum Link {
    /// Nobody listens there yet; what is to be said meanwhile.
    Awaited(Vec<ToNode>),
    Up(ControlLink),
}

impl Process {
    pub fn new(child: NodeProcess, incarnation: Incarnation, ready_within: Duration) -> Self {
        Process {
            child,
            incarnation,
            has_greeted: false,
            link: Link::Awaited(Vec::new()),
            epoch: 0,
            last_stamp: 0,
            assembly: Assembly::default(),
            ready: false,
            paused: false,
            killed: false,
            ready_by: Instant::now() + ready_within,
            controls: Vec::new(),
            fsyncs: 0,
            ended: None,
            closed: None,
        }
    }

    /// Whether its control port is still awaited.
    pub const fn is_awaited(&self) -> bool {
        matches!(self.link, Link::Awaited(_)) && self.closed.is_none()
    }

    /// Connects to the control port if somebody listens there by now, and says what is to be said.
    pub fn connect(&mut self, control: SocketAddr, token: &str) {
        let Link::Awaited(unsaid) = &mut self.link else { return };
        match ControlLink::connect(control) {
            Ok(mut link) => {
                link.greet(token);
                unsaid.iter().for_each(|frame| link.send(frame));
                self.link = Link::Up(link);
            }
            Err(_) => {
                if let Some(status) = self.child.ended() {
                    self.closed = Some(format!("it ended before it opened its control port ({status})"));
                }
            }
        }
    }

    /// The control port, if it can still say or hear something.
    pub fn link(&mut self) -> Option<&mut ControlLink> {
        match &mut self.link {
            Link::Up(link) if self.closed.is_none() => Some(link),
            Link::Up(_) | Link::Awaited(_) => None,
        }
    }

    pub fn open_link(&self) -> Option<&ControlLink> {
        match &self.link {
            Link::Up(link) if self.closed.is_none() => Some(link),
            Link::Up(_) | Link::Awaited(_) => None,
        }
    }

    pub fn say(&mut self, frame: ToNode) {
        match &mut self.link {
            Link::Up(link) => link.send(&frame),
            Link::Awaited(unsaid) => unsaid.push(frame),
        }
    }
}
