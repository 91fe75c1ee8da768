//! The table of a flight on a terminal, redrawn in place; the screen is left as it was found, also after Ctrl-C.
//!
//! It is progress, so it goes to standard error and is gone when the flight is over; results follow on standard output.
//! A progress bar would keep the cursor on its last line, where the echo of Ctrl-C spoils its count of lines: here the
//! cursor waits below the table, and is never hidden.

use crate::console::Console;
use crate::text::{self, Style};
use console::Term;
use lab_harness::protocol::FlightRow;

/// What is drawn; wiped when dropped.
#[derive(Debug)]
pub struct Live {
    terminal: Term,
    style: Style,
    /// How many lines are on the screen.
    drawn: usize,
    /// The time of the last row.
    at_ms: u64,
}

impl Live {
    /// A table, if a person looks at both outputs.
    pub fn on(console: &Console) -> Option<Self> {
        let style = console.screen()?;
        let mut live = Live { terminal: Term::stderr(), style, drawn: 0, at_ms: 0 };
        live.draw(&["   takes off".to_owned()]);
        Some(live)
    }

    /// Draws a second.
    pub fn show(&mut self, row: &FlightRow) {
        self.draw(&text::flight_table(row, self.at_ms, self.style));
        self.at_ms = row.at_ms;
    }

    fn draw(&mut self, lines: &[String]) {
        let (frame, drawn) = frame(self.drawn, lines, self.terminal.size());
        // Whoever looks on goes without if it fails: the results are elsewhere.
        let _ = self.terminal.write_str(&frame);
        self.drawn = drawn;
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.draw(&[]);
    }
}

/// Wipes so many lines above the cursor and all below, and writes what of these lines fits a screen of so many rows and
/// columns; how many these are.
fn frame(drawn: usize, lines: &[String], (rows, columns): (u16, u16)) -> (String, usize) {
    let mut frame = if drawn == 0 { String::new() } else { format!("\r\u{1b}[{drawn}A\u{1b}[J") };
    let fitting = lines.iter().take(usize::from(rows).saturating_sub(1));
    let count = fitting.len();
    for line in fitting {
        frame.push_str(&console::truncate_str(line, columns.into(), ""));
        frame.push('\n');
    }
    (frame, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(words: &[&str]) -> Vec<String> {
        words.iter().copied().map(str::to_owned).collect()
    }

    #[test]
    fn a_frame_wipes_the_one_before_it_and_what_was_echoed_below() {
        let (first, drawn) = frame(0, &lines(&["one", "two"]), (24, 80));
        assert_eq!((first.as_str(), drawn), ("one\ntwo\n", 2));
        let (second, drawn) = frame(drawn, &lines(&["three"]), (24, 80));
        assert_eq!((second.as_str(), drawn), ("\r\u{1b}[2A\u{1b}[Jthree\n", 1));
        assert_eq!(frame(drawn, &[], (24, 80)), ("\r\u{1b}[1A\u{1b}[J".to_owned(), 0), "nothing is left");
        assert_eq!(frame(0, &[], (24, 80)), (String::new(), 0));
    }

    #[test]
    fn what_does_not_fit_the_screen_is_left_out_colours_not_counted() {
        let (small, drawn) = frame(0, &lines(&["12345678", "\u{1b}[31mabc\u{1b}[0m", "three"]), (3, 6));
        assert_eq!((small.as_str(), drawn), ("123456\n\u{1b}[31mabc\u{1b}[0m\n", 2), "the cursor needs a line too");
    }
}
