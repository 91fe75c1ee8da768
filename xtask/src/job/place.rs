//! Where the output of a job comes: a directory that is there as a whole or not at all.
//!
//! Parts are written into a directory beside it, a draft, which takes its place when they are whole and on the disk. Until then
//! what was there before is there; and whatever ends the job, the draft is removed.

use crate::error::LabError;
use crate::seeds::random_name;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where an output is to come.
#[derive(Debug)]
pub struct Place {
    output: PathBuf,
    beside: PathBuf,
    name: OsString,
    overwrite: bool,
}

/// An output that is not in its place yet; gone when dropped.
#[derive(Debug)]
pub struct Draft<'a> {
    place: &'a Place,
    path: PathBuf,
}

impl Place {
    /// Looks whether an output may come there; touches nothing.
    pub fn find(here: &Path, output: &Path, overwrite: bool) -> Result<Self, LabError> {
        let whole = here.join(output);
        let (Some(beside), Some(name)) = (whole.parent(), output.file_name()) else {
            return Err(LabError::NoOutputName(output.to_path_buf()));
        };
        if !beside.is_dir() {
            return Err(LabError::NoOutputDirectory { output: output.to_path_buf(), directory: beside.to_path_buf() });
        }
        let (beside, name) = (beside.to_path_buf(), name.to_owned());
        let place = Place { output: whole, beside, name, overwrite };
        place.check()?;
        Ok(place)
    }

    pub fn output(&self) -> &Path {
        &self.output
    }

    /// What is there already is the output of a job, and to be overwritten; or nothing is.
    fn check(&self) -> Result<(), LabError> {
        let Ok(metadata) = self.output.symlink_metadata() else { return Ok(()) };
        if !self.overwrite {
            return Err(LabError::OutputExists(self.output.clone()));
        }
        let keep = |what: String| Err(LabError::NotAnOutput { output: self.output.clone(), what });
        if !metadata.is_dir() {
            return keep("it is no directory".to_owned());
        }
        let foreign = || -> io::Result<Option<OsString>> {
            for entry in fs::read_dir(&self.output)? {
                let entry = entry?;
                if !is_part(&entry)? {
                    return Ok(Some(entry.file_name()));
                }
            }
            Ok(None)
        };
        match foreign().map_err(|source| self.cannot_write(source))? {
            Some(other) => keep(format!("it has {} in it", other.display())),
            None => Ok(()),
        }
    }

    /// Makes the draft.
    pub fn begin(&self) -> Result<Draft<'_>, LabError> {
        let path = self.aside("draft");
        fs::create_dir(&path).map_err(|source| self.cannot_write(source))?;
        Ok(Draft { place: self, path })
    }

    /// A name that nobody else uses, in the same directory.
    fn aside(&self, what: &str) -> PathBuf {
        self.beside.join(format!(".{}.{what}-{}", self.name.display(), random_name()))
    }

    fn cannot_write(&self, source: io::Error) -> LabError {
        LabError::CannotWrite { path: self.output.clone(), source }
    }

    /// Puts a directory into its place, and what was there into the place of that.
    fn put(&self, draft: &Path) -> io::Result<()> {
        let flags = if self.output.symlink_metadata().is_ok() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        match renameat_with(CWD, draft, CWD, &self.output, flags) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.put_in_steps(draft),
            other => Ok(other?),
        }
    }

    /// The same on a file system that cannot exchange names: for a moment there is nothing.
    fn put_in_steps(&self, draft: &Path) -> io::Result<()> {
        if self.output.symlink_metadata().is_err() {
            return fs::rename(draft, &self.output);
        }
        let old = self.aside("old");
        fs::rename(&self.output, &old)?;
        if let Err(error) = fs::rename(draft, &self.output) {
            let _ = fs::rename(&old, &self.output); // it was there a moment ago
            return Err(error);
        }
        fs::rename(&old, draft)
    }
}

impl Draft<'_> {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All parts are there: they are put onto the disk, and then into their place.
    pub fn commit(self) -> Result<(), LabError> {
        let written = || -> io::Result<()> {
            for entry in fs::read_dir(&self.path)? {
                File::open(entry?.path())?.sync_all()?;
            }
            File::open(&self.path)?.sync_all()
        };
        written().map_err(|source| self.place.cannot_write(source))?;
        self.place.check()?;
        let put = self.place.put(&self.path).and_then(|()| File::open(&self.place.beside)?.sync_all());
        put.map_err(|source| self.place.cannot_write(source))
    }
}

impl Drop for Draft<'_> {
    /// Removes what lies there now: half an output, or the old one. What came into that meanwhile stays.
    fn drop(&mut self) {
        let _ = remove_parts(&self.path);
    }
}

fn remove_parts(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if is_part(&entry)? {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir(directory)
}

/// A plain file that is called `part-00007`.
fn is_part(entry: &fs::DirEntry) -> io::Result<bool> {
    let name = entry.file_name();
    let digits = name.to_str().and_then(|name| name.strip_prefix("part-"));
    let is_called_so =
        digits.is_some_and(|digits| digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(is_called_so && entry.file_type()?.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own, gone when dropped.
    struct Ground(PathBuf);

    impl Ground {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("windtunnel-place-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("out")).unwrap();
            fs::write(path.join("out/part-00000"), "old").unwrap();
            Ground(path)
        }

        fn content(&self) -> String {
            fs::read_to_string(self.0.join("out/part-00000")).unwrap()
        }

        fn names(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Ground {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_there_stays_until_the_new_one_is_whole_and_nothing_else_is_left() {
        let ground = Ground::new("whole");
        let place = Place::find(&ground.0, Path::new("out"), true).unwrap();
        let draft = place.begin().unwrap();
        fs::write(draft.path().join("part-00000"), "new").unwrap();
        assert_eq!((ground.content().as_str(), ground.names()), ("old", 2));
        draft.commit().unwrap();
        assert_eq!((ground.content().as_str(), ground.names()), ("new", 1));
        drop(place.begin().unwrap());
        assert_eq!((ground.content().as_str(), ground.names()), ("new", 1));
    }

    #[test]
    fn without_an_exchange_of_names_it_comes_to_the_same() {
        let ground = Ground::new("steps");
        let place = Place::find(&ground.0, Path::new("out"), true).unwrap();
        let draft = place.begin().unwrap();
        fs::write(draft.path().join("part-00000"), "new").unwrap();
        place.put_in_steps(draft.path()).unwrap();
        drop(draft);
        assert_eq!((ground.content().as_str(), ground.names()), ("new", 1));
    }

    #[test]
    fn what_is_no_output_of_a_job_is_never_overwritten() {
        let ground = Ground::new("other");
        let place = Place::find(&ground.0, Path::new("out"), true).unwrap();
        let draft = place.begin().unwrap();
        // Somebody puts something there while the job is done.
        fs::write(ground.0.join("out/thesis.tex"), "a year's work").unwrap();
        assert!(matches!(draft.commit(), Err(LabError::NotAnOutput { .. })));
        assert!(ground.0.join("out/thesis.tex").is_file());
        for wrong in ["out", "out/part-00000"] {
            assert!(
                matches!(Place::find(&ground.0, Path::new(wrong), true), Err(LabError::NotAnOutput { .. })),
                "{wrong}"
            );
        }
        assert!(matches!(Place::find(&ground.0, Path::new("out"), false), Err(LabError::OutputExists(_))));
        for wrong in [".", "out/..", "/"] {
            assert!(
                matches!(Place::find(&ground.0, Path::new(wrong), true), Err(LabError::NoOutputName(_))),
                "{wrong}"
            );
        }
        assert!(matches!(Place::find(&ground.0, Path::new("a/b"), true), Err(LabError::NoOutputDirectory { .. })));
    }
}
