//! A job done in one go, in memory: what its output must be, byte for byte.

use crate::attempt::{AppFailure, caught};
use crate::contract::{Job, Lines, Skipped, Task};
use mapreduce_apps::{App, NotOpened, Record, Registry};

/// What a job gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The parts, in order.
    pub parts: Vec<Vec<u8>>,
    /// Records that the application dies of.
    pub skipped: Vec<Skipped>,
    /// How many records map was called for.
    pub records: u64,
    /// How many pairs it emitted.
    pub pairs: u64,
}

/// Why a job cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// An input is not there, or shorter than a split says.
    #[error("there is no input {0:?} as long as that")]
    NoInput(String),
    /// The application cannot be opened.
    #[error("{0}")]
    NotOpened(NotOpened),
    /// The application fails.
    #[error("{0}")]
    App(#[from] AppFailure),
}

/// A pair that map has emitted.
type Pair = (Vec<u8>, Vec<u8>);

/// Does a job whose inputs `read` gives by name.
///
/// # Errors
/// If it cannot be done.
pub fn run<'a>(job: &Job, apps: &Registry, read: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Output, Impossible> {
    run_and_tell(job, apps, read, |_| ())
}

/// The same. `tell` hears before each record and key how many map and reduce tasks are done.
///
/// # Errors
/// If it cannot be done.
pub fn run_and_tell<'a>(
    job: &Job,
    apps: &Registry,
    read: impl Fn(&str) -> Option<&'a [u8]>,
    mut tell: impl FnMut([u32; 2]),
) -> Result<Output, Impossible> {
    let app = apps.open(&job.app, &job.parameters).map_err(Impossible::NotOpened)?;
    let mut output = Output::default();
    let mut partitions: Vec<Vec<Pair>> = vec![Vec::new(); job.reduces as usize];
    for (number, split) in (0..).zip(&job.splits) {
        let range = split.from as usize..(split.from + split.length) as usize;
        let bytes = read(&split.object).and_then(|object| object.get(range));
        let bytes = bytes.ok_or_else(|| Impossible::NoInput(split.object.clone()))?;
        let mut lines = Lines::new(split.from);
        lines.feed(bytes);
        lines.end();
        let mut next = 0..;
        while let Some((at, line)) = lines.next() {
            tell([number, 0]);
            let record = Record { object: &split.object, at, line };
            let skipped = Skipped { task: Task::Map(number), record: next.next().unwrap_or_default() };
            match map(&*app, &record, job.reduces)? {
                None => output.skipped.push(skipped),
                Some(pairs) => {
                    output.records += 1;
                    output.pairs += pairs.len() as u64;
                    pairs.into_iter().for_each(|(partition, pair)| partitions[partition as usize].push(pair));
                }
            }
        }
    }
    for (number, pairs) in (0..).zip(partitions) {
        let mut tell = || tell([job.maps(), number]);
        let part = reduce(&*app, number, pairs, &mut output.skipped, &mut tell);
        output.parts.push(part);
    }
    Ok(output)
}

/// What map emits for a record; nothing if it dies.
fn map(app: &dyn App, record: &Record<'_>, reduces: u32) -> Result<Option<Vec<(u32, Pair)>>, AppFailure> {
    let mut pairs = Vec::new();
    let mapped = caught(|| {
        app.map(record, &mut |key, value| {
            pairs.push((app.partition(key, reduces), (key.to_vec(), value.to_vec())));
        });
    });
    if mapped.is_err() {
        return Ok(None);
    }
    match pairs.iter().find(|(partition, _)| *partition >= reduces) {
        Some((named, _)) => Err(AppFailure::WrongPartition { named: *named, reduces }),
        None => Ok(Some(pairs)),
    }
}

/// A part: what reduce emits for each key, but for those that it dies of.
fn reduce(
    app: &dyn App,
    number: u32,
    mut pairs: Vec<Pair>,
    skipped: &mut Vec<Skipped>,
    tell: &mut impl FnMut(),
) -> Vec<u8> {
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut part = Vec::new();
    for (record, group) in (0..).zip(pairs.chunk_by(|(one, _), (other, _)| one == other)) {
        tell();
        let before = part.len();
        let reduced = caught(|| {
            let mut emit = |bytes: &[u8]| part.extend_from_slice(bytes);
            let mut values = app.reduce(&group[0].0);
            group.iter().for_each(|(_, value)| values.value(value, &mut emit));
            values.end(&mut emit);
        });
        if reduced.is_err() {
            part.truncate(before);
            skipped.push(Skipped { task: Task::Reduce(number), record });
        }
    }
    part
}

#[cfg(test)]
mod tests;
