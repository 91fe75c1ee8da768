//! Values as they are, on a line behind their key.

use crate::app::{Emit, Group};

/// Emits the line `key value value …`.
pub struct Values(Vec<u8>);

impl Values {
    /// Of that key.
    pub fn line(key: &[u8]) -> Box<dyn Group> {
        Box::new(Values(key.to_vec()))
    }
}

impl Group for Values {
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) {
        self.0.push(b' ');
        self.0.extend_from_slice(value);
        // A key may have more values than a worker can hold.
        emit(&self.0);
        self.0.clear();
    }

    fn end(mut self: Box<Self>, emit: &mut Emit<'_>) {
        self.0.push(b'\n');
        emit(&self.0);
    }
}
