//! A long history made here: clients in a closed loop against a store that is right, or wrong once near the end.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use windtunnel::check::models::KvAppendAsk;
use windtunnel::check::{ClientId, History};

/// What the table asks for: 100,000 operations, 50 clients, 10 keys, half writes, latency of 1 to 10 ms, 2 of a thousand unknown.
pub struct Load {
    pub operations: usize,
    pub clients: u64,
    pub keys: u64,
    pub unknown_ppm: u64,
    pub one_wrong_read: bool,
}

impl Default for Load {
    fn default() -> Self {
        Load { operations: 100_000, clients: 50, keys: 10, unknown_ppm: 2_000, one_wrong_read: false }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Call,
    Effect(u64, Option<u64>),
    Return(Option<Option<u64>>),
}

/// Plays the load; times are microseconds.
pub fn history(load: &Load, seed: u64) -> History<KvAppendAsk, Rc<str>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: u64| random.next_u64() % bound;
    let keys = (0..load.keys).map(|key| Rc::<str>::from(format!("key-{key}"))).collect::<Vec<_>>();
    // All values that each key ever had, the last of them now.
    let mut store = vec![vec![0_u64]; keys.len()];
    let mut history = History::new();
    let mut events = BinaryHeap::new();
    let mut read = std::collections::BTreeMap::new();
    let (mut called, mut next_client, mut wrong) = (0, load.clients, load.one_wrong_read);
    for client in 0..load.clients {
        events.push(Reverse((below(1_000), client, Event::Call)));
    }
    while let Some(Reverse((now, client, event))) = events.pop() {
        match event {
            Event::Call if called == load.operations => {}
            Event::Call => {
                called += 1;
                let key = below(load.keys);
                let write = (below(2) == 0).then_some(called as u64);
                let ask = match write {
                    Some(value) => KvAppendAsk::Put(Rc::clone(&keys[key as usize]), value.to_string().into()),
                    None => KvAppendAsk::Get(Rc::clone(&keys[key as usize])),
                };
                history.called(ClientId(client), ask, now).expect("the client waits for nothing");
                let latency = 1_000 + below(9_000);
                let unknown = below(1_000_000) < load.unknown_ppm;
                if !unknown {
                    events.push(Reverse((now + below(latency), client, Event::Effect(key, write))));
                    events.push(Reverse((now + latency, client, Event::Return(Some(write)))));
                } else {
                    if below(2) == 0 && write.is_some() {
                        events.push(Reverse((now + below(200_000), client, Event::Effect(key, write))));
                    }
                    events.push(Reverse((now + 100_000, client, Event::Return(None))));
                }
            }
            Event::Effect(key, Some(value)) => store[key as usize].push(value),
            Event::Effect(key, None) => {
                let values = &store[key as usize];
                // A value that was overwritten long ago.
                let late = wrong && called > load.operations - load.operations / 200;
                wrong &= !late;
                let place = if late { values.len() / 2 } else { values.len() - 1 };
                read.insert(client, values[place]);
            }
            Event::Return(None) => {
                history.unknown(ClientId(client), now).expect("it is open");
                events.push(Reverse((now + 1, next_client, Event::Call)));
                next_client += 1;
            }
            Event::Return(Some(write)) => {
                let value = match (write, read.remove(&client)) {
                    (None, Some(0)) | (Some(_), _) => String::new(),
                    (None, value) => value.expect("a read took effect before it returned").to_string(),
                };
                history.returned(ClientId(client), value.into(), now).expect("it is open");
                events.push(Reverse((now + 1, client, Event::Call)));
            }
        }
    }
    history
}
