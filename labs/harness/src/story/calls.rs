//! What became of the calls of one node to some others: whether they were made at all, arrived, were answered.

use crate::failed::Calls;
use std::collections::BTreeMap;
use windtunnel::line::{CallId, Effect, Event, Method};
use windtunnel::world::Recording;
use windtunnel::{Nanos, NodeId};

/// How far calls of one kind came.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: u32,
    arrived: u32,
    answered: u32,
}

/// A call that was sent, and whether it has arrived: a copy of it does not count.
struct Sent {
    to: NodeId,
    method: Method,
    has_arrived: bool,
}

/// A line for each node that was to be called, and each RPC.
pub(crate) fn calls(recording: &Recording, asked: &Calls) -> Vec<String> {
    let begin = recording.records.first().map_or(Nanos::ZERO, |record| record.at);
    let since = asked.since.max(begin);
    let mut counts: BTreeMap<NodeId, BTreeMap<Method, Count>> =
        asked.to.iter().map(|node| (*node, BTreeMap::new())).collect();
    let mut open: BTreeMap<CallId, Sent> = BTreeMap::new();
    for record in recording.records.iter().filter(|record| record.at >= since) {
        match &record.what {
            Event::Request { from, call, .. } if *from == asked.from => {
                if let Some(sent) = open.get_mut(call).filter(|sent| sent.to == record.node && !sent.has_arrived) {
                    sent.has_arrived = true;
                    counts.entry(sent.to).or_default().entry(sent.method.clone()).or_default().arrived += 1;
                }
            }
            Event::Reply { call, .. } if record.node == asked.from => {
                if let Some(sent) = open.remove(call) {
                    counts.entry(sent.to).or_default().entry(sent.method).or_default().answered += 1;
                }
            }
            _ => {}
        }
        for effect in record.effects.iter().filter(|_| record.node == asked.from) {
            if let Effect::Send { to, call, method, .. } = effect
                && let Some(counts) = counts.get_mut(to)
            {
                counts.entry(method.clone()).or_default().sent += 1;
                open.insert(*call, Sent { to: *to, method: method.clone(), has_arrived: false });
            }
        }
    }
    counts.into_iter().flat_map(|(to, counts)| in_words(asked.from, to, since, counts)).collect()
}

fn in_words(from: NodeId, to: NodeId, since: Nanos, counts: BTreeMap<Method, Count>) -> Vec<String> {
    let head = format!("{from} to {to} since {since}:");
    if counts.is_empty() {
        return vec![format!("{head} no call at all")];
    }
    let line = |(method, Count { sent, arrived, answered }): (Method, Count)| {
        format!("{head} {sent} {method}, {arrived} arrived, {answered} answered")
    };
    counts.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::EventNumber;
    use windtunnel::line::TimerId;
    use windtunnel::world::Record;

    fn record(event: u64, node: u32, what: Event, effects: Vec<Effect>) -> Record {
        let at = Nanos::from_millis(event);
        Record { event: EventNumber(event), at, node: NodeId(node), what, effects, hash: 0 }
    }

    fn timer() -> Event {
        Event::Timer(TimerId { slot: 1, generation: 1 })
    }

    fn sends(to: u32, call: u64) -> Effect {
        Effect::Send { to: NodeId(to), call: CallId(call), method: "append".into(), body: Vec::new() }
    }

    fn request(from: u32, call: u64) -> Event {
        Event::Request { from: NodeId(from), call: CallId(call), method: "append".into(), body: Vec::new() }
    }

    #[test]
    fn calls_are_counted_as_far_as_they_came_and_copies_once() {
        let reply = |call| Event::Reply { call: CallId(call), result: Ok(Vec::new()) };
        let records = vec![
            record(1, 1, timer(), vec![sends(2, 1)]), // before it is asked for
            record(2, 1, timer(), vec![sends(2, 2), sends(3, 3)]),
            record(3, 2, request(1, 1), Vec::new()),
            record(4, 2, request(1, 2), Vec::new()),
            record(5, 2, request(1, 2), Vec::new()),
            record(6, 2, request(3, 3), Vec::new()), // somebody else's
            record(7, 1, reply(1), vec![sends(2, 4)]),
            record(8, 1, reply(2), vec![sends(2, 5)]),
            record(9, 2, request(1, 4), Vec::new()),
        ];
        let recording = Recording { records, ..Recording::default() };
        let asked = Calls { from: NodeId(1), to: [2, 3, 4].map(NodeId).to_vec(), since: Nanos::from_millis(2) };
        let told = [
            "node 1 to node 2 since 0.002 s: 3 append, 2 arrived, 1 answered",
            "node 1 to node 3 since 0.002 s: 1 append, 0 arrived, 0 answered",
            "node 1 to node 4 since 0.002 s: no call at all",
        ];
        assert_eq!(calls(&recording, &asked), told);
    }

    #[test]
    fn what_was_before_the_recording_is_not_claimed() {
        let recording = Recording { records: vec![record(5, 1, timer(), vec![sends(2, 1)])], ..Recording::default() };
        let asked = Calls { from: NodeId(1), to: vec![NodeId(2)], since: Nanos::ZERO };
        assert_eq!(calls(&recording, &asked), ["node 1 to node 2 since 0.005 s: 1 append, 0 arrived, 0 answered"]);
    }
}
