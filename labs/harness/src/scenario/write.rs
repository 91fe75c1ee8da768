//! A schedule as TOML, in the order in which a person looks for things: what it is about, the weather
//! of each link and node in a line, and at last what happens, each fault and event in lines of its own.

use super::schedule::Schedule;
use std::fmt::Write;
use toml::{Table, Value};

/// How the file begins.
const ALL_DRAWN: &str = "# A schedule: nothing is left to draw. See docs/SCENARIOS.md.\n";
/// The same if something waits for an occasion.
const OCCASIONS_LEFT: &str = "\
# A schedule: all is drawn but the strikes of each [[fault]]. These wait for an
# occasion, and are drawn from the seed below as it comes. See docs/SCENARIOS.md.
";

impl Schedule {
    /// The schedule as a scenario file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut table = Table::try_from(self).expect("a schedule has nothing that TOML cannot say");
        let blocks = ["fault", "event"].map(|key| (key, table.remove(key)));
        // Tables come last in TOML: a key after a table's head would belong to the table.
        let (tables, values): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, value)| value.is_table());
        let mut text = String::from(if self.fault.is_empty() { ALL_DRAWN } else { OCCASIONS_LEFT });
        for (key, value) in values {
            match value {
                Value::Array(items) if !items.is_empty() => list(&mut text, &key, &items),
                value => _ = writeln!(text, "{key} = {value}"),
            }
        }
        for (head, entries) in &tables {
            block(&mut text, &format!("[{head}]"), entries);
        }
        for (key, items) in &blocks {
            for item in items.iter().flat_map(Value::as_array).flatten() {
                block(&mut text, &format!("[[{key}]]"), item);
            }
        }
        text
    }
}

/// An item a line.
fn list(text: &mut String, key: &str, items: &[Value]) {
    _ = writeln!(text, "\n{key} = [");
    for item in items {
        _ = writeln!(text, "  {item},");
    }
    text.push_str("]\n");
}

/// A key a line below a head.
fn block(text: &mut String, head: &str, entries: &Value) {
    _ = writeln!(text, "\n{head}");
    for (key, value) in entries.as_table().into_iter().flatten() {
        _ = writeln!(text, "{key} = {value}");
    }
}
