//! A judged history, for people.

use super::{Style, counted};
use crate::event::{CheckEvent, CheckExplained, CheckVerdict};
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
        text.push_str(&contradiction(check));
    }
    if let Some(out_of) = check.out_of.as_ref().filter(|_| check.verdict == CheckVerdict::Undecided) {
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

/// The operations that no order explains, and whether there may be fewer.
fn contradiction(check: &CheckEvent) -> String {
    let out_of = check.out_of.as_deref().unwrap_or("its budget");
    let mut text = match check.explained {
        None | Some(CheckExplained::Failed) => {
            return format!("  Not explained: that used up {out_of}, a few times\n  what the verdict took.\n");
        }
        Some(CheckExplained::Partly) => {
            format!(
                "  A contradiction. To look for a smaller one, or one that needs nothing of what\n  came before, used up {out_of}:\n  "
            )
        }
        Some(CheckExplained::Fully) => "  Smallest contradiction: ".to_owned(),
    };
    let since = check.since_line.map_or(String::new(), |line| format!(" called since line {line}"));
    let these = if check.core.len() == 1 { "this one" } else { "these" };
    let _ = writeln!(text, "whatever became of all other operations{since},\n  no order explains {these}.\n");
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
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CheckedOperation;

    fn event(explained: CheckExplained, core: Vec<CheckedOperation>) -> CheckEvent {
        CheckEvent {
            file: "f".to_owned(),
            format: "edn",
            model: "kv",
            partition: true,
            operations: 9,
            clients: 2,
            keys: 1,
            unknown: 0,
            verdict: CheckVerdict::NotLinearizable,
            sentence: Some("when #3 returned, a search had no order left".to_owned()),
            explained: Some(explained),
            core,
            since_line: None,
            out_of: Some("the budget of 20 steps".to_owned()),
            steps: 5,
            peak_bytes: 5,
            explanation_steps: 5,
        }
    }

    fn operation() -> CheckedOperation {
        CheckedOperation { operation: 3, client: 1, call_line: 5, return_line: Some(6), words: "get".to_owned() }
    }

    #[test]
    fn an_explanation_that_ran_out_of_its_budget_is_not_told_as_a_smallest_contradiction() {
        let partly = check(&event(CheckExplained::Partly, vec![operation()]), Style { colour: false });
        assert!(partly.contains("came before, used up the budget of 20 steps:"), "{partly}");
        let failed = check(&event(CheckExplained::Failed, vec![]), Style { colour: false });
        assert!(failed.contains("Not explained: that used up the budget of 20 steps"), "{failed}");
        for text in [partly, failed] {
            assert!(!text.contains("Smallest") && !text.contains("no pass"), "{text}");
        }
    }
}
