//! Rows that go on from each other, told as one: `log 45 of term 1`, `log 46 of term 1`.

/// A number, or numbers one after the other, and the words around them: `log 4..6 of term 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The words before the numbers.
    pub before: String,
    /// The first number.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// The words behind them.
    pub after: String,
}

impl Run {
    /// Reads `before`, a number or two with `..` in between, and what is left.
    #[must_use]
    pub fn read(before: &str, text: &str) -> Option<Run> {
        let numbers = text.strip_prefix(before)?;
        let (first, rest) = number(numbers)?;
        let (last, after) = match rest.strip_prefix("..") {
            Some(rest) => number(rest)?,
            None => (first, rest),
        };
        Some(Run { before: before.to_owned(), first, last, after: after.to_owned() })
    }

    /// Both as one, if `next` goes on where this one ends.
    pub(super) fn join(&self, next: &Run) -> Option<Run> {
        let goes_on = (&self.before, &self.after) == (&next.before, &next.after) && self.last < next.first;
        goes_on.then(|| Run { last: next.last, ..self.clone() })
    }

    pub(super) fn to_text(&self) -> String {
        let Run { before, first, last, after } = self;
        if first == last { format!("{before}{first}{after}") } else { format!("{before}{first}..{last}{after}") }
    }
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
