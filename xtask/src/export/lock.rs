//! Cargo.lock without what only solutions need: else `--locked` would call it out of date.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::{Table, Value};

/// The packages below solutions/.
pub fn names_of_solutions(root: &Path) -> Vec<String> {
    let directories = std::fs::read_dir(root.join("solutions")).into_iter().flatten().flatten();
    let manifests =
        directories.filter_map(|directory| std::fs::read_to_string(directory.path().join("Cargo.toml")).ok());
    let tables = manifests.filter_map(|manifest| manifest.parse::<Table>().ok());
    let mut names: Vec<String> =
        tables.filter_map(|table| Some(table.get("package")?.get("name")?.as_str()?.to_owned())).collect();
    names.sort_unstable();
    names
}

/// A package: its name and version.
type Id = (String, String);

/// The lock file without these packages, and without those that nobody else needs.
pub fn without(lock: &str, gone: &[String]) -> String {
    let needed = needed(lock, gone);
    let mut blocks = lock.split("\n[[package]]\n");
    let mut text = blocks.next().unwrap_or_default().to_owned();
    for block in blocks {
        let value = |key: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
            line.map(|line| line.trim_end_matches('"').to_owned()).unwrap_or_default()
        };
        if needed.contains(&(value("name"), value("version"))) {
            text.push_str("\n[[package]]\n");
            let is_gone = |line: &&str| gone.iter().any(|name| line.trim() == format!("\"{name}\","));
            text.extend(block.split_inclusive('\n').filter(|line| !is_gone(line)));
        }
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// What the packages that are no registry's need, directly or through others.
fn needed(lock: &str, gone: &[String]) -> BTreeSet<Id> {
    let table: Table = lock.parse().unwrap_or_default();
    let packages = table.get("package").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let word = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = |package: &Value| (word(package, "name"), word(package, "version"));
    let mut by_name: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for package in packages.iter().filter(|package| !gone.contains(&word(package, "name"))) {
        by_name.entry(word(package, "name")).or_default().push(package);
    }
    let mut open: Vec<&Value> =
        by_name.values().flatten().filter(|package| package.get("source").is_none()).copied().collect();
    let mut needed: BTreeSet<Id> = open.iter().map(|package| id(package)).collect();
    while let Some(package) = open.pop() {
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        for dependency in dependencies.filter_map(Value::as_str) {
            // `name`, or `name version` where there are several.
            let mut words = dependency.split(' ');
            let (name, version) = (words.next().unwrap_or_default(), words.next());
            let meant = by_name.get(name).into_iter().flatten();
            for next in meant.filter(|next| version.is_none_or(|version| word(next, "version") == version)) {
                if needed.insert(id(next)) {
                    open.push(next);
                }
            }
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "# @generated\nversion = 4\n
[[package]]
name = \"both\"
version = \"1.0.0\"
source = \"r\"

[[package]]
name = \"both\"
version = \"2.0.0\"
source = \"r\"

[[package]]
name = \"lab\"
version = \"0.1.0\"
dependencies = [
 \"both 1.0.0\",
 \"solution\",
]

[[package]]
name = \"only\"
version = \"1.0.0\"
source = \"r\"

[[package]]
name = \"solution\"
version = \"0.1.0\"
dependencies = [
 \"both 2.0.0\",
 \"only\",
]
";

    #[test]
    fn what_only_a_solution_needs_goes_with_it() {
        let kept = without(LOCK, &["solution".to_owned()]);
        assert_eq!(
            kept,
            "# @generated\nversion = 4\n\n[[package]]\nname = \"both\"\nversion = \"1.0.0\"\nsource = \"r\"\n\n\
             [[package]]\nname = \"lab\"\nversion = \"0.1.0\"\ndependencies = [\n \"both 1.0.0\",\n]\n"
        );
        assert_eq!(without(&kept, &[]), kept);
        assert_eq!(without(LOCK, &[]), LOCK);
    }
}
