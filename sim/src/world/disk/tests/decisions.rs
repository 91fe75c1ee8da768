//! What moves a disk's decisions, and what does not.

use super::*;
use crate::units::Ppm;
use proptest::prelude::*;

fn disk(node: u32) -> Host {
    Host { disk: Disk::new(Seed(5), NodeId(node), DiskWeather::default(), None), files: 0 }
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
        let report = host.disk.power_loss(Incarnation(incarnation), true);
        (host.whole("a"), report, host.disk.decisions())
    };
    assert_eq!(image(1), image(1));
    let others: Vec<_> = (1..10).map(|incarnation| image(incarnation).2).collect();
    assert!(others.iter().skip(1).all(|other| *other != others[0]));
}

/// One request of each kind.
fn requests() -> Vec<DiskRequest> {
    let (file, path) = (FileId(1), || "a".to_string());
    vec![
        DiskRequest::Open { file, path: path(), mode: ANY },
        DiskRequest::Read { file, offset: 0, length: 9 },
        DiskRequest::Write { file, offset: 0, data: vec![0; 9] },
        DiskRequest::SetLength { file, length: 9 },
        DiskRequest::Sync { file },
        DiskRequest::FileMetadata { file },
        DiskRequest::PathMetadata { path: path() },
        DiskRequest::CreateDirectory { path: "d".into(), all: true },
        DiskRequest::Rename { from: path(), to: "b".into() },
        DiskRequest::Replace { from: "b".into(), to: path() },
        DiskRequest::RemoveFile { path: path() },
        DiskRequest::RemoveDirectory { path: "d".into() },
        DiskRequest::ReadDirectory { path: ".".into() },
        DiskRequest::SyncDirectory { path: ".".into() },
        DiskRequest::Close { file },
    ]
}

fn rate() -> impl Strategy<Value = Ppm> {
    prop::sample::select(vec![Ppm::NEVER, Ppm(500_000), Ppm::ALWAYS])
}

fn weather() -> impl Strategy<Value = DiskWeather> {
    let latency = || prop::sample::select(vec![[Nanos(0), Nanos(0)], [Nanos(7), Nanos(7)], [Nanos(1), Nanos(999)]]);
    (latency(), latency(), latency(), [rate(), rate(), rate(), rate()]).prop_map(
        |(operation_latency, sync_latency, slow, [slow_ppm, error_ppm, sync_error_ppm, bit_rot_ppm])| DiskWeather {
            operation_latency,
            sync_latency,
            slow,
            slow_ppm,
            error_ppm,
            sync_error_ppm,
            bit_rot_ppm,
            ..DiskWeather::default()
        },
    )
}

/// Latency, slowness and error of the next operation.
fn next_fate(host: &mut Host) -> (Nanos, u64, bool) {
    let half = Ppm(500_000);
    let rough = DiskWeather { slow_ppm: half, error_ppm: half, ..DiskWeather::default() };
    host.disk.set_weather(rough);
    let idle = host.disk.busy_until;
    let slow = host.disk.statistics().slow;
    let latency = host.begin(DiskRequest::PathMetadata { path: ".".into() }) - idle;
    let error = host.disk.complete().expect("it was submitted").1.is_err();
    (latency, host.disk.statistics().slow - slow, error)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// A fix on a node that turns a write into an fsync, or a fault switched on, moves nothing behind it.
    #[test]
    fn an_operation_takes_as_many_draws_whatever_it_is_and_whichever_faults_are_on(
        seed in any::<u64>(),
        before in prop::collection::vec((prop::sample::select(requests()), weather()), 0..8),
    ) {
        let (mut host, mut calm) = (Host::calm(seed), Host::calm(seed));
        for (request, weather) in before {
            host.disk.set_weather(weather);
            let _any_result = host.ask(request);
            let _metadata = calm.ask(DiskRequest::PathMetadata { path: ".".into() });
        }
        prop_assert_eq!(next_fate(&mut host), next_fate(&mut calm));
    }

    /// How much of a write that fails is left is a matter of the writes alone.
    #[test]
    fn a_short_write_is_moved_by_no_other_operation_and_by_no_rate_before(
        seed in any::<u64>(),
        before in prop::collection::vec((prop::sample::select(requests()), rate()), 0..8),
    ) {
        let left = |host: &mut Host| -> Vec<usize> {
            host.disk.set_weather(DiskWeather::default());
            let file = host.open("short");
            host.disk.set_weather(DiskWeather { error_ppm: Ppm::ALWAYS, ..DiskWeather::default() });
            let mut before = 0;
            let mut grown = || {
                host.write(file, before as u64, &[1; 999]).unwrap_err();
                let length = host.whole("short").unwrap().len();
                length - std::mem::replace(&mut before, length)
            };
            (0..8).map(|_| grown()).collect()
        };
        let (mut host, mut plain) = (Host::calm(seed), Host::calm(seed));
        for (request, error_ppm) in before {
            if matches!(request, DiskRequest::Write { .. }) {
                let _refused = plain.ask(request.clone());
            }
            host.disk.set_weather(DiskWeather { error_ppm, ..DiskWeather::default() });
            let _any_result = host.ask(request);
        }
        host.files = 100;
        prop_assert_eq!(left(&mut host), left(&mut plain));
    }

    /// Which reads rot, and where, is a matter of the reads alone, and of the rate at that time.
    #[test]
    fn rot_is_moved_by_no_other_operation_and_by_no_other_rate_before(
        seed in any::<u64>(),
        before in prop::collection::vec((prop::sample::select(requests()), rate()), 0..8),
    ) {
        let rots = |host: &mut Host| -> Vec<Vec<u8>> {
            host.disk.set_weather(DiskWeather::default());
            let file = host.aged("rotten", &[0; 64]);
            host.disk.set_weather(DiskWeather { bit_rot_ppm: Ppm(500_000), ..DiskWeather::default() });
            (0..8).map(|_| host.read(file, 0, 64).unwrap()).collect()
        };
        let (mut host, mut plain) = (Host::calm(seed), Host::calm(seed));
        for (request, bit_rot_ppm) in before {
            if matches!(request, DiskRequest::Read { .. }) {
                let _refused = plain.ask(request.clone());
            }
            host.disk.set_weather(DiskWeather { bit_rot_ppm, ..DiskWeather::default() });
            let _any_result = host.ask(request);
        }
        host.files = 100;
        prop_assert_eq!(rots(&mut host), rots(&mut plain));
    }
}

/// Pins who draws from which stream: see [`Purpose`].
#[test]
fn each_decision_comes_from_the_stream_of_its_name() {
    for node in [1, 2] {
        let stream = |purpose, incarnation| Stream::keyed(Seed(5), purpose, [u64::from(node), incarnation]);
        let mut host = disk(node);
        let [low, high] = host.disk.weather().operation_latency;
        let latency = host.begin(DiskRequest::Open { file: FileId(1), path: "a".into(), mode: ANY });
        assert_eq!(latency, stream(Purpose::Disk, 0).span(low, high));
        host.disk.complete();

        host.write(FileId(1), 0, &[0; 256]).unwrap();
        host.sync(FileId(1)).unwrap();
        host.write(FileId(1), 256, b"+").unwrap(); // now the others are old enough to rot
        host.sync(FileId(1)).unwrap();
        host.disk.set_weather(DiskWeather { bit_rot_ppm: Ppm::ALWAYS, ..DiskWeather::default() });
        let data = host.read(FileId(1), 0, 256).unwrap();
        let mut rot = stream(Purpose::BitRot, 0);
        assert!(rot.chance(Ppm::ALWAYS));
        let bit = rot.below(2_048) as usize;
        assert_eq!(data[bit / 8], 1 << (bit % 8));

        host.disk.set_weather(DiskWeather { error_ppm: Ppm::ALWAYS, ..DiskWeather::default() });
        host.write(FileId(1), 257, &[7; 100]).unwrap_err();
        let mut left = stream(Purpose::ShortWrite, 0);
        let (_two_writes, drawn) = ((left.word(), left.word()), left.below(100));
        assert_eq!(host.whole("a").unwrap().len() as u64, 257 + drawn);

        for incarnation in 1..20 {
            let in_flight = |power_loss: bool| {
                let mut host = disk(node);
                host.disk.set_weather(DiskWeather { bit_rot_ppm: Ppm::NEVER, ..DiskWeather::default() });
                for at in 0..9 {
                    host.begin(DiskRequest::CreateDirectory { path: at.to_string(), all: false });
                }
                if power_loss {
                    let lost = host.disk.power_loss(Incarnation(incarnation), true).lost_operations;
                    9 - lost.iter().filter(|lost| lost.loss == Loss::InFlight).count()
                } else {
                    host.disk.process_killed(Incarnation(incarnation));
                    host.list(".").unwrap().len()
                }
            };
            let drawn = |purpose| stream(purpose, u64::from(incarnation)).below(10) as usize;
            assert_eq!(in_flight(false), drawn(Purpose::KilledInFlight));
            assert_eq!(in_flight(true), drawn(Purpose::CrashImage));
        }
    }
}

#[test]
fn a_kill_moves_no_latency_and_is_a_decision() {
    let mut host = disk(1);
    let mut never_killed = disk(1);
    host.disk.process_killed(Incarnation(1));
    assert_ne!(host.disk.decisions(), never_killed.disk.decisions());
    assert_eq!(next_fate(&mut host), next_fate(&mut never_killed));
}

#[test]
fn errors_slowness_and_latency_are_decisions_each() {
    let decisions = |change: fn(&mut DiskWeather)| {
        let mut weather = DiskWeather { slow: [Nanos::ZERO; 2], ..DiskWeather::default() };
        change(&mut weather);
        let mut host = Host::new(5, weather);
        host.begin(DiskRequest::Read { file: FileId(1), offset: 0, length: 1 });
        host.disk.decisions()
    };
    let all = [
        decisions(|_| ()),
        decisions(|weather| weather.error_ppm = Ppm::ALWAYS),
        decisions(|weather| weather.slow_ppm = Ppm::ALWAYS),
        decisions(|weather| weather.bit_rot_ppm = Ppm::ALWAYS),
        decisions(|weather| weather.operation_latency = [Nanos(9), Nanos(9)]),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "the {at}th is as one before it");
    }
}
