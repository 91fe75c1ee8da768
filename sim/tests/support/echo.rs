//! The simplest RPC: text, and text in return.

use serde::{Deserialize, Serialize};
use windtunnel::net;

#[derive(Serialize, Deserialize)]
pub struct Echo(pub String);

impl net::Request for Echo {
    type Reply = String;
    const NAME: &'static str = "echo";
}
