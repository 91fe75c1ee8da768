//! Whom a fault strikes: as a scenario says it, and as a schedule says it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use windtunnel::NodeId;

/// `where` in a scenario: whom each strike of a family hits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// A node drawn for each strike.
    #[default]
    Any,
    /// Who leads at the moment of the strike.
    Leader,
    /// One of those who do not lead at the moment of the strike.
    Follower,
    /// A drawn set of fewer than half of the nodes, all at once.
    Minority,
    /// A drawn set of more than half of the nodes, all at once.
    Majority,
    /// A node drawn for each strike from those whose disks are unsound in this run: fewer than half of all, drawn once
    /// a run.
    Unsound,
    /// A node of clients drawn for each strike.
    Client,
    /// These nodes, all at once.
    Nodes(Vec<NodeId>),
}

/// One node in a schedule; a role is resolved when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This node.
    Node(NodeId),
    /// Who leads then.
    Leader,
    /// One of those who do not lead then, by the event's `pick`.
    Follower,
}

/// One end of links in a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    /// These nodes.
    Nodes(Vec<NodeId>),
    /// Who leads then.
    Leader,
    /// One of those who do not lead then, by the event's `pick`.
    Follower,
    /// One node that is not the other end, by the event's `pick`.
    Other,
    /// All nodes that are not the other end.
    Others,
    /// All nodes.
    All,
}

impl From<Place> for Places {
    fn from(place: Place) -> Places {
        match place {
            Place::Node(node) => Places::Nodes(vec![node]),
            Place::Leader => Places::Leader,
            Place::Follower => Places::Follower,
        }
    }
}

/// What may stand for nodes in a file, before it is known which of it is allowed there.
enum Named {
    Word(&'static str),
    Nodes(Vec<NodeId>),
}

struct NamedVisitor {
    words: &'static [&'static str],
    expects: &'static str,
}

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expects)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Named, E> {
        let word = self.words.iter().find(|word| **word == text);
        word.map(|word| Named::Word(word)).ok_or_else(|| E::unknown_variant(text, self.words))
    }

    fn visit_u64<E: de::Error>(self, node: u64) -> Result<Named, E> {
        let node = u32::try_from(node).map_err(|_| E::custom(format_args!("there is no node {node}")))?;
        Ok(Named::Nodes(vec![NodeId(node)]))
    }

    fn visit_i64<E: de::Error>(self, node: i64) -> Result<Named, E> {
        let node = u64::try_from(node).map_err(|_| E::custom(format_args!("there is no node {node}")))?;
        self.visit_u64(node)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Named, A::Error> {
        let mut nodes: Vec<NodeId> = Vec::new();
        while let Some(node) = list.next_element()? {
            if nodes.contains(&node) {
                return Err(de::Error::custom(format_args!("node {} is named twice", node.0)));
            }
            nodes.push(node);
        }
        if nodes.is_empty() {
            return Err(de::Error::custom("the list names no node"));
        }
        Ok(Named::Nodes(nodes))
    }
}

/// serde and schema of a choice of words, a node or (if `$many`) a list of nodes.
macro_rules! written_as_place {
    ($type:ident, $expects:literal, $nodes:ident => $from_nodes:expr, $many:literal, { $($word:literal = $variant:ident),* }) => {
        impl $type {
            const WORDS: &'static [&'static str] = &[$($word),*];

            fn from_nodes($nodes: Vec<NodeId>) -> Result<Self, &'static str> {
                $from_nodes
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = NamedVisitor { words: Self::WORDS, expects: $expects };
                match deserializer.deserialize_any(visitor)? {
                    $(Named::Word($word) => Ok($type::$variant),)*
                    Named::Word(word) => Err(de::Error::unknown_variant(word, Self::WORDS)),
                    Named::Nodes(nodes) => Self::from_nodes(nodes).map_err(de::Error::custom),
                }
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let node = json_schema!({ "type": "integer", "minimum": 1 });
                let words = json_schema!({ "enum": [$($word),*] });
                if $many {
                    json_schema!({ "anyOf": [words, node, { "type": "array", "items": node, "minItems": 1 }] })
                } else {
                    json_schema!({ "anyOf": [words, node] })
                }
            }
        }
    };
}

written_as_place!(Target, "\"any\", \"leader\", \"follower\", \"minority\", \"majority\", \"unsound\", \"client\", a node or a list of nodes",
    nodes => Ok(Target::Nodes(nodes)), true,
    { "any" = Any, "leader" = Leader, "follower" = Follower, "minority" = Minority, "majority" = Majority,
      "unsound" = Unsound, "client" = Client });
written_as_place!(Place, "\"leader\", \"follower\" or a node",
    nodes => match nodes[..] {
        [node] => Ok(Place::Node(node)),
        _ => Err("this action takes one node: write an event for each"),
    }, false, { "leader" = Leader, "follower" = Follower });
written_as_place!(Places, "\"leader\", \"follower\", \"other\", \"others\", \"all\", a node or a list of nodes",
    nodes => Ok(Places::Nodes(nodes)), true,
    { "leader" = Leader, "follower" = Follower, "other" = Other, "others" = Others, "all" = All });

fn write_nodes<S: Serializer>(nodes: &[NodeId], serializer: S) -> Result<S::Ok, S::Error> {
    match nodes {
        [node] => node.serialize(serializer),
        nodes => nodes.serialize(serializer),
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Target::Any => serializer.serialize_str("any"),
            Target::Leader => serializer.serialize_str("leader"),
            Target::Follower => serializer.serialize_str("follower"),
            Target::Minority => serializer.serialize_str("minority"),
            Target::Majority => serializer.serialize_str("majority"),
            Target::Unsound => serializer.serialize_str("unsound"),
            Target::Client => serializer.serialize_str("client"),
            Target::Nodes(nodes) => write_nodes(nodes, serializer),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Place::Node(node) => node.serialize(serializer),
            Place::Leader => serializer.serialize_str("leader"),
            Place::Follower => serializer.serialize_str("follower"),
        }
    }
}

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Places::Nodes(nodes) => write_nodes(nodes, serializer),
            Places::Leader => serializer.serialize_str("leader"),
            Places::Follower => serializer.serialize_str("follower"),
            Places::Other => serializer.serialize_str("other"),
            Places::Others => serializer.serialize_str("others"),
            Places::All => serializer.serialize_str("all"),
        }
    }
}
