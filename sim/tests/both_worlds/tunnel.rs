//! The simulated world: a calm network, under one seed.

use crate::stage::{A, ACT, Act, Asked, Disk, NODES, Stage, program};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{NodeId, Ppm, Seed};

#[derive(Default)]
struct Asks(Rc<RefCell<VecDeque<Asked>>>);

impl Observer for Asks {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, body: &[u8]) -> Response {
        if kind == ACT {
            self.0.borrow_mut().push_back(postcard::from_bytes(body).expect("a body asks for an act"));
        }
        Response::Continue
    }
}

pub fn run<F: Future<Output = ()> + 'static>(body: fn(Stage) -> F) {
    let setup = || {
        let asks = Asks::default();
        let asked = asks.0.clone();
        (asks, move |tester| serve(tester, asked))
    };
    let simulation = Simulation::new(Seed(7)).program(NODES, program(body));
    let (report, _) = simulation.observe(setup, |_| ());
    match report.outcome {
        Outcome::Finished(()) => {}
        Outcome::Stopped => panic!("nobody stops this run"),
        Outcome::Failed(failure) => panic!("{failure}"),
    }
}

/// Does what the body asks for until it is done.
async fn serve(tester: Tester, asked: Rc<RefCell<VecDeque<Asked>>>) {
    loop {
        sleep(Duration::from_millis(1)).await;
        let Some(Asked { number, act }) = asked.borrow_mut().pop_front() else { continue };
        match act {
            Act::Kill(node) => {
                tester.kill(node);
            }
            Act::Start(node) => {
                tester.start(node);
                sleep(Duration::from_millis(1)).await;
            }
            Act::Spoil(node, disk) => tester.set_disk(node, spoilt(disk)),
            Act::Mend(node) => tester.set_disk(node, DiskWeather::default()),
            Act::Done => return,
        }
        let answer = postcard::to_stdvec(&number).expect("a number serialises");
        tester.control(A, answer).await.expect("the body waits");
    }
}

fn spoilt(disk: Disk) -> DiskWeather {
    let calm = DiskWeather::default();
    match disk {
        Disk::Full => DiskWeather { capacity: Some(30), ..calm },
        Disk::Failing => DiskWeather { error_ppm: Ppm(500_000), ..calm },
    }
}
