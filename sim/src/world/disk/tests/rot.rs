//! Which bits rot, and which are too young to.

use super::*;
use crate::units::Ppm;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn rots(host: &mut Host, bit_rot_ppm: Ppm) {
    host.disk.set_weather(DiskWeather { bit_rot_ppm, ..DiskWeather::default() });
}

/// Of the first forty bytes of a log those that rot ever strikes, after that story.
fn struck(story: impl Fn(&mut Host)) -> BTreeSet<usize> {
    struck_in(DiskWeather { bit_rot_ppm: Ppm::ALWAYS, ..DiskWeather::default() }, story)
}

fn struck_in(weather: DiskWeather, story: impl Fn(&mut Host)) -> BTreeSet<usize> {
    let mut struck = BTreeSet::new();
    for seed in 0..400 {
        let mut host = Host::calm(seed);
        story(&mut host);
        let before = host.whole("log").expect("the story leaves a log");
        host.disk.set_weather(weather);
        let file = host.open("log");
        let after = host.read(file, 0, 40).unwrap();
        let flipped: Vec<usize> = (0..after.len()).filter(|at| before[*at] != after[*at]).collect();
        assert_eq!(host.disk.statistics().bits_rotted, flipped.len() as u64, "seed {seed}");
        struck.extend(flipped);
    }
    struck
}

fn append(host: &mut Host, file: FileId, data: &[u8]) {
    let end = host.whole("log").map_or(0, |content| content.len() as u64);
    host.write(file, end, data).unwrap();
}

/// A log of records of ten bytes, each synced by itself.
fn log(host: &mut Host, records: usize) -> FileId {
    let file = host.durable("log", &[1; 10]);
    for _ in 1..records {
        append(host, file, &[1; 10]);
        host.sync(file).unwrap();
    }
    file
}

#[test]
fn the_last_record_of_a_log_never_rots_and_all_before_it_may() {
    assert_eq!(struck(|host| _ = log(host, 1)), BTreeSet::new());
    assert_eq!(struck(|host| _ = log(host, 3)), (0..20).collect());
    let unsynced = |host: &mut Host| {
        let file = log(host, 3);
        append(host, file, &[2; 5]);
    };
    assert_eq!(struck(unsynced), (0..20).collect(), "nor does what is not synced");
}

#[test]
fn where_the_young_rot_all_may() {
    let weather = DiskWeather { bit_rot_ppm: Ppm::ALWAYS, young_rots: true, ..DiskWeather::default() };
    let story = |host: &mut Host| {
        let file = log(host, 3);
        append(host, file, &[2; 5]);
    };
    assert_eq!(struck_in(weather, story), (0..35).collect());
}

#[test]
fn an_fsync_that_has_nothing_to_write_makes_nothing_older() {
    let again = |host: &mut Host| {
        let file = log(host, 2);
        host.sync(file).unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(struck(again), (0..10).collect());
}

#[test]
fn what_is_written_again_is_young_again() {
    let header = |host: &mut Host| {
        let file = log(host, 3);
        host.write(file, 0, &[3; 4]).unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(
        struck(header),
        (4..30).collect(),
        "the record was synced by an earlier fsync, the header by the latest"
    );
}

/// A log that cuts off what it has taken back ends in an old record.
#[test]
fn the_record_at_which_a_log_was_cut_is_the_last_one_until_another_follows() {
    let cut = |host: &mut Host| {
        let file = log(host, 4);
        append(host, file, &[2; 10]);
        host.set_length(file, 20).unwrap();
        host.sync(file).unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(struck(cut), BTreeSet::new());
    let followed = |host: &mut Host| {
        cut(host);
        let file = host.open("log");
        append(host, file, &[4; 10]);
        host.sync(file).unwrap();
    };
    assert_eq!(struck(followed), (0..20).collect());
}

/// After the power loss the record that was being written may be gone, whole, or torn: what was last before it
/// may be the last one now, and a recovery that syncs makes it no older.
#[test]
fn after_a_power_loss_neither_the_last_record_nor_what_came_behind_it_rots() {
    let torn = |host: &mut Host| {
        let file = log(host, 3);
        append(host, file, &[2; 600]);
        host.power_loss();
        let file = host.open("log");
        host.sync(file).unwrap();
    };
    assert_eq!(struck(torn), (0..20).collect());
}

/// After it nobody knows which bytes are on the disk.
#[test]
fn while_a_failed_fsync_is_not_mended_nothing_grows_older() {
    let failed = |host: &mut Host| {
        let file = log(host, 3);
        append(host, file, &[2; 10]);
        host.disk.set_weather(DiskWeather { sync_error_ppm: Ppm::ALWAYS, ..DiskWeather::default() });
        host.sync(file).unwrap_err();
        rots(host, Ppm::NEVER);
        // In another page, so that it does not save the first one.
        host.write(file, 8_192, &[3; 10]).unwrap();
        host.sync(file).unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(struck(failed), (0..20).collect());
}

/// A file written aside and synced, which takes the place of the log.
fn replaced_in_cache(host: &mut Host, data: &[u8]) -> FileId {
    let file = host.open_as("aside", OpenMode { truncate: true, ..ANY }).unwrap();
    host.write(file, 0, data).unwrap();
    host.sync(file).unwrap();
    host.replace("aside", "log").unwrap();
    file
}

fn replaced(host: &mut Host, data: &[u8]) -> FileId {
    let file = replaced_in_cache(host, data);
    host.sync_directory(".").unwrap();
    file
}

#[test]
fn of_a_file_that_was_replaced_whole_all_may_rot_as_soon_as_its_name_is_durable() {
    assert_eq!(struck(|host| _ = replaced_in_cache(host, &[1; 20])), BTreeSet::new());
    assert_eq!(struck(|host| _ = replaced(host, &[1; 20])), (0..20).collect());
    let after_a_power_loss = |host: &mut Host| {
        replaced(host, &[1; 20]);
        host.power_loss();
    };
    assert_eq!(struck(after_a_power_loss), (0..20).collect());
    let renamed = |host: &mut Host| {
        let file = host.open("aside");
        host.write(file, 0, &[1; 20]).unwrap();
        host.sync(file).unwrap();
        host.rename("aside", "log").unwrap();
        host.sync_directory(".").unwrap();
    };
    assert_eq!(struck(renamed), BTreeSet::new(), "by hand it is a log of one record");
}

/// Old or new, whichever a power loss has left: if it is the new one its name is durable.
#[test]
fn a_replacement_that_a_power_loss_has_kept_rots_and_one_that_it_took_back_does_not() {
    let (mut kept, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..400 {
        let mut host = Host::calm(seed);
        host.durable("log", &[1; 20]);
        replaced_in_cache(&mut host, &[2; 20]);
        host.power_loss();
        let before = host.whole("log").unwrap();
        rots(&mut host, Ppm::ALWAYS);
        let file = host.open("log");
        let after = host.read(file, 0, 20).unwrap();
        let flipped = (0..20).filter(|at| before[*at] != after[*at]);
        if before == [2; 20] { kept.extend(flipped) } else { taken.extend(flipped.chain([99])) }
    }
    assert_eq!((kept, taken), ((0..20).collect(), [99].into()), "99 stands for every seed that took it back");
}

#[test]
fn what_is_written_to_a_replaced_file_makes_it_a_log_like_others() {
    let unsynced = |host: &mut Host| {
        let file = replaced(host, &[1; 20]);
        append(host, file, &[2; 10]);
    };
    assert_eq!(struck(unsynced), BTreeSet::new(), "its opening is what the latest fsync wrote");
    let synced = |host: &mut Host| {
        unsynced(host);
        let file = host.open("log");
        host.sync(file).unwrap();
    };
    assert_eq!(struck(synced), (0..20).collect());
    let before_its_name_is_durable = |host: &mut Host| {
        let file = replaced_in_cache(host, &[1; 20]);
        append(host, file, &[2; 10]);
        host.sync(file).unwrap();
        host.sync_directory(".").unwrap();
    };
    assert_eq!(struck(before_its_name_is_durable), (0..20).collect());
    let cut = |host: &mut Host| {
        let file = replaced(host, &[1; 20]);
        host.set_length(file, 10).unwrap();
        host.sync(file).unwrap();
    };
    assert_eq!(struck(cut), BTreeSet::new());
}

/// It may be torn then, under its new name.
#[test]
fn what_was_replaced_before_it_was_synced_is_not_whole_until_it_is() {
    let unsynced = |host: &mut Host| {
        let file = host.open("aside");
        host.write(file, 0, &[1; 20]).unwrap();
        host.replace("aside", "log").unwrap();
        host.sync_directory(".").unwrap();
        file
    };
    assert_eq!(struck(|host| _ = unsynced(host)), BTreeSet::new());
    let torn = |host: &mut Host| {
        unsynced(host);
        host.power_loss();
    };
    assert_eq!(struck(torn), BTreeSet::new());
    let synced = |host: &mut Host| {
        let file = unsynced(host);
        host.sync(file).unwrap();
    };
    assert_eq!(struck(synced), (0..20).collect());
}

#[derive(Clone, Debug)]
enum Step {
    Write(u64, u64),
    SetLength(u64),
    Sync,
    Replace(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u64..200, 1u64..40).prop_map(|(offset, length)| Step::Write(offset, length)),
        1 => (0u64..200).prop_map(Step::SetLength),
        3 => Just(Step::Sync),
        1 => (1u64..200).prop_map(Step::Replace),
    ]
}

proptest! {
    /// Against a model that keeps for each byte how many fsyncs that wrote something came before it, and whether the file
    /// was replaced whole and not written since.
    #[test]
    fn no_byte_rots_that_the_latest_fsync_wrote_or_none(steps in prop::collection::vec(step(), 1..40), seed in any::<u64>()) {
        let mut host = Host::calm(seed);
        let mut file = host.open("log");
        let (mut born, mut syncs, mut written): (Vec<u64>, u64, bool) = (Vec::new(), 0, false);
        let mut whole = false;
        for step in steps {
            match step {
                Step::Replace(length) => {
                    file = replaced(&mut host, &vec![7; length as usize]);
                    (born, syncs, written, whole) = (vec![0; length as usize], 1, false, true);
                }
                Step::Write(offset, length) => {
                    whole = false;
                    host.write(file, offset, &vec![7; length as usize]).unwrap();
                    let begin = born.len().min(offset as usize);
                    born.resize(born.len().max((offset + length) as usize), syncs);
                    born[begin..(offset + length) as usize].fill(syncs); // with the zeros of a gap
                    written = true;
                }
                Step::SetLength(length) => {
                    host.set_length(file, length).unwrap();
                    written |= length as usize > born.len();
                    whole &= length as usize == born.len();
                    born.resize(length as usize, syncs);
                }
                Step::Sync => {
                    host.sync(file).unwrap();
                    syncs += u64::from(std::mem::take(&mut written));
                }
            }
        }
        rots(&mut host, Ppm::ALWAYS);
        for (at, born) in born.into_iter().enumerate() {
            let rotted = host.disk.statistics().bits_rotted;
            host.read(file, at as u64, 1).unwrap();
            if host.disk.statistics().bits_rotted > rotted {
                prop_assert!(whole || born + 1 < syncs, "byte {at} of age {born} after {syncs} syncs");
            }
        }
    }
}

#[test]
fn rot_strikes_any_bit_of_what_is_read_and_no_other() {
    for byte in [0x00, 0xFF] {
        let mut struck = std::collections::BTreeSet::new();
        for seed in 0..400 {
            let mut host = Host::calm(seed);
            let file = host.aged("a", &[byte; 6]);
            rots(&mut host, Ppm::ALWAYS);
            host.read(file, 2, 2).unwrap();
            let whole = host.whole("a").unwrap();
            let bits = (0..48).filter(|bit| (whole[bit / 8] ^ byte) >> (bit % 8) & 1 == 1).collect::<Vec<_>>();
            assert_eq!(bits.len(), 1);
            struck.extend(bits);
        }
        assert_eq!(struck, (16..32).collect());
    }
}

#[test]
fn rot_of_synced_bytes_is_on_the_disk_whatever_is_unsynced() {
    let mut host = Host::calm(3);
    let file = host.aged("a", &[1; 1_000]);
    host.write(file, 1_001, &[2; 10]).unwrap();
    rots(&mut host, Ppm::ALWAYS);
    let rotten = host.read(file, 0, 1_000).unwrap();
    assert_ne!(rotten, [1; 1_000]);
    assert_eq!(host.disk.durable_files()["a"][..1_000], rotten);
}

#[test]
fn a_rotten_bit_is_one_bit_and_stays_rotten() {
    let mut host = Host::calm(3);
    let file = host.aged("a", &[0; 1_000]);
    rots(&mut host, Ppm::ALWAYS);
    let rotten = host.read(file, 100, 50).unwrap();
    assert_eq!(rotten.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_eq!(host.read(file, 2_000, 50).unwrap(), b"", "nothing to rot");
    rots(&mut host, Ppm::NEVER);
    assert_eq!(host.read(file, 100, 50).unwrap(), rotten);
    host.power_loss();
    assert_eq!(host.whole("a").unwrap()[100..150], rotten);
    assert_eq!(host.disk.statistics().bits_rotted, 1);
}
