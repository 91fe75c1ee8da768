//! Remote procedure calls: [`call`], [`serve`].
//!
//! A request is a serde type that implements [`Request`]. It is always serialised (postcard), in the
//! simulation too. Every call has a deadline, since a partition answers with silence.
//! Byte streams (TCP, UDP) are no part of this module yet.

use crate::executor::calls::Answer;
use crate::executor::context::{Context, current};
use crate::executor::timers::Alarm;
use crate::line::{CallId, Effect, Rejection};
use crate::units::{Nanos, NodeId};
use postcard::ser_flavors::ExtendFlavor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as PollContext, Poll};
use std::time::Duration;

/// The deadline of a call that names none.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(1);

/// The largest request or reply, in bytes.
pub const FRAME_LIMIT: usize = 16 << 20;

/// A request type: what it is called on the wire, and the type of its reply.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use windtunnel::net::Request;
///
/// #[derive(Serialize, Deserialize)]
/// struct Echo(String);
///
/// impl Request for Echo {
///     type Reply = String;
///     const NAME: &'static str = "echo";
/// }
/// ```
pub trait Request: Serialize + DeserializeOwned {
    /// What the peer answers with.
    type Reply: Serialize + DeserializeOwned;
    /// Names the RPC: it routes the request to its handler, and names the stream of its weather.
    const NAME: &'static str;
}

/// Why a call has no reply. Only [`NoHandler`](CallError::NoHandler) and
/// [`TooLarge`](CallError::TooLarge) say that the peer did not act on the request;
/// all others leave it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The peer's host answered that no process listens there.
    #[error("connection refused")]
    Refused,
    /// The connection broke while the call waited.
    #[error("connection reset by peer")]
    Reset,
    /// The deadline passed first.
    #[error("call timed out")]
    TimedOut,
    /// The peer serves no RPC of that name.
    #[error("the peer serves no such RPC")]
    NoHandler,
    /// The request does not decode over there, or the reply does not decode here.
    #[error("bytes that do not decode")]
    Undecodable,
    /// The request is larger than [`FRAME_LIMIT`].
    #[error("request larger than the frame limit")]
    TooLarge,
}

/// Serves all requests of type `R` from now on, each in a task of its own.
///
/// A reply larger than [`FRAME_LIMIT`] is not sent: the caller's deadline tells it.
///
/// # Panics
/// Outside of a node.
pub fn serve<R: Request, F: Future<Output = R::Reply> + 'static>(handler: impl Fn(NodeId, R) -> F + 'static) {
    current().handlers.serve(
        R::NAME,
        Rc::new(move |responder, body| {
            let request: R = decode(body)?;
            let reply = handler(responder.from, request);
            Some(Box::pin(async move {
                let body = encode(&responder.context, &reply.await);
                responder.context.run_before_output();
                if body.len() > FRAME_LIMIT {
                    tracing::error!("a reply of {} bytes is larger than a frame: {} gets none", body.len(), R::NAME);
                    return responder.give_up();
                }
                responder.respond(body);
            }))
        }),
    );
}

/// Asks a peer. Await it; nothing is sent before.
///
/// Dropping the future abandons the call: the handler over there runs on, its reply is ignored.
///
/// ```no_run
/// # use windtunnel::{NodeId, net::{self, CallError, Request}, time::Duration};
/// # async fn example<R: Request>(peer: NodeId, request: R) -> Result<R::Reply, CallError> {
/// net::call(peer, request).timeout(Duration::from_millis(100)).await
/// # }
/// ```
///
/// # Panics
/// Outside of a node.
pub fn call<R: Request>(peer: NodeId, request: R) -> Call<R> {
    let context = current();
    let body = encode(&context, &request);
    Call { context, peer, body, deadline: DEFAULT_DEADLINE, request: PhantomData }
}

/// A call that has not been sent.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<R> {
    context: Rc<Context>,
    peer: NodeId,
    body: Vec<u8>,
    deadline: Duration,
    request: PhantomData<fn(R)>,
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("peer", &self.peer).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl<R> Call<R> {
    /// Gives the call another deadline than [`DEFAULT_DEADLINE`], counted from the first poll.
    pub const fn timeout(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl<R: Request> IntoFuture for Call<R> {
    type Output = Result<R::Reply, CallError>;
    type IntoFuture = Reply<R>;

    fn into_future(self) -> Reply<R> {
        Reply { unsent: Some(self), sent: None }
    }
}

/// Waits for the reply to a call.
pub struct Reply<R> {
    unsent: Option<Call<R>>,
    sent: Option<Sent>,
}

struct Sent {
    context: Rc<Context>,
    peer: NodeId,
    call: CallId,
    deadline: Alarm,
}

impl<R> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("sent", &self.sent.as_ref().map(|sent| sent.call)).finish_non_exhaustive()
    }
}

impl<R: Request> Call<R> {
    fn send(self) -> Sent {
        let Call { context, peer, body, deadline, .. } = self;
        let call = context.calls.begin(peer, R::NAME);
        context.emit(Effect::Send { to: peer, call, method: R::NAME.into(), body });
        let at = context.clock.get().monotonic.saturating_add(Nanos::from(deadline));
        Sent { deadline: Alarm::new(context.clone(), at), context, peer, call }
    }
}

impl<R: Request> Future for Reply<R> {
    type Output = Result<R::Reply, CallError>;

    fn poll(mut self: Pin<&mut Self>, poll_context: &mut PollContext<'_>) -> Poll<Self::Output> {
        if let Some(call) = self.unsent.take() {
            if call.body.len() > FRAME_LIMIT {
                return Poll::Ready(Err(CallError::TooLarge));
            }
            self.sent = Some(call.send());
        }
        let sent = self.sent.as_mut().expect("a call is either unsent or sent");
        if let Some(answer) = sent.answer(poll_context) {
            return Poll::Ready(sent.decode::<R>(answer));
        }
        sent.deadline.poll(poll_context).map(|()| Err(CallError::TimedOut))
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.context.calls.abandon(self.call);
    }
}

impl Sent {
    fn answer(&self, poll_context: &PollContext<'_>) -> Option<Answer> {
        let Context { calls, tasks, .. } = &*self.context;
        calls.poll(self.call, || tasks.waiter(poll_context.waker()))
    }

    fn decode<R: Request>(&self, answer: Answer) -> Result<R::Reply, CallError> {
        match answer {
            Answer::Reply(Ok(body)) => decode(&body).ok_or_else(|| {
                self.context.emit(Effect::Undecodable { from: self.peer, method: R::NAME.into() });
                CallError::Undecodable
            }),
            Answer::Reply(Err(Rejection::NoHandler)) => Err(CallError::NoHandler),
            Answer::Reply(Err(Rejection::BadRequest)) => Err(CallError::Undecodable),
            Answer::Refused => Err(CallError::Refused),
            Answer::Reset => Err(CallError::Reset),
        }
    }
}

/// The value that the bytes are, all of them.
fn decode<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    postcard::take_from_bytes(body).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

/// Serialises through a buffer that is used again, so that the result is allocated once.
pub(crate) fn encode(context: &Context, value: &impl Serialize) -> Vec<u8> {
    let mut scratch = context.scratch.take();
    scratch.clear();
    let encoded = postcard::serialize_with_flavor(value, ExtendFlavor::new(scratch))
        .unwrap_or_else(|error| panic!("a value's Serialize failed: {error}"));
    let body = encoded.as_slice().to_vec();
    context.scratch.replace(encoded);
    body
}
