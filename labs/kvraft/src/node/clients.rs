//! The control port of a node with clerks: requests of the tester become calls of the contract, shown to the judge.

use super::answer_control;
use crate::contract::Clerk;
use crate::control::{Reply, Request};
use crate::observation::{Asked, CALLED, Called, RETURNED, Returned, Told};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::sync::Mutex;
use windtunnel::{NodeId, node};

/// The clerks of a node. Each is asked one thing after the other, whatever comes over the control port meanwhile.
struct Clients<C> {
    servers: Vec<NodeId>,
    clerks: RefCell<BTreeMap<u32, Rc<Mutex<C>>>>,
    calls: Cell<u64>,
}

/// Answers the tester from now on.
pub fn serve<C: Clerk>(servers: Vec<NodeId>) {
    let clients = Rc::new(Clients::<C> { servers, clerks: RefCell::default(), calls: Cell::new(0) });
    answer_control(move |request| {
        let clients = clients.clone();
        async move { clients.answer(request).await }
    });
}

impl<C: Clerk> Clients<C> {
    async fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Get { clerk, key } => {
                let clerk = self.clerk(clerk);
                let clerk = clerk.lock().await;
                let call = self.called(Asked::Get { key: key.clone() });
                let answer = clerk.get(&key).await;
                returned(call, Told::Got(answer.clone()));
                Reply::Got(answer)
            }
            Request::Put { clerk, key, value, version } => {
                let clerk = self.clerk(clerk);
                let clerk = clerk.lock().await;
                let call = self.called(Asked::Put { key: key.clone(), value: value.clone(), version });
                let answer = clerk.put(&key, &value, version).await;
                returned(call, Told::Put(answer));
                Reply::Put(answer)
            }
            Request::Append { clerk, key, value } => {
                let clerk = self.clerk(clerk);
                let clerk = clerk.lock().await;
                let call = self.called(Asked::Append { key: key.clone(), value: value.clone() });
                clerk.append(&key, &value).await;
                returned(call, Told::Appended);
                Reply::Appended
            }
            Request::Submit(_) | Request::Read | Request::StateBytes => Reply::NotUnderstood,
        }
    }

    fn clerk(&self, number: u32) -> Rc<Mutex<C>> {
        let connect = || Rc::new(Mutex::new(C::connect(self.servers.clone())));
        self.clerks.borrow_mut().entry(number).or_insert_with(connect).clone()
    }

    fn called(&self, asked: Asked) -> u64 {
        let call = self.calls.get() + 1;
        self.calls.set(call);
        node::observe(CALLED, &Called { call, asked });
        call
    }
}

fn returned(call: u64, told: Told) {
    node::observe(RETURNED, &Returned { call, told });
}
