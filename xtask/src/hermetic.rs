//! Finds what reaches the real machine past madsim: `std::fs`, `std::net`, `std::process`,
//! `std::env`, `thread::sleep`, `thread::spawn`. A small lexer, so that comments and strings do not
//! count; tests of the submission's own (`#[cfg(test)]`, tests/, benches/, build.rs) do not either.

use crate::fingerprint::collect;
use serde::Serialize;
use std::path::Path;

/// One place in a submission's sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the submission.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is named there.
    pub found: &'static str,
    /// The facade's way.
    pub instead: &'static str,
}

const FORBIDDEN: [(&str, &str, &str); 6] = [
    ("std", "fs", "windtunnel::fs: the node's own disk, which can lose power"),
    ("std", "net", "windtunnel::net: calls over the simulated network"),
    ("std", "process", "return an error from `start`: a node cannot start or end processes"),
    ("std", "env", "constants, or the contract's parameters: the environment differs between machines"),
    ("thread", "sleep", "windtunnel::time::sleep(…).await"),
    ("thread", "spawn", "windtunnel::spawn(async { … }): a node is single-threaded"),
];

/// Everything found in a submission, by file and line.
pub fn scan(submission: &Path) -> Vec<Finding> {
    let mut files = Vec::new();
    collect(submission, &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort_unstable();
    let mut findings = Vec::new();
    for path in files {
        let name = path.strip_prefix(submission).unwrap_or(&path);
        if name.starts_with("tests") || name.starts_with("benches") || name == Path::new("build.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let file = name.display().to_string();
        findings.extend(scan_text(&text).into_iter().map(|(line, index)| {
            let (module, item, instead) = FORBIDDEN[index];
            let found = NAMES[index];
            debug_assert!(found.starts_with(module) && found.ends_with(item));
            Finding { file: file.clone(), line, found, instead }
        }));
    }
    findings
}

const NAMES: [&str; 6] = ["std::fs", "std::net", "std::process", "std::env", "thread::sleep", "thread::spawn"];

/// Lines and indices into the table.
fn scan_text(text: &str) -> Vec<(usize, usize)> {
    let tokens = without_tests(&lex(text));
    let mut found = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        let after_path = position >= 1 && tokens[position - 1].text == ":" && !is_absolute(&tokens, position);
        if token.text == "std" && after_path {
            continue; // some module of one's own that is called std
        }
        for item in named_in(&tokens, position) {
            if is_exit_code(item, &tokens) {
                continue;
            }
            let hit = FORBIDDEN.iter().position(|(module, name, _)| *module == token.text && *name == item.text);
            found.extend(hit.map(|index| (item.line, index)));
        }
    }
    found
}

/// `std::process::ExitCode` is but the type that the worker's `main` returns.
fn is_exit_code(item: &Token<'_>, tokens: &[Token<'_>]) -> bool {
    let at = tokens.iter().position(|token| token.text.as_ptr() == item.text.as_ptr()).unwrap_or(tokens.len());
    item.text == "process" && tokens[at..].iter().map(|token| token.text).skip(1).take(3).eq([":", ":", "ExitCode"])
}

/// `::std::…` begins with colons that follow no name.
fn is_absolute(tokens: &[Token<'_>], position: usize) -> bool {
    let before = position.checked_sub(3).map(|before| tokens[before].text);
    before.is_none_or(|before| !before.chars().all(|c| c.is_alphanumeric() || c == '_') || before == "use")
}

/// What follows `name::`: one name, or the first names of a group `{a, b::c}`.
fn named_in<'a, 't>(tokens: &'t [Token<'a>], position: usize) -> Vec<&'t Token<'a>> {
    let text = |offset: usize| tokens.get(position + offset).map_or("", |token| token.text);
    if text(1) != ":" || text(2) != ":" {
        return Vec::new();
    }
    let mut items = Vec::new();
    let Some(first) = tokens.get(position + 3) else { return items };
    if first.text != "{" {
        items.push(first);
        return items;
    }
    let (mut depth, mut begins) = (0, false);
    for token in &tokens[position + 3..] {
        match token.text {
            "{" => (depth, begins) = (depth + 1, depth == 0),
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," => begins = depth == 1,
            _ if begins => {
                items.push(token);
                begins = false;
            }
            _ => {}
        }
    }
    items
}

/// Leaves out the item behind `#[cfg(test)]`: up to its closing brace, or its semicolon.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut position = 0;
    while position < tokens.len() {
        let marked = tokens[position..].iter().map(|token| token.text).take(MARK.len()).eq(MARK);
        if !marked {
            kept.push(tokens[position]);
            position += 1;
            continue;
        }
        position += MARK.len();
        let mut depth = 0;
        while let Some(token) = tokens.get(position) {
            position += 1;
            match token.text {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 && (token.text == "}" || token.text == ";") {
                break;
            }
        }
    }
    kept
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// Names and single marks; strings, characters, numbers' insides and comments are skipped.
fn lex(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token { text: &rest[..end], line });
            end
        } else {
            if !c.is_whitespace() {
                tokens.push(Token { text: &rest[..c.len_utf8()], line });
            }
            c.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of the string or character literal that begins here, if one does.
fn string(rest: &str) -> Option<usize> {
    let body = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - body.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = prefix + 1 + hashes + 1;
            return Some(rest[start..].find(&close).map_or(rest.len(), |end| start + end + close.len()));
        }
    }
    if body.starts_with('"') {
        return Some(prefix + quoted(body, '"'));
    }
    // A lifetime has no closing quote right behind its first character.
    let mut inside = body.strip_prefix('\'')?.chars();
    let first = inside.next()?;
    (first == '\\' || inside.next() == Some('\'')).then(|| prefix + quoted(body, '\''))
}

fn quoted(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, &'static str)> {
        scan_text(text).into_iter().map(|(line, index)| (line, NAMES[index])).collect()
    }

    #[test]
    fn paths_and_groups_are_found_with_their_lines() {
        assert_eq!(found("fn f() {\n  std::fs::read(\"a\");\n}"), [(2, "std::fs")]);
        assert_eq!(found("use std::{\n io,\n net::{TcpStream, fs},\n env };"), [(3, "std::net"), (4, "std::env")]);
        assert_eq!(found("use ::std::process::exit;"), [(1, "std::process")]);
        assert_eq!(found("use std::thread;\nthread::sleep(d);\nstd::thread::spawn(f);").len(), 2);
        assert_eq!(found("use std::thread::{self, spawn};"), [(1, "thread::spawn")]);
    }

    #[test]
    fn comments_strings_and_own_tests_do_not_count() {
        assert_eq!(found("// std::fs\n/* std::net /* nested */ std::env */ /// std::process"), []);
        assert_eq!(found(r####"let a = "std::fs \" std::net"; let b = r#"std::env " std::fs"#; b'"'; '"';"####), []);
        assert_eq!(found("#[cfg(test)]\nmod tests { fn f() { std::fs::read(1); } }\nfn g() {}"), []);
        assert_eq!(found("#[cfg(test)] mod tests;\nuse std::fs;"), [(2, "std::fs")]);
        assert_eq!(found("impl<'a> A<'a> { fn f(c: char) { c == '\\'' } } use std::env;"), [(1, "std::env")]);
    }

    #[test]
    fn the_facade_and_names_alike_are_left_alone() {
        assert_eq!(found("use windtunnel::{fs, net, time::sleep}; use std::time::Duration;"), []);
        assert_eq!(found("fn main() -> std::process::ExitCode {}"), []);
        assert_eq!(found("use std::process::{self, exit};"), [(1, "std::process")]);
        assert_eq!(found("let r = broadcast; env!(\"A\"); my::std::fs();"), []);
    }
}
