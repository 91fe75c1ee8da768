//! Patterns of file names, on bytes: names need not be UTF-8.
//!
//! `*` is any part of a name, `?` any byte, `[a-z]` and `[!a-z]` one byte of these or of all others, `**` any number of
//! directories, and behind a backslash stands what it is. As in a shell, what begins with a dot is matched only by what does.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What could not be read, and why.
type Unreadable = (PathBuf, io::Error);

/// Whether there is anything in it that stands for something else.
pub fn is_pattern(word: &OsStr) -> bool {
    word.as_bytes().iter().any(|byte| b"*?[\\".contains(byte))
}

/// All that is there and matches, in the order of bytes, as paths that begin as the pattern does.
pub fn matches(here: &Path, pattern: &OsStr) -> Result<Vec<PathBuf>, Unreadable> {
    let parts: Vec<&[u8]> = pattern.as_bytes().split(|byte| *byte == b'/').collect();
    let mut found = Vec::new();
    walk(here, Vec::new(), &parts, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|path| PathBuf::from(OsString::from_vec(path))).collect())
}

/// Goes on below `path`, which ends in a slash unless it is empty.
fn walk(here: &Path, path: Vec<u8>, parts: &[&[u8]], found: &mut Vec<Vec<u8>>) -> Result<(), Unreadable> {
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let is_last = rest.is_empty();
    let is_plain = !is_pattern(OsStr::from_bytes(part));
    if is_plain {
        // `a//b` and `/a` have parts without a byte.
        let name = [&path[..], part].concat();
        return match is_last {
            true if real(here, &name).symlink_metadata().is_ok() => {
                found.push(name);
                Ok(())
            }
            true => Ok(()),
            false => walk(here, [name, b"/".to_vec()].concat(), rest, found),
        };
    }
    if *part == b"**" {
        walk(here, path.clone(), rest, found)?;
    }
    for name in names(here, &path)? {
        let whole = [&path[..], &name].concat();
        let below = || [&whole[..], b"/"].concat();
        if *part == b"**" {
            let is_directory = real(here, &whole).symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            if is_directory && !name.starts_with(b".") {
                walk(here, below(), parts, found)?;
            }
        } else if !fits(part, &name) || name.starts_with(b".") && !part.starts_with(b".") {
            continue;
        } else if is_last {
            found.push(whole);
        } else if real(here, &whole).is_dir() {
            walk(here, below(), rest, found)?;
        }
    }
    Ok(())
}

fn real(here: &Path, path: &[u8]) -> PathBuf {
    here.join(OsStr::from_bytes(path))
}

/// What is in a directory; nothing if there is none.
fn names(here: &Path, path: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let directory = real(here, path);
    match std::fs::read_dir(&directory) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name().into_vec()))
            .collect::<io::Result<_>>()
            .map_err(|error| (directory, error)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err((directory, error)),
    }
}

/// Whether a name fits a pattern without slashes.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
    let behind = || name.split_first();
    match first {
        b'*' => (0..=name.len()).any(|from| fits(rest, &name[from..])),
        b'?' => behind().is_some_and(|(_, name)| fits(rest, name)),
        b'[' => match set(rest) {
            Some((set, rest)) => behind().is_some_and(|(byte, name)| set.has(*byte) && fits(rest, name)),
            None => behind().is_some_and(|(byte, name)| *byte == b'[' && fits(rest, name)),
        },
        b'\\' if !rest.is_empty() => behind().is_some_and(|(byte, name)| *byte == rest[0] && fits(&rest[1..], name)),
        plain => behind().is_some_and(|(byte, name)| byte == plain && fits(rest, name)),
    }
}

/// Some bytes, or all others.
struct Set<'a> {
    of: &'a [u8],
    others: bool,
}

/// The set that begins here, and what is behind its bracket; nothing if it has none.
fn set(pattern: &[u8]) -> Option<(Set<'_>, &[u8])> {
    let (others, pattern) = match pattern {
        [b'!' | b'^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    // A bracket that comes first is one of them.
    let end = pattern.iter().skip(1).position(|byte| *byte == b']')? + 1;
    Some((Set { of: &pattern[..end], others }, &pattern[end + 1..]))
}

impl Set<'_> {
    fn has(&self, byte: u8) -> bool {
        let mut of = self.of;
        let mut is_in = false;
        while let Some((first, rest)) = of.split_first() {
            of = rest;
            is_in |= match rest {
                [b'-', last, behind @ ..] => {
                    of = behind;
                    (*first..=*last).contains(&byte)
                }
                _ => byte == *first,
            };
        }
        is_in != self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_in_a_shell() {
        for (pattern, name) in
            [("*", ""), ("a*c", "abbc"), ("?b", "ab"), ("[a-c]x", "bx"), ("[!a-c]x", "dx"), ("[]]", "]"), ("\\*", "*")]
                .into_iter()
                .chain([("[a", "[a"), ("*.t?t", "a.b.txt"), ("[a-]", "-")])
        {
            assert!(fits(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("a*c", "abb"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a"), ("\\*", "x"), ("a", "ab")] {
            assert!(!fits(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        assert!(fits(b"*", b"\xff"), "bytes need not be text");
    }

    #[test]
    fn what_is_found_is_in_order_and_begins_as_the_pattern_does() {
        let root = std::env::temp_dir().join(format!("windtunnel-glob-{}", std::process::id()));
        for file in ["b.txt", "a.txt", ".hidden.txt", "in/c.txt", "in/deep/d.txt", ".git/e.txt"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let found = |pattern: &str| {
            let found = matches(&root, OsStr::new(pattern)).unwrap();
            found.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("*.txt"), ["a.txt", "b.txt"]);
        assert_eq!(found("./*.txt"), ["./a.txt", "./b.txt"]);
        assert_eq!(found(".h*"), [".hidden.txt"]);
        assert_eq!(found("*/*.txt"), ["in/c.txt"]);
        assert_eq!(found("**/*.txt"), ["a.txt", "b.txt", "in/c.txt", "in/deep/d.txt"]);
        assert_eq!(found("i?/deep/d.txt"), ["in/deep/d.txt"]);
        assert_eq!(found("no/*"), [""; 0]);
        let absolute = format!("{}/in/*.txt", root.display());
        assert_eq!(found(&absolute), [format!("{}/in/c.txt", root.display())]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
