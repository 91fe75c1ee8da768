//! The facade's own `Barrier`.

use std::cell::RefCell;
use std::rc::Rc;
use windtunnel::sync::Barrier;
use windtunnel::task::yield_now;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{Seed, spawn};

#[test]
fn all_go_on_when_the_last_has_come_and_in_the_order_in_which_they_came() {
    let report = Simulation::new(Seed(1)).run(|_| async {
        let barrier = Rc::new(Barrier::new(3));
        for _meeting in 0..2 {
            let passed: Rc<RefCell<Vec<(u32, bool)>>> = Rc::default();
            let meet = |task: u32| {
                let (barrier, passed) = (barrier.clone(), passed.clone());
                spawn(async move {
                    let met = barrier.wait().await;
                    passed.borrow_mut().push((task, met.is_leader()));
                })
            };
            let first = [meet(1), meet(2)];
            yield_now().await;
            yield_now().await;
            assert_eq!(*passed.borrow(), [], "two of three wait");
            meet(3).await.expect("it ends");
            for task in first {
                task.await.expect("it ends");
            }
            assert_eq!(*passed.borrow(), [(3, true), (1, false), (2, false)]);
        }
        assert!(Barrier::new(0).wait().await.is_leader(), "alone, nobody waits");
    });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
}
