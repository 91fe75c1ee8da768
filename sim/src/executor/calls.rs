//! RPCs of one incarnation: calls that wait for a reply, and handlers that give one.

use super::context::Context;
use super::ready::Waiter;
use super::tasks::Task;
use super::window::Window;
use crate::line::{CallId, ControlId, Effect, Method, Rejection};
use crate::units::{Incarnation, NodeId};
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// How a call ended on the wire.
#[derive(Debug)]
pub(crate) enum Answer {
    Reply(Result<Vec<u8>, Rejection>),
    Refused,
    Reset,
}

#[derive(Debug)]
struct Wait {
    to: NodeId,
    method: &'static str,
    answer: Option<Answer>,
    waiter: Waiter,
}

/// Calls that wait.
#[derive(Debug)]
pub(crate) struct Calls {
    first: u64,
    waiting: RefCell<Window<Wait>>,
}

impl Calls {
    /// Ids count per incarnation and have a fixed width, so that no id depends on another node.
    pub fn numbered_from(incarnation: Incarnation) -> Self {
        Calls { first: CallId::first_of(incarnation).0, waiting: RefCell::default() }
    }

    pub fn begin(&self, to: NodeId, method: &'static str) -> CallId {
        let number = self.waiting.borrow_mut().push(Wait { to, method, answer: None, waiter: Waiter::Nobody });
        CallId(self.first + number)
    }

    /// The answer, or `None` and `waiter` is to be woken when there is one.
    pub(crate) fn poll(&self, call: CallId, waiter: impl FnOnce() -> Waiter) -> Option<Answer> {
        let mut waiting = self.waiting.borrow_mut();
        let wait = waiting.get_mut(self.number(call))?;
        if wait.answer.is_none() {
            wait.waiter = waiter();
        }
        wait.answer.take()
    }

    /// Nobody waits any more; a late answer falls on the floor.
    pub fn abandon(&self, call: CallId) {
        let wait = self.waiting.borrow_mut().remove(self.number(call));
        drop(wait);
    }

    /// A call has ended; who is to be woken.
    pub(super) fn end(&self, call: CallId, answer: Answer) -> Waiter {
        let mut waiting = self.waiting.borrow_mut();
        let Some(wait) = waiting.get_mut(self.number(call)) else { return Waiter::Nobody };
        // A duplicated reply changes nothing: the first one counts.
        wait.answer.get_or_insert(answer);
        std::mem::take(&mut wait.waiter)
    }

    /// The connection for an RPC is gone: all calls that wait for it, in their order.
    pub fn lost(&self, peer: NodeId, method: &str) -> Vec<CallId> {
        let waiting = self.waiting.borrow();
        let lost = waiting.iter().filter(|(_, wait)| wait.to == peer && wait.method == method);
        lost.map(|(number, _)| CallId(self.first + number)).collect()
    }

    /// How many calls of this incarnation came before.
    const fn number(&self, call: CallId) -> u64 {
        call.0.wrapping_sub(self.first)
    }
}

/// Makes the task that answers a request, or `None` if its bytes do not decode.
pub(crate) type Handler = Rc<dyn Fn(Responder, &[u8]) -> Option<Task>>;
pub(crate) type ControlHandler = Rc<dyn Fn(Vec<u8>) -> Pin<Box<dyn Future<Output = Vec<u8>>>>>;

/// Answers one request.
pub(crate) struct Responder {
    pub context: Rc<Context>,
    pub from: NodeId,
    call: CallId,
    method: Method,
}

impl Responder {
    pub fn respond(self, body: Vec<u8>) {
        let Responder { context, from, call, method } = self;
        context.emit(Effect::Respond { to: from, call, method, result: Ok(body) });
    }

    /// There is a reply that cannot be sent: nobody is to wait for one.
    pub fn give_up(self) {
        let Responder { context, from, call, method } = self;
        context.emit(Effect::Unanswered { to: from, call, method });
    }
}

/// What the node serves.
#[derive(Default)]
pub(crate) struct Handlers {
    served: RefCell<Vec<(&'static str, Handler)>>,
    control: RefCell<Option<ControlHandler>>,
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.served.borrow().iter().map(|(name, _)| name)).finish()
    }
}

impl Handlers {
    /// Serves an RPC; a later handler of the same name takes its place.
    pub fn serve(&self, name: &'static str, handler: Handler) {
        let mut served = self.served.borrow_mut();
        match served.iter_mut().find(|(served, _)| *served == name) {
            Some((_, place)) => *place = handler,
            None => served.push((name, handler)),
        }
    }

    pub fn serve_control(&self, handler: ControlHandler) {
        *self.control.borrow_mut() = Some(handler);
    }

    pub fn take(&self) -> (Vec<(&'static str, Handler)>, Option<ControlHandler>) {
        (self.served.take(), self.control.take())
    }

    fn find(&self, name: &str) -> Option<Handler> {
        self.served.borrow().iter().find(|(served, _)| *served == name).map(|(_, handler)| handler.clone())
    }
}

impl Context {
    /// A request has arrived: its handler runs as a task of its own.
    pub(super) fn serve(self: &Rc<Self>, from: NodeId, call: CallId, method: Method, body: &[u8]) {
        let Some(handler) = self.handlers.find(&method) else {
            return self.emit(Effect::Respond { to: from, call, method, result: Err(Rejection::NoHandler) });
        };
        let responder = Responder { context: self.clone(), from, call, method: method.clone() };
        let Some(task) = handler(responder, body) else {
            self.emit(Effect::Undecodable { from, method: method.clone() });
            return self.emit(Effect::Respond { to: from, call, method, result: Err(Rejection::BadRequest) });
        };
        self.tasks.spawn(task);
    }

    /// The tester asks; no handler yet means that the node has not come so far in its start.
    pub(super) fn serve_control(self: &Rc<Self>, id: ControlId, body: Vec<u8>) {
        let Some(handler) = self.handlers.control.borrow().clone() else {
            return self.emit(Effect::ControlUnserved { id });
        };
        let reply = handler(body);
        let context = self.clone();
        self.tasks.spawn(Box::pin(async move {
            let body = reply.await;
            context.emit(Effect::ControlReply { id, body });
        }));
    }
}
