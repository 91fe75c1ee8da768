//! A file that is replaced whole: there at any moment, old or new, and nothing of it is too young to rot.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{EventNumber, NodeId, Ppm, Seed, fs, node};

const NODE: NodeId = NodeId(1);
const PATH: &str = "states/state";
const BYTES: usize = 3_000;

/// What a node finds when it starts: which state, and whether one that was not finished lies aside.
type Found = (u8, bool);

/// A node that replaces its state by 1, 2, 3, … as long as it lives, and shows each that is safe.
async fn counts_on() {
    fs::create_dir_all("states").await.unwrap();
    fs::sync_dir(".").await.unwrap();
    let state = fs::read(PATH).await.unwrap_or_else(|_| vec![0; BYTES]);
    assert!(state.len() == BYTES && state.iter().all(|byte| *byte == state[0]), "it is whole");
    let is_aside = fs::metadata("states/state.new").await.is_ok();
    let found: Found = (state[0], is_aside);
    node::control(move |_| async move { postcard::to_stdvec(&found).unwrap() });
    for number in state[0] + 1.. {
        fs::replace(PATH, &[number; BYTES]).await.unwrap();
        node::observe("safe", &number);
    }
}

struct Safe(Rc<Cell<u8>>);

impl Observer for Safe {
    fn observed(&mut self, _: Moment, _: NodeId, _: &str, body: &[u8]) -> Response {
        self.0.set(postcard::from_bytes(body).unwrap());
        Response::Continue
    }
}

/// Takes the power behind an event: which state was safe then, and what was found.
fn power_loss_behind(event: u64) -> (u8, Found) {
    let setup = move || {
        let safe = Rc::new(Cell::new(0));
        let last = safe.clone();
        let body = move |tester: Tester| async move {
            tester.at_event(EventNumber(event), Command::PowerLoss(NODE));
            while tester.is_running(NODE) {
                sleep(Duration::from_micros(50)).await;
            }
            let safe = last.get();
            tester.start(NODE);
            loop {
                if let Ok(reply) = tester.control(NODE, vec![]).await {
                    return (safe, postcard::from_bytes(&reply).unwrap());
                }
                sleep(Duration::from_micros(50)).await;
            }
        };
        (Safe(safe), body)
    };
    let (report, ()) = Simulation::new(Seed(event)).nodes(1, counts_on).observe(setup, drop);
    let Outcome::Finished(seen) = report.outcome else { panic!("{:?}", report.outcome) };
    seen
}

#[test]
fn a_power_loss_at_any_event_leaves_the_old_file_or_the_new_one_whole() {
    let (mut old, mut new, mut aside) = (0, 0, 0);
    for event in 10..300 {
        let (safe, (found, is_aside)) = power_loss_behind(event);
        assert!(found == safe || found == safe + 1, "event {event}: {safe} was safe, {found} was found");
        old += u32::from(found == safe);
        new += u32::from(found > safe);
        aside += u32::from(is_aside);
    }
    assert!(old > 0 && new > 0 && aside > 0, "old {old} times, new {new} times, one left aside {aside} times");
}

/// Whether bits of a file rot that was written as that says, when it is read after a restart.
fn rots<F: Future<Output = ()> + 'static>(write: impl Fn() -> F + Clone + Send + Sync + 'static) -> bool {
    let main = move || {
        let write = write.clone();
        async move {
            if fs::metadata("a").await.is_ok() {
                fs::read("a").await.unwrap();
            } else {
                write().await;
            }
        }
    };
    let report = Simulation::new(Seed(1)).nodes(1, main).run(|tester| async move {
        sleep(Duration::from_secs(1)).await;
        tester.power_loss(NODE);
        tester.set_disk(NODE, DiskWeather { bit_rot_ppm: Ppm(1_000_000), ..DiskWeather::default() });
        tester.start(NODE);
        sleep(Duration::from_secs(1)).await;
    });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    assert_eq!(report.counters.disks[0].reads, 1, "it was there, and read");
    report.counters.disks[0].bits_rotted > 0
}

#[test]
fn what_is_replaced_whole_rots_and_what_is_written_aside_and_renamed_by_hand_is_as_it_was() {
    let by_hand = || async {
        fs::File::create("b").await.unwrap().write_through(0, b"content").await.unwrap();
        fs::rename("b", "a").await.unwrap();
        fs::sync_dir(".").await.unwrap();
    };
    assert!(!rots(by_hand));
    assert!(rots(|| async { fs::replace("a", b"content").await.map(drop).unwrap() }));
    let appended = || async {
        let file = fs::replace("a", b"content").await.unwrap();
        file.write_at(7, b"more").await.unwrap();
    };
    assert!(!rots(appended), "its first record is the last one that was synced");
}
