//! What moves a disk's decisions, and what does not.

use super::*;
use crate::units::Ppm;

fn disk(node: u32) -> Host {
    Host { disk: Disk::new(Seed(5), NodeId(node), DiskWeather::default()), files: 0 }
}

fn work(host: &mut Host, writes: u64) {
    let file = host.open("a");
    for at in 0..writes {
        host.write(file, at * 700, &[1; 700]).unwrap();
    }
    host.power_loss();
}

#[test]
fn one_disk_does_more_and_another_decides_as_before() {
    let decide = |writes_of_b| {
        let (mut a, mut b) = (disk(1), disk(2));
        let mut ends = Vec::new();
        for round in 0..50 {
            for _ in 0..writes_of_b {
                b.begin(DiskRequest::PathMetadata { path: ".".into() });
                b.disk.complete();
            }
            ends.push(a.begin(DiskRequest::PathMetadata { path: round.to_string() }));
            a.disk.complete();
        }
        work(&mut b, writes_of_b);
        work(&mut a, 3);
        (ends, a.disk.decisions(), a.whole("a"), b.disk.decisions())
    };
    let (few, many) = (decide(1), decide(9));
    assert_eq!((&few.0, few.1, &few.2), (&many.0, many.1, &many.2));
    assert_ne!(few.3, many.3);
}

#[test]
fn one_more_unsynced_write_moves_no_latency_after_the_power_loss() {
    let after = |writes: usize| {
        let mut host = disk(1);
        let file = host.open("a");
        host.write(file, 0, &vec![1; writes * 512]).unwrap();
        host.power_loss();
        host.begin(DiskRequest::PathMetadata { path: ".".into() })
    };
    assert_eq!(after(1), after(1_000));
}

#[test]
fn faults_that_are_switched_on_move_no_latency() {
    let ends = |weather: DiskWeather| {
        let mut host = Host::new(5, weather);
        let file = FileId(1);
        let mut ends = vec![host.begin(DiskRequest::Open { file, path: "a".into(), mode: ANY })];
        for _ in 0..100 {
            ends.push(host.begin(DiskRequest::Read { file, offset: 0, length: 1 }));
            ends.push(host.begin(DiskRequest::Sync { file }));
        }
        (ends, host.disk.decisions())
    };
    let half = Ppm(500_000);
    let faulty = DiskWeather { error_ppm: half, sync_error_ppm: half, bit_rot_ppm: half, ..DiskWeather::default() };
    let (calm, rough) = (ends(DiskWeather::default()), ends(faulty));
    assert_eq!(calm.0, rough.0);
    assert_ne!(calm.1, rough.1, "but the decisions are others");
}

#[test]
fn the_same_seed_gives_the_same_image_and_another_incarnation_another() {
    let image = |incarnation| {
        let mut host = disk(1);
        let file = host.durable("a", &[1; 8_192]);
        host.write(file, 0, &[2; 8_192]).unwrap();
        let report = host.disk.power_loss(Incarnation(incarnation));
        (host.whole("a"), report, host.disk.decisions())
    };
    assert_eq!(image(1), image(1));
    let others: Vec<_> = (1..10).map(|incarnation| image(incarnation).2).collect();
    assert!(others.iter().skip(1).all(|other| *other != others[0]));
}
