//! Text in a given width. Whatever came from lab code is made plain first.

/// How wide text is, in columns: no terminal is narrower, and pastes fit anywhere.
pub const WIDTH: usize = 80;

/// Without control characters: neither a panic's message nor a log line may drive the terminal.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Lines of at most `width` characters; words longer than that are cut.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while !rest.is_empty() {
            let gap = usize::from(length > 0);
            if length > 0 && length + gap + rest.len().min(width) > width {
                lines.push(String::new());
                length = 0;
                continue;
            }
            let piece: Vec<char> = rest.drain(..rest.len().min(width - length - gap)).collect();
            let line = lines.last_mut().expect("there is a line from the beginning");
            if gap == 1 {
                line.push(' ');
            }
            line.extend(&piece);
            length += gap + piece.len();
        }
    }
    lines
}

/// At most `most` lines, the last one saying that there was more.
#[must_use]
pub fn at_most(mut lines: Vec<String>, most: usize, width: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …………"), width);
            *last = format!("{}…", last.trim_end_matches('…').trim_end());
        }
    }
    lines
}

/// The text, or its beginning and `…`.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A paragraph, indented.
#[must_use]
pub fn paragraph(text: &str, indent: usize) -> String {
    block(text, indent, usize::MAX)
}

/// A paragraph, indented, of at most `most` lines.
#[must_use]
pub fn block(text: &str, indent: usize, most: usize) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let width = WIDTH - indent;
    let lines = at_most(wrap(text, width), most, width - 1);
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_width_and_lose_no_word() {
        let text = "node 1 and node 3 both lead term 5 averyveryverylongwordwithoutanend x";
        for width in 3..30 {
            let lines = wrap(text, width);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
            let squeeze = |text: &str| text.replace(' ', "");
            assert_eq!(squeeze(&lines.concat()), squeeze(text));
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        let lines = at_most(wrap("one two three four", 9), 1, 9);
        assert_eq!(lines, ["one two…"]);
    }

    #[test]
    fn nothing_drives_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\r\n"), "a [31mb  ");
    }
}
