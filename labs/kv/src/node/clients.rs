//! The control port of a node with clerks: requests of the tester become calls of the contract, shown to the judge.

use super::crowd;
use super::locks::Locks;
use crate::contract::{Clerk, Lock};
use crate::control::{Reply, Request};
use crate::node::SERVER;
use crate::observation::{Asked, CALLED, Called, RETURNED, Returned, Told};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::node;

/// The clerks of a node. Cheap to clone.
struct Clients<C, L>(Rc<Inner<C, L>>);

struct Inner<C, L> {
    clerks: RefCell<BTreeMap<u32, C>>,
    locks: Locks<C, L>,
    calls: Cell<u64>,
}

impl<C, L> Clone for Clients<C, L> {
    fn clone(&self) -> Self {
        Clients(self.0.clone())
    }
}

/// Answers the tester from now on.
pub fn serve<C: Clerk, L: Lock<C>>() {
    let clients: Clients<C, L> =
        Clients(Rc::new(Inner { clerks: RefCell::default(), locks: Locks::default(), calls: Cell::new(0) }));
    node::control(move |request: Vec<u8>| {
        let clients = clients.clone();
        async move {
            let reply = match postcard::from_bytes(&request) {
                Ok(request) => clients.answer(request).await,
                Err(_) => Reply::NotUnderstood,
            };
            postcard::to_stdvec(&reply).expect("replies are plain data")
        }
    });
}

impl<C: Clerk, L: Lock<C>> Clients<C, L> {
    async fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Get { clerk, key } => self.get(clerk, key).await,
            Request::Put { clerk, key, value, version } => {
                let asked = Asked::Put { key: key.clone(), value: value.clone(), version };
                let call = self.called(asked);
                let answer = self.clerk(clerk).put(&key, &value, version).await;
                node::observe(RETURNED, &Returned { call, told: Told::Put(answer) });
                Reply::Put(answer)
            }
            Request::Acquire { clerk, lock } => {
                Reply::Acquired(self.0.locks.acquire(clerk, lock, || self.clerk(clerk)).await)
            }
            Request::Use { clerk, lock } => self.0.locks.show(clerk, lock).await.map_or(Reply::NotHeld, Reply::Used),
            Request::Release { clerk, lock } => match self.0.locks.release(clerk, lock).await {
                true => Reply::Done,
                false => Reply::NotHeld,
            },
            Request::Crowd { clerks, value_bytes } => match crowd::put::<C>(clerks, value_bytes).await {
                Ok(()) => Reply::Done,
                Err(wrong) => Reply::Wrong(wrong),
            },
        }
    }

    async fn get(&self, clerk: u32, key: String) -> Reply {
        let call = self.called(Asked::Get { key: key.clone() });
        let answer = self.clerk(clerk).get(&key).await;
        node::observe(RETURNED, &Returned { call, told: Told::Got(answer.clone()) });
        Reply::Got(answer)
    }

    fn clerk(&self, number: u32) -> C {
        self.0.clerks.borrow_mut().entry(number).or_insert_with(|| C::connect(SERVER)).clone()
    }

    fn called(&self, asked: Asked) -> u64 {
        let call = self.0.calls.get() + 1;
        self.0.calls.set(call);
        node::observe(CALLED, &Called { call, asked });
        call
    }
}
