//! Rows of SEMANTICS.md that both worlds can show: one body, run in the tunnel and in flight.
//!
//! A body runs on node 1, as lab code. What only the world can do, to kill a node say, it asks of its
//! [`Stage`]. Next to read: `stage`, then `network`.

mod draws;
mod files;
#[path = "../support/fleet.rs"]
mod fleet;
mod flight;
mod network;
mod processes;
mod services;
mod stage;
mod sync;
mod time;
mod tunnel;

use stage::Stage;

/// Runs each body in both worlds, as two tests of its name.
macro_rules! both_worlds {
    ($($(#[$doc:meta])* async fn $name:ident($stage:ident: Stage) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports)] // a body may need none of them
            use super::*;

            $(#[$doc])*
            async fn body($stage: crate::Stage) $body

            #[test]
            fn in_the_tunnel() {
                crate::tunnel::run(body);
            }

            #[test]
            fn in_flight() {
                crate::flight::run(body);
            }
        }
    )+ };
}
pub(crate) use both_worlds;
