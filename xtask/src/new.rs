//! `cargo lab new`: a submission of one's own, from a lab's starter.

use crate::cli::NewOptions;
use crate::error::LabError;
use crate::event::Event;
use crate::exit::Exit;
use crate::house::House;
use crate::session::Session;
use crate::shell::quoted;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// The starter's manifest, with names between @ to be filled in.
const TEMPLATE: &str = "Cargo.toml.template";

/// A crate outside submissions/ is a workspace of its own, with the profile that labs are run in.
const OWN_WORKSPACE: &str = "
[workspace]

# A panic is a verdict, an index that wraps is a bug, and a one-line edit rebuilds in a second.
[profile.release]
panic = \"unwind\"
overflow-checks = true
incremental = true
debug = \"line-tables-only\"

# The runtime and the lab are optimised as a whole.
[profile.release.package.windtunnel]
codegen-units = 1
[profile.release.package.lab-@LAB@]
codegen-units = 1
";

/// What runs once a run is built fast instead, as in the repository's own profile.
const BUILT_FAST: [&str; 12] = [
    "lab-harness",
    "clap_builder",
    "indexmap",
    "libtest-mimic",
    "rustix",
    "schemars",
    "serde_json",
    "toml",
    "toml_datetime",
    "toml_parser",
    "tracing-subscriber",
    "winnow",
];

/// Makes the directory and fills it.
pub fn new(session: &Session<'_>, options: &NewOptions) -> Result<Exit, LabError> {
    let (house, lab) = (session.house, options.lab.as_str());
    house.check_lab(lab)?;
    let starter = house.root.join("labs").join(lab).join("starter");
    if !starter.join(TEMPLATE).is_file() {
        return Err(LabError::NoStarter { lab: lab.to_owned(), directory: starter });
    }
    let member = house.root.join("submissions").join(lab);
    let wanted = options.directory.as_ref().map_or(member, |directory| house.here.join(directory));
    let written = |path: &Path| {
        let path = path.to_path_buf();
        move |source| LabError::CannotWrite { path, source }
    };
    let inside = may_be_made(house, lab, &resolved(&wanted))?;
    let template = fs::read_to_string(starter.join(TEMPLATE)).map_err(written(&starter))?;
    let manifest = fill_in(&template, house, inside)?;
    if !is_empty(&wanted).map_err(written(&wanted))? {
        return Err(LabError::NotEmpty { directory: wanted, lab: lab.to_owned() });
    }
    fs::create_dir_all(&wanted).map_err(written(&wanted))?;
    let directory = wanted.canonicalize().map_err(written(&wanted))?;
    let package = package_name(&directory);
    copy(&starter, &directory).map_err(written(&directory))?;
    let manifest = manifest.replace("@NAME@", &package);
    fill(house, lab, &directory, manifest, inside).map_err(written(&directory))?;

    let locked = inside && lock(house);
    let shown = house.shown(&directory);
    let test = match inside {
        true => format!("cargo lab test {lab} --submission {}", quoted(&shown)),
        false => format!("cd {} && cargo lab test", quoted(&shown)),
    };
    session.console.say(&Event::Created { lab: lab.to_owned(), directory: shown, package, locked, test });
    Ok(Exit::Passed)
}

/// Gives a new member its place in Cargo.lock at once, as the next build would: so that `--locked` goes on to work, and
/// nobody wonders later who changed it. Whether it did; if cargo cannot, the next build says why.
fn lock(house: &House) -> bool {
    let file = house.root.join("Cargo.lock");
    let Ok(before) = fs::read(&file) else { return false };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["update", "--workspace", "--offline", "--manifest-path"]).arg(house.root.join("Cargo.toml"));
    let _ = cargo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    fs::read(&file).is_ok_and(|after| after != before)
}

/// Whether it is to be a member of the repository's workspace. Below the root nothing else may be one: cargo would
/// find two workspaces.
fn may_be_made(house: &House, lab: &str, directory: &Path) -> Result<bool, LabError> {
    let members = house.root.join("submissions");
    if directory.parent() == Some(&members) {
        return Ok(true);
    }
    if !directory.starts_with(&house.root) {
        return Ok(false);
    }
    let of_ours = directory == house.root || directory == members;
    let name = if of_ours { Path::new(lab) } else { Path::new(directory.file_name().unwrap_or(lab.as_ref())) };
    let outside = house.root.parent().unwrap_or(Path::new("/")).join(name);
    let typed = |path: &Path| quoted(&house.shown(path));
    Err(LabError::InsideTheRepository {
        directory: directory.to_path_buf(),
        lab: lab.to_owned(),
        member: typed(&members.join(name)),
        outside: typed(&outside),
    })
}

/// The path without links and detours, of which the last directories need not be there yet.
pub fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, component| {
        match component {
            Component::ParentDir => drop(whole.pop()),
            other => whole.push(other),
        }
        whole.canonicalize().unwrap_or(whole)
    })
}

/// Writes the manifest, and outside of the repository what else a workspace of one's own needs.
fn fill(house: &House, lab: &str, directory: &Path, mut manifest: String, inside: bool) -> io::Result<()> {
    if !manifest.contains("[package.metadata.windtunnel]") {
        manifest.push_str(&format!("\n[package.metadata.windtunnel]\nlab = \"{lab}\"\n"));
    }
    if !inside {
        manifest.push_str(&OWN_WORKSPACE.replace("@LAB@", lab));
        manifest.push_str("\n# These run once a run: built fast instead.\n");
        manifest.extend(BUILT_FAST.map(|name| format!("[profile.release.package.{name}]\nopt-level = 0\n")));
        // The same versions of everything, so that a seed means the same run there.
        let lock = house.root.join("Cargo.lock");
        if lock.is_file() {
            fs::copy(lock, directory.join("Cargo.lock"))?;
        }
        fs::write(directory.join(".gitignore"), "/target\n")?;
        fs::create_dir_all(directory.join(".cargo"))?;
        fs::write(directory.join(".cargo/config.toml"), config(house))?;
    }
    fs::write(directory.join("Cargo.toml"), manifest)
}

/// Every `@…@` in the template but the package's name: the paths of the crates it may use, and the Raft it runs on.
fn fill_in(template: &str, house: &House, inside: bool) -> Result<String, LabError> {
    let base = if inside { PathBuf::from("../..") } else { house.root.clone() };
    let path = |below: &str| base.join(below).display().to_string();
    let mut filled = template.replace("@WINDTUNNEL@", &path("sim")).replace("@LAB_HARNESS@", &path("labs/harness"));
    for lab in house.labs() {
        let name = format!("@LAB_{}@", lab.to_uppercase().replace('-', "_"));
        filled = filled.replace(&name, &path(&format!("labs/{lab}")));
    }
    if filled.contains("@RAFT@") {
        // The reference, or in a tree without solutions the one that lies where `cargo lab new raft` puts it.
        let raft = house.witness("raft").map_err(|_| LabError::NoRaft)?;
        filled = filled.replace("@RAFT@", &path(&raft.label)).replace("@RAFT_PACKAGE@", &raft.package);
    }
    Ok(filled)
}

fn config(house: &House) -> String {
    let manifest = toml::Value::String(house.root.join("xtask/Cargo.toml").display().to_string());
    format!(
        "# madsim replaces the C library's clock and entropy, but only under this cfg.\n\
         [target.'cfg(all())']\n\
         rustflags = [\"--cfg\", \"madsim\"]\n\n\
         [build]\n\
         rustdocflags = [\"--cfg\", \"madsim\"]\n\n\
         [alias]\n\
         lab = [\"run\", \"--release\", \"--manifest-path\", {manifest}, \"--\"]\n"
    )
}

/// All files of the starter but its manifest.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_name() == TEMPLATE || entry.file_name() == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether a directory holds nothing, or is not there.
pub fn is_empty(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// `submission-raft` for a directory called raft.
fn package_name(directory: &Path) -> String {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or("mine").to_lowercase();
    let tame = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    format!("submission-{}", name.chars().map(tame).collect::<String>())
}
