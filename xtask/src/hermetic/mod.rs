//! Finds what reaches the real machine past madsim, or is ordered by nobody's seed: [`forbidden`] has
//! the list. Comments and strings do not count ([`lex`]), imports are followed ([`paths`]); tests of the
//! submission's own (`#[cfg(test)]`, tests/, benches/, build.rs) are left out.
//!
//! It helps the honest: who wants to hide a name can. The comparison of runs and the grader's sandbox
//! are for the others.

mod forbidden;
mod lex;
mod own_tests;
mod paths;

use crate::fingerprint::collect;
use paths::How;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One place in a submission's sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the submission.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is named there.
    pub found: String,
    /// The facade's way.
    pub instead: &'static str,
}

/// Everything found in a submission, by file and line.
pub fn scan(submission: &Path) -> Vec<Finding> {
    let mut files = Vec::new();
    collect(submission, &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort_unstable();
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let tests: Vec<_> = files.iter().flat_map(|path| own_tests::modules(path, &lex::lex(&read(path)))).collect();
    let mut findings = Vec::new();
    for path in &files {
        let name = path.strip_prefix(submission).unwrap_or(path);
        let own_test = name.starts_with("tests") || name.starts_with("benches") || name == Path::new("build.rs");
        if own_test || tests.iter().any(|test| path.starts_with(test)) {
            continue;
        }
        let file = name.display().to_string();
        let found = scan_text(&read(path));
        findings.extend(found.into_iter().map(|(line, rule)| Finding {
            file: file.clone(),
            line,
            found: rule.name(),
            instead: rule.instead,
        }));
    }
    findings
}

/// Lines, and the rules broken there; each once. What is used by an import that is found is not told again.
fn scan_text(text: &str) -> Vec<(usize, &'static forbidden::Forbidden)> {
    let tokens = own_tests::without(&lex::lex(text));
    let named = paths::paths(&tokens);
    let imports = named.iter().filter(|named| named.how == How::Import);
    let imported: BTreeSet<&[&str]> = imports.filter_map(|named| Some(forbidden::rule(&named.path)?.path)).collect();
    let mut found = Vec::new();
    for named in &named {
        let Some(rule) = forbidden::rule(&named.path) else { continue };
        let counts = match named.how {
            How::Import => true,
            How::Itself => !rule.is_macro(),
            How::ThroughImport => !rule.is_macro() && !imported.contains(rule.path),
            How::Macro => rule.is_macro() && !imported.contains(rule.path), // `std::env!` is known to the compiler
        };
        if counts {
            found.push((named.lines[rule.path.len() - 1], rule));
        }
    }
    found.sort_by_key(|(line, rule)| (*line, rule.path));
    found.dedup_by_key(|(line, rule)| (*line, rule.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        scan_text(text).into_iter().map(|(line, rule)| (line, rule.name())).collect()
    }

    fn at(line: usize, name: &str) -> Vec<(usize, String)> {
        vec![(line, name.to_owned())]
    }

    #[test]
    fn paths_and_groups_are_found_with_their_lines() {
        assert_eq!(found("fn f() {\n  std::fs::read(\"a\");\n}"), at(2, "std::fs"));
        let group = "use std::{\n io,\n net::{TcpStream, fs},\n env };";
        assert_eq!(found(group), [at(3, "std::net"), at(4, "std::env")].concat());
        assert_eq!(found("use ::std::process::exit;"), at(1, "std::process"));
        assert_eq!(found("use std::{fs, net};"), [at(1, "std::fs"), at(1, "std::net")].concat());
        assert_eq!(found("use std::process::{self, exit};"), at(1, "std::process"), "once a line");
        assert_eq!(found("let x = 0..std::env::args().count();"), at(1, "std::env"));
        assert_eq!(found("r#std::r#fs::read(1);"), at(1, "std::fs"));
    }

    #[test]
    fn threads_are_found_by_each_of_their_ways() {
        for item in ["sleep", "sleep_ms", "spawn", "scope", "Builder", "park_timeout"] {
            let name = format!("thread::{item}");
            assert_eq!(found(&format!("std::thread::{item}::x();")), at(1, &name));
            assert_eq!(found(&format!("use std::thread;\nthread::{item}::x();")), at(2, &name));
            assert_eq!(found(&format!("use std::thread as t;\nt::{item}();")), at(2, &name));
            assert_eq!(found(&format!("use std::thread::{{self, {item}}};\n{item}::x();")), at(1, &name));
            assert_eq!(found(&format!("use std::thread::*;\n{item}();")), at(2, &name));
            assert_eq!(found(&format!("use super::*;\nthread::{item}();")), at(2, &name));
        }
        assert_eq!(found("use std::thread; thread::current(); thread::panicking();"), []);
    }

    #[test]
    fn the_operating_system_is_found() {
        assert_eq!(found("use std::os::fd::AsRawFd;"), at(1, "std::os"));
        assert_eq!(found("use std::os::unix::fs::FileExt as _;"), at(1, "std::os"));
    }

    #[test]
    fn tokio_is_found_but_for_its_channels() {
        for module in ["fs", "net", "process", "signal", "time", "task", "runtime"] {
            assert_eq!(found(&format!("use tokio::{module}::x;")), at(1, &format!("tokio::{module}")));
            assert_eq!(found(&format!("\ntokio::{module}::x();")), at(2, &format!("tokio::{module}")));
        }
        assert_eq!(found("tokio::spawn(async {});"), at(1, "tokio::spawn"));
        assert_eq!(found("tokio::select! { a = b => c }"), at(1, "tokio::select"));
        assert_eq!(found("use tokio::select;\nselect! { a = b => c }"), at(1, "tokio::select"));
        assert_eq!(found("use tokio::sync::mpsc; tokio::join!(a, b); windtunnel::select! {}"), []);
    }

    #[test]
    fn renamed_imports_are_followed() {
        assert_eq!(found("use std::fs as disk;\ndisk::read(1);"), at(1, "std::fs"), "the import tells");
        assert_eq!(found("use std as s;\ns::fs::read(1);"), at(2, "std::fs"));
        assert_eq!(found("use std::{self as s};\nuse s::net::TcpStream;"), at(2, "std::net"));
        assert_eq!(found("extern crate std as s;\ns::env::var(1);"), at(2, "std::env"));
        assert_eq!(found("s::fs::read(1);\nuse t as s;\nuse std as t;"), at(1, "std::fs"), "in any order");
        assert_eq!(found("use std::*;\nfs::read(1);\nlet env = fs;"), at(2, "std::fs"));
        assert_eq!(found("use tokio as io;\nio::spawn(f);"), at(2, "tokio::spawn"));
        assert_eq!(found("use a as b; use b as a; a::fs();"), [], "a circle ends");
    }

    #[test]
    fn an_import_does_not_excuse_what_is_named_in_full() {
        assert_eq!(
            found("use std::fs;\nfs::read(1);\nstd::fs::read(2);"),
            [at(1, "std::fs"), at(3, "std::fs")].concat()
        );
    }

    #[test]
    fn comments_strings_and_own_tests_do_not_count() {
        assert_eq!(found("// std::fs\n/* std::net /* nested */ std::env */ /// std::process"), []);
        assert_eq!(found("/// std::fs::read\n//! use std as s;\nfn f() {}"), []);
        assert_eq!(found(r####"let a = "std::fs \" std::net"; let b = r#"std::env " std::fs"#; b'"'; '"';"####), []);
        assert_eq!(found("std /* a */ :: // b\n fs :: read(1);"), at(2, "std::fs"), "nor do they hide anything");
        assert_eq!(found("#[cfg(test)]\nmod tests { fn f() { std::fs::read(1); } }\nfn g() {}"), []);
        assert_eq!(found("#[cfg(test)] mod tests;\nuse std::fs;"), at(2, "std::fs"));
        assert_eq!(found("impl<'a> A<'a> { fn f(c: char) { c == '\\'' } } use std::env;"), at(1, "std::env"));
    }

    #[test]
    fn the_facade_and_names_alike_are_left_alone() {
        assert_eq!(
            found("use windtunnel::{fs, net, time::sleep}; use std::time::Duration; fs::read(1); sleep(d);"),
            []
        );
        assert_eq!(found("fn main() -> std::process::ExitCode {}"), []);
        assert_eq!(found("use std::process::ExitCode;"), []);
        assert_eq!(found("let r = broadcast; env!(\"A\"); std::env!(\"A\"); my::std::fs(); crate::std::net::f();"), []);
        assert_eq!(found("use windtunnel::task; task::spawn(f); self.std.fs.thread.sleep(); a.spawn();"), []);
        assert_eq!(found("use std::thread::*; use windtunnel::{spawn, time::sleep}; spawn(f); sleep(d);"), []);
        assert_eq!(found("fn f() -> impl A + use<'_> {} mod fs; mod env {} use crate::fs; fs::f();"), []);
        assert_eq!(found("use {std::io, windtunnel::net}; use std::{}; use"), []);
    }

    #[test]
    fn the_reference_and_the_starter_are_clean() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
        let labs = ["raft", "kv", "kvraft", "mapreduce"];
        let crates = labs.into_iter().flat_map(|lab| [format!("solutions/{lab}"), format!("labs/{lab}/starter")]);
        // A course's tree has no solutions.
        for crate_ in crates.filter(|crate_| !crate_.starts_with("solutions") || root.join("solutions").is_dir()) {
            assert!(root.join(&crate_).join("src").is_dir());
            assert_eq!(scan(&root.join(&crate_)), [], "{crate_}");
        }
    }
}
