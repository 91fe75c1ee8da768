//! Paths: relative to the node's root, and never out of it.

use crate::line::DiskError;

/// As POSIX's NAME_MAX.
const LONGEST_NAME: usize = 255;

/// The parts of a path; none for the root itself, written `.`. Empty parts and `.` are dropped. An empty
/// path, an absolute one, `..`, a NUL byte and a name of more than 255 bytes are refused.
pub(crate) fn parts(path: &str) -> Result<Vec<&str>, DiskError> {
    if path.is_empty() || path.starts_with('/') || path.contains('\0') {
        return Err(DiskError::InvalidInput);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.iter().any(|part| *part == ".." || part.len() > LONGEST_NAME) {
        return Err(DiskError::InvalidInput);
    }
    Ok(parts)
}
