//! Rows on what a node draws: its streams, and the order of its maps.

use crate::both_worlds;
use crate::services::{Draw, Order, PATIENCE, STREAM, echo, order};
use crate::stage::B;
use std::time::Duration;
use windtunnel::net::{self, CallError, Request};
use windtunnel::rand;

/// What the peer answers once it is there.
async fn ask<R: Request>(request: R) -> R::Reply {
    net::call(B, request).timeout(PATIENCE).await.expect("it is there")
}

async fn restart(stage: &crate::Stage) {
    stage.kill(B).await;
    stage.start(B).await;
    while let Err(CallError::Reset | CallError::Refused) = echo(B, "one").await {}
}

both_worlds! {
    async fn a_stream_goes_on_where_its_last_draw_stopped_and_is_its_own(stage: Stage) {
        let stream = rand::stream(STREAM);
        let words: Vec<u64> = (0..8).map(|number| if number % 2 == 0 { stream.word() } else { rand::stream(STREAM).word() }).collect();
        let other = rand::stream("another");
        let theirs = [ask(Draw(8)).await, ask(Draw(8)).await];
        restart(&stage).await;
        let all = [words, (0..8).map(|_| other.word()).collect(), theirs[0].clone(), theirs[1].clone(), ask(Draw(8)).await];
        for (place, draws) in all.iter().enumerate() {
            assert!(all[..place].iter().all(|before| before != draws), "by name, node and start: {all:?}");
        }
        for _ in 0..1_000 {
            assert!(stream.below(7) < 7);
            let (low, high) = (Duration::from_millis(150), Duration::from_millis(300));
            assert!((low..=high).contains(&stream.duration(low, high)));
        }
        let mut items: Vec<u32> = (0..64).collect();
        stream.shuffle(&mut items);
        assert!(!items.is_sorted());
        items.sort_unstable();
        assert_eq!(items, (0..64).collect::<Vec<_>>());
    }

    async fn maps_of_one_start_of_a_node_have_one_order_and_those_of_another_another(stage: Stage) {
        let before = ask(Order()).await;
        assert_eq!(ask(Order()).await, before);
        assert_ne!(order(), before, "another node");
        restart(&stage).await;
        assert_ne!(ask(Order()).await, before, "another start");
    }
}
