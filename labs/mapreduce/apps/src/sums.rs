//! Numbers as values, and their sum.

use crate::app::{Emit, Group};

/// Adds up values that are decimal numbers; others count as nothing.
#[derive(Debug, Default)]
pub struct Sum {
    sum: u64,
    /// Emitted before the sum, and a newline behind it; nothing: the sum alone.
    line: Option<Vec<u8>>,
}

impl Sum {
    /// Emits the line `key sum`.
    pub fn line(key: &[u8]) -> Box<dyn Group> {
        Box::new(Sum { sum: 0, line: Some([key, b" "].concat()) })
    }

    /// Emits the sum as a value.
    pub fn value() -> Box<dyn Group> {
        Box::new(Sum::default())
    }
}

impl Group for Sum {
    fn value(&mut self, value: &[u8], _: &mut Emit<'_>) {
        let number = value.iter().try_fold(0_u64, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            sum.checked_mul(10)?.checked_add(digit)
        });
        self.sum = self.sum.saturating_add(number.unwrap_or_default());
    }

    fn end(self: Box<Self>, emit: &mut Emit<'_>) {
        let sum = self.sum.to_string();
        match self.line {
            None => emit(sum.as_bytes()),
            Some(mut line) => {
                line.extend_from_slice(sum.as_bytes());
                line.push(b'\n');
                emit(&line);
            }
        }
    }
}
