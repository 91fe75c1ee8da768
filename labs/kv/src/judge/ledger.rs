//! All operations, and whether what clerks answer can be. (Herlihy and Wing, "Linearizability", 1990)
//!
//! A version of a key is made by one put, which named the version before it. So of every version it is known who may have
//! made it, and once a client was told of it nobody who asks later may find an older one. That is looked at first: it says
//! in a few words, and at the very answer, what is wrong. Whether any order explains all answers is for [`Linearizable`].

use super::linearizable::{LINEARIZABILITY, Linearizable, SOURCE};
use crate::contract::{GetError, PutError, PutRefused, Version, Versioned};
use crate::observation::{Answered, Asked, Called, Returned, Told};
use lab_harness::failed::Failed;
use std::collections::BTreeMap;
use std::fmt;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const MAYBE: &str =
    "The contract, Clerk::put: Maybe says that a request that was sent again was refused for its version.";

/// What is known of all operations so far.
#[derive(Debug, Default)]
pub struct Ledger {
    keys: BTreeMap<String, History>,
    open: BTreeMap<(NodeId, u64), Open>,
    calls: u64,
    check: Linearizable,
    tally: BTreeMap<NodeId, Tally>,
}

/// How the operations of a node ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that returned.
    pub returned: u64,
    /// Puts that were done.
    pub done: u64,
    /// Puts of which nobody knows.
    pub maybe: u64,
}

/// What is known of a key.
#[derive(Debug, Default)]
struct History {
    /// The highest version that a client was told of, in one way or another.
    floor: Version,
    /// By the version that they make, the puts that may have made it.
    makers: BTreeMap<Version, Vec<Maker>>,
    /// The values of versions that clients were told of.
    told: BTreeMap<Version, String>,
}

/// A put that may have made a version: one that was done, or whose outcome is not known.
#[derive(Debug)]
struct Maker {
    number: u64,
    value: String,
    done: bool,
}

/// An operation that has not returned.
#[derive(Debug)]
struct Open {
    number: u64,
    asked: Asked,
    called: Nanos,
    /// The key's `floor` at the call.
    floor: Version,
    /// Whether the server has refused it for its version, at least once.
    refused: bool,
}

impl Ledger {
    /// How the operations of a node ended.
    #[must_use]
    pub fn tally(&self, node: NodeId) -> Tally {
        self.tally.get(&node).copied().unwrap_or_default()
    }

    /// The operation that was called first of those that have not returned, in words, and when.
    #[must_use]
    pub fn oldest_open(&self) -> Option<(String, Nanos)> {
        let oldest = self.open.iter().min_by_key(|(_, open)| open.number)?;
        Some((words(oldest.1.number, oldest.0.0, &oldest.1.asked), oldest.1.called))
    }

    /// A client calls.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, Called { call, asked }: Called) -> Result<(), Failed> {
        self.calls += 1;
        let number = self.calls;
        self.check.called(number, &asked, moment.at)?;
        let key = self.keys.entry(asked.key().to_owned()).or_default();
        if let Asked::Put { value, version, .. } = &asked {
            let maker = Maker { number, value: value.clone(), done: false };
            key.makers.entry(version.next()).or_default().push(maker);
        }
        let open = Open { number, asked, called: moment.at, floor: key.floor, refused: false };
        self.open.insert((node, call), open);
        Ok(())
    }

    /// The server answers a put.
    pub fn answered(&mut self, answered: &Answered) {
        if answered.answer != Err(PutRefused::Version) {
            return;
        }
        for ((node, _), open) in &mut self.open {
            let Asked::Put { key, version, .. } = &open.asked else { continue };
            open.refused |= (*node, key, *version) == (answered.from, &answered.key, answered.version);
        }
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        let lost: Vec<u64> = self.open.range((node, 0)..=(node, u64::MAX)).map(|(_, open)| open.number).collect();
        self.open.retain(|(of, _), _| *of != node);
        lost.into_iter().try_for_each(|number| self.check.unknown(number, moment.at))
    }

    /// A clerk has answered.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn returned(&mut self, moment: Moment, node: NodeId, Returned { call, told }: Returned) -> Result<(), Failed> {
        let Some(open) = self.open.remove(&(node, call)) else { return Ok(()) };
        let tally = self.tally.entry(node).or_default();
        tally.returned += 1;
        tally.done += u64::from(told == Told::Put(Ok(())));
        tally.maybe += u64::from(told == Told::Put(Err(PutError::Maybe)));
        if told == Told::Put(Err(PutError::Maybe)) && !open.refused {
            let title = "A clerk says maybe of a put that the server has never refused for its version.";
            return Err(failed("needless-maybe", MAYBE, title, node, &open, &told, moment.at));
        }
        let key = self.keys.entry(open.asked.key().to_owned()).or_default();
        let broken = |title: String| failed(LINEARIZABILITY, SOURCE, &title, node, &open, &told, moment.at);
        key.take(&open, &told).map_err(broken)?;
        self.check.returned(open.number, &told, moment.at).map_err(|failed| failed.on([node]))
    }
}

impl History {
    /// What an operation was told, if it can be.
    fn take(&mut self, open: &Open, told: &Told) -> Result<(), String> {
        match (&open.asked, told) {
            (Asked::Get { .. }, Told::Got(Ok(found))) => self.found(open.floor, found),
            (Asked::Get { .. }, Told::Got(Err(GetError::NoKey))) => self.no_key(open.floor),
            (Asked::Put { version, value, .. }, Told::Put(Ok(()))) => self.done(open, *version, value),
            (Asked::Put { version, value, .. }, Told::Put(Err(PutError::Version))) => {
                self.not_done(open, *version, value)?;
                self.refused(open.floor, *version)
            }
            (Asked::Put { version, value, .. }, Told::Put(Err(PutError::NoKey))) => {
                self.not_done(open, *version, value)?;
                match *version {
                    Version::NONE => Err("A put that creates its key cannot miss it.".to_owned()),
                    _ => self.no_key(open.floor),
                }
            }
            (Asked::Put { .. }, Told::Put(Err(PutError::Maybe))) => Ok(()),
            (Asked::Get { .. }, Told::Put(_)) | (Asked::Put { .. }, Told::Got(_)) => {
                Err("The answer is none to what was asked.".to_owned())
            }
        }
    }

    /// A get has found a value, and when it was called somebody knew of version `floor`.
    fn found(&mut self, floor: Version, Versioned { value, version }: &Versioned) -> Result<(), String> {
        if *version < floor {
            return Err(format!("A get returned version {version} after version {floor} was known to a client."));
        }
        if let Some(known) = self.told.get(version)
            && known != value
        {
            return Err(format!("Version {version} was {}, and now it is {}.", short(known), short(value)));
        }
        if !self.makers(*version).iter().any(|maker| maker.value == *value) {
            let value = short(value);
            return Err(format!("A get returned {value} as version {version}, and no put can have made that of it."));
        }
        self.learn(*version, value)
    }

    /// A version is known to have been there, and all before it must have been.
    fn learn(&mut self, version: Version, value: &str) -> Result<(), String> {
        let mut before = (self.floor.0 + 1..version.0).map(Version);
        if let Some(missing) = before.find(|version| self.makers(*version).is_empty()) {
            return Err(format!("There is a version {version}, and no put can have made version {missing}."));
        }
        self.told.entry(version).or_insert_with(|| value.to_owned());
        self.floor = self.floor.max(version);
        Ok(())
    }

    fn no_key(&self, floor: Version) -> Result<(), String> {
        match floor {
            Version::NONE => Ok(()),
            _ => Err(format!("A key is said not to be there after its version {floor} was known to a client.")),
        }
    }

    fn done(&mut self, open: &Open, version: Version, value: &str) -> Result<(), String> {
        let made = version.next();
        if open.floor > version {
            let floor = open.floor;
            return Err(format!("A put of version {version} was done, and version {floor} was known before its call."));
        }
        if let Some(known) = self.told.get(&made)
            && known != value
        {
            return Err(format!("A put of version {version} was done, and version {made} is {}.", short(known)));
        }
        if let Some(other) = self.makers(made).iter().find(|maker| maker.done) {
            return Err(format!("Two puts of version {version} were both done: the other one is #{}.", other.number));
        }
        let makers = self.makers.entry(made).or_default();
        makers.iter_mut().filter(|maker| maker.number == open.number).for_each(|maker| maker.done = true);
        self.learn(made, value)
    }

    /// A put is said not to have been done.
    fn not_done(&mut self, open: &Open, version: Version, value: &str) -> Result<(), String> {
        let made = version.next();
        let makers = self.makers.entry(made).or_default();
        makers.retain(|maker| maker.number != open.number);
        let is_known = self.told.get(&made).is_some_and(|known| known == value);
        if is_known && !makers.iter().any(|maker| maker.value == value) {
            return Err(format!("A put was refused, and yet its value was read, as version {made}."));
        }
        Ok(())
    }

    /// A put was refused for its version, which must have been another one at some moment since its call.
    fn refused(&mut self, floor: Version, version: Version) -> Result<(), String> {
        let highest = self.makers.iter().rev().find(|(_, makers)| !makers.is_empty());
        let highest = highest.map_or(Version::NONE, |(version, _)| *version);
        if highest == Version::NONE && version != Version::NONE {
            return Err("A put was refused for the version of a key that nobody has put.".to_owned());
        }
        if floor == version && highest <= version {
            return Err(format!("A put was refused for its version {version}, which the key had all the time."));
        }
        self.floor = self.floor.max(Version(u64::from(version == Version::NONE)));
        Ok(())
    }

    fn makers(&self, version: Version) -> &[Maker] {
        self.makers.get(&version).map_or(&[], Vec::as_slice)
    }
}

fn failed(
    rule: &'static str,
    source: &'static str,
    title: &str,
    node: NodeId,
    open: &Open,
    told: &Told,
    now: Nanos,
) -> Failed {
    let facts = vec![
        format!("{},", words(open.number, node, &open.asked)),
        format!("called at {}, was told {} at {now}.", open.called, answer(told)),
    ];
    let evidence = lab_harness::failed::Evidence { facts, calls: None };
    Failed::new(rule, title).from_source(source).on([node]).with_evidence(evidence)
}

/// An operation, in words.
fn words(number: u64, node: NodeId, asked: &Asked) -> String {
    match asked {
        Asked::Get { key } => format!("#{number} of {node}: get {}", short(key)),
        Asked::Put { key, value, version } => {
            format!("#{number} of {node}: put {} to {} at version {version}", short(value), short(key))
        }
    }
}

fn answer(told: &Told) -> String {
    match told {
        Told::Got(Ok(Versioned { value, version })) => format!("{} of version {version}", short(value)),
        Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => "that there is no such key".to_owned(),
        Told::Put(Ok(())) => "that it is done".to_owned(),
        Told::Put(Err(PutError::Version)) => "that the version is another one".to_owned(),
        Told::Put(Err(PutError::Maybe)) => "maybe".to_owned(),
    }
}

/// A text in quotes, cut where it is long.
fn short(text: &str) -> impl fmt::Display {
    let cut: String = text.chars().take(16).collect();
    if cut.len() < text.len() { format!("{cut:?}…") } else { format!("{cut:?}") }
}

#[cfg(test)]
mod tests;
