//! Rows on clocks and timers.

use crate::both_worlds;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::spawn;
use windtunnel::time::{Instant, SystemTime, sleep, sleep_until, timeout};

both_worlds! {
    async fn a_timer_goes_off_at_its_time_and_not_before(_stage: Stage) {
        for span in [0, 1, 20].map(Duration::from_millis) {
            let begin = Instant::now();
            sleep(span).await;
            assert!(begin.elapsed() >= span);
        }
    }

    async fn timers_go_off_in_the_order_of_their_times_and_then_of_their_setting(_stage: Stage) {
        let (begin, order) = (Instant::now(), Rc::new(RefCell::new(Vec::new())));
        let tasks: Vec<_> = [(0, 30), (1, 10), (2, 10), (3, 20)]
            .map(|(number, millis)| {
                let order = order.clone();
                spawn(async move {
                    sleep_until(begin + Duration::from_millis(millis)).await;
                    order.borrow_mut().push(number);
                })
            })
            .into();
        for task in tasks {
            task.await.expect("it is not aborted");
        }
        assert_eq!(*order.borrow(), [1, 2, 3, 0]);
    }

    async fn a_timer_that_is_taken_back_does_not_go_off(_stage: Stage) {
        let task = spawn(async { sleep(Duration::from_millis(10)).await });
        windtunnel::task::yield_now().await;
        task.abort();
        assert!(timeout(Duration::from_millis(30), std::future::pending::<()>()).await.is_err());
        assert!(task.await.is_err());
    }

    async fn both_clocks_stand_still_within_a_step_and_go_on_between_steps(_stage: Stage) {
        let (instant, wall) = (Instant::now(), SystemTime::now());
        let busy: u64 = (0..200_000u64).fold(0, |sum, number| sum.wrapping_add(number * number));
        assert_ne!(std::hint::black_box(busy), 1);
        assert_eq!((Instant::now(), SystemTime::now()), (instant, wall));
        sleep(Duration::from_millis(5)).await;
        assert!(Instant::now() > instant && SystemTime::now() > wall);
        assert!(wall.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|age| age > Duration::from_secs(1)));
    }
}
