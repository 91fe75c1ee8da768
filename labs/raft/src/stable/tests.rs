//! `Stable` on a simulated disk that loses power.

use super::*;
use crate::observation::PERSISTED;
use std::cell::Cell;
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::disk::DiskWeather;
use windtunnel::world::{Command, Failure, Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{EventNumber, NodeId, Ppm, Seed, node};

const NODE: NodeId = NodeId(1);

/// A node that saves 1, 2, 3, … as long as it lives, and tells the tester which number it found
/// when it started.
async fn counts_on() {
    let stable = Stable::named("count");
    let found = stable.load::<u64>().await.unwrap().map_or(0, |saved| saved.state);
    node::control(move |_| async move { postcard::to_stdvec(&found).unwrap() });
    for number in found + 1.. {
        stable.save(&number, &[7; 2_000]).await.unwrap();
    }
}

/// Counts the saves that are said to be safe, until the node is started again.
struct Saves(Rc<Cell<u64>>);

impl Observer for Saves {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, _: &[u8]) -> Response {
        assert_eq!(kind, PERSISTED);
        self.0.set(self.0.get() + 1);
        Response::Continue
    }
}

/// Takes the power behind an event: how many saves were safe then, and the number found after it.
fn power_loss_behind(event: u64) -> (u64, u64) {
    let setup = move || {
        let saves = Rc::new(Cell::new(0));
        let safe = saves.clone();
        let body = move |tester: Tester| async move {
            tester.at_event(EventNumber(event), Command::PowerLoss(NODE));
            while tester.is_running(NODE) {
                sleep(Duration::from_micros(50)).await;
            }
            let safe = safe.get();
            tester.start(NODE);
            loop {
                if let Ok(reply) = tester.control(NODE, vec![]).await {
                    return (safe, postcard::from_bytes::<u64>(&reply).unwrap());
                }
                sleep(Duration::from_micros(50)).await;
            }
        };
        (Saves(saves), body)
    };
    let (report, ()) = Simulation::new(Seed(event)).nodes(1, counts_on).observe(setup, drop);
    let Outcome::Finished(counted) = report.outcome else { panic!("{:?}", report.outcome) };
    counted
}

#[test]
fn after_a_power_loss_at_any_event_the_last_state_that_was_saved_is_there_or_the_one_after_it() {
    let (mut kept, mut newer) = (0, 0);
    for event in 5..300 {
        let (safe, found) = power_loss_behind(event);
        assert!(found == safe || found == safe + 1, "event {event}: {safe} was safe, {found} was found");
        kept += u64::from(found == safe);
        newer += found - safe;
    }
    assert!(kept > 0 && newer > 0, "{kept} times the old state was there, {newer} times the new one");
}

/// Kills the process behind an event, lets it load, and takes the power: the numbers found before that and after.
fn kill_behind_then_power_loss(event: u64) -> (u64, u64) {
    let found = |tester: Tester| async move {
        loop {
            if let Ok(reply) = tester.control(NODE, vec![]).await {
                return postcard::from_bytes::<u64>(&reply).unwrap();
            }
            sleep(Duration::from_micros(20)).await;
        }
    };
    let report = Simulation::new(Seed(event)).nodes(1, counts_on).run(move |tester| async move {
        tester.at_event(EventNumber(event), Command::Kill(NODE));
        while tester.is_running(NODE) {
            sleep(Duration::from_micros(20)).await;
        }
        tester.start(NODE);
        let loaded = found(tester.clone()).await;
        tester.power_loss(NODE);
        tester.start(NODE);
        sleep(Duration::from_micros(20)).await;
        (loaded, found(tester).await)
    });
    let Outcome::Finished(found) = report.outcome else { panic!("{:?}", report.outcome) };
    found
}

#[test]
fn what_was_loaded_after_a_kill_survives_a_power_loss() {
    for event in 5..300 {
        let (loaded, later) = kill_behind_then_power_loss(event);
        assert!(later >= loaded, "event {event}: {loaded} was loaded, and after the power loss {later}");
    }
}

#[test]
fn a_state_of_another_node_or_version_is_refused_by_name() {
    let refused = |change: fn(&mut Vec<u8>)| {
        let report = Simulation::new(Seed(1))
            .nodes(1, move || async move {
                let stable = Stable::named("raft");
                stable.save(&7_u64, b"snapshot").await.unwrap();
                let mut content = fs::read("raft.stable").await.unwrap();
                content.truncate(content.len() - CHECKSUM_BYTES);
                change(&mut content);
                content.extend(fold::of_bytes(&content).to_le_bytes());
                fs::File::create("raft.stable").await.unwrap().write_at(0, &content).await.unwrap();
                panic!("{}", Stable::named("raft").load::<u64>().await.unwrap_err());
            })
            .run(|_| sleep(Duration::from_secs(1)));
        let Outcome::Failed(Failure::Panicked { report, .. }) = report.outcome else { panic!("{:?}", report.outcome) };
        report.message
    };
    assert!(refused(|content| content[4] = 2).contains("raft.stable belongs to node 2, and this is node 1"));
    assert!(refused(|content| content[2] = b'0').contains("raft.stable is of another version"));
}

/// Each of these in place of what was saved is refused by the file's name.
fn are_damaged(spoilt: fn(&[u8]) -> Vec<Vec<u8>>) {
    let report = Simulation::new(Seed(1))
        .nodes(1, move || async move {
            Stable::named("raft").save(&7_u64, b"snapshot").await.unwrap();
            let content = fs::read("raft.stable").await.unwrap();
            for (place, spoilt) in spoilt(&content).into_iter().enumerate() {
                fs::write("raft.stable", &spoilt).await.unwrap();
                let refused = Stable::named("raft").load::<u64>().await.unwrap_err().to_string();
                assert!(refused.starts_with("raft.stable is damaged: "), "at {place}: {refused}");
            }
            node::control(move |_| async { vec![] });
        })
        .run(|tester| async move {
            sleep(Duration::from_secs(1)).await;
            tester.control(NODE, vec![]).await.unwrap();
        });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
}

#[test]
fn a_file_that_was_cut_short_is_an_error_wherever_it_was_cut() {
    are_damaged(|content| (0..content.len()).map(|length| content[..length].to_vec()).collect());
}

#[test]
fn a_bit_that_has_rotted_is_an_error_in_whichever_byte_it_is() {
    are_damaged(|content| {
        let rotten = |byte: usize| content.iter().enumerate().map(|(at, held)| held ^ u8::from(at == byte)).collect();
        (0..content.len()).map(rotten).collect()
    });
}

/// Though it was saved once, and nothing was written since.
#[test]
fn what_was_saved_last_may_rot_and_is_not_believed() {
    let report = Simulation::new(Seed(1))
        .nodes(1, || async {
            let stable = Stable::named("raft");
            match stable.load::<u64>().await {
                Ok(found) => assert_eq!(found, None, "it is the first start"),
                Err(error) => node::stop(error),
            }
            stable.save(&7_u64, b"snapshot").await.unwrap();
        })
        .run(|tester| async move {
            sleep(Duration::from_secs(1)).await;
            tester.power_loss(NODE);
            tester.set_disk(NODE, DiskWeather { bit_rot_ppm: Ppm(1_000_000), ..DiskWeather::default() });
            tester.start(NODE);
            sleep(Duration::from_secs(1)).await;
            tester.is_running(NODE)
        });
    assert!(matches!(report.outcome, Outcome::Finished(false)), "{:?}", report.outcome);
}

#[test]
fn a_save_that_the_disk_refuses_names_the_file() {
    let report = Simulation::new(Seed(1))
        .nodes(1, || async {
            sleep(Duration::from_secs(1)).await;
            panic!("{}", Stable::named("raft").save(&7_u64, b"snapshot").await.unwrap_err());
        })
        .run(|tester| async move {
            let failing = DiskWeather { error_ppm: Ppm(1_000_000), ..DiskWeather::default() };
            tester.set_disk(NODE, failing);
            sleep(Duration::from_secs(2)).await;
        });
    let Outcome::Failed(Failure::Panicked { report, .. }) = report.outcome else { panic!("{:?}", report.outcome) };
    assert!(report.message.starts_with("raft.stable cannot be written: "), "{}", report.message);
}

#[test]
fn saves_at_the_same_time_leave_the_newest_and_each_waits_until_it_is_safe() {
    let report = Simulation::new(Seed(1))
        .nodes(1, || async {
            node::control(|_| async {
                let stable = Stable::named("many");
                let tasks: Vec<_> = (1..=20_u64).map(|number| spawn(stable.save(&number, b""))).collect();
                drop(stable.save(&21_u64, b"snapshot"));
                let mut found = Vec::new();
                for task in tasks {
                    task.await.unwrap().unwrap();
                    found.push(stable.load::<u64>().await.unwrap().unwrap());
                }
                assert!(found.iter().all(|saved| (saved.state, &saved.snapshot[..]) == (21, b"snapshot")));
                vec![]
            });
        })
        .run(|tester| async move {
            sleep(Duration::from_millis(1)).await;
            tester.control(NODE, vec![]).await.unwrap();
        });
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    let disk = &report.counters.disks[0];
    assert_eq!((disk.syncs, disk.directory_syncs), (1, 1), "the newest state alone is written");
}

#[test]
fn a_file_whose_checksum_is_wrong_is_an_error_that_names_it() {
    let report = Simulation::new(Seed(1))
        .nodes(1, || async {
            let stable = Stable::named("raft");
            assert_eq!(stable.load::<u64>().await.unwrap(), None);
            stable.save(&7_u64, b"snapshot").await.unwrap();
            let file = fs::OpenOptions::new().read(true).write(true).open("raft.stable").await.unwrap();
            file.write_at(1, &[9]).await.unwrap();
            panic!("{}", stable.load::<u64>().await.unwrap_err());
        })
        .run(|_| sleep(Duration::from_secs(1)));
    let Outcome::Failed(Failure::Panicked { report, .. }) = report.outcome else { panic!("{:?}", report.outcome) };
    assert!(report.message.contains("raft.stable is damaged: its checksum is wrong"), "{}", report.message);
}
