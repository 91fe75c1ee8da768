//! The scenario files of the repository, and the schema that editors check them with.

use super::super::{Kind, Scenario, schema};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use windtunnel::Seed;

/// Those of all labs.
fn files() -> Vec<PathBuf> {
    let within = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let labs = within(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios"));
    let mut files: Vec<PathBuf> = labs.iter().flat_map(|lab| within(lab)).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_file_is_read_and_drawn() {
    let files = files();
    assert!(files.len() >= 24, "{files:?}");
    for file in files {
        let scenario = Scenario::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("about"), "{} does not begin with what it is about", file.display());
        let strikes = |seed| {
            let schedule = scenario.draw(Seed(seed));
            let named: BTreeSet<_> = schedule.event.into_iter().filter_map(|event| event.strike).collect();
            named.len() + schedule.fault.len()
        };
        let strikes: usize = (0..20).map(strikes).sum();
        assert!(strikes >= 20, "{}: {strikes} strikes in 20 runs", file.display());
    }
}

#[test]
fn everything_has_every_kind_of_fault() {
    let file = files().into_iter().find(|file| file.ends_with("raft/everything.toml")).unwrap();
    let scenario = Scenario::load(&file).unwrap();
    let kinds: BTreeSet<&str> = scenario.fault.iter().map(|family| family.kind.name()).collect();
    assert_eq!(kinds, Kind::NAMES.iter().copied().collect());
}

#[test]
fn the_schema_allows_every_file_and_describes_every_key() {
    let schema = schema();
    for file in files() {
        let value: serde_json::Value = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let known = schema["properties"].as_object().unwrap();
        for key in value.as_object().unwrap().keys() {
            assert!(known.contains_key(key), "{}: the schema has no `{key}`", file.display());
        }
    }
    for (key, property) in schema["properties"].as_object().unwrap() {
        let described = property["description"].is_string();
        assert!(described, "`{key}` has no description");
    }
    let bounds = |name: &str| (&schema["$defs"][name]["minimum"], &schema["$defs"][name]["maximum"]);
    assert_eq!(bounds("Clients"), (&0.into(), &1_000.into()));
    assert_eq!(bounds("CommandBytes"), (&0.into(), &1_048_576.into()));
    assert_eq!(bounds("Factor"), (&1.into(), &1_000.into()));
    let nodes = &schema["properties"]["nodes"];
    assert_eq!((&nodes["minimum"], &nodes["maximum"]), (&1.into(), &200.into()));
    let kinds: Vec<&str> = schema["$defs"]["Family"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, Kind::NAMES);
    // A wrong key is refused wherever it stands.
    assert_eq!(schema["additionalProperties"], false);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let open = definition["type"] == "object"
            && definition["additionalProperties"] != false
            && definition["unevaluatedProperties"] != false;
        assert!(!open, "{name} takes any key");
    }
}

#[test]
fn the_examples_of_the_documentation_are_read_and_its_tables_name_every_kind_and_key() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCENARIOS.md")).unwrap();
    let mut examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (scenario, events) = (examples.next().unwrap(), examples.next().unwrap());
    let read = |text: &str| Scenario::parse("SCENARIOS.md", text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read(scenario).fault.len(), 2);
    assert_eq!(read(&format!("about = \"x\"\nnodes = 5\nduration = \"15s\"\n{events}")).event.len(), 5);
    for name in Kind::NAMES.iter().chain(super::super::action::NAMES) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in the documentation");
    }
    for key in schema()["properties"].as_object().unwrap().keys() {
        let told = page.contains(&format!("`{key}`")) || page.contains(&format!("[{key}]"));
        assert!(told, "{key} is not in the documentation");
    }
}
