//! `cargo lab export DIR`: the tree for a course, without solutions, their mutants and what serves them alone.
//!
//! No git is asked: the tree is walked, and [`LEFT_OUT`] says what stays behind. [`cut`] takes out of pages and manifests
//! what is said of solutions there, [`lock`] what Cargo.lock holds for them alone.

mod cut;
mod lock;

use crate::cli::ExportOptions;
use crate::error::LabError;
use crate::event::Event;
use crate::exit::Exit;
use crate::session::Session;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files and directories that are not exported, as seen from the root; a star stands for the rest of a name.
const LEFT_OUT: [&str; 13] = [
    "solutions",
    "target",
    "docs/POWER.md",
    "xtask/tests/fly",
    "xtask/tests/fly.rs",
    "xtask/tests/fly_services",
    "xtask/tests/fly_services.rs",
    "xtask/tests/job",
    "xtask/tests/job.rs",
    "xtask/tests/support/idle.rs",
    "xtask/tests/real",
    "xtask/tests/real.rs",
    "xtask/tests/snapshots/real__*",
];
/// Names that are not exported wherever they stand.
const LEFT_OUT_ANYWHERE: [&str; 3] = ["target", "*.snap.new", "*.orig"];
/// Hidden files that are exported; others belong to git, to editors and to the system.
const HIDDEN: [&str; 5] = [".cargo", ".ci", ".github", ".gitignore", ".gitkeep"];

/// Writes the tree.
pub fn export(session: &Session<'_>, options: &ExportOptions) -> Result<Exit, LabError> {
    let house = session.house;
    let wanted = house.here.join(&options.directory);
    let written = |path: &Path| {
        let path = path.to_path_buf();
        move |source| LabError::CannotWrite { path, source }
    };
    let there = crate::new::resolved(&wanted);
    let target = house.output.parent().map(crate::new::resolved);
    if there.starts_with(&house.root) && !target.is_some_and(|target| there != target && there.starts_with(target)) {
        return Err(LabError::ExportInside(wanted));
    }
    if !crate::new::is_empty(&wanted).map_err(written(&wanted))? {
        return Err(LabError::ExportNotEmpty(wanted));
    }
    let mut files = Vec::new();
    walk(&house.root, Path::new(""), &mut files)
        .map_err(|source| LabError::CannotRead { path: house.root.clone(), source })?;
    let solutions = lock::names_of_solutions(&house.root);
    for file in &files {
        let target = wanted.join(file);
        copy(&house.root, file, &target, &solutions).map_err(written(&target))?;
    }
    let directory = house.shown(&there);
    session.console.say(&Event::Exported { directory, files: files.len() });
    Ok(Exit::Passed)
}

/// The files to be exported, in the order of their names.
fn walk(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut names: Vec<_> =
        fs::read_dir(root.join(below))?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.sort_unstable();
    for name in names {
        let path = below.join(&name);
        if is_left_out(&path) {
            continue;
        }
        if root.join(&path).is_dir() {
            walk(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_left_out(path: &Path) -> bool {
    let (whole, name) = (path.to_string_lossy(), path.file_name().unwrap_or_default().to_string_lossy());
    let hidden = name.starts_with('.') && !HIDDEN.contains(&&*name);
    let of_learners = path.parent() == Some(Path::new("submissions")) && name != ".gitkeep";
    hidden
        || of_learners
        || LEFT_OUT.iter().any(|pattern| matches(pattern, &whole))
        || LEFT_OUT_ANYWHERE.iter().any(|pattern| matches(pattern, &name))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end),
        None => pattern == name,
    }
}

fn copy(root: &Path, file: &Path, target: &Path, solutions: &[String]) -> io::Result<()> {
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::copy(root.join(file), target)?; // with its permissions
    let edited = match file.file_name().and_then(|name| name.to_str()) {
        Some("Cargo.lock") => lock::without(&fs::read_to_string(target)?, solutions),
        Some(name) if cut::may_be_cut(file, name) => cut::cut(&fs::read_to_string(target)?)
            .map_err(|problem| io::Error::other(format!("{}: {problem}", file.display())))?,
        _ => return Ok(()),
    };
    fs::write(target, edited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_solutions_alone_stays_behind() {
        let out =
            ["solutions", "solutions/raft", "target", "labs/raft/target", ".git", "labs/.swp", "submissions/mine"];
        let also = [
            "docs/POWER.md",
            "xtask/tests/real.rs",
            "xtask/tests/real/misfit.rs",
            "xtask/tests/snapshots/real__a.snap",
            "sim/a.snap.new",
        ];
        for path in out.into_iter().chain(also) {
            let left_out = Path::new(path).ancestors().any(|part| part != Path::new("") && is_left_out(part));
            assert!(left_out, "{path}");
        }
        for path in [".cargo/config.toml", ".ci/run", ".gitignore", "submissions/.gitkeep", "labs/raft/README.md"] {
            let left_out = Path::new(path).ancestors().any(|part| part != Path::new("") && is_left_out(part));
            assert!(!left_out, "{path}");
        }
    }
}
