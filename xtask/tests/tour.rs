//! That docs/TOUR.md and README.md name what exists: files, and the items beside them.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A span of code that names a place: `dir/file.rs: fn item`, `dir/file.rs` or `dir/`.
#[derive(Debug, PartialEq)]
struct Place {
    path: String,
    item: Option<String>,
}

/// The places named in a page of Markdown, code blocks left out.
fn places(page: &str) -> Vec<Place> {
    // Every second piece stands between backticks once the fenced blocks are gone.
    let prose: String = page.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).filter_map(place).collect()
}

fn place(span: &str) -> Option<Place> {
    let span = span.split_whitespace().collect::<Vec<_>>().join(" ");
    let (path, item) = match span.split_once(": ") {
        Some((path, item)) => (path, Some(item.to_owned())),
        None => (span.as_str(), None),
    };
    let tame = path.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    // What stands in capitals or under target is made later: solutions/NAME, target/…
    let made_later = path.contains("NAME") || path.starts_with("target/") || path.starts_with("submissions/");
    (tame && path.contains('/') && !made_later).then(|| Place { path: path.to_owned(), item })
}

/// Whether `source` defines the item: `fn route`, `struct Front`, `macro_rules! storm`, or a variant, `Item::Arrival`.
fn defines(source: &str, item: &str) -> bool {
    match item.split_once("::") {
        Some((owner, variant)) => variants(source, owner).any(|line| begins_with(line, variant)),
        None => source.lines().any(|line| begins_with(without_qualifiers(line), item)),
    }
}

/// The lines of an enum, up to its closing brace.
fn variants<'a>(source: &'a str, owner: &str) -> impl Iterator<Item = &'a str> {
    let head = format!("enum {owner}");
    let body = source.lines().skip_while(move |line| !begins_with(without_qualifiers(line), &head)).skip(1);
    body.take_while(|line| !line.starts_with('}')).map(str::trim_start)
}

/// The line from its `fn`, `struct` or whatever it defines on.
fn without_qualifiers(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once(' ')
        && (word.starts_with("pub") || word == "async" || (word == "const" && after.starts_with("fn ")))
    {
        rest = after;
    }
    rest
}

/// Whether it is that word, and not the beginning of a longer one.
fn begins_with(line: &str, word: &str) -> bool {
    line.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn complaints(page: &str) -> Vec<String> {
    let complaint = |place: Place| {
        let path = root().join(&place.path);
        let item = match place.item {
            None => return (!path.exists()).then(|| format!("{} does not exist", place.path)),
            Some(item) => item,
        };
        match fs::read_to_string(path) {
            Err(error) => Some(format!("{}: {error}", place.path)),
            Ok(source) => (!defines(&source, &item)).then(|| format!("{} defines no `{item}`", place.path)),
        }
    };
    places(page).into_iter().filter_map(complaint).collect()
}

/// Targets of relative links, `](docs/TOUR.md)`, that are not there.
fn broken_links(page: &str) -> Vec<String> {
    let path = root().join(page);
    let text = read(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let file = |target: &str| target.split('#').next().unwrap_or_default().to_owned();
    files.map(file).filter(|target| !path.with_file_name(target).exists()).collect()
}

#[test]
fn the_tour_names_what_exists() {
    let tour = read("docs/TOUR.md");
    let whole = root().join("solutions").is_dir();
    let items = places(&tour).iter().filter(|place| place.item.is_some()).count();
    assert!(items >= 90 || !whole, "the tour names {items} items: it shows less than it did");
    assert_eq!(complaints(&tour), [""; 0]);
}

#[test]
fn the_map_in_the_readme_names_what_exists() {
    let readme = read("README.md");
    assert!(places(&readme).len() >= 10, "the map of the repository is not found");
    assert_eq!(complaints(&readme), [""; 0]);
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in [
        "README.md",
        "docs/TOUR.md",
        "docs/EVENTS.md",
        "docs/EXIT-CODES.md",
        "docs/FLIGHT.md",
        "docs/SCENARIOS.md",
        "docs/MIT.md",
        "contrib/README.md",
        "labs/raft/README.md",
        "labs/kv/README.md",
        "labs/kvraft/README.md",
    ] {
        assert_eq!(broken_links(page), [""; 0], "in {page}");
    }
}

/// The example is compiled and run as a doctest of the crate, so the README may only quote it.
#[test]
fn the_example_in_the_readme_is_the_one_of_the_crate() {
    let readme = read("README.md");
    let (_, example) = readme.split_once("```rust\n").expect("the README shows an example");
    let (example, _) = example.split_once("```").expect("which ends");
    assert!(read("sim/src/lib.rs").contains(example), "sim/src/lib.rs has another example than the README");
}

#[test]
fn a_missing_item_and_a_missing_file_are_told() {
    let told =
        complaints("see `xtask/src/seeds.rs: fn from_optio` and `sim/src/nowhere.rs: fn call`, `docs/` and `fn main`");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("xtask/src/seeds.rs defines no") && told[1].starts_with("sim/src/nowhere.rs"));
}

#[test]
fn an_item_is_its_definition_and_not_its_use() {
    let source = "//! fn told\n/// Item::Gone\npub(super) enum Item {\n    /// Doc.\n    Arrival {\n        to: u8,\n    },\n    Timer(u8),\n}\n\
                  impl X {\n    pub const fn route(&self) {\n        called(Item::Gone);\n    }\n}\nmacro_rules! storm {\n";
    for item in ["enum Item", "Item::Arrival", "Item::Timer", "fn route", "macro_rules! storm"] {
        assert!(defines(source, item), "{item}");
    }
    for item in ["fn told", "Item::Gone", "fn called", "fn rout", "Item::Arriv", "struct Item"] {
        assert!(!defines(source, item), "{item}");
    }
}
