//! From words to what a model understands.

use super::words::{Said, Word};
use crate::check::model::Model;
use crate::check::models::{
    AppendList, CasRegister, Counter, CounterAnswer, CounterAsk, Element, Elements, Keyed, KeyedAsk, Kv, KvAnswer,
    KvAppend, KvAppendAsk, KvAsk, ListAsk, Lock, LockAnswer, LockAsk, Register, RegisterAnswer,
};
use std::rc::Rc;

/// A model whose histories can be read.
pub trait Decode: Model {
    /// The fields that its calls and answers have in our JSON lines, so that one of another name is a mistake; any, if it does not say.
    const FIELDS: Option<&'static [&'static str]> = None;

    /// What was asked.
    ///
    /// # Errors
    /// In words, if it says nothing that the model knows.
    fn asked(said: &Said) -> Result<Self::Input, String>;

    /// What was answered at this time, if the file has times. `None` says that the outcome is unknown after all.
    ///
    /// # Errors
    /// In words, if it says nothing that the model knows.
    fn answered(input: &Self::Input, said: &Said, at: Option<u64>) -> Result<Option<Self::Output>, String>;

    /// What it means that the operation failed, and nobody says why; `None` that it did not happen.
    fn failed(_input: &Self::Input) -> Option<Self::Output> {
        None
    }
}

fn name(said: &Said, field: &str) -> Result<Rc<str>, String> {
    let word = said.fields.get(field).ok_or_else(|| format!("`{}` needs a `{field}`", said.name))?;
    Ok(word.name().ok_or_else(|| format!("the `{field}` of `{}` is neither text nor a number", said.name))?.into())
}

fn number<Number: TryFrom<i64>>(said: &Said, field: &str) -> Result<Number, String> {
    let word = said.fields.get(field).ok_or_else(|| format!("`{}` needs a `{field}`", said.name))?;
    let number = word.number().and_then(|number| Number::try_from(number).ok());
    number.ok_or_else(|| format!("the `{field}` of `{}` is no number that will do", said.name))
}

/// The name of the object, where a history need not have several.
fn key(said: &Said) -> Result<Rc<str>, String> {
    if said.fields.contains_key("key") { name(said, "key") } else { Ok("".into()) }
}

/// What was read: it must be said, `nil` or `null` if there was nothing. A word that is misspelt is no answer.
fn read(said: &Said) -> Result<&Word, String> {
    if !["ok", "found"].contains(&said.name.as_str()) {
        return Err(unheard_of(said, "ok and found"));
    }
    said.fields.get("value").ok_or_else(|| "the answer of a read needs a `value`, if only nothing".to_owned())
}

/// The answer that says nothing but that it was done. What failed has no answer: its line says `fail`.
fn done(said: &Said) -> Result<(), String> {
    if ["ok", "done"].contains(&said.name.as_str()) { Ok(()) } else { Err(unheard_of(said, "ok and done")) }
}

fn unheard_of(said: &Said, known: &str) -> String {
    format!("`{}` is none of {known}", said.name)
}

impl Decode for Kv {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "value", "version"]);

    fn asked(said: &Said) -> Result<KvAsk, String> {
        match said.name.as_str() {
            "get" => Ok(KvAsk::Get(name(said, "key")?)),
            "put" => Ok(KvAsk::Put(name(said, "key")?, name(said, "value")?, number(said, "version")?)),
            _ => Err(unheard_of(said, "get and put")),
        }
    }

    fn answered(input: &KvAsk, said: &Said, _at: Option<u64>) -> Result<Option<KvAnswer>, String> {
        Ok(match (input, said.name.as_str()) {
            (_, "no-key") => Some(KvAnswer::NoKey),
            (KvAsk::Get(_), "found" | "ok") => Some(KvAnswer::Found(name(said, "value")?, number(said, "version")?)),
            (KvAsk::Put(..), "done" | "ok") => Some(KvAnswer::Done),
            (KvAsk::Put(..), "other-version") => Some(KvAnswer::OtherVersion),
            (KvAsk::Put(..), "maybe") => None,
            (KvAsk::Get(_), _) => return Err(unheard_of(said, "found and no-key")),
            (KvAsk::Put(..), _) => return Err(unheard_of(said, "done, no-key, other-version and maybe")),
        })
    }
}

impl Decode for KvAppend {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "value"]);

    fn asked(said: &Said) -> Result<KvAppendAsk, String> {
        match said.name.as_str() {
            "get" => Ok(KvAppendAsk::Get(name(said, "key")?)),
            "put" => Ok(KvAppendAsk::Put(name(said, "key")?, name(said, "value")?)),
            "append" => Ok(KvAppendAsk::Append(name(said, "key")?, name(said, "value")?)),
            _ => Err(unheard_of(said, "get, put and append")),
        }
    }

    fn answered(input: &KvAppendAsk, said: &Said, _at: Option<u64>) -> Result<Option<Rc<str>>, String> {
        Ok(Some(match input {
            KvAppendAsk::Get(_) if *read(said)? == Word::Nothing => "".into(),
            KvAppendAsk::Get(_) => name(said, "value")?,
            KvAppendAsk::Put(..) | KvAppendAsk::Append(..) => {
                done(said)?;
                "".into()
            }
        }))
    }
}

impl Decode for CasRegister {
    const FIELDS: Option<&'static [&'static str]> = Some(&["value", "from", "to"]);

    fn asked(said: &Said) -> Result<Register, String> {
        match (said.name.as_str(), said.fields.get("value")) {
            ("read", _) => Ok(Register::Read),
            ("write", _) => Ok(Register::Write(number(said, "value")?)),
            ("cas", Some(Word::List(pair))) => match pair.iter().map(Word::number).collect::<Vec<_>>()[..] {
                [Some(from), Some(to)] => Ok(Register::CompareAndSet { from, to }),
                _ => Err("the `value` of `cas` is no pair of numbers".to_owned()),
            },
            ("cas", _) => Ok(Register::CompareAndSet { from: number(said, "from")?, to: number(said, "to")? }),
            _ => Err(unheard_of(said, "read, write and cas")),
        }
    }

    fn answered(input: &Register, said: &Said, _at: Option<u64>) -> Result<Option<RegisterAnswer>, String> {
        Ok(Some(match (input, said.name.as_str()) {
            (Register::Read, _) if *read(said)? == Word::Nothing => RegisterAnswer::Value(None),
            (Register::Read, _) => RegisterAnswer::Value(Some(number(said, "value")?)),
            (Register::CompareAndSet { .. }, "differs") => RegisterAnswer::Differs,
            (Register::CompareAndSet { .. }, "ok" | "done") => RegisterAnswer::Done,
            (Register::CompareAndSet { .. }, _) => return Err(unheard_of(said, "ok, done and differs")),
            (Register::Write(_), _) => done(said).map(|()| RegisterAnswer::Done)?,
        }))
    }

    /// A compare-and-set of Jepsen's fails since it found another value.
    fn failed(input: &Register) -> Option<RegisterAnswer> {
        matches!(input, Register::CompareAndSet { .. }).then_some(RegisterAnswer::Differs)
    }
}

impl Decode for Keyed<CasRegister> {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "value", "from", "to"]);

    fn asked(said: &Said) -> Result<KeyedAsk<Register>, String> {
        Ok(KeyedAsk { key: key(said)?, ask: CasRegister::asked(said)? })
    }

    fn answered(input: &KeyedAsk<Register>, said: &Said, at: Option<u64>) -> Result<Option<RegisterAnswer>, String> {
        CasRegister::answered(&input.ask, said, at)
    }

    fn failed(input: &KeyedAsk<Register>) -> Option<RegisterAnswer> {
        CasRegister::failed(&input.ask)
    }
}

impl Decode for AppendList {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "value"]);

    fn asked(said: &Said) -> Result<ListAsk, String> {
        match said.name.as_str() {
            "read" => Ok(ListAsk::Read(key(said)?)),
            "append" => Ok(ListAsk::Append(key(said)?, Element::new(&name(said, "value")?))),
            _ => Err(unheard_of(said, "read and append")),
        }
    }

    fn answered(input: &ListAsk, said: &Said, _at: Option<u64>) -> Result<Option<Option<Elements>>, String> {
        if let ListAsk::Append(..) = input {
            return done(said).map(|()| Some(None));
        }
        let elements = match read(said)? {
            Word::Nothing => Vec::new(),
            Word::List(elements) => {
                let names = elements.iter().map(Word::name).collect::<Option<Vec<_>>>();
                names.ok_or("an element of the list is neither text nor a number")?
            }
            _ => return Err("the `value` of a read is no list".to_owned()),
        };
        Ok(Some(Some(Elements::new(elements.iter().map(String::as_str)))))
    }
}

impl Decode for Counter {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "value"]);

    fn asked(said: &Said) -> Result<CounterAsk, String> {
        match said.name.as_str() {
            "read" => Ok(CounterAsk::Read(key(said)?)),
            "add" => Ok(CounterAsk::Add(key(said)?, number(said, "value")?)),
            _ => Err(unheard_of(said, "read and add")),
        }
    }

    fn answered(input: &CounterAsk, said: &Said, _at: Option<u64>) -> Result<Option<CounterAnswer>, String> {
        Ok(Some(match (input, said.name.as_str()) {
            // Jepsen repeats what was added.
            (CounterAsk::Add(..), "ok" | "done") => CounterAnswer::Done,
            (CounterAsk::Add(..), "stands") => CounterAnswer::Stands(number(said, "value")?),
            (CounterAsk::Add(..), _) => return Err(unheard_of(said, "ok, done and stands")),
            (CounterAsk::Read(_), word) => {
                let value = if word == "stands" { Ok(()) } else { read(said).map(drop) };
                value.and_then(|()| number(said, "value").map(CounterAnswer::Stands))?
            }
        }))
    }
}

impl Decode for Lock {
    const FIELDS: Option<&'static [&'static str]> = Some(&["key", "token", "until"]);

    fn asked(said: &Said) -> Result<LockAsk, String> {
        match said.name.as_str() {
            "acquire" => Ok(LockAsk::Acquire(key(said)?)),
            "release" => Ok(LockAsk::Release(key(said)?, number(said, "token")?)),
            _ => Err(unheard_of(said, "acquire and release")),
        }
    }

    fn answered(input: &LockAsk, said: &Said, at: Option<u64>) -> Result<Option<LockAnswer>, String> {
        let told = at.unwrap_or(0); // without leases, no time counts
        Ok(Some(match (input, said.name.as_str()) {
            (LockAsk::Acquire(_), "granted" | "ok") => {
                if at.is_none() && said.fields.contains_key("until") {
                    return Err("`until` is a time, and there is none in the file to compare it with".to_owned());
                }
                let until = said.fields.contains_key("until").then(|| number(said, "until")).transpose()?;
                LockAnswer::Granted { token: number(said, "token")?, until, told }
            }
            (LockAsk::Acquire(_), "held") => LockAnswer::Held { told },
            (LockAsk::Release(..), "released" | "done" | "ok") => LockAnswer::Released { told },
            (LockAsk::Release(..), "lost") => LockAnswer::Lost { told },
            (LockAsk::Acquire(_), _) => return Err(unheard_of(said, "granted and held")),
            (LockAsk::Release(..), _) => return Err(unheard_of(said, "released and lost")),
        }))
    }
}
