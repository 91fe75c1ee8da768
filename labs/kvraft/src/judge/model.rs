//! The service as the checker knows it: pairs that are put over a version and appended to, and the counter of part rsm.

use std::fmt;
use std::rc::Rc;
use windtunnel::check::{self, Asked};

/// What the service does, one thing after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Model;

/// A text that is told apart from others, and joined to others, in a few bytes.
#[derive(Clone)]
pub struct Text {
    hash: Hash,
    /// For people.
    shown: Rc<str>,
}

/// The hash of a text: that of two texts, one behind the other, follows from theirs. Sixty-four bits of a polynomial: made to notice
/// any difference, not to resist somebody who looks for a collision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Hash {
    value: u64,
    /// The base to the power of the text's length.
    power: u64,
}

impl Hash {
    const EMPTY: Hash = Hash { value: 0, power: 1 };
    const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

    fn of(text: &str) -> Self {
        let byte = |byte: u8| Hash { value: u64::from(byte) + 1, power: Self::BASE };
        text.bytes().fold(Hash::EMPTY, |hash, next| hash.followed_by(byte(next)))
    }

    const fn followed_by(self, other: Hash) -> Self {
        let value = self.value.wrapping_mul(other.power).wrapping_add(other.value);
        Hash { value, power: self.power.wrapping_mul(other.power) }
    }
}

impl Text {
    /// A text; of a long one people are shown the beginning and the end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const SHORT: usize = 40;
        let shown = if text.len() <= SHORT {
            text.to_owned()
        } else {
            let beginning: String = text.chars().take(16).collect();
            let end: String = text.chars().skip(text.chars().count() - 16).collect();
            format!("{beginning}…{end}")
        };
        Text { hash: Hash::of(text), shown: shown.into() }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The value of a key and its version.
    Get(Rc<str>),
    /// To make this the value of a key that has this version.
    Put(Rc<str>, Text, u64),
    /// To write this behind the value of a key.
    Append(Rc<str>, Text),
    /// To make the counter one more, and say how high it is then.
    Increment,
    /// How high the counter is.
    Count,
}

/// What is answered. Of what came to *maybe*, or was lost, there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// What a get found.
    Found(Text, u64),
    /// The put or the append is done.
    Done,
    /// There is no such key.
    NoKey,
    /// The key has another version.
    OtherVersion,
    /// How high the counter is.
    Counter(u64),
    /// It was not begun with.
    NotBegun,
}

use Answer::{Counter, Done, Found, NoKey, NotBegun, OtherVersion};
use Ask::{Append, Count, Get, Increment, Put};

/// A key, or the counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A pair's key.
    Pair(Rc<str>),
    /// The counter.
    Counter,
}

/// What an object holds: how often it was changed, 0 for a key that is not there, and the hash of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content {
    version: u64,
    value: Hash,
}

impl Content {
    const fn becomes(self, value: Hash) -> Self {
        Content { version: self.version + 1, value }
    }
}

impl check::Model for Model {
    type Key = Object;
    type State = Content;
    type Input = Ask;
    type Output = Answer;

    fn key(&self, input: &Ask) -> Object {
        match input {
            Get(key) | Put(key, ..) | Append(key, _) => Object::Pair(Rc::clone(key)),
            Increment | Count => Object::Counter,
        }
    }

    fn initial(&self, _key: &Object) -> Content {
        Content { version: 0, value: Hash::EMPTY }
    }

    fn step(&self, state: &Content, asked: Asked<'_, Self>) -> Option<Content> {
        if asked.output == Some(&NotBegun) {
            return Some(*state);
        }
        let (after, answer) = match asked.input {
            Get(_) if state.version == 0 => (*state, NoKey),
            Get(_) => {
                let is_so = |answer: &Answer| matches!(answer, Found(read, of) if (read.hash, *of) == (state.value, state.version));
                return asked.output.is_none_or(is_so).then_some(*state);
            }
            Put(_, value, version) if *version == state.version => (state.becomes(value.hash), Done),
            Put(..) if state.version == 0 => (*state, NoKey),
            Put(..) => (*state, OtherVersion),
            Append(_, value) => (state.becomes(state.value.followed_by(value.hash)), Done),
            Increment => (state.becomes(Hash::EMPTY), Counter(state.version + 1)),
            Count => (*state, Counter(state.version)),
        };
        asked.output.is_none_or(|told| *told == answer).then_some(after)
    }

    fn is_read(&self, input: &Ask) -> bool {
        matches!(input, Get(_) | Count)
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        let least = match earlier.input {
            Get(_) | Count => return false,
            Put(_, _, version) => *version,
            Append(..) | Increment => 0,
        };
        match (later.input, later.output) {
            (_, Some(NotBegun | NoKey)) | (Append(..), _) => false,
            (Get(_), Some(Found(_, version))) => least < *version,
            (Put(_, _, version), Some(Done) | None) => least < *version,
            _ => true,
        }
    }

    fn is_past(&self, state: &Content, asked: Asked<'_, Self>) -> bool {
        match (asked.input, asked.output) {
            (Get(_), Some(Found(read, of))) => state.version > *of || state.version == *of && state.value != read.hash,
            (Put(_, _, version), Some(Done)) => state.version > *version,
            (_, Some(NoKey)) => state.version > 0,
            (Increment, Some(Counter(value))) => state.version >= *value,
            (Count, Some(Counter(value))) => state.version > *value,
            _ => false,
        }
    }

    /// Versions only grow.
    fn revives(&self, _earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        false
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let asks = match asked.input {
            Get(key) => format!("get {key:?}"),
            Put(key, value, version) => format!("put {key:?} {value:?} over version {version}"),
            Append(key, value) => format!("append {key:?} {value:?}"),
            Increment => "increment".to_owned(),
            Count => "read".to_owned(),
        };
        match asked.output {
            None => format!("{asks} (outcome unknown)"),
            Some(Done) => format!("{asks} was done"),
            Some(Found(value, version)) => format!("{asks} returned {value:?} (version {version})"),
            Some(NoKey) => format!("{asks} found no such key"),
            Some(OtherVersion) => format!("{asks} found another version"),
            Some(Counter(value)) => format!("{asks} returned {value}"),
            Some(NotBegun) => format!("{asks} was not begun with"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windtunnel::check::Model as _;

    fn step(state: Content, input: &Ask, output: Option<&Answer>) -> Option<Content> {
        Model.step(&state, Asked { input, output })
    }

    fn key() -> Rc<str> {
        "k".into()
    }

    #[test]
    fn the_hash_of_a_text_is_that_of_its_parts_one_behind_the_other() {
        assert_eq!(Hash::of("one behind the other"), Hash::of("one behind").followed_by(Hash::of(" the other")));
        assert_ne!(Hash::of("ab"), Hash::of("ba"));
        assert_ne!(Hash::of("a"), Hash::of("a\0"));
        let long = "x".repeat(1_000);
        assert_ne!(Text::new(&long), Text::new(&format!("{long}x")));
    }

    #[test]
    fn what_is_appended_stands_behind_what_was_put() {
        let start = Model.initial(&Object::Counter);
        let put = step(start, &Put(key(), Text::new("a"), 0), Some(&Done)).expect("version 0 creates it");
        let both = step(put, &Append(key(), Text::new("b")), Some(&Done)).expect("it can always be done");
        let found = |text, version| Found(Text::new(text), version);
        assert!(step(both, &Get(key()), Some(&found("ab", 2))).is_some());
        for wrong in [found("b", 2), found("ab", 1), found("ba", 2), NoKey] {
            assert!(step(both, &Get(key()), Some(&wrong)).is_none(), "{wrong:?}");
        }
        assert!(step(both, &Put(key(), Text::new("c"), 1), Some(&OtherVersion)).is_some());
        assert!(step(both, &Put(key(), Text::new("c"), 1), Some(&Done)).is_none());
        assert!(step(start, &Put(key(), Text::new("c"), 1), Some(&NoKey)).is_some());
    }

    #[test]
    fn an_increment_says_how_high_the_counter_is_and_what_was_not_begun_changes_nothing() {
        let start = Model.initial(&Object::Counter);
        let one = step(start, &Increment, Some(&Counter(1))).expect("it is the first");
        assert!(step(one, &Increment, Some(&Counter(1))).is_none());
        assert_eq!(step(one, &Increment, Some(&NotBegun)), Some(one));
        assert_eq!(step(one, &Count, Some(&Counter(1))), Some(one));
        assert!(step(one, &Count, Some(&Counter(0))).is_none());
    }

    /// All that can be asked and answered, over a few values.
    fn all_asked() -> Vec<(Ask, Option<Answer>)> {
        let texts = ["", "a", "ab", "b"].map(Text::new);
        let mut answers = vec![None, Some(Done), Some(NoKey), Some(OtherVersion), Some(NotBegun)];
        for version in 1..4 {
            answers.extend(texts.iter().map(|text| Some(Found(text.clone(), version))));
        }
        let mut asks = vec![Get(key())];
        for text in &texts[1..] {
            asks.push(Append(key(), text.clone()));
            asks.extend((0..3).map(|version| Put(key(), text.clone(), version)));
        }
        let pairs =
            asks.into_iter().flat_map(|ask| answers.clone().into_iter().map(move |answer| (ask.clone(), answer)));
        pairs.collect()
    }

    /// All states that two changes lead to.
    fn states() -> Vec<Content> {
        let mut states = vec![Model.initial(&Object::Pair(key()))];
        for _ in 0..2 {
            let next: Vec<Content> = states
                .iter()
                .flat_map(|state| all_asked().into_iter().filter_map(|(ask, _)| step(*state, &ask, None)))
                .collect();
            states.extend(next);
        }
        states.dedup();
        states
    }

    #[test]
    fn what_is_past_is_impossible_whatever_comes() {
        let (states, asked) = (states(), all_asked());
        for (input, output) in asked.iter().map(|(ask, answer)| (ask, answer.as_ref())) {
            for state in states.iter().filter(|state| Model.is_past(state, Asked { input, output })) {
                assert_eq!(step(*state, input, output), None, "{input:?} {output:?} in {state:?}");
                for (other, _) in &asked {
                    let Some(next) = step(*state, other, None) else { continue };
                    assert!(Model.is_past(&next, Asked { input, output }), "{other:?} revives {input:?} {output:?}");
                }
            }
        }
    }

    #[test]
    fn what_makes_an_answer_possible_leads_to_it() {
        let (states, asked) = (states(), all_asked());
        for (earlier, told) in asked.iter().map(|(ask, answer)| (ask, answer.as_ref())) {
            for state in &states {
                let Some(next) = step(*state, earlier, told) else { continue };
                for (later, answer) in asked.iter().map(|(ask, answer)| (ask, answer.as_ref())) {
                    let becomes_possible = step(*state, later, answer).is_none() && step(next, later, answer).is_some();
                    let leads =
                        Model.leads_to(Asked { input: earlier, output: told }, Asked { input: later, output: answer });
                    assert!(leads || !becomes_possible, "{earlier:?} {told:?} leads to {later:?} {answer:?}");
                }
            }
        }
    }
}
