//! Applications of MapReduce that are wrong, and what a flight says of them: every output is compared with what the judge finds, which has
//! the lab's own applications, whatever its submission brings.

use crate::support::place::Place;
use crate::wrong::violated;
use lab_mapreduce::apps::{App, Emit, EmitPair, Group};
use lab_mapreduce::{Record, Registry};

/// Whose output lacks the words that begin with this.
const FORGOTTEN: &[u8] = b"sta";

/// Like another one, but for the words that its reduce forgets.
struct Forgetful(Box<dyn App>);

impl Forgetful {
    fn like(name: &str) -> Box<dyn App> {
        Box::new(Forgetful(Registry::standard().open(name, b"").unwrap()))
    }
}

impl App for Forgetful {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        self.0.map(record, emit);
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        if key.starts_with(FORGOTTEN) { Box::new(Nothing) } else { self.0.reduce(key) }
    }

    fn combine(&self, key: &[u8]) -> Option<Box<dyn Group>> {
        self.0.combine(key)
    }
}

/// Takes all values, and has nothing to say of them.
struct Nothing;

impl Group for Nothing {
    fn value(&mut self, _: &[u8], _: &mut Emit<'_>) {}

    fn end(self: Box<Self>, _: &mut Emit<'_>) {}
}

/// Its word count is wrong.
pub fn that_forgets_words() -> Registry {
    Registry::standard().with("wordcount", |_| Ok(Forgetful::like("wordcount")))
}

/// Its index is wrong.
pub fn that_forgets_objects() -> Registry {
    Registry::standard().with("index", |_| Ok(Forgetful::like("index")))
}

pub fn an_application_that_forgets_a_word_is_found_out() {
    for wrong in ["forgets-words", "forgets-objects"] {
        let place = Place::new(wrong);
        violated(&place, wrong, "fly mapreduce --seed 1 --load 20s", "output-differs");
    }
}
