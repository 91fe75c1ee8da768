//! Parts of an output as files.

use super::Ended;
use crate::contract::part_name;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The files of all parts.
#[derive(Debug)]
pub struct Parts {
    directory: PathBuf,
    /// How many of those that were written are empty.
    pub empty: u32,
    /// How long they are together.
    pub bytes: u64,
}

/// A part that is being written.
#[derive(Debug)]
pub struct PartFile {
    name: String,
    file: File,
    length: u64,
}

impl Parts {
    pub fn new(directory: &Path) -> Self {
        Parts { directory: directory.to_path_buf(), empty: 0, bytes: 0 }
    }

    /// Begins a part.
    pub fn create(&self, part: u32) -> Result<PartFile, Ended> {
        // In the store parts are `out/part-00000`, here `part-00000`.
        let name = part_name("", part).trim_start_matches('/').to_owned();
        let file = File::create_new(self.directory.join(&name)).map_err(|error| unwritable(&name, &error))?;
        Ok(PartFile { name, file, length: 0 })
    }

    /// A part is whole.
    pub fn finish(&mut self, part: PartFile) {
        self.empty += u32::from(part.length == 0);
        self.bytes += part.length;
    }
}

impl PartFile {
    /// More bytes.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| unwritable(&self.name, &error))
    }
}

fn unwritable(name: &str, error: &io::Error) -> Ended {
    let fix = "make room there, or choose another --output";
    Ended::failed("output", format!("{name} of the output cannot be written: {error}; {fix}."))
}
