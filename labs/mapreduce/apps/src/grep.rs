//! Distributed grep (section 2.3).

use crate::app::{App, Emit, EmitPair, Group, Record};

/// The lines that contain some bytes: lines `object:line`, by object and then by where they are in it.
#[derive(Clone, Debug)]
pub struct Grep {
    pattern: Vec<u8>,
}

impl Grep {
    /// The parameters are what to look for.
    ///
    /// # Errors
    /// If that is nothing.
    pub fn open(parameters: &[u8]) -> Result<Self, String> {
        if parameters.is_empty() {
            return Err("an empty pattern is in every line".to_owned());
        }
        Ok(Grep { pattern: parameters.to_vec() })
    }
}

impl App for Grep {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        if record.line.windows(self.pattern.len()).any(|window| window == self.pattern) {
            emit(record.object.as_bytes(), record.line);
        }
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Box::new(Lines([key, b":"].concat()))
    }
}

/// The lines of one object, with its name before each.
struct Lines(Vec<u8>);

impl Group for Lines {
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) {
        emit(&self.0);
        emit(value);
        emit(b"\n");
    }

    fn end(self: Box<Self>, _: &mut Emit<'_>) {}
}
