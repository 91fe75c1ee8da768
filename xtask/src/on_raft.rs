//! A submission on a Raft that it does not name itself: `--raft DIR`.
//!
//! What is built is a crate of a few lines, which names both: `lab::worker::<submission::Submission, raft::Raft>()`. It is a
//! submission like any other, so failure files and `replay` know it by its directory.

use crate::apart::{write_if_changed, write_workspace};
use crate::error::LabError;
use crate::house::{House, Submission};
use std::fs;
use std::io;
use std::path::Path;
use toml::{Table, Value};

/// The lab whose submissions can be named.
const RAFT: &str = "raft";

/// Makes the crate in which `submission` runs on the Raft of that directory.
pub fn join(house: &House, submission: &Submission, raft: &Path) -> Result<Submission, LabError> {
    if !is_built_on_raft(house, &submission.lab) {
        return Err(LabError::NotOnRaft(submission.lab.clone()));
    }
    let raft = raft_in(house, raft)?;
    let package = format!("{}-on-{}", submission.package, raft.package);
    let workspace = house.output.join("on-raft").join(&package);
    let failed = |source: io::Error| LabError::Target { path: workspace.clone(), source };
    let member = workspace.join("joined");
    fs::create_dir_all(member.join("src")).map_err(failed)?;
    write_workspace(&house.root, &workspace, "joined").map_err(failed)?;
    let manifest = manifest(house, &package, submission, &raft);
    write_if_changed(&member.join("Cargo.toml"), manifest.to_string().as_bytes()).map_err(failed)?;
    write_if_changed(&member.join("src").join("main.rs"), MAIN.as_bytes()).map_err(failed)?;
    house.submission_for(&member, &submission.lab)
}

/// The crate in that directory, which must say that it is a Raft.
fn raft_in(house: &House, directory: &Path) -> Result<Submission, LabError> {
    let found = house.submission_for(directory, RAFT)?;
    match house.lab_of(directory)? {
        lab if lab == RAFT => Ok(found),
        _ => Err(LabError::NotASubmission {
            directory: directory.to_path_buf(),
            problem:
                "its Cargo.toml does not say that it is a Raft: lab = \"raft\" under [package.metadata.windtunnel]"
                    .to_owned(),
        }),
    }
}

/// Whether what is handed in to this lab runs on any Raft: the lab's manifest says so.
fn is_built_on_raft(house: &House, lab: &str) -> bool {
    let manifest = house.root.join("labs").join(lab).join("Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let manifest: Table = text.parse().unwrap_or_default();
    let on =
        manifest.get("package").and_then(|package| package.get("metadata")?.get("windtunnel")?.get("on")?.as_str());
    on == Some(RAFT)
}

const MAIN: &str = "//! Made by `cargo lab --raft`: the worker of a submission on another Raft.\n\n\
                    fn main() -> lab::ExitCode {\n    lab::worker::<submission::Submission, raft::Raft>()\n}\n";

fn manifest(house: &House, package: &str, submission: &Submission, raft: &Submission) -> Table {
    let text = |text: &str| Value::from(text.to_owned());
    let dependency = |package: &str, directory: &Path| {
        let path = text(&directory.display().to_string());
        Value::from(Table::from_iter([
            ("package".to_owned(), text(package)),
            ("path".to_owned(), path),
            ("default-features".to_owned(), Value::from(false)),
        ]))
    };
    let lab = house.root.join("labs").join(&submission.lab);
    let dependencies = Table::from_iter([
        ("lab".to_owned(), dependency(&format!("lab-{}", submission.lab), &lab)),
        ("submission".to_owned(), dependency(&submission.package, &submission.directory)),
        ("raft".to_owned(), dependency(&raft.package, &raft.directory)),
    ]);
    let with =
        |feature: &str| Value::from(["lab", "submission", "raft"].map(|name| format!("{name}/{feature}")).to_vec());
    let features = Table::from_iter([
        ("default".to_owned(), Value::from(vec!["sim"])),
        ("sim".to_owned(), with("sim")),
        ("real".to_owned(), with("real")),
    ]);
    let windtunnel = Table::from_iter([("lab".to_owned(), text(&submission.lab))]);
    let metadata = Table::from_iter([("windtunnel".to_owned(), windtunnel.into())]);
    let own = Table::from_iter([
        ("name".to_owned(), text(package)),
        ("version".to_owned(), text("0.0.0")),
        ("edition".to_owned(), text("2024")),
        ("publish".to_owned(), Value::from(false)),
        ("metadata".to_owned(), metadata.into()),
    ]);
    Table::from_iter([
        ("package".to_owned(), own.into()),
        ("features".to_owned(), features.into()),
        ("dependencies".to_owned(), dependencies.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn submission(lab: &str, package: &str) -> Submission {
        let directory = PathBuf::from("/w").join(package);
        Submission { lab: lab.to_owned(), package: package.to_owned(), label: package.to_owned(), directory }
    }

    #[test]
    fn the_crate_names_lab_submission_and_raft_whatever_they_are_called() {
        let house = House { root: "/w".into(), here: "/w".into(), output: "/w/target/windtunnel".into() };
        let made = manifest(&house, "mine-on-yours", &submission("kvraft", "mine"), &submission("raft", "yours"));
        let dependency = |name: &str| {
            let table = &made["dependencies"][name];
            (table["package"].as_str().unwrap().to_owned(), table["path"].as_str().unwrap().to_owned())
        };
        assert_eq!(dependency("lab"), ("lab-kvraft".to_owned(), "/w/labs/kvraft".to_owned()));
        assert_eq!(dependency("submission"), ("mine".to_owned(), "/w/mine".to_owned()));
        assert_eq!(dependency("raft"), ("yours".to_owned(), "/w/yours".to_owned()));
        assert_eq!(made["package"]["metadata"]["windtunnel"]["lab"].as_str(), Some("kvraft"));
        assert_eq!(made["features"]["real"].as_array().map(Vec::len), Some(3));
    }
}
