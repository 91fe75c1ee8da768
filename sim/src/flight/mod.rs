//! flight
mod alarms;
pub mod latency;
mod order;
pub mod proxy;
mod unmade;
