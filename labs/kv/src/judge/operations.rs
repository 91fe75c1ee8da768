//! The service as its clients see it, for the operations that the harness judges.

use crate::contract::{GetError, PutError, PutRefused, Version, Versioned};
use crate::observation::{Answered, Asked, Told};
use lab_harness::history::name_of;
use lab_harness::ledger::{Answer, Call};
use lab_harness::operations::{self, Written};
use windtunnel::NodeId;
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};

/// Versioned key/value on one server.
#[derive(Debug)]
pub struct Service;

/// All operations of all clients.
pub type Operations = operations::Operations<Service>;

impl operations::Service for Service {
    type Model = Kv;
    type Asked = Asked;
    type Told = Told;
    type Answered = Answered;

    const MODEL: &'static Kv = &Kv;

    fn input(asked: &Asked) -> KvAsk {
        match asked {
            Asked::Get { key } => KvAsk::Get(key.as_str().into()),
            Asked::Put { key, value, version } => KvAsk::Put(key.as_str().into(), name_of(value).into(), version.0),
        }
    }

    fn output(told: &Told) -> Option<KvAnswer> {
        Some(match told {
            Told::Put(Err(PutError::Maybe)) => return None,
            Told::Got(Ok(Versioned { value, version })) => KvAnswer::Found(name_of(value).into(), version.0),
            Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => KvAnswer::NoKey,
            Told::Put(Ok(())) => KvAnswer::Done,
            Told::Put(Err(PutError::Version)) => KvAnswer::OtherVersion,
        })
    }

    fn answers(asked: &Asked, told: &Told) -> bool {
        matches!((asked, told), (Asked::Get { .. }, Told::Got(_)) | (Asked::Put { .. }, Told::Put(_)))
    }

    fn key(asked: &Asked) -> Option<&str> {
        Some(asked.key())
    }

    fn put(asked: &Asked) -> Option<(&str, u64)> {
        match asked {
            Asked::Put { key, version, .. } => Some((key, version.0)),
            Asked::Get { .. } => None,
        }
    }

    fn refusal(answered: &Answered) -> Option<(NodeId, &str, u64)> {
        let Answered { from, key, version, answer } = answered;
        (*answer == Err(PutRefused::Version)).then_some((*from, key, version.0))
    }

    fn written(told: &Told) -> Option<Written> {
        match told {
            Told::Put(Ok(())) => Some(Written::Done),
            Told::Put(Err(PutError::Maybe)) => Some(Written::Maybe),
            _ => None,
        }
    }

    fn words(asked: &Asked) -> String {
        match asked {
            Asked::Get { key } => format!("a get of {key:?}"),
            Asked::Put { key, version: Version(version), .. } => format!("a put of version {version} of {key:?}"),
        }
    }

    fn call(asked: &Asked) -> Option<Call<'_>> {
        Some(match asked {
            Asked::Get { key } => Call::Get { key },
            Asked::Put { key, value, version: Version(version) } => Call::Put { key, value, version: *version },
        })
    }

    fn answer(told: &Told) -> Option<Answer<'_>> {
        Some(match told {
            Told::Put(Err(PutError::Maybe)) => return None,
            Told::Got(Ok(Versioned { value, version })) => Answer::Found { value, version: version.0 },
            Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => Answer::NoKey,
            Told::Put(Ok(())) => Answer::Done,
            Told::Put(Err(PutError::Version)) => Answer::OtherVersion,
        })
    }
}

#[cfg(test)]
mod tests;
