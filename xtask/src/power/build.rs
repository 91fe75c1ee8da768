//! Builds what each mutant makes of the solution, one ahead of whoever tries it.

use super::bank::Entry;
use super::patch::PatchError;
use super::workspace::Workspace;
use crate::error::LabError;
use crate::event::MutantOutcome;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::run_directory::RunDirectory;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

/// What is built of a mutant.
#[derive(Clone, Debug)]
pub enum Target {
    /// The worker, for the tunnel.
    Worker,
    /// The node, which flies.
    Node,
    /// Nothing: the compiler is only asked.
    Check,
    /// Nothing: this stands for all of them.
    Given(PathBuf),
}

/// How far a mutant came before it ran.
#[derive(Debug)]
pub enum Built {
    /// To be tried: its binary.
    Ready(PathBuf),
    /// The compiler takes it, and more was not asked.
    Compiles,
    Broken(MutantOutcome, String, Exit),
    Lost(LabError),
}

/// Builds one mutant after the other.
#[derive(Debug)]
pub struct Builder<'a> {
    pub workspace: &'a Workspace<'a>,
    pub directory: &'a RunDirectory,
    pub target: Target,
    pub interrupt: Interrupt,
}

impl Builder<'_> {
    /// All of them, in order, with their places, as fast as they are taken.
    pub fn build_all(&self, bank: &[Entry], sender: SyncSender<(usize, Built)>) {
        for (index, entry) in bank.iter().enumerate() {
            if self.interrupt.is_set() || sender.send((index, self.build(index, entry))).is_err() {
                return;
            }
        }
    }

    fn build(&self, index: usize, entry: &Entry) -> Built {
        let changes =
            entry.mutant.as_ref().map_err(PatchError::clone).and_then(|mutant| mutant.apply(self.workspace.source()));
        let changes = match changes {
            Ok(changes) => changes,
            Err(error) => return Built::Broken(MutantOutcome::DoesNotApply, error.to_string(), Exit::Usage),
        };
        let keep = |binary: PathBuf| self.directory.keep(&binary, &format!("mutant-{index}")).map(Built::Ready);
        let built = match &self.target {
            Target::Check => self.workspace.check(&changes).map(|()| Built::Compiles),
            Target::Given(program) => Ok(Built::Ready(program.clone())),
            Target::Worker => self.workspace.build(&changes).and_then(keep),
            Target::Node => self.workspace.build_node(&changes).and_then(keep),
        };
        match built.map_err(|error| self.interrupt.instead_of(error)) {
            Ok(built) => built,
            Err(LabError::DoesNotBuild { words, .. }) => {
                Built::Broken(MutantOutcome::DoesNotCompile, first_error(&words), Exit::DoesNotBuild)
            }
            Err(error) => Built::Lost(error),
        }
    }

    /// Nobody needs that binary any more.
    pub fn done_with(&self, program: &Path) {
        if !matches!(self.target, Target::Given(_)) {
            let _ = std::fs::remove_file(program);
        }
    }
}

/// What the compiler says first: all of it would bury the table.
fn first_error(words: &str) -> String {
    let lines = words.lines().skip_while(|line| !line.starts_with("error")).take_while(|line| !line.trim().is_empty());
    let first: Vec<&str> = lines.collect();
    if first.is_empty() { words.trim().to_owned() } else { first.join("\n") }
}
