//! Takes out of a page, a manifest or a script what is marked as being about solutions.
//!
//! | mark | what happens |
//! |---|---|
//! | `export: leave out` in a comment | the line goes |
//! | `export: without` … `export: end`, each in a comment on a line of its own | the lines between go |
//! | `<!-- export: with` … `-->`, each on a line of its own | the lines between, a comment so far, appear |

use std::path::Path;

const LEAVE_OUT: &str = "export: leave out";
const WITHOUT: [&str; 2] = ["# export: without", "<!-- export: without -->"];
const END: [&str; 2] = ["# export: end", "<!-- export: end -->"];
const WITH: &str = "<!-- export: with";

/// Whether a file may have such marks. Sources have none: they ask what is there.
pub fn may_be_cut(path: &Path, name: &str) -> bool {
    let by_name = path.extension().is_some_and(|extension| ["md", "toml", "yml"].iter().any(|kind| extension == *kind));
    by_name || (name == "run" && path.starts_with(".ci")) || name == ".gitignore"
}

/// Marks that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: a mark of `cargo lab export` without its counterpart")]
pub struct Unbalanced {
    line: usize,
}

/// Where the line before stood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Copying,
    Dropping(usize),
    Revealing(usize),
}

/// The text as it is exported.
pub fn cut(text: &str) -> Result<String, Unbalanced> {
    let (mut kept, mut state) = (String::with_capacity(text.len()), State::Copying);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let (mark, line_number) = (line.trim(), index + 1);
        state = match state {
            State::Copying if WITHOUT.contains(&mark) => State::Dropping(line_number),
            State::Copying if mark == WITH => State::Revealing(line_number),
            State::Dropping(_) if END.contains(&mark) => State::Copying,
            State::Revealing(_) if mark == "-->" => State::Copying,
            _ if WITHOUT.contains(&mark) || END.contains(&mark) || mark == WITH => {
                return Err(Unbalanced { line: line_number });
            }
            State::Dropping(_) => state,
            State::Copying | State::Revealing(_) => {
                if !line.contains(LEAVE_OUT) {
                    kept.push_str(line);
                }
                state
            }
        };
    }
    match state {
        State::Copying => Ok(kept),
        State::Dropping(line) | State::Revealing(line) => Err(Unbalanced { line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_lines_go_and_hidden_ones_appear() {
        let page = "a\n<!-- export: without -->\nb\n\nc\n<!-- export: end -->\n<!-- export: with\nd\n-->\ne <!-- export: leave out -->\nf\n";
        assert_eq!(cut(page).unwrap(), "a\nd\nf\n");
        assert_eq!(
            cut("x = 1\n# export: without\ny = 2\n# export: end\nz = [ # export: leave out\n").unwrap(),
            "x = 1\n"
        );
        assert_eq!(cut("nothing\n<!-- a comment\n-->\n").unwrap(), "nothing\n<!-- a comment\n-->\n");
        assert_eq!(cut(&cut(page).unwrap()), cut(page), "what is exported is exported as it is");
    }

    #[test]
    fn marks_come_in_pairs() {
        for (text, line) in [
            ("a\n# export: without\nb\n", 2),
            ("# export: end\n", 1),
            ("<!-- export: with\na\n", 1),
            ("# export: without\n<!-- export: with\n-->\n# export: end\n", 2),
        ] {
            assert_eq!(cut(text), Err(Unbalanced { line }), "{text}");
        }
    }
}
