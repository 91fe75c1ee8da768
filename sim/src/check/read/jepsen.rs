//! Jepsen's log lines: `INFO  jepsen.util - 3 :invoke :cas [0 2]`. Other lines of such a log are noise.

use super::edn;
use super::words::{About, Happened, Said, Told, Word};
use std::collections::BTreeMap;

/// What marks a line that is about an operation.
pub const MARK: &str = "jepsen.util - ";

/// Reads one line; nothing, if it is not about an operation: those of clients are, and these have numbers.
pub fn line(line: &str) -> Result<Option<Told>, String> {
    let Some((_, line)) = line.split_once(MARK) else { return Ok(None) };
    let mut columns = line.split('\t').map(str::trim);
    let (client, kind, name) = (columns.next(), columns.next(), columns.next());
    let Some(client) = client.and_then(|client| client.parse::<u64>().ok()) else { return Ok(None) };
    let (Some(kind), Some(name)) = (kind, name.and_then(|name| name.strip_prefix(':'))) else {
        return Err("a client's line needs `:type`, `:f` and a value, with tabs between: it is cut off".to_owned());
    };
    let value = columns.next().ok_or_else(|| "the value is missing: the line is cut off".to_owned())?;
    let value = edn::value(value)?;
    let fields = BTreeMap::from([("value".to_owned(), value.clone())]);
    let gave_up = value == Word::Text("timed-out".to_owned());
    let happened = match kind {
        ":invoke" => Happened::Called(Said { name: name.to_owned(), fields }),
        ":ok" => Happened::Returned(Said { name: "ok".to_owned(), fields }),
        // What is said to have failed by a timeout may have happened.
        ":fail" if !gave_up => Happened::Failed(Said { name: "fail".to_owned(), fields }),
        ":info" | ":fail" => Happened::Unknown,
        _ => return Err(format!("`{kind}` is none of :invoke, :ok, :fail and :info")),
    };
    let about = About { name: Some(name.to_owned()), ..About::default() };
    Ok(Some(Told { client, at: None, hint: None, about, stray: None, happened }))
}
