//! Who watches a run is told of each message when its process looks at it, and of no other.

#[path = "support/echo.rs"]
mod echo;

use echo::Echo;
use std::time::Duration;
use windtunnel::net::{self, CallError};
use windtunnel::time::sleep;
use windtunnel::world::{Lifecycle, Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{NodeId, Seed};

const SERVER: NodeId = NodeId(1);
const MUTE: NodeId = NodeId(2);

/// All that it is told, in order.
#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Response {
        self.0.push("shown".to_owned());
        Response::Continue
    }

    fn delivered(&mut self, from: NodeId, to: NodeId) {
        self.0.push(format!("{from} to {to}"));
    }

    fn lifecycle(&mut self, _: Moment, _: NodeId, what: Lifecycle) -> Response {
        if !matches!(what, Lifecycle::Started(_)) {
            self.0.push(format!("{what:?}"));
        }
        Response::Continue
    }
}

/// What is told while one node serves, the other does not, and the tester does that.
fn told<F: Future<Output = ()> + 'static>(body: impl FnOnce(Tester) -> F + Send + 'static) -> Vec<String> {
    let main = || async {
        if windtunnel::node::id() == SERVER {
            net::serve(|_, Echo(text)| async move {
                windtunnel::node::observe("asked", &());
                text
            });
        }
    };
    let setup = || (Told::default(), body);
    let (report, told) = Simulation::new(Seed(7)).nodes(2, main).observe(setup, |told| told.0);
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    told
}

async fn ask(node: NodeId) -> Result<String, CallError> {
    net::call(node, Echo("one".into())).timeout(Duration::from_millis(200)).await
}

#[test]
fn a_request_is_told_before_its_step_and_the_answer_after_it() {
    let told = told(|_| async {
        assert!(ask(SERVER).await.is_ok());
    });
    assert_eq!(told, ["tester to node 1", "shown", "node 1 to tester"]);
}

#[test]
fn what_waits_for_a_paused_process_is_told_when_that_looks() {
    let told = told(|tester| async move {
        tester.pause(SERVER);
        let answer = windtunnel::spawn(ask(SERVER));
        sleep(Duration::from_millis(50)).await;
        tester.resume(SERVER);
        assert!(answer.await.is_ok());
    });
    assert_eq!(told, ["Paused", "Resumed", "tester to node 1", "shown", "node 1 to tester"]);
}

#[test]
fn what_is_lost_or_said_by_a_kernel_or_by_a_node_that_does_not_serve_is_not_told() {
    let told = told(|tester| async move {
        assert_eq!(ask(MUTE).await, Err(CallError::NoHandler));
        tester.cut(NodeId::TESTER, SERVER);
        assert_eq!(ask(SERVER).await, Err(CallError::TimedOut));
        tester.kill(MUTE);
        assert_eq!(ask(MUTE).await, Err(CallError::Reset));
    });
    assert_eq!(told, ["tester to node 2", "Killed"], "that it has no handler the node's own runtime says");
}
