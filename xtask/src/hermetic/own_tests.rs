//! A submission's own tests may do what they like: what stands behind `#[cfg(test)]` is left out.

use super::lex::Token;
use std::path::{Path, PathBuf};

/// Leaves out the items behind `#[cfg(test)]`: up to the closing brace, or the semicolon.
pub fn without<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut position = 0;
    while position < tokens.len() {
        let Some(item) = item_of_tests(tokens, position) else {
            kept.push(tokens[position]);
            position += 1;
            continue;
        };
        position = item;
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

/// Where modules lie that a file declares for its tests alone: `#[cfg(test)] mod tests;`.
pub fn modules(file: &Path, tokens: &[Token<'_>]) -> Vec<PathBuf> {
    let directory = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") | None => file.parent().unwrap_or(file).to_path_buf(),
        Some(stem) => file.with_file_name(stem),
    };
    let items = (0..tokens.len()).filter_map(|position| item_of_tests(tokens, position));
    let names = items.filter_map(|item| {
        let words: Vec<&str> = tokens[item..].iter().map(|token| token.text).take(3).collect();
        if let ["mod", name, ";"] = words[..] { Some(name) } else { None }
    });
    names.flat_map(|name| [directory.join(name), directory.join(format!("{name}.rs"))]).collect()
}

/// If `#[cfg(test)]` or `#[cfg(all(test, …))]` begins there: where the item behind it does.
fn item_of_tests(tokens: &[Token<'_>], position: usize) -> Option<usize> {
    const MARKS: [&[&str]; 2] = [&["#", "[", "cfg", "(", "test", ")"], &["#", "[", "cfg", "(", "all", "(", "test"]];
    let begins =
        |mark: &&[&str]| tokens[position..].iter().map(|token| token.text).take(mark.len()).eq(mark.iter().copied());
    MARKS.iter().find(|mark| begins(mark))?;
    let end = tokens[position..].iter().position(|token| token.text == "]")?;
    Some(position + end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    #[test]
    fn items_behind_the_mark_are_left_out() {
        for text in ["#[cfg(test)] mod a { { } b } c", "#[cfg(test)] use a; c", "#[cfg(all(test, d))] fn a() { } c"] {
            let kept: Vec<&str> = without(&lex(text)).into_iter().map(|token| token.text).collect();
            assert_eq!(kept, ["c"], "{text}");
        }
        assert_eq!(without(&lex("#[cfg(not(test))] use a;")).len(), 13);
    }

    #[test]
    fn files_of_tests_are_known_by_their_declaration() {
        let text = "#[cfg(test)]\nmod tests;\n#[cfg(test)] mod inside { } mod others;";
        let modules = |file: &str| modules(Path::new(file), &lex(text));
        assert_eq!(modules("src/core/mod.rs"), [Path::new("src/core/tests"), Path::new("src/core/tests.rs")]);
        assert_eq!(modules("src/vote.rs"), [Path::new("src/vote/tests"), Path::new("src/vote/tests.rs")]);
    }
}
