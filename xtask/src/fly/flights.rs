//! Where a flight leaves its files: where the user said, or below target/windtunnel/flights until nobody needs them.

use crate::error::LabError;
use crate::house::House;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use windtunnel::Seed;

/// The directory of one flight.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    /// Whether the user said where: then it stays whatever happens.
    chosen: bool,
}

impl Place {
    /// Makes it. One that the user did not choose is empty, unless another flight is still there: that one keeps all it has.
    pub fn of(house: &House, data: Option<&Path>, lab: &str, name: &str, seed: Seed) -> Result<Self, LabError> {
        let path = match data {
            Some(data) => house.here.join(data),
            None => house.output.join("flights").join(format!("{lab}-{}-{seed}", file_name(name))),
        };
        fs::create_dir_all(&path).map_err(|source| match data {
            Some(_) => LabError::CannotWrite { path: path.clone(), source },
            None => LabError::Target { path: path.clone(), source },
        })?;
        if data.is_none() {
            clear(&path).map_err(|error| match error {
                TryLockError::WouldBlock => LabError::InFlight(path.clone()),
                TryLockError::Error(source) => LabError::Target { path: path.clone(), source },
            })?;
        }
        Ok(Place { path, chosen: data.is_some() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// After a flight without a fault nothing is left, unless it was asked for. Says where what is left lies.
    pub fn keep_or_clear(&self, is_clean: bool) -> Option<PathBuf> {
        if is_clean && !self.chosen {
            // Another flight may have come meanwhile.
            if clear(&self.path).is_ok() {
                let _ = fs::remove_dir_all(&self.path);
            }
            return None;
        }
        Some(self.path.clone())
    }
}

/// What a flight holds while it flies, in its directory.
const LOCK: &str = "lock";

/// Removes what is in a directory that no flight uses. The lock stays: another file of its name would keep nobody away.
fn clear(directory: &Path) -> Result<(), TryLockError> {
    let open = File::options().create(true).truncate(false).write(true).open(directory.join(LOCK));
    let lock = open.map_err(TryLockError::Error)?;
    lock.try_lock()?;
    remove_all_but_the_lock(directory).map_err(TryLockError::Error)
}

fn remove_all_but_the_lock(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != LOCK {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A scenario's path as a part of a file's name.
fn file_name(name: &str) -> String {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or("flight");
    stem.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_name() {
        assert_eq!(file_name("../weather/one way.toml"), "one-way");
        assert_eq!(file_name("re_election"), "re_election");
    }
}
