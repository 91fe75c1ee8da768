//! Property tests: every image of a power loss is one that POSIX allows.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    Write { name: usize, offset: u64, length: usize },
    SetLength { name: usize, length: u64 },
    Sync { name: usize },
    Rename { from: usize, to: usize, whole: bool },
    Remove { name: usize },
    SyncDirectory,
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES.len();
    prop_oneof![
        5 => (name(), 0..9_000_u64, 1..3_000_usize).prop_map(|(name, offset, length)| Step::Write { name, offset, length }),
        2 => (name(), 0..9_000_u64).prop_map(|(name, length)| Step::SetLength { name, length }),
        2 => name().prop_map(|name| Step::Sync { name }),
        2 => (name(), name(), any::<bool>()).prop_map(|(from, to, whole)| Step::Rename { from, to, whole }),
        1 => name().prop_map(|name| Step::Remove { name }),
        1 => Just(Step::SyncDirectory),
    ]
}

/// What a disk may hold, in the plainest words: of each file, all it was since its last fsync; of each
/// name, all it stood for since the last sync of the directory.
#[derive(Default)]
struct Past {
    files: Vec<Vec<Vec<u8>>>,
    names: [Vec<Option<usize>>; 3],
}

impl Past {
    fn new() -> Self {
        Past { files: Vec::new(), names: [vec![None], vec![None], vec![None]] }
    }

    fn now(&self, name: usize) -> Option<usize> {
        *self.names[name].last().expect("a name stands for something or nothing")
    }

    /// The file of that name, made if missing.
    fn file(&mut self, name: usize) -> usize {
        self.now(name).unwrap_or_else(|| {
            self.files.push(vec![Vec::new()]);
            self.names[name].push(Some(self.files.len() - 1));
            self.files.len() - 1
        })
    }

    fn change(&mut self, name: usize, change: impl Fn(&mut Vec<u8>)) {
        let file = self.file(name);
        let mut content = self.files[file].last().expect("a file has content").clone();
        change(&mut content);
        self.files[file].push(content);
    }

    fn allows(&self, name: usize, left: Option<&[u8]>) -> bool {
        self.names[name].iter().any(|file| match (file, left) {
            (None, None) => true,
            (Some(file), Some(left)) => Self::allows_content(&self.files[*file], left),
            _ => false,
        })
    }

    fn allows_content(past: &[Vec<u8>], left: &[u8]) -> bool {
        let (least, most) =
            (past.iter().map(Vec::len).min().unwrap_or(0), past.iter().map(Vec::len).max().unwrap_or(0));
        let had_length = past.iter().any(|content| content.len() == left.len());
        let page_end = left.len().is_multiple_of(4_096) && (least..most).contains(&left.len());
        let byte_was = |(at, byte): (usize, &u8)| past.iter().any(|content| content.get(at).unwrap_or(&0) == byte);
        (had_length || page_end) && left.iter().enumerate().all(byte_was)
    }
}

fn play(host: &mut Host, past: &mut Past, at: usize, step: &Step) {
    let byte = at as u8 + 1;
    match *step {
        Step::Write { name, offset, length } => {
            let file = host.open(NAMES[name]);
            host.write(file, offset, &vec![byte; length]).unwrap();
            past.change(name, |content| {
                let end = offset as usize + length;
                content.resize(content.len().max(end), 0);
                content[offset as usize..end].fill(byte);
            });
        }
        Step::SetLength { name, length } => {
            let file = host.open(NAMES[name]);
            host.set_length(file, length).unwrap();
            past.change(name, |content| content.resize(length as usize, 0));
        }
        Step::Sync { name } => {
            let file = host.open(NAMES[name]);
            host.sync(file).unwrap();
            let file = past.file(name);
            let last = past.files[file].len() - 1;
            past.files[file].drain(..last);
        }
        Step::Rename { from, to, whole } => {
            let moved = past.now(from);
            let rename = if whole { Host::replace } else { Host::rename };
            assert_eq!(rename(host, NAMES[from], NAMES[to]).is_ok(), moved.is_some());
            if moved.is_some() && from != to {
                past.names[from].push(None);
                past.names[to].push(moved);
            }
        }
        Step::Remove { name } => {
            if host.remove(NAMES[name]).is_ok() {
                past.names[name].push(None);
            }
        }
        Step::SyncDirectory => {
            host.sync_directory(".").unwrap();
            for name in &mut past.names {
                name.drain(..name.len() - 1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Synced bytes under synced names are there; every other byte was there at some time since, or is a hole.
    #[test]
    fn every_image_is_one_that_posix_allows(
        seed in any::<u64>(),
        torn in any::<bool>(),
        done in prop::collection::vec(step(), 1..40),
        in_flight in prop::collection::vec((0..9_000_u64, 1..3_000_usize), 0..3),
    ) {
        let mut host = Host::new(seed, DiskWeather { torn_writes: torn, ..DiskWeather::default() });
        let mut past = Past::new();
        for (at, step) in done.iter().enumerate() {
            play(&mut host, &mut past, at, step);
        }
        let file = host.open("a");
        past.file(0);
        for (offset, length) in in_flight {
            host.begin(DiskRequest::Write { file, offset, data: vec![200; length] });
            past.change(0, |content| {
                let end = offset as usize + length;
                content.resize(content.len().max(end), 0);
                content[offset as usize..end].fill(200);
            });
        }
        host.power_loss();
        for (name, path) in NAMES.iter().enumerate() {
            let left = host.whole(path);
            prop_assert!(past.allows(name, left.as_deref()), "{path} of {:?} bytes", left.map(|left| left.len()));
        }
    }

    /// Whatever is renamed to and fro, a durable file that nothing removed is there exactly once.
    #[test]
    fn renames_lose_nothing_and_double_nothing(
        seed in any::<u64>(),
        moves in prop::collection::vec((0..8_usize, 0..8_usize, 0..12_u8), 1..30),
    ) {
        let places = ["a", "d/a", "e/a", "d", "e", "e/d", "f", "f/e"];
        let mut host = Host::calm(seed);
        for directory in ["d", "e"] {
            host.make_directory(directory).unwrap();
        }
        host.sync_directory(".").unwrap();
        let contents: BTreeMap<&str, &[u8]> = BTreeMap::from([("a", &b"1"[..]), ("d/a", b"2"), ("e/a", b"3")]);
        for (path, content) in &contents {
            host.durable(path, content);
        }
        for (from, to, also) in moves {
            let (from, to) = (places[from], places[to]);
            if host.whole(to).is_none() && host.list(to).is_err() {
                let _refused = host.rename(from, to);
            }
            match also {
                0 => drop(host.sync_directory(from)),
                1 => drop(host.make_directory(to)),
                2 => drop(host.ask(DiskRequest::RemoveDirectory { path: from.to_string() })),
                _ => {}
            }
        }
        host.power_loss();
        let mut left: Vec<Vec<u8>> = host.disk.durable_files().into_values().collect();
        left.sort();
        prop_assert_eq!(left, [b"1", b"2", b"3"]);
    }
}
