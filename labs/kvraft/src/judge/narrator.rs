//! What a node showed, in a few words for its column.

use crate::contract::{GetError, NotServed, PutError, PutRefused};
use crate::observation::{
    ANSWERED, Answered, Asked, CALLED, COUNTED, Called, Count, Counted, RETURNED, Returned, SNAPSHOT, Taken, Told,
};

/// A few words, or nothing of what is none of this lab's.
pub fn tell(kind: &str, body: &[u8]) -> Option<String> {
    Some(match kind {
        CALLED => asked(&postcard::from_bytes::<Called>(body).ok()?.asked),
        RETURNED => told(&postcard::from_bytes::<Returned>(body).ok()?.told),
        ANSWERED => {
            let Answered { from, version, answer, .. } = postcard::from_bytes(body).ok()?;
            match answer {
                Ok(Ok(())) => format!("{from}: v{version} done"),
                Ok(Err(PutRefused::Version)) => format!("{from}: not v{version}"),
                Ok(Err(PutRefused::NoKey)) => format!("{from}: no key"),
                Err(NotServed::NotLeader { .. }) => return None,
                Err(NotServed::Lost) => format!("{from}: v{version} lost"),
            }
        }
        SNAPSHOT => format!("snapshot of {}", postcard::from_bytes::<Taken>(body).ok()?.index),
        COUNTED => format!("counts {}", postcard::from_bytes::<Counted>(body).ok()?.value),
        _ => return None,
    })
}

fn asked(asked: &Asked) -> String {
    match asked {
        Asked::Get { key } => format!("get {}", short(key)),
        Asked::Put { key, version, .. } => format!("put {} v{version}", short(key)),
        Asked::Append { key, .. } => format!("append {}", short(key)),
        Asked::Submit(Count::Increment) => "submit +1".to_owned(),
        Asked::Submit(Count::Nothing) => "submit nothing".to_owned(),
        Asked::Submit(Count::Spoil) => "submit spoil".to_owned(),
        Asked::Read => "read".to_owned(),
    }
}

fn told(told: &Told) -> String {
    match told {
        Told::Got(Ok(found)) => format!("got v{}", found.version),
        Told::Got(Err(GetError::NoKey)) => "got no key".to_owned(),
        Told::Put(Ok(())) => "put is done".to_owned(),
        Told::Put(Err(PutError::NoKey)) => "put finds no key".to_owned(),
        Told::Put(Err(PutError::Version)) => "put is refused".to_owned(),
        Told::Put(Err(PutError::Maybe)) => "put may be done".to_owned(),
        Told::Appended => "append is done".to_owned(),
        Told::Counter(Ok(value)) => format!("told {value}"),
        Told::Counter(Err(NotServed::NotLeader { .. })) => "told: no leader".to_owned(),
        Told::Counter(Err(NotServed::Lost)) => "told: lost".to_owned(),
    }
}

fn short(key: &str) -> String {
    key.chars().take(8).collect()
}
