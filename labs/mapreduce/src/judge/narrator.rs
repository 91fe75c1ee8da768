//! What a node showed, in a few words for its column.

use crate::contract::Status;
use crate::observation::{
    BEGUN, Begun, DELETED, DIED, DOOMED, Deleted, Died, FINISHED, GIVEN_UP, REFUSED, STATUS, STORED, Stored, UNCOMBINED,
};
use windtunnel::NodeId;

/// A few words, or nothing of what is none of the lab's.
pub fn tell(_node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
    Some(match kind {
        BEGUN => format!("begins {}", postcard::from_bytes::<Begun>(body).ok()?.task),
        FINISHED => "finishes it".to_owned(),
        GIVEN_UP => "gives it up".to_owned(),
        DIED => format!("dies of record {}", postcard::from_bytes::<Died>(body).ok()?.record),
        UNCOMBINED => "dies combining".to_owned(),
        DOOMED => "is killed by its app".to_owned(),
        STORED => {
            let Stored { name, by, .. } = postcard::from_bytes(body).ok()?;
            format!("{by}: {}", last(&name))
        }
        REFUSED => {
            let Stored { name, by, .. } = postcard::from_bytes(body).ok()?;
            format!("{by}: {} again", last(&name))
        }
        DELETED => {
            let Deleted { name, by } = postcard::from_bytes(body).ok()?;
            format!("{by} removes {}", last(&name))
        }
        STATUS => match postcard::from_bytes::<Status>(body).ok()? {
            Status::Idle => "has no job".to_owned(),
            Status::Running { job, .. } => format!("is at {job}"),
            Status::Done { job, .. } => format!("{job} is done"),
            Status::Failed { job, .. } => format!("{job} has failed"),
        },
        _ => return None,
    })
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
