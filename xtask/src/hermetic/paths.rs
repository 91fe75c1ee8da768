//! The paths that a source file names, with imports followed: `use std as s; s::fs::read` names
//! `std::fs::read`. One table of imports a file, whatever their scope: good enough to find a name.

use super::lex::Token;
use std::collections::BTreeMap;

/// A path as it is meant, and the line of each of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    pub path: Vec<&'a str>,
    /// Of the name at the same place; those that an import stands for have the line of its alias.
    pub lines: Vec<usize>,
    pub how: How,
}

/// How a path is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By an import.
    Import,
    /// By its full path.
    Itself,
    /// By what an import stands for.
    ThroughImport,
    /// As a macro, before `!`.
    Macro,
}

/// What imports of a file stand for.
#[derive(Debug, Default)]
struct Imports<'a> {
    aliases: BTreeMap<&'a str, Vec<&'a str>>,
    globs: Vec<Vec<&'a str>>,
}

/// All paths of a file. `use` and `extern crate` come first.
pub fn paths<'a>(tokens: &[Token<'a>]) -> Vec<Named<'a>> {
    let (mut imports, mut named) = (Imports::default(), Vec::new());
    let mut rest = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = |offset: usize| tokens.get(at + offset).map_or("", |token| token.text);
        if token.text == "use" && begins_item(tokens, at) {
            at = Tree { tokens, leaves: &mut named, imports: &mut imports }.read(at + 1, &Named::empty());
        } else if token.text == "extern" && text(1) == "crate" && text(3) == "as" {
            imports.aliases.insert(text(4), vec![text(2)]);
            at += 5;
        } else {
            rest.push(*token);
            at += 1;
        }
    }
    for import in &mut named {
        imports.follow(import);
    }
    named.extend(expressions(&rest, &imports));
    named
}

/// `use` is also part of `impl Trait + use<'a>`.
fn begins_item(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.text != "<")
}

impl<'a> Named<'a> {
    fn empty() -> Self {
        Named { path: Vec::new(), lines: Vec::new(), how: How::Import }
    }

    fn with(&self, token: &Token<'a>) -> Self {
        let mut longer = self.clone();
        longer.path.push(token.text);
        longer.lines.push(token.line);
        longer
    }
}

impl<'a> Imports<'a> {
    /// Puts what the first name stands for in its place.
    fn follow(&self, named: &mut Named<'a>) {
        for _ in 0..8 {
            let Some(first) = named.path.first().copied() else { return };
            let Some(meant) = self.aliases.get(first) else {
                if first == "thread" {
                    named.path.insert(0, "std"); // it came by a `*`, from where an import is told
                    named.lines.insert(0, named.lines[0]);
                }
                return;
            };
            if named.how == How::Itself {
                named.how = How::ThroughImport;
            }
            let line = named.lines[0];
            named.path.splice(0..1, meant.iter().copied());
            named.lines.splice(0..1, std::iter::repeat_n(line, meant.len()));
            if meant.first() == Some(&first) {
                return; // `use std;`
            }
        }
    }
}

/// Reads one tree of a `use`.
struct Tree<'t, 'a> {
    tokens: &'t [Token<'a>],
    leaves: &'t mut Vec<Named<'a>>,
    imports: &'t mut Imports<'a>,
}

impl<'a> Tree<'_, 'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// From there on, below that prefix; returns where it ends.
    fn read(&mut self, mut at: usize, prefix: &Named<'a>) -> usize {
        let mut named = prefix.clone();
        loop {
            match self.text(at) {
                ":" => at += 1,
                "{" => return self.group(at + 1, &named),
                "*" => {
                    self.imports.globs.push(named.path);
                    return at + 1;
                }
                "self" if !named.path.is_empty() => at += 1,
                "as" => {
                    self.leaf(named, self.text(at + 1));
                    return at + 2;
                }
                name if is_name(name) => {
                    named = named.with(&self.tokens[at]);
                    at += 1;
                }
                _ => {
                    let alias = named.path.last().copied().unwrap_or_default();
                    self.leaf(named, alias);
                    return at;
                }
            }
        }
    }

    fn group(&mut self, mut at: usize, prefix: &Named<'a>) -> usize {
        while at < self.tokens.len() {
            match self.text(at) {
                "}" => return at + 1,
                "," => at += 1,
                _ => {
                    let end = self.read(at, prefix);
                    at = end.max(at + 1); // what is no Rust ends too
                }
            }
        }
        at
    }

    fn leaf(&mut self, named: Named<'a>, alias: &'a str) {
        if !named.path.is_empty() {
            self.imports.aliases.insert(alias, named.path.clone());
            self.leaves.push(named);
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Paths outside of imports, as they are meant.
fn expressions<'a>(tokens: &[Token<'a>], imports: &Imports<'a>) -> Vec<Named<'a>> {
    let mut found = Vec::new();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if !is_name(token.text) {
            at += 1;
            continue;
        }
        let begin = at;
        let mut named = Named { how: How::Itself, ..Named::empty() }.with(token);
        at += 1;
        while text(at) == ":" && text(at + 1) == ":" && is_name(text(at + 2)) {
            named = named.with(&tokens[at + 2]);
            at += 3;
        }
        let (called, is_macro) = (text(at) == "(", text(at) == "!" && text(at + 1) != "=");
        let before = |back: usize| begin.checked_sub(back).map_or("", |at| tokens[at].text);
        let field = before(1) == "." && before(2) != ".";
        let defined = ["fn", "mod", "struct", "enum", "trait", "let", "macro_rules"].contains(&before(1));
        if field || (defined && named.path.len() == 1) {
            continue;
        }
        let absolute = before(1) == ":" && before(2) == ":";
        if !absolute {
            if called || named.path.len() > 1 {
                found.extend(imports.globs.iter().filter_map(|glob| below(glob, &named, imports)));
            }
            imports.follow(&mut named);
        }
        if is_macro {
            named.how = How::Macro;
        }
        found.push(named);
    }
    found
}

/// The path if its first name came by that `*`. Names that are imported by themselves did not.
fn below<'a>(glob: &[&'a str], named: &Named<'a>, imports: &Imports<'a>) -> Option<Named<'a>> {
    if imports.aliases.contains_key(named.path[0]) {
        return None;
    }
    let mut whole = Named { path: glob.to_vec(), lines: vec![named.lines[0]; glob.len()], ..named.clone() };
    imports.follow(&mut whole);
    whole.path.extend(&named.path);
    whole.lines.extend(&named.lines);
    Some(whole)
}
