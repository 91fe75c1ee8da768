//! A schedule as TOML, one link, node or event a line, in the order in which the types declare them.

use super::schedule::Schedule;
use std::fmt::Write;
use toml::{Table, Value};

impl Schedule {
    /// The schedule as a scenario file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let table = Table::try_from(self).expect("a schedule has nothing that TOML cannot say");
        let mut text = String::from("# A schedule: nothing is left to draw. See docs/SCENARIOS.md.\n");
        // Tables come last in TOML: a key after a table's head would belong to the table.
        let (tables, values): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, value)| value.is_table());
        for (key, value) in values {
            match value {
                Value::Array(items) if !items.is_empty() => {
                    _ = writeln!(text, "\n{key} = [");
                    for item in items {
                        _ = writeln!(text, "  {item},");
                    }
                    text.push_str("]\n");
                }
                value => _ = writeln!(text, "{key} = {value}"),
            }
        }
        for (head, entries) in tables {
            _ = writeln!(text, "\n[{head}]");
            for (key, value) in entries.as_table().into_iter().flatten() {
                _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }
}
