//! Makes `tracing` lines of lab code into effects of the node that logs them.

use crate::executor::context::try_current;
use crate::line::{Effect, LogLevel, LogLine};
use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata};

/// The subscriber of a simulation's thread. Spans pass through it without a trace.
#[derive(Debug)]
pub(crate) struct Subscriber(());

impl Subscriber {
    pub const fn for_nodes() -> Self {
        Subscriber(())
    }
}

impl tracing::Subscriber for Subscriber {
    /// Which lines are made is a matter of the node that runs, so it is asked each time.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        try_current()
            .and_then(|context| context.start.log_level)
            .is_some_and(|level| level_of(metadata.level()) <= level)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let Some(context) = try_current() else { return };
        let mut text = Text(String::new());
        event.record(&mut text);
        let metadata = event.metadata();
        context.emit(Effect::Log(LogLine {
            level: level_of(metadata.level()),
            target: metadata.target().to_owned(),
            message: text.0,
        }));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const fn level_of(level: &Level) -> LogLevel {
    match *level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// The message first, then the fields as `name=value`.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let written = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, "{}={value:?}", field.name())
        };
        // Writing to a string fails only if the value's own Debug does; then the rest is missing.
        let _ = written;
    }
}
