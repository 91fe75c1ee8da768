//! Rows on the network.

use crate::both_worlds;
use crate::services::{Count, DEADLINE, Echo, Hang, Long, Never, PATIENCE, echo, hang};
use crate::stage::{A, B, NODES};
use serde::{Deserialize, Serialize};
use std::future::IntoFuture;
use windtunnel::net::{self, CallError, FRAME_LIMIT};
use windtunnel::time::Instant;
use windtunnel::{NodeId, spawn};

both_worlds! {
    async fn a_call_is_answered_in_a_later_step(_stage: Stage) {
        let begin = Instant::now();
        assert_eq!(echo(B, "one").await.as_deref(), Ok("one"));
        assert!(Instant::now() > begin);
    }

    async fn a_node_can_call_itself(_stage: Stage) {
        assert_eq!(echo(A, "me").await.as_deref(), Ok("me"));
    }

    async fn concurrent_calls_get_their_own_replies(_stage: Stage) {
        let calls: Vec<_> = (0..200)
            .map(|number: u32| {
                let to = NodeId(2 + number % (NODES - 1));
                (number, spawn(async move { echo(to, &number.to_string()).await }))
            })
            .collect();
        for (number, call) in calls {
            assert_eq!(call.await, Ok(Ok(number.to_string())));
        }
    }

    async fn a_host_that_is_up_and_has_no_process_refuses(stage: Stage) {
        stage.kill(B).await;
        for _ in 0..5 {
            let begin = Instant::now();
            assert_eq!(echo(B, "one").await, Err(CallError::Refused));
            assert!(Instant::now() > begin, "never in the same step");
        }
    }

    async fn all_calls_that_wait_for_a_killed_process_end_with_reset(stage: Stage) {
        let waiting = [hang(B).await, hang(B).await];
        stage.kill(B).await;
        for call in waiting {
            assert_eq!(call.await, Ok(Err(CallError::Reset)));
        }
    }

    /// What was connected before is gone; then a call connects anew.
    async fn a_restarted_peer_answers_again(stage: Stage) {
        assert_eq!(net::call(B, Count(1)).timeout(PATIENCE).await, Ok(1));
        stage.kill(B).await;
        stage.start(B).await;
        let sum = loop {
            match net::call(B, Count(1)).timeout(PATIENCE).await {
                Err(CallError::Reset | CallError::Refused) => {}
                other => break other,
            }
        };
        assert_eq!(sum, Ok(1), "it is another process");
    }

    async fn a_peer_that_refused_is_found_when_it_is_back(stage: Stage) {
        stage.kill(B).await;
        while echo(B, "one").await != Err(CallError::Refused) {}
        stage.start(B).await;
        while let Err(error) = echo(B, "one").await {
            assert_eq!(error, CallError::Refused);
        }
    }

    async fn silence_ends_at_the_deadline_and_not_before(_stage: Stage) {
        let begin = Instant::now();
        assert_eq!(net::call(B, Hang()).timeout(DEADLINE).await, Err(CallError::TimedOut));
        assert!(begin.elapsed() >= DEADLINE);
    }

    async fn a_node_that_does_not_exist_is_silent(_stage: Stage) {
        let nobody = NodeId(NODES + 7);
        assert_eq!(net::call(nobody, Echo("one".into())).timeout(DEADLINE).await, Err(CallError::TimedOut));
    }

    async fn a_dropped_call_still_runs_its_handler(_stage: Stage) {
        assert_eq!(net::call(B, Count(0)).timeout(PATIENCE).await, Ok(0));
        let abandoned = spawn(async { net::call(B, Count(5)).timeout(PATIENCE).await });
        windtunnel::task::yield_now().await;
        windtunnel::time::sleep(std::time::Duration::ZERO).await; // the request leaves with the step
        abandoned.abort();
        windtunnel::time::sleep(DEADLINE).await;
        assert_eq!(net::call(B, Count(0)).timeout(PATIENCE).await, Ok(5));
    }

    async fn an_rpc_that_nobody_serves_is_answered_with_no_handler(_stage: Stage) {
        #[derive(Serialize, Deserialize)]
        struct Unknown;
        impl net::Request for Unknown {
            type Reply = ();
            const NAME: &'static str = "unknown";
        }
        assert_eq!(net::call(B, Unknown).timeout(PATIENCE).await, Err(CallError::NoHandler));
    }

    /// Three bytes of a string's length stand before its content.
    async fn the_largest_request_arrives_and_one_past_it_is_not_sent(_stage: Stage) {
        let text = "x".repeat(FRAME_LIMIT - 4);
        assert!(net::call(B, Echo(text.clone())).timeout(PATIENCE * 3).await.is_ok_and(|reply| reply == text));
        let begin = Instant::now();
        let larger = net::call(B, Echo("x".repeat(FRAME_LIMIT + 1))).await;
        assert_eq!((larger, begin.elapsed()), (Err(CallError::TooLarge), std::time::Duration::ZERO));
        assert_eq!(echo(B, "after").await.as_deref(), Ok("after"));
    }

    async fn a_reply_past_the_frame_limit_is_not_sent_and_disturbs_no_other(_stage: Stage) {
        let larger = net::call(B, Long(FRAME_LIMIT as u64 + 1)).timeout(DEADLINE * 4).await;
        assert_eq!(larger, Err(CallError::TimedOut));
        assert_eq!(echo(B, "after").await.as_deref(), Ok("after"));
    }

    /// More calls than may wait for one kind of reply: those that are answered at all go on.
    async fn a_handler_that_never_returns_keeps_no_other_call_from_its_answer(_stage: Stage) {
        const CALLS: u32 = 16_384 + 100;
        let waiting: Vec<_> = (0..CALLS).map(|_| spawn(net::call(B, Never()).timeout(PATIENCE * 6).into_future())).collect();
        for _ in 0..10 {
            assert_eq!(echo(B, "meanwhile").await.as_deref(), Ok("meanwhile"));
        }
        assert_eq!(net::call(B, Never()).timeout(DEADLINE).await, Err(CallError::TimedOut), "one more is silence");
        assert_eq!(echo(B, "after").await.as_deref(), Ok("after"));
        assert!(waiting.iter().all(|call| !call.is_finished()));
    }
}
