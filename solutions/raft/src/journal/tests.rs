//! What is read back: whole, torn, rotten, cut, another's.

use super::segment::{decode, encode_opening, encode_record, name, number_of};
use super::*;
use crate::messages::Entry;

const ME: NodeId = NodeId(2);
const NUMBER: u64 = 7;

fn record(term: u64, previous: u64, commands: &[&[u8]]) -> Record {
    let entry = |command: &&[u8]| Entry { term: Term(term), command: command.to_vec() };
    Record {
        term: Term(term),
        voted_for: Some(NodeId(3)),
        previous: LogIndex(previous),
        entries: commands.iter().map(entry).collect(),
    }
}

/// A segment of an opening and two records, and where each of them ends.
fn segment_after(base: u64) -> (Vec<u8>, Vec<usize>) {
    let mut content = encode_opening(ME, NUMBER, (LogIndex(base), Term(1)), &record(1, base, &[b"a", b"b"]));
    let mut ends = vec![content.len()];
    for record in [record(2, base + 1, &[b"c"]), record(3, base + 2, &[])] {
        content.extend(encode_record(NUMBER, content.len() as u64, &record));
        ends.push(content.len());
    }
    (content, ends)
}

fn snapshot_of(index: u64, term: u64) -> Snapshot {
    Snapshot { index: LogIndex(index), term: Term(term), data: b"state".to_vec() }
}

fn kept(index: u64, term: u64, segment: u64, synced: u64) -> Option<Kept> {
    Some(Kept { snapshot: snapshot_of(index, term), segment, synced })
}

fn commands(recovered: &Recovered) -> Vec<&[u8]> {
    recovered.log.from(recovered.log.base().next()).iter().map(|entry| &entry.command[..]).collect()
}

#[test]
fn records_are_replayed_in_order() {
    let (content, _) = segment_after(0);
    let segment = decode(ME, NUMBER, &content).unwrap();
    assert_eq!((segment.records.len(), segment.bytes), (3, content.len() as u64));
    let recovered = recover(Some(segment), None).unwrap();
    assert_eq!((recovered.term, recovered.voted_for), (Term(3), Some(NodeId(3))));
    assert_eq!(commands(&recovered), [b"a", b"c"]);
}

#[test]
fn a_torn_record_at_the_end_is_left_out_wherever_it_was_torn() {
    let (content, ends) = segment_after(0);
    for length in ends[1]..content.len() {
        let segment = decode(ME, NUMBER, &content[..length]).unwrap();
        assert_eq!((segment.records.len(), segment.bytes), (2, ends[1] as u64), "torn at {length}");
    }
    for torn in ends[1]..content.len() {
        let mut zeroed = content.clone();
        zeroed[torn..].fill(0);
        // The last bytes of a body may be zeros by nature; then nothing was torn.
        let records = if zeroed == content { 3 } else { 2 };
        assert_eq!(decode(ME, NUMBER, &zeroed).unwrap().records.len(), records, "zeros from {torn}");
    }
}

#[test]
fn a_bad_record_before_others_is_an_error_that_names_it() {
    let (content, ends) = segment_after(0);
    for flipped in ends[0]..ends[1] {
        let mut rotten = content.clone();
        rotten[flipped] ^= 1;
        let fault = decode(ME, NUMBER, &rotten).unwrap_err().to_string();
        assert!(fault.starts_with(&format!("raft.journal.7: record 1 at byte {} is damaged", ends[0])), "{fault}");
    }
}

#[test]
fn a_bad_opening_is_an_error_however_little_is_left_of_it() {
    let (content, ends) = segment_after(0);
    let is_refused = |content: &[u8]| {
        let fault = decode(ME, NUMBER, content).unwrap_err();
        matches!(fault, Fault::Damaged { record: 0, byte: 0, .. } | Fault::OtherVersion { .. })
    };
    for length in 0..ends[0] {
        assert!(is_refused(&content[..length]), "cut at {length}");
    }
    for flipped in 0..ends[0] {
        let mut rotten = content.clone();
        rotten[flipped] ^= 1;
        assert!(is_refused(&rotten), "flipped at {flipped}");
    }
}

#[test]
fn a_record_that_is_missing_is_an_error() {
    let (mut content, ends) = segment_after(0);
    content.drain(ends[0]..ends[1]);
    let fault = decode(ME, NUMBER, &content).unwrap_err().to_string();
    assert!(fault.contains(&format!("record 1 at byte {} is damaged: another record", ends[0])), "{fault}");
}

#[test]
fn a_segment_that_is_cut_short_of_what_the_snapshot_knows_to_be_synced_is_an_error() {
    let (content, ends) = segment_after(0);
    let segment = decode(ME, NUMBER, &content[..ends[0]]).unwrap();
    let (synced, whole) = (ends[2] as u64, ends[0] as u64);
    let fault = recover(Some(segment), kept(1, 1, NUMBER, synced)).unwrap_err();
    assert_eq!(fault, Fault::CutShort { file: name(NUMBER), synced, whole });
}

#[test]
fn a_command_that_looks_like_a_record_is_not_taken_for_one() {
    let (mut content, ends) = segment_after(0);
    let forged = encode_record(NUMBER, 0, &record(9, 0, &[b"forged"]));
    let carrier = encode_record(NUMBER, ends[2] as u64, &record(3, 2, &[&forged]));
    content.extend(&carrier[..carrier.len() - 1]);
    let segment = decode(ME, NUMBER, &content).unwrap();
    assert_eq!((segment.records.len(), segment.bytes), (3, ends[2] as u64), "the torn carrier is left out");
}

#[test]
fn the_files_of_another_node_version_or_place_are_refused_by_name() {
    let (content, _) = segment_after(0);
    let fault = decode(NodeId(1), NUMBER, &content).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "raft.journal.7 belongs to node 2, and this is node 1; give each server its own disk back"
    );
    let fault = decode(ME, 8, &content).unwrap_err();
    assert_eq!(fault, Fault::OtherSegment { file: name(8), found: NUMBER });
    let mut newer = content;
    newer[2] = b'3';
    assert_eq!(decode(ME, NUMBER, &newer).unwrap_err(), Fault::OtherVersion { file: name(NUMBER), found: '3' });

    let image = snapshot::encode(ME, &snapshot_of(3, 2), NUMBER, 0);
    let file = || "raft.snapshot".to_owned();
    let fault = snapshot::decode(NodeId(1), &image).unwrap_err();
    assert_eq!(fault, Fault::OtherNode { file: file(), owner: ME, node: NodeId(1) });
    let mut newer = image;
    newer[2] = b'1';
    assert_eq!(snapshot::decode(ME, &newer).unwrap_err(), Fault::OtherVersion { file: file(), found: '1' });

    for name in ["raft.journal", "raft.journal.", "raft.journal.x"] {
        assert_eq!(number_of(name), Err(Fault::UnknownFile { file: name.to_owned() }));
    }
    assert_eq!((number_of("raft.journal.12"), number_of("raft.snapshot")), (Ok(Some(12)), Ok(None)));
    assert_eq!(number_of("raft.journal.12.new"), Ok(None), "left aside by a crash");
}

#[test]
fn a_snapshot_that_is_not_what_was_written_is_an_error() {
    let image = snapshot::encode(ME, &snapshot_of(3, 2), NUMBER, 40);
    assert_eq!(snapshot::decode(ME, &image).ok(), kept(3, 2, NUMBER, 40));
    for length in 0..image.len() {
        assert!(snapshot::decode(ME, &image[..length]).is_err(), "cut at {length}");
    }
    for flipped in 0..image.len() {
        let mut rotten = image.clone();
        rotten[flipped] ^= 1;
        assert!(snapshot::decode(ME, &rotten).is_err(), "flipped at {flipped}");
    }
    let longer: Vec<u8> = image.iter().chain(b"x").copied().collect();
    assert!(snapshot::decode(ME, &longer).is_err());
}

#[test]
fn a_snapshot_that_is_newer_than_the_segment_takes_its_part_of_the_log() {
    let (content, _) = segment_after(4);
    let segment = || decode(ME, NUMBER, &content).ok();
    let recovered = recover(segment(), kept(5, 1, NUMBER, 0)).unwrap();
    assert_eq!((recovered.log.base(), commands(&recovered)), (LogIndex(5), vec![&b"c"[..]]));
    let recovered = recover(segment(), kept(6, 1, NUMBER, 0)).unwrap();
    assert_eq!(recovered.log, Log::behind(LogIndex(6), Term(1)), "entry 6 is of another term there");
    assert_eq!((recovered.term, recovered.voted_for), (Term(3), Some(NodeId(3))), "term and vote stay");
    let recovered = recover(segment(), kept(9, 4, NUMBER, 0)).unwrap();
    assert_eq!((recovered.term, recovered.voted_for), (Term(4), None), "it has seen the term of its last entry");
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (content, _) = segment_after(4);
    let segment = || decode(ME, NUMBER, &content).ok();
    for (kept, known) in [(None, 0), (kept(3, 1, 5, 40), 3)] {
        let fault = recover(segment(), kept).unwrap_err();
        assert_eq!(fault, Fault::OldSnapshot { file: name(NUMBER), needs: LogIndex(4), known: LogIndex(known) });
    }
    assert_eq!(recover(None, kept(3, 1, 1, 40)).unwrap_err(), Fault::NoSegment);
    let fault = recover(segment(), kept(5, 1, NUMBER + 1, 40)).unwrap_err();
    assert_eq!(fault, Fault::CutShort { file: name(NUMBER + 1), synced: 40, whole: 0 });
    assert_eq!(recover(None, None), Ok(Recovered::default()), "the first start");
}
