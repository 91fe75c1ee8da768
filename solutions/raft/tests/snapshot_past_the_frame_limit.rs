//! A snapshot that is larger than any request may be still reaches a server that was away.

use lab_raft::control::{Reply, Request};
use lab_raft::{LogIndex, Role, Status};
use solution_raft::Raft;
use windtunnel::net::FRAME_LIMIT;
use windtunnel::time::{Duration, sleep};
use windtunnel::world::{Outcome, Simulation, Tester};
use windtunnel::{Nanos, NodeId, Seed};

const COMMANDS: u8 = 5;

async fn ask(tester: &Tester, node: NodeId, request: Request) -> Reply {
    let request = postcard::to_stdvec(&request).expect("a request serialises");
    let reply = tester.control(node, request).await.expect("all nodes run");
    postcard::from_bytes(&reply).expect("the lab's own words")
}

async fn status(tester: &Tester, node: NodeId) -> Status {
    match ask(tester, node, Request::Status).await {
        Reply::Status(status) => status,
        other => panic!("{other:?} is no status"),
    }
}

/// The run ends at its time budget if this never comes.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        sleep(Duration::from_millis(20)).await;
    }
}

async fn leader(tester: &Tester) -> NodeId {
    loop {
        for node in tester.nodes() {
            if status(tester, *node).await.role == Role::Leader {
                return *node;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn cut_off(tester: &Tester, node: NodeId) {
    for other in tester.nodes().iter().filter(|other| **other != node) {
        tester.cut(node, *other);
        tester.cut(*other, node);
    }
}

fn reach(tester: &Tester, one: NodeId, other: NodeId) {
    tester.mend(one, other);
    tester.mend(other, one);
}

async fn body(tester: Tester) {
    until(async || tester.nodes().iter().all(|node| tester.is_running(*node))).await;
    sleep(Duration::from_millis(500)).await; // until all have their control ports
    let leader = leader(&tester).await;
    let others: Vec<NodeId> = tester.nodes().iter().copied().filter(|node| *node != leader).collect();
    let (away, present) = (others[0], others[1]);
    cut_off(&tester, away);
    for command in 1..=COMMANDS {
        ask(&tester, leader, Request::Propose(vec![command])).await;
    }
    let index = LogIndex(u64::from(COMMANDS));
    until(async || has_committed(&tester, leader, index).await).await;
    for node in [leader, present] {
        // Who has not applied that much yet has no use for it, and is handed it again.
        until(async || {
            let data = vec![7; FRAME_LIMIT + (1 << 20)];
            assert_eq!(ask(&tester, node, Request::Snapshot { index, data }).await, Reply::Done);
            sleep(Duration::from_millis(200)).await;
            holds_it(&tester, node)
        })
        .await;
    }

    // Only with the server that was away is there a majority now.
    cut_off(&tester, present);
    reach(&tester, leader, away);
    until(async || holds_it(&tester, away)).await;
    ask(&tester, leader, Request::Propose(vec![0])).await;
    until(async || has_committed(&tester, leader, index.next()).await).await;
}

fn holds_it(tester: &Tester, node: NodeId) -> bool {
    tester.disk_bytes(node) > FRAME_LIMIT as u64
}

async fn has_committed(tester: &Tester, leader: NodeId, index: LogIndex) -> bool {
    matches!(ask(tester, leader, Request::ReadBarrier).await, Reply::Barrier(Ok(committed)) if committed >= index)
}

#[test]
fn it_is_sent_in_pieces_and_what_comes_after_it_commits() {
    let simulation = Simulation::new(Seed(11)).with(|options| options.time_budget = Nanos::from_secs(20));
    let report = simulation.nodes(3, lab_raft::host::<Raft>).run(body);
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
}
