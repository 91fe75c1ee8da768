//! Rows on processes.

use crate::both_worlds;
use crate::services::{Count, PATIENCE, Stop, echo, hang};
use crate::stage::B;
use windtunnel::net::{self, CallError};

both_worlds! {
    async fn a_node_that_stops_is_reset_and_then_refuses(_stage: Stage) {
        let waiting = hang(B).await;
        let stopped = net::call(B, Stop()).timeout(PATIENCE).await;
        assert_eq!(stopped, Err(CallError::Reset));
        assert_eq!(waiting.await, Ok(Err(CallError::Reset)));
        while let Err(error) = echo(B, "one").await {
            if error == CallError::Refused {
                return;
            }
            assert_eq!(error, CallError::Reset, "a connection that it had not closed yet");
        }
        panic!("a stopped node answers");
    }

    async fn a_restarted_process_remembers_nothing_but_its_disk(stage: Stage) {
        assert_eq!(net::call(B, Count(3)).timeout(PATIENCE).await, Ok(3));
        stage.kill(B).await;
        stage.start(B).await;
        while let Err(CallError::Reset | CallError::Refused) = echo(B, "one").await {}
        assert_eq!(net::call(B, Count(1)).timeout(PATIENCE).await, Ok(1));
    }
}
