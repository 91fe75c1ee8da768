//! Who waits for a lock in vain is seen to wait: of its turns there were none.

#[path = "../starter/src/lib.rs"]
mod starter;

use lab_kv::control::Request;
use lab_kv::observation::{WANTED, Wanted};
use starter::{Clerk, Lock, Server};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::{sleep, timeout};
use windtunnel::world::{Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{NodeId, Seed};

/// Who wanted which lock.
#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<(NodeId, String)>>>);

impl Observer for Seen {
    fn observed(&mut self, _: Moment, node: NodeId, kind: &str, body: &[u8]) -> Response {
        if kind == WANTED {
            let Wanted { lock } = postcard::from_bytes(body).expect("it is of that kind");
            self.0.borrow_mut().push((node, lock));
        }
        Response::Continue
    }
}

#[test]
fn a_node_shows_that_it_wants_a_lock_though_it_never_has_it() {
    let setup = || {
        let body = |tester: Tester| async move {
            sleep(Duration::from_millis(10)).await;
            let request = postcard::to_stdvec(&Request::Acquire { clerk: 0, lock: "l".to_owned() });
            let acquired = tester.control(NodeId(2), request.expect("it is plain data"));
            timeout(Duration::from_secs(1), acquired).await.is_err()
        };
        (Seen::default(), body)
    };
    let simulation = Simulation::new(Seed(1)).nodes(2, lab_kv::host::<Server, Clerk, Lock<Clerk>>);
    let (report, seen) = simulation.observe(setup, |seen| seen.0.take());
    assert!(
        matches!(report.outcome, Outcome::Finished(true)),
        "the starter's lock is never free: {:?}",
        report.outcome
    );
    assert_eq!(seen, [(NodeId(2), "l".to_owned())]);
}
