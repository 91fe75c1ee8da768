//! A judged history, for people.

use super::{Style, counted};
use crate::event::{CheckEvent, CheckVerdict};
use lab_harness::wrap::{block, plain};
use std::fmt::Write;

/// The verdict and, if it is bad, why.
pub fn check(check: &CheckEvent, style: Style) -> String {
    let size = format!(
        "{} of {} on {}",
        counted(check.operations, "operation"),
        counted(check.clients, "client"),
        counted(check.keys, "key")
    );
    let unknown = match check.unknown {
        0 => String::new(),
        some => format!(", {some} of unknown outcome"),
    };
    let file = &check.file;
    let mut text = match check.verdict {
        CheckVerdict::Linearizable => format!("{file}: {} ({size}{unknown})\n", style.green("linearizable")),
        CheckVerdict::NotLinearizable => format!("{file}: {} ({size}{unknown})\n", style.red("not linearizable")),
        CheckVerdict::Undecided => format!("{file}: {} ({size}{unknown})\n", style.yellow("undecided")),
    };
    if let Some(sentence) = &check.sentence {
        let _ = writeln!(text, "\n{}", block(&plain(&format!("{sentence}.")), 2, 6));
        let since = check.since_line.map_or(String::new(), |line| format!(" since line {line}"));
        let these = if check.core.len() == 1 { "this one" } else { "these" };
        let _ = writeln!(
            text,
            "  Smallest contradiction: whatever became of all other operations{since},\n  no order explains {these}.\n"
        );
        let _ = writeln!(text, "  {:>9}  {:>6}  {:>15}  operation", "operation", "client", "lines");
        for operation in &check.core {
            let lines = match operation.return_line {
                Some(returned) => format!("{} to {returned}", operation.call_line),
                None => format!("{} on", operation.call_line),
            };
            let words = operation.words.as_str();
            let number = format!("#{}", operation.operation);
            let _ = writeln!(text, "  {number:>9}  {:>6}  {lines:>15}  {words}", operation.client);
        }
    }
    if let Some(out_of) = &check.out_of {
        let _ = write!(
            text,
            "\n  The check used up {out_of}. That is no pass: raise it (--steps, --mebibytes),\n  \
             or judge a shorter history.\n"
        );
        if !check.partition {
            let _ = writeln!(text, "  Without --no-partition each key is judged for itself, which takes far less.");
        }
    }
    text
}
