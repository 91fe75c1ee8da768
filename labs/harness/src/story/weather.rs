//! Links and disks that behave otherwise from now on, in words.

use super::teller::When;
use crate::protocol::RowKind;
use std::collections::BTreeMap;
use windtunnel::world::LinkWeather;
use windtunnel::world::disk::DiskWeather;
use windtunnel::{Nanos, NodeId, Ppm};

/// What a link or disk has been since the run began, and what was last said of it.
#[derive(Debug)]
struct Known<W> {
    fair: W,
    said: Vec<String>,
}

/// Every link and disk that was ever set.
#[derive(Debug, Default)]
pub(super) struct Weathers {
    links: BTreeMap<(NodeId, NodeId), Known<LinkWeather>>,
    disks: BTreeMap<NodeId, Known<DiskWeather>>,
}

impl Weathers {
    /// What to say behind `link to 3`, if there is something new.
    pub fn link(&mut self, when: When, ends: (NodeId, NodeId), now: &LinkWeather) -> Option<(RowKind, String)> {
        told(&mut self.links, ends, when, now, link_words)
    }

    /// What to say of a disk, if there is something new.
    pub fn disk(&mut self, when: When, node: NodeId, now: &DiskWeather) -> Option<(RowKind, String)> {
        told(&mut self.disks, node, when, now, disk_words).map(|(kind, words)| (kind, format!("disk{words}")))
    }
}

/// What is set when the run begins is the weather that a test is about, and no strike: fair is what it is
/// then, and the default, which healing sets.
fn told<K: Ord, W: Copy + Default + PartialEq>(
    all: &mut BTreeMap<K, Known<W>>,
    key: K,
    when: When,
    now: &W,
    words: fn(&W, &W) -> Vec<String>,
) -> Option<(RowKind, String)> {
    let known = all.entry(key).or_insert_with(|| Known { fair: W::default(), said: Vec::new() });
    if *now == W::default() {
        known.fair = *now;
    }
    let said = words(&known.fair, now);
    if when.at == Nanos::ZERO {
        known.fair = *now;
        return (!said.is_empty()).then(|| (RowKind::Control, format!(": {}", said.join(", "))));
    }
    if said == known.said {
        return None;
    }
    known.said = said;
    Some(match known.said.as_slice() {
        [] => (RowKind::Observation, " fair again".to_owned()),
        said => (RowKind::Fault, format!(": {}", said.join(", "))),
    })
}

/// Where `now` is another than `fair`, as far as it has an effect.
fn link_words(fair: &LinkWeather, now: &LinkWeather) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |is_new: bool, text: String| words.extend(is_new.then_some(text));
    say(now.loss_ppm != fair.loss_ppm, format!("{} lost", percent(now.loss_ppm)));
    say(now.duplicate_ppm != fair.duplicate_ppm, format!("{} twice", percent(now.duplicate_ppm)));
    say(now.late_copy_ppm != fair.late_copy_ppm, format!("{} again once answered", percent(now.late_copy_ppm)));
    say(now.latency != fair.latency, span(now.latency));
    let tail = |link: &LinkWeather| (link.tail_ppm, link.tail);
    let has_tail = now.tail_ppm != fair.tail_ppm || now.tail_ppm > Ppm::NEVER && tail(now) != tail(fair);
    say(has_tail, format!("{} by {} later", percent(now.tail_ppm), span(now.tail)));
    let held = |link: &LinkWeather| (link.reorder_ppm, link.reorder_by);
    let holds = now.reorder_ppm != fair.reorder_ppm || now.reorder_ppm > Ppm::NEVER && held(now) != held(fair);
    say(holds, format!("{} held {}", percent(now.reorder_ppm), span(now.reorder_by)));
    let bandwidth = now.bandwidth.map_or_else(|| "any bandwidth".to_owned(), |bytes| format!("{bytes} bytes/s"));
    say(now.bandwidth != fair.bandwidth, bandwidth);
    words
}

fn disk_words(fair: &DiskWeather, now: &DiskWeather) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |is_new: bool, text: String| words.extend(is_new.then_some(text));
    say(now.error_ppm != fair.error_ppm, format!("{} of operations fail", percent(now.error_ppm)));
    say(now.sync_error_ppm != fair.sync_error_ppm, format!("{} of syncs fail", percent(now.sync_error_ppm)));
    say(now.bit_rot_ppm != fair.bit_rot_ppm, format!("{} of reads rot", percent(now.bit_rot_ppm)));
    say(now.slow_ppm != fair.slow_ppm, format!("{} of operations slow", percent(now.slow_ppm)));
    let capacity = now.capacity.map_or_else(|| "any room".to_owned(), |bytes| format!("room for {bytes} bytes"));
    say(now.capacity != fair.capacity, capacity);
    say(now.sync_latency != fair.sync_latency, format!("syncs take {}", span(now.sync_latency)));
    let takes = format!("operations take {}", span(now.operation_latency));
    say(now.operation_latency != fair.operation_latency, takes);
    let young = if now.young_rots { "what was written last may rot too" } else { "what was written last does not rot" };
    say(now.young_rots != fair.young_rots, young.to_owned());
    let tears = if now.torn_writes { "writes tear" } else { "no write tears" };
    say(now.torn_writes != fair.torn_writes, tears.to_owned());
    words
}

/// `10 %`, `0.25 %`.
fn percent(rate: Ppm) -> String {
    let (whole, rest) = (rate.0 / 10_000, rate.0 % 10_000);
    let rest = format!("{rest:04}");
    match rest.trim_end_matches('0') {
        "" => format!("{whole} %"),
        rest => format!("{whole}.{rest} %"),
    }
}

/// `20..50 ms`, in the largest unit that says both ends.
fn span([low, high]: [Nanos; 2]) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")];
    let fits = |unit: u64| low.0 % unit == 0 && high.0 % unit == 0;
    let (unit, name) = units.into_iter().find(|(unit, _)| fits(*unit)).unwrap_or((1, "ns"));
    let (low, high) = (low.0 / unit, high.0 / unit);
    if low == high { format!("{low} {name}") } else { format!("{low}..{high} {name}") }
}
