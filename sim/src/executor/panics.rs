//! Keeps what a panic in lab code said, so that the verdict can say it again.

use crate::line::PanicReport;
use std::cell::RefCell;
use std::io::{self, Write};
use std::panic::PanicHookInfo;

thread_local! {
    /// What panicked last on this thread: in a node's step its first panic, outside of them any.
    static LAST: RefCell<Option<PanicReport>> = const { RefCell::new(None) };
    /// In a node's step, what panicked after that.
    static ECHO: RefCell<Option<PanicReport>> = const { RefCell::new(None) };
}

/// How the lines begin, on standard error, of a node whose panics end the process: the first one, and the last one
/// that came while it unwound.
pub const LAST_WORDS: [&str; 2] = ["windtunnel: panicked at ", "windtunnel: then panicked at "];

/// Keeps reports of panics inside nodes off the screen; all other panics go on to the hook that
/// was there before. Call it once a process, before the first simulation.
pub fn install_panic_hook() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let report = describe(info);
        if super::context::is_inside() {
            if ends_the_process(&report) {
                say_last_words();
                previous(info);
            } else if LAST.with(|last| last.borrow().is_some()) {
                // The first panic is the cause; those while unwinding are its echo.
                ECHO.with(|echo| *echo.borrow_mut() = Some(report));
            } else {
                LAST.with(|last| *last.borrow_mut() = Some(report));
            }
        } else {
            LAST.with(|last| *last.borrow_mut() = Some(report));
            previous(info);
        }
    }));
}

/// Forgets a panic that lab code caught, or that happened while a dead node was dropped.
pub(super) fn forget() {
    LAST.with(|last| {
        // Hardly ever: a look is cheaper than a write.
        if last.borrow().is_some() {
            *last.borrow_mut() = None;
            ECHO.with(|echo| *echo.borrow_mut() = None);
        }
    });
}

pub(crate) fn take_report() -> PanicReport {
    LAST.with(|last| last.borrow_mut().take())
        .unwrap_or_else(|| PanicReport { message: "a panic without a message".into(), place: String::new() })
}

/// Whether it is one of those panics of the standard library that never unwind: no verdict will come, so what is known
/// has to be said now. (`PanicHookInfo::can_unwind` would tell, but is not stable.)
fn ends_the_process(report: &PanicReport) -> bool {
    let texts = [
        "panic in a destructor during cleanup",
        "panic in a function that cannot unwind",
        "unsafe precondition(s) violated",
    ];
    texts.iter().any(|text| report.message.starts_with(text))
}

/// On a full disk they are lost; a panic within the hook would lose the cause as well.
fn say_last_words() {
    for (begin, said) in LAST_WORDS.into_iter().zip([&LAST, &ECHO]) {
        if let Some(PanicReport { place, message }) = said.with(|said| said.borrow_mut().take()) {
            let _ = writeln!(io::stderr(), "{begin}{place}: {}", message.replace('\n', " "));
        }
    }
}

fn describe(info: &PanicHookInfo<'_>) -> PanicReport {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is no text".into());
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    PanicReport { message: translate(message, &place), place }
}

/// Says in our words what madsim's refusal of a thread looks like: std asserts that
/// `pthread_attr_init` gave 0, and madsim gives -1.
fn translate(message: String, place: &str) -> String {
    if place.contains("thread") && place.contains("library/std/src/sys") && message.contains("left: -1") {
        "a thread was started; a node has one thread: use windtunnel::spawn".into()
    } else {
        message
    }
}
