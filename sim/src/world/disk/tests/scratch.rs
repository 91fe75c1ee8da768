//! Where the bytes of a file are makes no difference, but for the memory.

use super::*;
use crate::world::disk::scratch::BLOCK;
use proptest::prelude::*;

fn scratch() -> Scratch {
    Scratch::below(&std::env::temp_dir()).expect("there is a directory for what is temporary")
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, usize),
    Append(usize),
    Read(usize, usize),
    SetLength(usize),
    Sync,
    FailedSync,
    Rot,
    PowerLoss,
}

/// Places and lengths that are near the ends of blocks more often than not.
fn place() -> impl Strategy<Value = usize> {
    (0..6_usize, prop_oneof![Just(0), Just(1), Just(BLOCK - 1), 0..BLOCK]).prop_map(|(block, at)| block * BLOCK + at)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (place(), place()).prop_map(|(offset, length)| Step::Write(offset, length)),
        4 => place().prop_map(Step::Append),
        3 => (place(), place()).prop_map(|(offset, length)| Step::Read(offset, length)),
        2 => place().prop_map(Step::SetLength),
        1 => Just(Step::Sync),
        1 => Just(Step::FailedSync),
        1 => Just(Step::Rot),
        1 => Just(Step::PowerLoss),
    ]
}

/// What a host shows of that step, as bytes.
fn take(host: &mut Host, number: usize, step: &Step) -> Vec<u8> {
    let text = |length: usize| (0..length).map(|at| (at / 7 + number) as u8).collect::<Vec<_>>();
    let file = host.open("file");
    let end = host.whole("file").map_or(0, |all| all.len() as u64);
    let weather = |host: &mut Host, change: fn(&mut DiskWeather)| {
        let mut weather = DiskWeather::default();
        change(&mut weather);
        host.disk.set_weather(weather);
    };
    match step {
        Step::Write(offset, length) => drop(host.write(file, *offset as u64, &text(*length))),
        Step::Append(length) => drop(host.write(file, end, &text(*length))),
        Step::Read(offset, length) => return host.read(file, *offset as u64, *length as u64).unwrap(),
        Step::SetLength(length) => drop(host.set_length(file, *length as u64)),
        Step::Sync => drop(host.sync(file)),
        Step::FailedSync => {
            weather(host, |weather| weather.sync_error_ppm = crate::units::Ppm::ALWAYS);
            drop(host.sync(file));
            weather(host, |_| {});
        }
        Step::Rot => {
            weather(host, |weather| (weather.bit_rot_ppm, weather.young_rots) = (crate::units::Ppm::ALWAYS, true));
            drop(host.read(file, 0, u64::MAX));
            weather(host, |_| {});
        }
        Step::PowerLoss => return host.power_loss().lost.to_le_bytes().to_vec(),
    }
    host.whole("file").unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(100), ..ProptestConfig::default() })]
    #[test]
    fn a_disk_with_a_scratch_file_is_as_one_in_memory(steps in prop::collection::vec(step(), 1..30), seed in any::<u64>()) {
        let scratch = scratch();
        let mut beside = Host::with(seed, DiskWeather::default(), Some(scratch.clone()));
        let mut host = Host::calm(seed);
        for (number, step) in steps.iter().enumerate() {
            prop_assert!(take(&mut beside, number, step) == take(&mut host, number, step), "step {}: {:?}", number, step);
        }
        prop_assert_eq!(beside.disk.durable_files(), host.disk.durable_files());
        prop_assert_eq!(beside.disk.decisions(), host.disk.decisions());
        drop(beside);
        prop_assert_eq!(scratch.bytes(), 0);
    }
}

#[test]
fn all_bytes_of_files_long_and_short_are_in_the_scratch_file_until_the_files_are_gone() {
    let scratch = scratch();
    let mut host = Host::with(1, DiskWeather::default(), Some(scratch.clone()));
    let lengths = [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK / 2, 2 * BLOCK, 40 * BLOCK + 7];
    let files = lengths.map(|length| (host.open(&length.to_string()), length));
    for piece in 0..lengths[6].div_ceil(10_000) {
        for (file, length) in files {
            let begin = (piece * 10_000).min(length);
            host.write(file, begin as u64, &[7; 10_000][..10_000.min(length - begin)]).unwrap();
        }
    }
    assert_eq!(scratch.bytes(), lengths.iter().map(|length| length.next_multiple_of(BLOCK) as u64).sum::<u64>());
    for (file, length) in files {
        assert_eq!(host.whole(&length.to_string()), Some(vec![7; length]));
        host.set_length(file, 1).unwrap();
    }
    assert_eq!(scratch.bytes(), (lengths.len() * BLOCK) as u64);
    files.iter().for_each(|(file, _)| drop(host.set_length(*file, 0)));
    assert_eq!(scratch.bytes(), 0);
}

#[test]
fn a_disk_with_a_scratch_file_is_larger_than_memory_would_be() {
    let mut host = Host::calm(1);
    let file = host.open("sparse");
    host.set_length(file, LARGEST_IN_MEMORY + 1).unwrap_err();
    let mut host = Host::with(1, DiskWeather::default(), Some(scratch()));
    let file = host.open("sparse");
    host.set_length(file, LARGEST_IN_MEMORY + 1).unwrap();
    host.set_length(file, LARGEST_IN_SCRATCH + 1).unwrap_err();
}
