//! The lab's judge as an observer of a simulation that no suite runs.

use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge};
use lab_raft::judge::RaftJudge;
use std::cell::RefCell;
use std::rc::Rc;
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment, Observer, Response};

/// Lets the judge watch, and stops at the first broken rule.
pub struct Watch {
    pub judge: Rc<RefCell<RaftJudge>>,
    /// What broke.
    pub broken: Option<String>,
}

impl Watch {
    pub fn new(judge: &Rc<RefCell<RaftJudge>>) -> Self {
        Watch { judge: judge.clone(), broken: None }
    }

    fn respond(&mut self, seen: Result<Interest, Failed>) -> Response {
        let Err(failed) = seen else { return Response::Continue };
        self.broken.get_or_insert(failed.title);
        Response::Stop
    }
}

impl Observer for Watch {
    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Response {
        let seen = self.judge.borrow_mut().observed(moment, node, kind, body);
        self.respond(seen)
    }

    fn delivered(&mut self, from: NodeId, to: NodeId) {
        self.judge.borrow_mut().delivered(from, to);
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Response {
        let seen = self.judge.borrow_mut().lifecycle(moment, node, what);
        self.respond(seen)
    }
}
