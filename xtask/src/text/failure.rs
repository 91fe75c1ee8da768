//! A failure: what broke, who did it, how to see it again; 40 lines of 80 columns at most.

use super::{Style, columns};
use crate::event::FailureEvent;
use lab_harness::protocol::Verdict;
use lab_harness::wrap::{WIDTH, block, cut, plain};
use std::path::Path;
use windtunnel::Nanos;

/// Rows of the table, at most.
const STORY: usize = 20;
/// Rows of the table that are left however much there is to say of how things stood.
const LEAST_STORY: usize = 6;
/// Lines of how things stood, at most.
const FACTS: usize = 13;
/// Lines of a dead worker's last words, at most.
const WORDS: usize = 6;

/// The whole failure, with an empty line on either side.
pub fn render(failure: &FailureEvent, style: Style) -> String {
    let mut text = format!("\n{}\n\n", head(failure, style));
    text.push_str(&block(&plain(&failure.title), 2, 4));
    text.push_str(&block(&plain(failure.source.as_deref().unwrap_or_default()), 2, 2));
    text.push_str(&block(&plain(failure.hint.as_deref().unwrap_or_default()), 2, 2));
    let facts = facts(&failure.facts);
    text.push_str(&facts);
    let story = story(failure, STORY - facts.lines().count().min(STORY - LEAST_STORY));
    if !story.is_empty() {
        text.push('\n');
        text.extend(story.iter().map(|line| format!("{line}\n")));
    } else if !failure.output.is_empty() {
        text.push_str("\n  Its last words:\n");
        let from = failure.output.len().saturating_sub(WORDS);
        text.extend(failure.output[from..].iter().map(|line| format!("    {}\n", cut(&plain(&line.text), WIDTH - 4))));
    }
    text.push('\n');
    if let Some(replay) = &failure.replay {
        text.push_str(&command("  Again     ", replay));
    }
    text.push_str(&command("  This seed ", &failure.again));
    if let (Some(replay), Some(file)) = (&failure.replay, &failure.file)
        && !replay.contains(file.as_str())
        && let Some(directory) = Path::new(file).parent()
    {
        // Not wrapped: it is there to be pasted.
        text.push_str(&format!("  Saved in  {}\n", directory.display()));
    }
    text.push('\n');
    text
}

/// A command to be pasted: on one line if it fits, else continued as shells do.
fn command(label: &str, command: &str) -> String {
    let mut lines = vec![label.to_owned()];
    for word in command.split(' ') {
        let line = lines.last().map_or("", |line| line);
        let first = line.len() == label.len();
        // The last word needs no room for the backslash, but to know it is not worth the trouble.
        if !first && line.chars().count() + 1 + word.chars().count() + 2 > WIDTH {
            lines.push(format!("{}{word}", " ".repeat(label.len() + 2)));
        } else if let Some(line) = lines.last_mut() {
            line.push_str(if first { "" } else { " " });
            line.push_str(word);
        }
    }
    format!("{}\n", lines.join(" \\\n"))
}

fn head(failure: &FailureEvent, style: Style) -> String {
    let word = match failure.verdict {
        Verdict::Undecided => "UNDECIDED",
        Verdict::Nondeterministic => "DIFFERS",
        _ => "FAILED",
    };
    let name = format!("{} {} / {}", failure.lab, failure.part, failure.test.replace('_', " "));
    // Nothing has happened at event 0.
    let event = failure.at_event.filter(|event| *event > 0).map(|event| format!("event {event}  ")).unwrap_or_default();
    let place = format!("seed {}  {event}at {}", failure.seed, Nanos(failure.at_ns));
    let used = word.len() + 2 + name.chars().count() + place.chars().count();
    let gap = " ".repeat((WIDTH - 2).saturating_sub(used).max(3));
    let painted = if failure.verdict == Verdict::Undecided { style.yellow(word) } else { style.red(word) };
    if used + 3 > WIDTH { format!("{painted}  {name}\n  {place}") } else { format!("{painted}  {name}{gap}{place}") }
}

/// How things stood, below an empty line.
pub fn facts(facts: &[String]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let rest = facts.len().saturating_sub(FACTS);
    let more = (rest > 0).then(|| format!("    … {rest} more\n"));
    let lines = facts.iter().take(FACTS).map(|fact| format!("  {}\n", cut(&plain(fact), WIDTH - 2)));
    ["\n".to_owned()].into_iter().chain(lines).chain(more).collect()
}

/// The last rows, as many as there is room for.
fn story(failure: &FailureEvent, room: usize) -> Vec<String> {
    let mut from = failure.story.len().saturating_sub(room);
    loop {
        let mut lines = columns::render(&failure.story[from..], WIDTH);
        if lines.len() <= room + 1 || from + 1 >= failure.story.len() {
            if from > 0 && !lines.is_empty() {
                lines.insert(1, format!("        …  {from} earlier rows"));
            }
            return lines;
        }
        from += 1;
    }
}
