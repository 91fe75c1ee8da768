//! The mutants there are: `solutions/LAB/mutants/*.patch`, in the order of their names.

use super::patch::{Mutant, PatchError};
use crate::error::LabError;
use crate::house::Submission;
use lab_harness::near::nearest_few;
use std::path::Path;

/// A patch file, which may be none.
#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub mutant: Result<Mutant, PatchError>,
}

/// Those whose name is, or contains, one of `names`; all of them without any.
pub fn read(solution: &Submission, names: &[String]) -> Result<Vec<Entry>, LabError> {
    let directory = solution.directory.join("mutants");
    let bank = all(&directory)?;
    if bank.is_empty() {
        return Err(LabError::NoMutants { lab: solution.lab.clone(), directory });
    }
    let known: Vec<String> = bank.iter().map(|entry| entry.name.clone()).collect();
    let mut meant = vec![names.is_empty(); bank.len()];
    for name in names {
        let name = name.strip_suffix(".patch").unwrap_or(name);
        let exact = known.iter().any(|known| known == name);
        let hits: Vec<bool> =
            known.iter().map(|known| if exact { known == name } else { known.contains(name) }).collect();
        if !hits.contains(&true) {
            let nearest = nearest_few(name, known.iter().map(String::as_str), 3);
            return Err(LabError::UnknownMutant { lab: solution.lab.clone(), name: name.to_owned(), nearest });
        }
        meant.iter_mut().zip(hits).for_each(|(meant, hit)| *meant |= hit);
    }
    Ok(bank.into_iter().zip(meant).filter(|(_, meant)| *meant).map(|(entry, _)| entry).collect())
}

fn all(directory: &Path) -> Result<Vec<Entry>, LabError> {
    let Ok(files) = std::fs::read_dir(directory) else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort_unstable();
    let entry = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).map_err(|source| LabError::CannotRead { path, source })?;
        Ok(Entry { mutant: Mutant::parse(&name, &text), name })
    };
    paths.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_of_every_solution_applies() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
        let solutions = std::fs::read_dir(root.join("solutions")).into_iter().flatten();
        let mut broken = Vec::new();
        for solution in solutions.flatten().map(|solution| solution.path()) {
            for Entry { name, mutant } in all(&solution.join("mutants")).unwrap() {
                if let Err(error) = mutant.and_then(|mutant| mutant.apply(&solution)) {
                    broken.push(format!("{name}: {error}"));
                }
            }
        }
        assert_eq!(broken, [""; 0]);
    }
}
