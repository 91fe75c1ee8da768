//! What a test body does to its cluster is what happens to the nodes.

use lab_harness::cluster::Cluster;
use lab_harness::failed::{Failed, TestResult};
use lab_harness::judge::{Interest, Judge};
use lab_harness::suite::{Body, Lab, Part, Running, Test};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use windtunnel::executor::Program;
use windtunnel::world::{LinkWeather, Moment};
use windtunnel::{Nanos, NodeId, Ppm, Seed, fs, net, node};

struct Nobody;

impl Judge for Nobody {
    fn new(_: u32) -> Self {
        Nobody
    }

    fn observed(&mut self, _: Moment, _: NodeId, _: &str, _: &[u8]) -> Result<Interest, Failed> {
        Ok(Interest::None)
    }
}

/// What a test asks a node over its control port. Every answer is a yes or a no.
#[derive(Serialize, Deserialize)]
enum Ask {
    /// Whether a peer answers within 100 ms.
    Reaches(NodeId),
    /// Writes a file and does not sync it.
    Write,
    /// Whether that file is there and whole.
    HasWritten,
}

#[derive(Serialize, Deserialize)]
struct Ping;

impl net::Request for Ping {
    type Reply = ();
    const NAME: &'static str = "ping";
}

async fn main_of_node() {
    net::serve(|_, Ping| async {});
    node::control(|ask| async move {
        let answer = match postcard::from_bytes(&ask).expect("the test asks in its own words") {
            Ask::Reaches(peer) => net::call(peer, Ping).timeout(Duration::from_millis(100)).await.is_ok(),
            Ask::Write => fs::write("page-cache", b"not synced").await.is_ok(),
            Ask::HasWritten => fs::read("page-cache").await.is_ok_and(|content| content == b"not synced"),
        };
        postcard::to_stdvec(&answer).expect("a bool serialises")
    });
}

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);
const C: NodeId = NodeId(3);

async fn ask(cluster: &Cluster<Nobody>, node: NodeId, ask: Ask) -> TestResult<bool> {
    cluster.control(node, &ask).await.map_err(|failure| Failed::new("no-answer", format!("{node}: {failure:?}")))
}

/// The directed links over which a ping is answered, in order.
async fn reached(cluster: &Cluster<Nobody>) -> TestResult<Vec<(u32, u32)>> {
    let mut reached = Vec::new();
    for (from, to) in cluster.links().collect::<Vec<_>>() {
        if ask(cluster, from, Ask::Reaches(to)).await? {
            reached.push((from.0, to.0));
        }
    }
    Ok(reached)
}

const ALL: [(u32, u32); 6] = [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)];

async fn links(cluster: Cluster<Nobody>) -> TestResult {
    cluster.sleep(Duration::from_millis(10)).await;
    assert_eq!(reached(&cluster).await?, ALL);
    cluster.partition(&[&[A, C], &[B]]);
    assert_eq!(reached(&cluster).await?, [(1, 3), (3, 1)]);
    cluster.partition(&[&[A, B]]);
    assert_eq!(reached(&cluster).await?, [(1, 2), (2, 1)], "a later partition takes the place of the one before");
    cluster.heal();
    assert_eq!(reached(&cluster).await?, ALL);
    cluster.cut(A, B); // neither the ping of 1 nor the answer to 2 arrives
    assert_eq!(reached(&cluster).await?, [(1, 3), (2, 3), (3, 1), (3, 2)]);
    cluster.mend(A, B);
    cluster.cut_off(C);
    assert_eq!(reached(&cluster).await?, [(1, 2), (2, 1)]);
    cluster.reconnect(C);
    assert_eq!(reached(&cluster).await?, ALL);
    let lossy = LinkWeather { loss_ppm: Ppm(1_000_000), ..LinkWeather::default() };
    cluster.set_link(B, C, lossy);
    assert_eq!(reached(&cluster).await?, [(1, 2), (1, 3), (2, 1), (3, 1)]);
    cluster.set_links(lossy);
    assert_eq!(reached(&cluster).await?, []);
    cluster.heal();
    assert_eq!(reached(&cluster).await?, ALL);
    Ok(())
}

async fn processes(cluster: Cluster<Nobody>) -> TestResult {
    cluster.sleep(Duration::from_millis(10)).await;
    ask(&cluster, A, Ask::Write).await?;
    cluster.restart(A);
    cluster.sleep(Duration::from_millis(10)).await;
    assert!(cluster.is_running(A) && ask(&cluster, A, Ask::HasWritten).await?, "a kill leaves the page cache");
    cluster.kill(A);
    cluster.sleep(Duration::from_millis(10)).await;
    assert!(!cluster.is_running(A) && ask(&cluster, A, Ask::HasWritten).await.is_err());
    cluster.start(A);
    cluster.sleep(Duration::from_millis(10)).await;
    cluster.pause(B);
    assert!(!ask(&cluster, A, Ask::Reaches(B)).await?, "who is paused does not answer");
    cluster.resume(B);
    assert!(ask(&cluster, A, Ask::Reaches(B)).await?);
    let before = cluster.counters();
    assert!(ask(&cluster, A, Ask::Reaches(C)).await?);
    let after = cluster.counters();
    assert_eq!((after.calls - before.calls, after.messages - before.messages), (1, 2), "a request and a reply");
    Ok(())
}

/// Whether a file that was never synced is there after a power loss: legal either way.
async fn power(cluster: Cluster<Nobody>) -> TestResult {
    cluster.sleep(Duration::from_millis(10)).await;
    ask(&cluster, A, Ask::Write).await?;
    cluster.power_loss(A);
    cluster.sleep(Duration::from_millis(10)).await;
    assert!(!cluster.is_running(A));
    cluster.start(A);
    cluster.sleep(Duration::from_millis(10)).await;
    match ask(&cluster, A, Ask::HasWritten).await? {
        true => Ok(()),
        false => Err(Failed::new("lost", "The file is gone, or half of it.")),
    }
}

fn directed(name: &'static str, run: fn(Cluster<Nobody>) -> Running) -> Test<Nobody> {
    let body = Body::Directed { nodes: 3, client_nodes: 0, settings: &[], time_budget: Nanos::from_secs(60), run };
    Test { name, mit: None, part: "handle", points: 1, about: name, grounded: None, body }
}

fn lab() -> Lab<Nobody> {
    Lab {
        parts: vec![Part { name: "handle", alias: "0" }],
        tests: vec![
            directed("links", |cluster| Box::pin(links(cluster))),
            directed("processes", |cluster| Box::pin(processes(cluster))),
            directed("power", |cluster| Box::pin(power(cluster))),
        ],
        ..Lab::bare("handle")
    }
}

fn run(test: usize, seed: u64) -> Result<(), String> {
    let lab = lab();
    lab_harness::worker::run_here(&lab, &lab.tests[test], &Program::new(main_of_node), Seed(seed)).map(drop)
}

#[test]
fn links_are_cut_mended_and_made_worse_one_direction_at_a_time() {
    assert_eq!(run(0, 1), Ok(()));
}

#[test]
fn processes_die_stand_still_and_come_back_with_their_page_cache() {
    assert_eq!(run(1, 1), Ok(()));
}

#[test]
fn a_power_loss_takes_what_was_not_synced_under_some_seeds() {
    let kept = (0..40).filter(|seed| run(2, *seed).is_ok()).count();
    assert!((1..40).contains(&kept), "kept under {kept} of 40 seeds");
}
