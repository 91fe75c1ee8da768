//! Ctrl-C, noticed but not obeyed at once: results so far are kept.

use crate::error::LabError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// One that Ctrl-C, SIGTERM and SIGHUP set. A program can have but one.
    pub fn on_signals() -> Self {
        let interrupt = Interrupt::default();
        let flag = interrupt.clone();
        // Without a handler Ctrl-C ends the program at once: worse, but no reason to refuse to run.
        let _ = ctrlc::set_handler(move || flag.set());
        interrupt
    }

    /// Asks everybody to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// After Ctrl-C what failed failed for that reason: cargo was interrupted too.
    pub fn instead_of(&self, error: LabError) -> LabError {
        if self.is_set() { LabError::Interrupted } else { error }
    }

    /// Whether somebody asked.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
