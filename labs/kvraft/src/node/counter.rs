//! Hosts a submission's replicated state machine in part rsm: a counter, of which each server has a replica.

use super::{Watched, answer_control};
use crate::contract::{Options, Replicated, StateMachine, Submission};
use crate::control::{Reply, Request};
use crate::observation::{Asked, CALLED, COUNTED, Called, Count, Counted, RETURNED, Returned, Told};
use lab_raft::{Applied, Raft};
use std::cell::Cell;
use std::rc::Rc;
use windtunnel::node;
use windtunnel::sync::mpsc::UnboundedReceiver;

/// The counter: it goes up, and nobody should ever spoil it.
struct Counter(Counted);

impl StateMachine for Counter {
    type Command = Count;
    type Answer = u64;

    fn apply(&mut self, command: Count) -> u64 {
        match command {
            Count::Increment => self.0.value += 1,
            Count::Nothing => {}
            Count::Spoil => self.0.spoilt = true,
        }
        node::observe(COUNTED, &self.0);
        self.0.value
    }

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.0).expect("a counter is plain data")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.0 = postcard::from_bytes(snapshot).expect("a submission gives back the snapshot that it was given");
        node::observe(COUNTED, &self.0);
    }
}

/// Starts the replica and answers the tester from now on.
pub async fn host<S: Submission, R: Raft>(raft: Watched<R>, applied: UnboundedReceiver<Applied>, options: Options) {
    let counter = Counter(Counted { value: 0, spoilt: false });
    let replica = S::Replicated::<Watched<R>, Counter>::start(raft.clone(), applied, counter, options);
    let calls = Rc::new(Cell::new(0));
    answer_control(move |request| {
        let (raft, replica, calls) = (raft.clone(), replica.clone(), calls.clone());
        async move {
            let asked = match request {
                Request::Submit(count) => Asked::Submit(count),
                Request::Read => Asked::Read,
                Request::StateBytes => return Reply::StateBytes(raft.state_bytes().await),
                _ => return Reply::NotUnderstood,
            };
            let call = calls.get() + 1;
            calls.set(call);
            node::observe(CALLED, &Called { call, asked });
            let told = match request {
                Request::Submit(count) => replica.submit(count).await,
                _ => replica.read(|counter| counter.0.value).await,
            };
            node::observe(RETURNED, &Returned { call, told: Told::Counter(told) });
            Reply::Counter(told)
        }
    });
}
