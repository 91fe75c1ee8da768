//! The service as its clients see it, for the operations that the harness judges.

use super::model::{self, Ask, Model, Text};
use crate::contract::{GetError, NotServed, PutError, Version, Versioned};
use crate::observation::{Answered, Asked, Count, Told};
use lab_harness::ledger::{Answer, Call};
use lab_harness::operations::{self, Written};
use windtunnel::NodeId;

/// Key/value on Raft, and the counter of part rsm.
#[derive(Debug)]
pub struct Service;

/// All operations of all clients.
pub type Operations = operations::Operations<Service>;

impl operations::Service for Service {
    type Model = Model;
    type Asked = Asked;
    type Told = Told;
    type Answered = Answered;

    const MODEL: &'static Model = &Model;

    fn input(asked: &Asked) -> Ask {
        match asked {
            Asked::Get { key } => Ask::Get(key.as_str().into()),
            Asked::Put { key, value, version } => Ask::Put(key.as_str().into(), Text::new(value), version.0),
            Asked::Append { key, value } => Ask::Append(key.as_str().into(), Text::new(value)),
            Asked::Submit(Count::Increment) => Ask::Increment,
            Asked::Submit(Count::Nothing | Count::Spoil) | Asked::Read => Ask::Count,
        }
    }

    fn output(told: &Told) -> Option<model::Answer> {
        use model::Answer;
        Some(match told {
            Told::Put(Err(PutError::Maybe)) | Told::Counter(Err(NotServed::Lost)) => return None,
            Told::Got(Ok(Versioned { value, version })) => Answer::Found(Text::new(value), version.0),
            Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => Answer::NoKey,
            Told::Put(Ok(())) | Told::Appended => Answer::Done,
            Told::Put(Err(PutError::Version)) => Answer::OtherVersion,
            Told::Counter(Ok(value)) => Answer::Counter(*value),
            Told::Counter(Err(NotServed::NotLeader { .. })) => Answer::NotBegun,
        })
    }

    fn answers(asked: &Asked, told: &Told) -> bool {
        matches!(
            (asked, told),
            (Asked::Get { .. }, Told::Got(_))
                | (Asked::Put { .. }, Told::Put(_))
                | (Asked::Append { .. }, Told::Appended)
                | (Asked::Submit(_) | Asked::Read, Told::Counter(_))
        )
    }

    fn key(asked: &Asked) -> Option<&str> {
        match asked {
            Asked::Get { key } | Asked::Put { key, .. } | Asked::Append { key, .. } => Some(key),
            Asked::Submit(_) | Asked::Read => None,
        }
    }

    fn put(asked: &Asked) -> Option<(&str, u64)> {
        match asked {
            Asked::Put { key, version, .. } => Some((key, version.0)),
            _ => None,
        }
    }

    fn refusal(answered: &Answered) -> Option<(NodeId, &str, u64)> {
        let Answered { from, key, version, answer } = answered;
        matches!(answer, Ok(Err(_))).then_some((*from, key, version.0))
    }

    fn written(told: &Told) -> Option<Written> {
        match told {
            Told::Put(Ok(())) | Told::Appended => Some(Written::Done),
            Told::Put(Err(PutError::Maybe)) => Some(Written::Maybe),
            _ => None,
        }
    }

    fn words(asked: &Asked) -> String {
        match asked {
            Asked::Get { key } => format!("a get of {key:?}"),
            Asked::Put { key, version: Version(version), .. } => format!("a put of version {version} of {key:?}"),
            Asked::Append { key, .. } => format!("an append to {key:?}"),
            Asked::Submit(_) => "a submit".to_owned(),
            Asked::Read => "a read".to_owned(),
        }
    }

    fn call(asked: &Asked) -> Option<Call<'_>> {
        match asked {
            Asked::Get { key } => Some(Call::Get { key }),
            Asked::Put { key, value, version: Version(version) } => Some(Call::Put { key, value, version: *version }),
            Asked::Append { key, value } => Some(Call::Append { key, value }),
            Asked::Submit(_) | Asked::Read => None,
        }
    }

    fn answer(told: &Told) -> Option<Answer<'_>> {
        Some(match told {
            Told::Put(Err(PutError::Maybe)) | Told::Counter(_) => return None,
            Told::Got(Ok(Versioned { value, version })) => Answer::Found { value, version: version.0 },
            Told::Got(Err(GetError::NoKey)) | Told::Put(Err(PutError::NoKey)) => Answer::NoKey,
            Told::Put(Ok(())) | Told::Appended => Answer::Done,
            Told::Put(Err(PutError::Version)) => Answer::OtherVersion,
        })
    }
}

#[cfg(test)]
mod tests;
