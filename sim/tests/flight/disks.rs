//! Real disks that are full or fail: files that stand for devices which take nothing.

use crate::fleet::{Fleet, Told};
use crate::{A, Answer, Ask, ask, program};
use std::os::unix::fs::symlink;
use windtunnel::real::Ended;
use windtunnel::real::control_protocol::DiskFaults;

/// The file `broken` of a node stands for `device`: what the node says of it, and its end.
fn kept_on(device: &str) -> (Fleet, Ended) {
    let mut fleet = Fleet::new(1, program());
    fleet.start(A);
    assert_eq!(ask(&mut fleet, A, &Ask::Keep("kept".into())), Ok(Answer::Done), "this one is promised");
    symlink(device, fleet.data(A).join("files/broken")).expect("a link can be made");
    fleet.control(A, postcard::to_stdvec(&Ask::Keep("broken".into())).expect("it serialises"));
    let how = loop {
        if let Told::Ended(how) = fleet.told(A) {
            break how;
        }
    };
    assert_eq!(fleet.join(A), how);
    (fleet, how)
}

/// What was promised is there when the node is started again.
fn keeps_its_promise(mut fleet: Fleet) {
    fleet.start(A);
    assert_eq!(ask(&mut fleet, A, &Ask::Kept("kept".into())), Ok(Answer::Echoed("kept".into())));
}

#[test]
fn a_node_whose_disk_is_full_stops_names_the_file_and_loses_nothing() {
    let (fleet, how) = kept_on("/dev/full");
    let reason = "broken cannot be written: no storage space".to_owned();
    assert_eq!(how, Ended::Stopped { reason, disk: DiskFaults { errors: 0, full: 1 } });
    keeps_its_promise(fleet);
}

/// The memory of a process, at an address where there is none.
#[test]
fn a_node_whose_disk_fails_stops_names_the_file_and_loses_nothing() {
    let (fleet, how) = kept_on("/proc/self/mem");
    let reason = "broken cannot be written: Input/output error (os error 5)".to_owned();
    assert_eq!(how, Ended::Stopped { reason, disk: DiskFaults { errors: 1, full: 0 } });
    keeps_its_promise(fleet);
}
