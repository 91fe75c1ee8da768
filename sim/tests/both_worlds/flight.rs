//! The real one: each node on a thread of its own, with real sockets and files.

use crate::fleet::{Fleet, Told};
use crate::stage::{A, ACT, Act, Asked, BROKEN, Disk, NODES, Stage, program};
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;

pub fn run<F: Future<Output = ()> + 'static>(body: fn(Stage) -> F) {
    let mut fleet = Fleet::new(NODES, program(body));
    // The body last: those it calls are there.
    for node in (1..=NODES).rev() {
        fleet.start(windtunnel::NodeId(node));
    }
    loop {
        let asked: Asked = match fleet.told(A) {
            Told::Observed { kind, body } if kind == ACT => {
                postcard::from_bytes(&body).expect("a body asks for an act")
            }
            Told::Observed { .. } => continue,
            Told::Ended(how) => panic!("{how}"),
        };
        match asked.act {
            Act::Kill(node) => fleet.kill(node),
            Act::Start(node) => fleet.start(node),
            // Files that stand for devices: one that is full, and memory at an address where there is none.
            Act::Spoil(node, disk) => {
                let device = if disk == Disk::Full { "/dev/full" } else { "/proc/self/mem" };
                match symlink(device, fleet.data(node).join("files").join(BROKEN)) {
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("no link can be made: {error}"),
                    _ => {}
                }
            }
            // What is no file has no bytes.
            Act::Mend(_) => {}
            Act::Done => return,
        }
        fleet.control(A, postcard::to_stdvec(&asked.number).expect("a number serialises"));
    }
}
