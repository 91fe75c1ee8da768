//! The vault: what a lock guards. It lets in whoever shows a token as high as any before, and turns away all others.

use crate::contract::Token;
use crate::observation::Holding;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use windtunnel::net::{self, CallError, Request};

#[derive(Debug, Serialize, Deserialize)]
struct Enter(Holding);

impl Request for Enter {
    type Reply = bool;
    const NAME: &'static str = "enter_vault";
}

/// Guards what this node has, if it is the one that is asked.
pub fn serve() {
    let highest = Rc::new(RefCell::new(BTreeMap::<String, Token>::new()));
    net::serve(move |_, Enter(Holding { lock, token })| {
        let mut highest = highest.borrow_mut();
        let known = highest.entry(lock).or_insert(token);
        *known = token.max(*known);
        std::future::ready(*known == token)
    });
}

/// Shows the token to the vault, once.
pub async fn enter(holding: Holding) -> Result<bool, CallError> {
    net::call(super::vault(), Enter(holding)).await
}
