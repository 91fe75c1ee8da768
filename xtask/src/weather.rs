//! The scenario that `--scenario` means: a file, or one of the lab's own by name.

use crate::error::LabError;
use crate::house::House;
use lab_harness::near::nearest_few;
use lab_harness::protocol::ScenarioText;
use lab_harness::scenario::Scenario;
use std::path::Path;

/// Reads and checks it, so that a wrong one is known before anything is built.
pub fn read(house: &House, lab: &str, wanted: &Path) -> Result<ScenarioText, LabError> {
    let directory = house.root.join("scenarios").join(lab);
    let own = directory.join(wanted).with_extension("toml");
    let file = house.here.join(wanted);
    let path = if file.is_file() {
        file
    } else if own.is_file() {
        own
    } else {
        return Err(unknown(&directory, wanted));
    };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| LabError::CannotRead { path: path.clone(), source })?;
    let name = wanted.display().to_string();
    Scenario::parse(&name, &text)?;
    Ok(ScenarioText { name, text })
}

fn unknown(directory: &Path, wanted: &Path) -> LabError {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let stems = entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = stems.collect();
    names.sort_unstable();
    let name = wanted.display().to_string();
    let stem = wanted.file_stem().and_then(|stem| stem.to_str()).unwrap_or(&name);
    let nearest = nearest_few(stem, names.iter().map(String::as_str), 3);
    LabError::UnknownScenario { name, directory: directory.to_path_buf(), nearest }
}
