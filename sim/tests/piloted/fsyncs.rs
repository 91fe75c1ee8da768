//! How many fsyncs nodes have done.

use crate::puppet::order;
use crate::{Ground, Test, flight};
use windtunnel::NodeId;
use windtunnel::world::Outcome;

pub const TESTS: &[Test] = &[(
    "fsyncs_of_files_and_directories_are_counted_over_all_nodes_and_incarnations",
    fsyncs_of_files_and_directories_are_counted_over_all_nodes_and_incarnations,
)];

fn fsyncs_of_files_and_directories_are_counted_over_all_nodes_and_incarnations() {
    let ground = Ground::new();
    let flown = flight(2, &ground.0).run(|tester| async move {
        let mut replies = vec![order(&tester, 1, "sync 3").await, order(&tester, 2, "write words").await];
        replies.push(order(&tester, 2, "sync 5").await);
        tester.kill(NodeId(2));
        tester.start(NodeId(2));
        replies.push(order(&tester, 2, "sync 1").await);
        replies
    });
    let flown = flown.expect("it took off");
    let Outcome::Finished(replies) = flown.report.outcome else { panic!("{:?}", flown.report.outcome) };
    assert_eq!(replies, ["synced", "written", "synced", "synced"]);
    // Each time of a directory too.
    assert_eq!(flown.fsyncs, 3 + 1 + 5 + 1 + 1 + 1);
}
