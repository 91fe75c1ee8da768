//! As much of EDN as histories are written in: maps, vectors, sets, strings, keywords, whole numbers, `nil`; of what has a tag, what stands behind it.

use super::words::{About, Happened, Said, Told, Word};
use std::collections::BTreeMap;

/// Reads one map a line, as Porcupine's key/value histories and Jepsen's have it:
/// `{:process 9, :type :invoke, :f :append, :key "0", :value "x"}`. Nothing, if its process is no client: those have numbers, and what has a name
/// (`:nemesis`) asks the service nothing.
pub fn line(line: &str) -> Result<Option<Told>, String> {
    let mut reader = Reader { rest: line.trim(), depth: 0 };
    if reader.rest.starts_with('#') {
        reader.tag()?;
    }
    let map = reader.map()?;
    if !reader.rest.trim_start().is_empty() {
        return Err(format!("there is more behind the map: `{}`", shortened(reader.rest)));
    }
    let word = |name: &str| map.get(name).ok_or_else(|| format!("`:{name}` is missing"));
    let process = word("process")?;
    if matches!(process, Word::Text(_)) && process.number().is_none() {
        return Ok(None);
    }
    let client = process.number().and_then(|client| u64::try_from(client).ok());
    let client = client.ok_or_else(|| "`:process` is no number of a client".to_owned())?;
    let at = map.get("time").and_then(Word::number).and_then(|at| u64::try_from(at).ok());
    let mut fields = map.clone();
    ["process", "type", "f", "time", "index"].iter().for_each(|name| drop(fields.remove(*name)));
    let has_error = fields.get("error").is_some_and(|error| *error != Word::Nothing);
    let asked = Said { name: word("f")?.name().ok_or("`:f` has no name")?, fields: fields.clone() };
    let about = About { name: Some(asked.name.clone()), key: fields.get("key").cloned(), ..About::default() };
    let happened = match word("type")?.name().as_deref() {
        Some("invoke") => Happened::Called(asked),
        Some("ok") => Happened::Returned(Said { name: "ok".to_owned(), fields }),
        // A client of Jepsen's says so of what was not done; what was done and failed needs no such word.
        Some("fail") if has_error => Happened::Never,
        Some("fail") => Happened::Failed(Said { name: "fail".to_owned(), fields }),
        Some("info") => Happened::Unknown,
        _ => return Err("`:type` is none of :invoke, :ok, :fail and :info".to_owned()),
    };
    Ok(Some(Told { client, at, hint: None, about, stray: None, happened }))
}

/// Reads one value.
pub fn value(text: &str) -> Result<Word, String> {
    Reader { rest: text, depth: 0 }.word()
}

/// How deep values may lie in values.
const DEEPEST: usize = 32;

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn word(&mut self) -> Result<Word, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("values lie in values more than {DEEPEST} deep"));
        }
        let word = self.word_here();
        self.depth -= 1;
        word
    }

    fn word_here(&mut self) -> Result<Word, String> {
        self.skip();
        match self.rest.chars().next() {
            None => Err("it ends where a value should be".to_owned()),
            Some('"') => self.string().map(Word::Text),
            Some('[') => self.list('[', ']'),
            Some('(') => self.list('(', ')'),
            Some('{') => self.pairs(),
            Some('#') if self.rest.starts_with("#{") => {
                self.rest = &self.rest[1..];
                self.list('{', '}')
            }
            Some('#') => {
                let is_left_out = self.tag()? == "_";
                let tagged = self.word()?;
                if is_left_out { self.word() } else { Ok(tagged) }
            }
            Some(':') => {
                self.rest = &self.rest[1..];
                self.symbol().map(Word::Text)
            }
            Some(_) => {
                let symbol = self.symbol()?;
                Ok(match symbol.as_str() {
                    "nil" => Word::Nothing,
                    _ => symbol.parse().map_or(Word::Text(symbol), Word::Number),
                })
            }
        }
    }

    fn map(&mut self) -> Result<BTreeMap<String, Word>, String> {
        self.expect('{')?;
        let mut map = BTreeMap::new();
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(map);
            }
            self.expect(':')?;
            let name = self.symbol()?;
            let value = self.word()?;
            if map.insert(name.clone(), value).is_some() {
                return Err(format!("`:{name}` is said twice"));
            }
        }
    }

    /// A map inside of a line: its keys may be anything.
    fn pairs(&mut self) -> Result<Word, String> {
        self.expect('{')?;
        let mut pairs = Vec::new();
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(Word::Map(pairs));
            }
            pairs.push((self.word()?, self.word()?));
        }
    }

    /// What stands between `#` and a value: `inst`, `jepsen.history.Op`. `_` says that the value is left out.
    fn tag(&mut self) -> Result<String, String> {
        self.expect('#')?;
        if let Some(rest) = self.rest.strip_prefix('_') {
            self.rest = rest;
            return Ok("_".to_owned());
        }
        self.symbol()
    }

    fn list(&mut self, opens: char, closes: char) -> Result<Word, String> {
        self.expect(opens)?;
        let mut words = Vec::new();
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix(closes) {
                self.rest = rest;
                return Ok(Word::List(words));
            }
            words.push(self.word()?);
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err("a string does not end: the line is cut off, or a quote is missing".to_owned())
    }

    fn symbol(&mut self) -> Result<String, String> {
        let end = self.rest.find(|letter: char| letter.is_whitespace() || ",\"[](){}".contains(letter));
        let (symbol, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if symbol.is_empty() {
            return Err(format!("a name or a number is missing before `{}`", shortened(rest)));
        }
        self.rest = rest;
        Ok(symbol.to_owned())
    }

    fn expect(&mut self, letter: char) -> Result<(), String> {
        match self.rest.strip_prefix(letter) {
            Some(rest) => self.rest = rest,
            None if self.rest.is_empty() => {
                return Err(format!("it ends where `{letter}` should be: the line is cut off"));
            }
            None => return Err(format!("`{letter}` is missing before `{}`", shortened(self.rest))),
        }
        Ok(())
    }

    /// White space and commas are the same.
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
