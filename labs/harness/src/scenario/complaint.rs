//! What is wrong with a scenario file, shown at its line.

use crate::wrap::{WIDTH, paragraph};
use std::fmt;
use std::io;
use std::ops::Range;

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file makes no sense.
    #[error("{0}")]
    Wrong(Box<Complaint>),
    /// Neither a test nor a scenario says what to run.
    #[error("there is nothing to run: name a test, or give a scenario")]
    Nothing,
}

/// One thing that is wrong in a file, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// How many characters of it are meant.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Vec<String>,
}

impl Complaint {
    /// Finds the line of a place in the text, given in bytes.
    pub(super) fn at(file: &str, text: &str, span: Range<usize>, message: String, help: Vec<String>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_text = text[begin..].lines().next().unwrap_or_default();
        let column = text[begin..start].chars().count();
        let end = span.end.clamp(start, begin + line_text.len().max(start - begin));
        let length = text.get(start..end).map_or(1, |meant| meant.chars().count()).max(1);
        Complaint {
            file: file.to_owned(),
            line: text[..begin].matches('\n').count() + 1,
            column: column + 1,
            text: line_text.replace('\t', " "),
            length,
            message,
            help,
        }
    }
}

impl std::error::Error for Complaint {}

impl fmt::Display for Complaint {
    /// Plain text in 80 columns, ending without a newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}", self.file, self.line, self.column)?;
        f.write_str(&paragraph(&self.message, 2))?;
        let number = self.line.to_string();
        let room = WIDTH - number.len() - 5;
        let (shown, column) = excerpt(&self.text, self.column - 1, room);
        let carets = self.length.min(shown.chars().count().saturating_sub(column)).max(1);
        write!(f, "\n  {number} | {shown}\n  {:gap$} | {:column$}{}", "", "", "^".repeat(carets), gap = number.len())?;
        for help in &self.help {
            write!(f, "\n\n{}", paragraph(help, 2).trim_end())?;
        }
        Ok(())
    }
}

/// The part of a line around a column that fits, and the column in it.
fn excerpt(text: &str, column: usize, room: usize) -> (String, usize) {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= room {
        return (text.to_owned(), column);
    }
    let start = if column < room * 2 / 3 { 0 } else { column - room / 3 };
    let head = if start > 0 { "…" } else { "" };
    let tail = if start + room - 2 < characters.len() { "…" } else { "" };
    let end = (start + room - 2).min(characters.len());
    let middle: String = characters[start..end].iter().collect();
    (format!("{head}{middle}{tail}"), column - start + head.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}here{}", "a".repeat(300), "b".repeat(300));
        let complaint = Complaint::at("f.toml", &text, 300..304, "wrong".to_owned(), Vec::new());
        let shown = complaint.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{shown}");
        let caret = lines[4].find('^').unwrap();
        let source: Vec<char> = lines[3].chars().collect();
        assert_eq!(source[caret..caret + 4].iter().collect::<String>(), "here");
    }

    #[test]
    fn a_place_past_the_end_is_the_last_line() {
        let complaint = Complaint::at("f.toml", "a = 1\n", 90..99, "ends too soon".to_owned(), Vec::new());
        assert_eq!((complaint.line, complaint.column), (2, 1));
    }
}
