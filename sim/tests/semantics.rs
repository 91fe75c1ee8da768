//! Every test that SEMANTICS.md names is there.

use std::fs;
use std::path::Path;

/// The names of functions in all sources below.
fn functions(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory of this crate").flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).expect("sources are text"));
        }
    }
}

/// What stands between backticks in the last column of each row, and is a name of more than one word.
fn named(table: &str) -> Vec<&str> {
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let last = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    let quoted = last.flat_map(|column| column.split('`').skip(1).step_by(2));
    quoted.filter(|name| name.matches('_').count() > 1 && !name.contains('/')).collect()
}

#[test]
fn every_test_that_a_row_names_is_there() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(here.join("SEMANTICS.md")).expect("the table");
    let mut sources = String::new();
    functions(&here.join("src"), &mut sources);
    functions(&here.join("tests"), &mut sources);
    let names = named(&table);
    assert!(names.len() > 60, "{names:?}");
    let is_there = |name: &str| match name.strip_suffix('*') {
        Some(beginning) => sources.contains(&format!("fn {beginning}")),
        None => sources.contains(&format!("fn {name}(")),
    };
    let missing: Vec<&str> = names.into_iter().filter(|name| !is_there(name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "name the test that shows the row, or mend its name in SEMANTICS.md");
}
