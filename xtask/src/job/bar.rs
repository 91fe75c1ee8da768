//! How far a job is: a line on a terminal, gone when it is over.

use indicatif::{ProgressBar, ProgressStyle};
use lab_harness::protocol::JobProgress;
use std::io::{self, IsTerminal as _};

/// A line that is drawn anew, where standard error is a terminal.
#[derive(Debug)]
pub struct Bar(Option<ProgressBar>);

impl Bar {
    /// Nothing is known of tasks yet.
    pub fn begin() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {msg}  {elapsed}").ok();
        let style = style.filter(|_| io::stderr().is_terminal());
        Bar(style.map(|style| {
            let bar = ProgressBar::new(1).with_style(style.progress_chars("━╸─"));
            bar.set_message("reads the input");
            bar.tick();
            bar
        }))
    }

    /// Draws how far it is.
    pub fn show(&mut self, progress: JobProgress) {
        if let Some(bar) = &self.0 {
            let JobProgress { maps, reduces } = progress;
            bar.set_length(u64::from(maps[1]) + u64::from(reduces[1]));
            bar.set_position(u64::from(maps[0]) + u64::from(reduces[0]));
            bar.set_message(words(progress));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn words(JobProgress { maps, reduces }: JobProgress) -> String {
    format!("map {}/{}  reduce {}/{}", maps[0], maps[1], reduces[0], reduces[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_tasks_are_told() {
        assert_eq!(words(JobProgress { maps: [3, 8], reduces: [0, 10] }), "map 3/8  reduce 0/10");
    }
}
