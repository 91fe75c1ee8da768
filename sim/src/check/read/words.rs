//! What a line of a history says, in the words that all formats have in common.

use std::collections::BTreeMap;

/// A value of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// `nil`, `null`.
    Nothing,
    /// A whole number.
    Number(i64),
    /// A string, or a keyword without its colon.
    Text(String),
    /// Several.
    List(Vec<Word>),
    /// A map, in the order of its file: no model asks for one.
    Map(Vec<(Word, Word)>),
}

impl Word {
    /// As a name: numbers count as their digits.
    pub fn name(&self) -> Option<String> {
        match self {
            Word::Number(number) => Some(number.to_string()),
            Word::Text(text) => Some(text.clone()),
            Word::Nothing | Word::List(_) | Word::Map(_) => None,
        }
    }

    /// Whether one of them says nothing, or both the same.
    fn may_repeat(&self, other: &Word) -> bool {
        match (self, other) {
            (Word::Nothing, _) | (_, Word::Nothing) => true,
            (Word::List(these), Word::List(others)) => {
                these.len() == others.len() && these.iter().zip(others).all(|(one, other)| one.may_repeat(other))
            }
            _ => self.name() == other.name(),
        }
    }

    /// As a whole number.
    pub fn number(&self) -> Option<i64> {
        match self {
            Word::Number(number) => Some(*number),
            Word::Text(text) => text.parse().ok(),
            Word::Nothing | Word::List(_) | Word::Map(_) => None,
        }
    }
}

/// What was asked or answered: a word for it, and what belongs to it by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// `get`, `put`; of an answer, `ok` if it has no name of its own.
    pub name: String,
    /// `key`, `value`, `version`.
    pub fields: BTreeMap<String, Word>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// A call.
    Called(Said),
    /// An answer.
    Returned(Said),
    /// An answer that says that it failed, and not why: what that means its model knows.
    Failed(Said),
    /// An answer that says that it certainly did nothing.
    Never,
    /// The client gave up.
    Unknown,
}

/// What an operation is about, as far as a line says it: a call and its answer must not differ in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// What was asked: `get`, `put`.
    pub name: Option<String>,
    /// Of which key.
    pub key: Option<Word>,
    /// Whether that stands in the value: see [`Told::take_out_key`].
    pub is_pair: bool,
    /// What else its call says.
    pub fields: BTreeMap<String, Word>,
}

/// Fields of a call that the answer that it was done may repeat. (What it says of a version may be the new one.)
const REPEATED: [&str; 4] = ["value", "from", "to", "token"];
/// What was done says so with one of these, and what it found or made of it with another word.
const DONE: [&str; 3] = ["ok", "done", "released"];

impl About {
    /// What is wrong with this answer, if it is to another question than this.
    pub fn misfit(&self, answer: &About) -> Option<String> {
        let differ = |what: &str, asked: &str, answered: &str| {
            format!("it answers {what} `{answered}`, and what its client waits for is {what} `{asked}`")
        };
        if let (Some(asked), Some(answered)) = (&self.name, &answer.name)
            && asked != answered
        {
            return Some(differ("a", asked, answered));
        }
        let name = |about: &About| about.key.as_ref().map(|key| key.name().unwrap_or_default());
        let (asked, answered) = (name(self)?, name(answer)?);
        (asked != answered).then(|| differ("of key", &asked, &answered))
    }

    /// What is wrong with the answer that this was done, if it says that something else was.
    pub fn contradiction(&self, answer: &Said) -> Option<String> {
        let is_read = self.name.as_deref().is_some_and(|name| ["get", "read"].contains(&name));
        if is_read || !DONE.contains(&answer.name.as_str()) {
            return None;
        }
        let differs = |field: &&str| {
            let (asked, answered) = (self.fields.get(*field), answer.fields.get(*field));
            asked.zip(answered).is_some_and(|(asked, answered)| !asked.may_repeat(answered))
        };
        let field = REPEATED.into_iter().find(differs)?;
        Some(format!("it answers with another `{field}` than its client asked with"))
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Whose.
    pub client: u64,
    /// When, if it says so.
    pub at: Option<u64>,
    /// Where the service put it, if it says so.
    pub hint: Option<u64>,
    /// About what.
    pub about: About,
    /// A field that it has and its model does not.
    pub stray: Option<String>,
    /// What.
    pub happened: Happened,
}

impl Told {
    /// Takes the key out of a value `[key value]`, as Jepsen's `independent` writes both: of a call if it can be nothing else, of an answer if its
    /// call was written so.
    ///
    /// # Errors
    /// In words, if such a call is answered by something else.
    pub fn take_out_key(&mut self, call: Option<&About>) -> Result<(), String> {
        let is_call = matches!(self.happened, Happened::Called(_));
        let is_answer = matches!(self.happened, Happened::Returned(_));
        if !is_call && !call.is_some_and(|call| call.is_pair) {
            return Ok(());
        }
        let (Happened::Called(said) | Happened::Returned(said) | Happened::Failed(said)) = &mut self.happened else {
            return Ok(());
        };
        match said.fields.get_mut("value") {
            Some(Word::List(pair)) if self.about.key.is_none() && is_pair(pair, is_call && said.name == "cas") => {
                let value = pair.pop().unwrap_or(Word::Nothing);
                let key = pair.pop().unwrap_or(Word::Nothing);
                said.fields.extend([("key".to_owned(), key.clone()), ("value".to_owned(), value)]);
                (self.about.key, self.about.is_pair) = (Some(key), true);
                Ok(())
            }
            _ if is_answer => Err("its call has the key in its value, as [key value], and it has not".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Whether this is a key and what belongs to it; a compare-and-set's value is a pair in any case.
fn is_pair(words: &[Word], is_swap: bool) -> bool {
    match words {
        [key, value] => key.name().is_some() && (!is_swap || matches!(value, Word::List(_))),
        _ => false,
    }
}
