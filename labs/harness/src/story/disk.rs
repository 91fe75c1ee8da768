//! What happens on a disk, in words.

use crate::protocol::RowKind;
use windtunnel::line::{DiskError, DiskRequest};
use windtunnel::world::disk::{LostOperation, PowerLossReport, UnsyncedOperation};

/// A disk that fails is weather; a file that is not there is an answer like others.
pub(super) fn error(error: DiskError) -> (RowKind, String) {
    match error {
        DiskError::Device => (RowKind::Fault, "disk error (EIO)".to_owned()),
        DiskError::StorageFull => (RowKind::Fault, "disk full".to_owned()),
        other => (RowKind::Disk, std::io::Error::from(other).to_string()),
    }
}

pub(super) fn request(request: &DiskRequest) -> String {
    match request {
        DiskRequest::Write { data, .. } => format!("writes {} bytes", data.len()),
        DiskRequest::WriteThrough { data, .. } => format!("writes {} bytes, fsync", data.len()),
        DiskRequest::Sync { .. } => "fsync begins".to_owned(),
        DiskRequest::SyncDirectory { .. } => "directory fsync".to_owned(),
        DiskRequest::Rename { to, .. } | DiskRequest::Replace { to, .. } => format!("renames to {to}"),
        DiskRequest::Open { path, .. } => format!("opens {path}"),
        DiskRequest::Read { .. } => "reads".to_owned(),
        DiskRequest::SetLength { length, .. } => format!("cuts file to {length}"),
        DiskRequest::RemoveFile { path } => format!("removes {path}"),
        _ => "disk operation".to_owned(),
    }
}

/// What a power loss took, in short: how much, and the last of it.
pub(super) fn power_loss(report: &PowerLossReport) -> String {
    let Some((last, _)) = report.lost_operations.split_last() else {
        return "power loss, nothing lost".to_owned();
    };
    let (kind, path) = told(last);
    match report.lost_operations.len() {
        1 => format!("power loss: {kind} of {path} lost"),
        count => {
            let is_same = report.lost_operations.iter().all(|lost| told(lost).0 == kind);
            let what = if is_same { kind } else { "change" };
            format!("power loss: {count} {what}s lost, last {kind} of {path}")
        }
    }
}

fn told(lost: &LostOperation) -> (&'static str, &str) {
    match &lost.operation {
        UnsyncedOperation::Write { path, .. } => ("write", path),
        UnsyncedOperation::SetLength { path, .. } => ("length", path),
        UnsyncedOperation::Create { path } | UnsyncedOperation::CreateDirectory { path } => ("creation", path),
        UnsyncedOperation::Rename { to, .. } => ("rename", to),
        UnsyncedOperation::Remove { path } => ("removal", path),
        UnsyncedOperation::Sync { path } => ("fsync", path),
    }
}
