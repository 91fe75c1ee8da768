//! Crates that nobody wrote by hand, in workspaces of their own below target/windtunnel: the repository's dependencies, versions
//! and profiles, with paths made absolute.

use std::fs;
use std::io;
use std::path::Path;
use toml::{Table, Value};

/// The repository's workspace with one member; its lock file, from which cargo drops what is not needed.
pub fn write_workspace(root: &Path, workspace: &Path, member: &str) -> io::Result<()> {
    let text = match fs::read_to_string(root.join("Cargo.toml")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut manifest: Table = text.parse().map_err(io::Error::other)?;
    manifest.retain(|key, _| ["workspace", "profile", "patch"].contains(&key));
    let own = manifest.entry("workspace").or_insert_with(|| Table::new().into());
    if let Some(own) = own.as_table_mut() {
        own.retain(|key, _| !["exclude", "default-members"].contains(&key));
        own.insert("members".to_owned(), Value::from(vec![member]));
        make_absolute(own, root);
    }
    write_if_changed(&workspace.join("Cargo.toml"), manifest.to_string().as_bytes())?;
    match fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Every `path` in a table of dependencies, wherever one is, seen from the file system's root.
pub fn make_absolute(table: &mut Table, base: &Path) {
    for (key, value) in table.iter_mut() {
        let Some(inner) = value.as_table_mut() else { continue };
        if key.ends_with("dependencies") {
            for (_, dependency) in inner.iter_mut() {
                if let Some(Value::String(path)) = dependency.get_mut("path") {
                    *path = base.join(&*path).display().to_string();
                }
            }
        } else if key == "target" || key.starts_with("cfg(") {
            make_absolute(inner, base);
        }
    }
}

/// What is the same keeps its time stamp: cargo builds anew what is younger than its build.
pub fn write_if_changed(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) { Ok(()) } else { fs::write(path, content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_dependencies_become_absolute_wherever_they_stand() {
        let text = "[dependencies]\na = { path = \"../a\" }\nb = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nc = { path = \"c\" }\n[lib]\npath = \"src/lib.rs\"\n";
        let mut table: Table = text.parse().unwrap();
        make_absolute(&mut table, Path::new("/w/x"));
        assert_eq!(table["dependencies"]["a"]["path"].as_str(), Some("/w/x/../a"));
        assert_eq!(table["target"]["cfg(unix)"]["dev-dependencies"]["c"]["path"].as_str(), Some("/w/x/c"));
        assert_eq!(table["lib"]["path"].as_str(), Some("src/lib.rs"), "no dependency");
    }
}
