//! What a node showed, in a few words for its column.

use crate::contract::{GetError, PutError, PutRefused};
use crate::observation::{
    ACQUIRED, ANSWERED, Acquired, Answered, Asked, CALLED, Called, Holding, LAPSED, RELEASED, RETURNED, Returned,
    SHOWN, Shown, Told,
};
use windtunnel::NodeId;

/// A few words, or nothing of what is none of the lab's.
pub fn tell(_node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
    Some(match kind {
        CALLED => match postcard::from_bytes::<Called>(body).ok()?.asked {
            Asked::Get { key } => format!("get {}", short(&key)),
            Asked::Put { key, version, .. } => format!("put {} v{version}", short(&key)),
        },
        RETURNED => match postcard::from_bytes::<Returned>(body).ok()?.told {
            Told::Got(Ok(found)) => format!("got v{}", found.version),
            Told::Got(Err(GetError::NoKey)) => "got no key".to_owned(),
            Told::Put(Ok(())) => "put is done".to_owned(),
            Told::Put(Err(PutError::NoKey)) => "put finds no key".to_owned(),
            Told::Put(Err(PutError::Version)) => "put is refused".to_owned(),
            Told::Put(Err(PutError::Maybe)) => "put may be done".to_owned(),
        },
        ANSWERED => {
            let Answered { from, version, answer, .. } = postcard::from_bytes(body).ok()?;
            match answer {
                Ok(()) => format!("{from}: v{version} done"),
                Err(PutRefused::Version) => format!("{from}: not v{version}"),
                Err(PutRefused::NoKey) => format!("{from}: no key"),
            }
        }
        ACQUIRED => format!("holds it as {}", postcard::from_bytes::<Acquired>(body).ok()?.holding.token),
        LAPSED => format!("lease {} is over", postcard::from_bytes::<Holding>(body).ok()?.token),
        RELEASED => format!("releases {}", postcard::from_bytes::<Holding>(body).ok()?.token),
        SHOWN => {
            let Shown { holding, accepted, .. } = postcard::from_bytes(body).ok()?;
            let what = if accepted { "opens vault" } else { "turned away" };
            format!("{what} as {}", holding.token)
        }
        _ => return None,
    })
}

fn short(key: &str) -> String {
    key.chars().take(8).collect()
}
