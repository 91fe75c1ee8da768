//! Our own format, one JSON object a line: docs/HISTORIES.md says what may stand in it.
//!
//! ```json
//! {"client":1,"at":10,"call":"put","key":"x","value":"a","version":0}
//! {"client":1,"at":12,"return":"done"}
//! {"client":2,"at":13,"call":"get","key":"x"}
//! {"client":2,"at":15,"unknown":true}
//! ```

use super::words::{About, Happened, Said, Told, Word};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Reads one line; what is asked and answered has no other fields than these, if they are known.
pub fn line(line: &str, known: Option<&[&str]>) -> Result<Told, String> {
    let Object(object) = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    let number = |name: &str| match object.get(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| format!("`{name}` is no whole number from 0 on")),
    };
    let client = number("client")?.ok_or_else(|| "`client` is missing".to_owned())?;
    let (at, hint) = (number("at")?, number("hint")?);
    let told =
        ["call", "return", "fail", "unknown"].into_iter().filter(|name| object.contains_key(*name)).collect::<Vec<_>>();
    let [what] = told[..] else {
        return Err("a line has one of `call`, `return`, `fail` and `unknown`".to_owned());
    };
    if ["fail", "unknown"].contains(&what) && object[what] != Value::Bool(true) {
        return Err(format!("`{what}` is `true` or not there"));
    }
    let (mut fields, mut stray) = (BTreeMap::new(), None);
    for (name, value) in &object {
        if !["client", "at", "hint", what].contains(&name.as_str()) {
            if known.is_some_and(|known| !known.contains(&name.as_str())) {
                stray = stray.or_else(|| Some(name.clone()));
            }
            fields.insert(name.clone(), word(value).map_err(|problem| format!("`{name}` {problem}"))?);
        }
    }
    let said = || match &object[what] {
        Value::String(name) => Ok(Said { name: name.clone(), fields: fields.clone() }),
        _ => Err(format!("`{what}` is no name")),
    };
    let name = if what == "call" { object[what].as_str().map(str::to_owned) } else { None };
    let about = About { name, key: fields.get("key").cloned(), ..About::default() };
    let happened = match what {
        "call" => Happened::Called(said()?),
        "return" => Happened::Returned(said()?),
        "fail" => Happened::Never,
        _ => Happened::Unknown,
    };
    Ok(Told { client, at, hint, about, stray, happened })
}

fn word(value: &Value) -> Result<Word, &'static str> {
    Ok(match value {
        Value::Null => Word::Nothing,
        Value::Number(number) => Word::Number(number.as_i64().ok_or("is no whole number")?),
        Value::String(text) => Word::Text(text.clone()),
        Value::Array(values) => Word::List(values.iter().map(word).collect::<Result<_, _>>()?),
        Value::Bool(_) | Value::Object(_) => return Err("is neither a number, nor text, nor a list of them"),
    })
}

/// An object in which every name is said once.
struct Object(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Object, D::Error> {
        json.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` is said twice")));
            }
            object.insert(name, value);
        }
        Ok(Object(object))
    }
}
