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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Version, Versioned};
    use lab_raft::{Digest, LogIndex};
    use serde::Serialize;
    use windtunnel::NodeId;

    fn words<T: Serialize>(kind: &str, what: &T) -> Option<String> {
        tell(kind, &postcard::to_stdvec(what).expect("observations are plain data"))
    }

    #[test]
    fn each_thing_that_is_asked_has_its_words() {
        let key = || "a long key".to_owned();
        let value = || "value".to_owned();
        let asked = [
            (Asked::Get { key: key() }, "get a long k"),
            (Asked::Put { key: key(), value: value(), version: Version(2) }, "put a long k v2"),
            (Asked::Append { key: key(), value: value() }, "append a long k"),
            (Asked::Submit(Count::Increment), "submit +1"),
            (Asked::Submit(Count::Nothing), "submit nothing"),
            (Asked::Submit(Count::Spoil), "submit spoil"),
            (Asked::Read, "read"),
        ];
        for (asked, expected) in asked {
            assert_eq!(words(CALLED, &Called { call: 1, asked }).as_deref(), Some(expected));
        }
    }

    #[test]
    fn each_answer_has_its_words() {
        let found = Versioned { value: "value".to_owned(), version: Version(3) };
        let told = [
            (Told::Got(Ok(found)), "got v3"),
            (Told::Got(Err(GetError::NoKey)), "got no key"),
            (Told::Put(Ok(())), "put is done"),
            (Told::Put(Err(PutError::NoKey)), "put finds no key"),
            (Told::Put(Err(PutError::Version)), "put is refused"),
            (Told::Put(Err(PutError::Maybe)), "put may be done"),
            (Told::Appended, "append is done"),
            (Told::Counter(Ok(4)), "told 4"),
            (Told::Counter(Err(NotServed::NotLeader { hint: None })), "told: no leader"),
            (Told::Counter(Err(NotServed::Lost)), "told: lost"),
        ];
        for (told, expected) in told {
            assert_eq!(words(RETURNED, &Returned { call: 1, told }).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_server_tells_how_it_answers_puts_but_not_that_it_does_not_lead() {
        let answers = [
            (Ok(Ok(())), Some("node 4: v2 done")),
            (Ok(Err(PutRefused::Version)), Some("node 4: not v2")),
            (Ok(Err(PutRefused::NoKey)), Some("node 4: no key")),
            (Err(NotServed::Lost), Some("node 4: v2 lost")),
            (Err(NotServed::NotLeader { hint: None }), None),
        ];
        for (answer, expected) in answers {
            let answered = Answered { from: NodeId(4), key: "k".to_owned(), version: Version(2), answer };
            assert_eq!(words(ANSWERED, &answered).as_deref(), expected);
        }
    }

    #[test]
    fn replicas_and_snapshots_are_told_and_nothing_of_what_is_anothers() {
        let taken = Taken { index: LogIndex(9), bytes: 1, digest: Digest(1) };
        assert_eq!(words(SNAPSHOT, &taken).as_deref(), Some("snapshot of 9"));
        assert_eq!(words(COUNTED, &Counted { value: 5, spoilt: false }).as_deref(), Some("counts 5"));
        assert_eq!(words("raft.view", &1), None);
        assert_eq!(tell(CALLED, &[0xFF; 3]), None, "what does not decode");
    }
}
