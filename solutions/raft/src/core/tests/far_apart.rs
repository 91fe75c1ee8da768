//! A follower so far away that a heartbeat is due before its answer comes: a late answer is an answer.

use super::snapshots::leader_with_snapshot;
use super::*;
use crate::messages::Installed;
use std::collections::VecDeque;

/// What it takes there and back, in milliseconds: from more than a heartbeat's pause to nearly the deadline of a call.
const ROUND_TRIPS: [u64; 4] = [120, 290, 500, 990];

/// A follower that was sent nothing for so many milliseconds gets a heartbeat.
const HEARTBEAT: u64 = 100;

/// Whoever has not caught up after so many milliseconds does not get on.
const FOR_EVER: u64 = 60_000;

/// A follower's answer, and what it answers.
enum Answer {
    Appended(Sent, Appended),
    Installed(Sent, Installed),
}

/// What is under way, and when it arrives.
type Way<T> = VecDeque<(u64, T)>;

fn arrived<T>(way: &mut Way<T>, now: u64) -> Option<T> {
    if way.front().is_none_or(|(arrives, _)| *arrives > now) {
        return None;
    }
    way.pop_front().map(|(_, what)| what)
}

/// When a follower with an empty log has all that its leader has, and how many bytes of a snapshot it was sent for that;
/// nothing if it never has.
fn caught_up(leader: &mut Core, round_trip: u64) -> Option<(u64, usize)> {
    let (mut follower, last) = (server(TWO, 3, 1, &[]), leader.log.last_index());
    let (mut requests, mut answers): (Way<Request>, Way<Answer>) = Default::default();
    let (mut heartbeat_due, mut snapshot_bytes) = (0, 0);
    for now in 0..FOR_EVER {
        while let Some(request) = arrived(&mut requests, now) {
            let answer = match request {
                Request::Append(append, sent) => Answer::Appended(sent, follower.handle_append_entries(ONE, &append)),
                Request::Install(piece, sent) => Answer::Installed(sent, follower.handle_install_snapshot(ONE, &piece)),
            };
            answers.push_back((now + round_trip / 2, answer));
        }
        while let Some(answer) = arrived(&mut answers, now) {
            match answer {
                Answer::Appended(sent, reply) => leader.handle_appended(TWO, sent, &reply),
                Answer::Installed(sent, reply) => leader.handle_installed(TWO, sent, &reply),
            }
        }
        loop {
            let due = leader.due_request(TWO);
            let Some(request) = due.or_else(|| if heartbeat_due <= now { leader.heartbeat(TWO) } else { None }) else {
                break;
            };
            heartbeat_due = now + HEARTBEAT;
            if let Request::Install(piece, _) = &request {
                snapshot_bytes += piece.data.len();
            }
            requests.push_back((now + round_trip / 2, request));
        }
        if follower.log.last_index() == last {
            return Some((now, snapshot_bytes));
        }
    }
    None
}

#[test]
fn figure_13_each_piece_goes_once_to_a_follower_whose_answers_come_behind_heartbeats() {
    let data = vec![7; 200_000]; // four pieces
    for round_trip in ROUND_TRIPS {
        let mut leader = leader_with_snapshot(&[1, 1, 2], 3, &data);
        let (after, bytes) = caught_up(&mut leader, round_trip).unwrap_or_else(|| panic!("never at {round_trip} ms"));
        // One round trip until it is known what it lacks, one for each piece, and half of one for the entry behind them.
        assert!(after <= round_trip * 6, "round trip {round_trip} ms: {after} ms");
        assert_eq!(bytes, data.len(), "round trip {round_trip} ms");
    }
}

#[test]
fn section_5_3_entries_go_on_to_a_follower_whose_answers_come_behind_heartbeats() {
    for round_trip in ROUND_TRIPS {
        let mut leader = leader(3, 2, &[1]);
        for _ in 0..8 {
            leader.propose(vec![7; 60_000]).unwrap(); // each is a request of its own
        }
        let (after, _) = caught_up(&mut leader, round_trip).unwrap_or_else(|| panic!("never at {round_trip} ms"));
        assert!(after <= round_trip * 6, "round trip {round_trip} ms: {after} ms");
    }
}
