//! Where results go: standard output, as text or JSON; progress and chatter go to standard error.

use crate::event::Event;
use crate::interrupt::Interrupt;
use crate::text;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Prints events, and a progress bar where somebody looks.
#[derive(Debug)]
pub struct Console {
    format: Format,
    colour: bool,
    bar: OnceLock<ProgressBar>,
    /// Set when nobody reads any more (`| head -1`), or nothing can be written.
    unread: Interrupt,
    /// Why nothing can be written (`> file` on a full disk).
    problem: OnceLock<io::Error>,
}

impl Console {
    /// Colour is for terminals alone, and not for those who set NO_COLOR.
    pub fn new(format: Format) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = format == Format::Text && io::stdout().is_terminal() && !plain;
        Console { format, colour, bar: OnceLock::new(), unread: Interrupt::default(), problem: OnceLock::new() }
    }

    /// Whether output is JSON.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// How to draw where a person looks at both outputs, and the terminal can move its cursor.
    pub fn screen(&self) -> Option<text::Style> {
        let can_draw = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        let is_looked_at = io::stdout().is_terminal() && io::stderr().is_terminal();
        (self.format == Format::Text && is_looked_at && can_draw).then_some(text::Style { colour: self.colour })
    }

    /// Prints one event. An error of a person's reading goes to standard error.
    pub fn say(&self, event: &Event) {
        match (self.format, event) {
            (Format::Json, event) => self.print(&format!("{}\n", serde_json::to_string(event).unwrap_or_default())),
            (Format::Text, Event::Error(error)) => self.chat(&text::error(error)),
            (Format::Text, event) => self.print(&text::event(event, text::Style { colour: self.colour })),
        }
    }

    /// Prints to standard output. That nobody reads is no error, but a reason to stop.
    pub fn print(&self, text: &str) {
        if text.is_empty() || self.unread.is_set() {
            return;
        }
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        };
        let written = self.bar.get().map_or_else(write, |bar| bar.suspend(write));
        if let Err(error) = written {
            self.unread.set();
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = self.problem.set(error);
            }
        }
    }

    /// Why results are lost, if they are: that a reader went away is none of that.
    pub fn problem(&self) -> Option<&io::Error> {
        self.problem.get()
    }

    /// Whether standard output has gone away.
    pub fn is_unread(&self) -> bool {
        self.unread.is_set()
    }

    /// Says something beside the results.
    pub fn chat(&self, text: &str) {
        let write = || {
            let _ = io::stderr().write_all(text.as_bytes());
        };
        self.bar.get().map_or_else(write, |bar| bar.suspend(write));
    }

    /// Begins a progress bar over so many runs, if standard error is a terminal; over things that are no
    /// runs if none of them makes a seed.
    pub fn begin_progress(&self, runs: u64, runs_a_seed: u64) {
        if runs < 2 || !io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::new(runs);
        let template = match runs_a_seed {
            0 => "{bar:30} {pos}/{len}  {elapsed}",
            _ => "{bar:30} {pos}/{len} runs  {rate}  {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = move |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = out.write_str(&seeds_per_second(state.per_sec(), runs_a_seed));
            };
            bar.set_style(style.progress_chars("━╸─").with_key("rate", rate));
        }
        let _ = self.bar.set(bar);
    }

    /// One run has ended, and so many others will not be made.
    pub fn advance(&self, dropped: u64) {
        if let Some(bar) = self.bar.get() {
            bar.dec_length(dropped);
            bar.inc(1);
        }
    }

    /// Takes the bar away.
    pub fn end_progress(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

/// A seed is done when each test has run under it that it is for.
fn seeds_per_second(runs_per_second: f64, runs_a_seed: u64) -> String {
    let rate = runs_per_second / runs_a_seed.max(1) as f64;
    if rate < 10.0 { format!("{rate:.1} seeds/s") } else { format!("{rate:.0} seeds/s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_run_of_every_test() {
        assert_eq!(seeds_per_second(1_200.0, 30), "40 seeds/s");
        assert_eq!(seeds_per_second(45.0, 30), "1.5 seeds/s");
        assert_eq!(seeds_per_second(1_200.0, 1), "1200 seeds/s");
    }
}
