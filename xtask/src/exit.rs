//! How `cargo lab` ends.

use std::process::ExitCode;

/// The exit codes, mildest first: when several apply, the last of them in this order is the one.
/// docs/EXIT-CODES.md says the same in prose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything passed.
    Passed,
    /// A checker ran out of its budget.
    Undecided,
    /// A test failed.
    Failed,
    /// The same seed gave another trace, or `--check` found what could make it so.
    Nondeterministic,
    /// Ctrl-C; results so far are written.
    Interrupted,
    /// The harness or the machine failed, not the submission.
    Harness,
    /// A filter matched nothing.
    NothingMatched,
    /// The submission does not build.
    DoesNotBuild,
    /// Usage or bad input.
    Usage,
}

impl Exit {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::DoesNotBuild => 3,
            Exit::NothingMatched => 4,
            Exit::Undecided => 5,
            Exit::Nondeterministic => 6,
            Exit::Harness => 70,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
