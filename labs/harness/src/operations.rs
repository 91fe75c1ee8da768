//! All operations of the clients of a key/value service: what was asked, what was told, how it ended, and whether that can be.

use crate::failed::Failed;
use crate::history::History;
use crate::ledger::{Answer, Call, Ledger};
use std::collections::BTreeMap;
use std::fmt::Debug;
use windtunnel::check::Model;
use windtunnel::world::Moment;
use windtunnel::{Nanos, NodeId};

const MAYBE: &str = "The contract, PutError::Maybe: the request was sent again, and was refused.";

/// A key/value service, as its clients see it.
pub trait Service: 'static {
    /// What the checker knows of it.
    type Model: Model;
    /// What is asked.
    type Asked: Debug + 'static;
    /// What is answered.
    type Told;
    /// What a server answers to a put.
    type Answered;

    /// The model.
    const MODEL: &'static Self::Model;

    /// What the model is told of what is asked.
    fn input(asked: &Self::Asked) -> <Self::Model as Model>::Input;

    /// What the model is told of an answer; nothing if the answer says nothing.
    fn output(told: &Self::Told) -> Option<<Self::Model as Model>::Output>;

    /// Whether it is an answer to that.
    fn answers(asked: &Self::Asked, told: &Self::Told) -> bool;

    /// The key that it is about; nothing if there are no keys.
    fn key(asked: &Self::Asked) -> Option<&str>;

    /// The key and the version that a put names.
    fn put(asked: &Self::Asked) -> Option<(&str, u64)>;

    /// The put that a server refuses in such a way that a clerk who has asked before cannot know whether it is done: whose it is, its
    /// key and its version.
    fn refusal(answered: &Self::Answered) -> Option<(NodeId, &str, u64)>;

    /// What an answer says of a write; nothing of a read, or of what was refused.
    fn written(told: &Self::Told) -> Option<Written>;

    /// What is asked, in words: `a get of "k"`.
    fn words(asked: &Self::Asked) -> String;

    /// What is asked, to be written down; nothing of what is not about pairs.
    fn call(asked: &Self::Asked) -> Option<Call<'_>>;

    /// What is answered to that, to be written down; nothing if the answer says nothing.
    fn answer(told: &Self::Told) -> Option<Answer<'_>>;
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is done.
    Done,
    /// It may be.
    Maybe,
}

/// How many operations there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Those that were answered.
    pub answered: u64,
    /// Those of which nobody knows, or not yet.
    pub unknown: u64,
}

/// What is known of all operations so far.
#[derive(Debug)]
pub struct Operations<S: Service> {
    history: History<S::Model, Open<S::Asked>>,
    asked: Asked,
    returned: BTreeMap<NodeId, u64>,
    writes: BTreeMap<String, Writes>,
    ledger: Option<Ledger>,
}

/// How the writes of a key ended that have returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Those that were done.
    pub done: u64,
    /// Those of which nobody knows.
    pub maybe: u64,
}

/// An operation that has not returned.
#[derive(Debug)]
struct Open<A> {
    asked: A,
    /// Whether a server has refused it, at least once.
    refused: bool,
}

impl<S: Service> Default for Operations<S> {
    fn default() -> Self {
        let (history, returned, writes) = (History::new(S::MODEL), BTreeMap::new(), BTreeMap::new());
        Operations { history, asked: Asked::default(), returned, writes, ledger: None }
    }
}

impl<S: Service> Operations<S> {
    /// Whether no operation has returned: then there is nothing to explain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.returned.is_empty()
    }

    /// How many there were; nothing if nobody has asked anything.
    #[must_use]
    pub fn asked(&self) -> Option<Asked> {
        (self.asked != Asked::default()).then_some(self.asked)
    }

    /// How many operations of a node have returned.
    #[must_use]
    pub fn returned_to(&self, node: NodeId) -> u64 {
        self.returned.get(&node).copied().unwrap_or_default()
    }

    /// How the writes of a key ended.
    #[must_use]
    pub fn writes_of(&self, key: &str) -> Writes {
        self.writes.get(key).copied().unwrap_or_default()
    }

    /// The operation that was called first of those that have not returned, in words, and when.
    #[must_use]
    pub fn oldest_open(&self) -> Option<(String, Nanos)> {
        let (node, oldest) = self.history.oldest_open()?;
        Some((format!("{} of {node}", S::words(&oldest.about.asked)), oldest.called))
    }

    /// All that is asked and told from now on is written down there as well.
    pub fn write_down(&mut self, ledger: Ledger) {
        self.ledger = Some(ledger);
    }

    /// A client calls.
    ///
    /// # Errors
    /// When there are more operations than can be judged.
    pub fn called(&mut self, moment: Moment, node: NodeId, call: u64, asked: S::Asked) -> Result<(), Failed> {
        let input = S::input(&asked);
        if let Some((ledger, what)) = self.ledger.as_ref().zip(S::call(&asked)) {
            ledger.called(moment, node, call, what);
        }
        self.asked.unknown += 1;
        self.history.called(moment, node, call, input, Open { asked, refused: false })
    }

    /// A server answers a put.
    pub fn answered(&mut self, answered: &S::Answered) {
        let Some((from, key, version)) = S::refusal(answered) else { return };
        for (node, open) in self.history.all_open() {
            open.refused |= node == from && S::put(&open.asked) == Some((key, version));
        }
    }

    /// A node has died, and its clients with it: what they had asked may have happened, or may happen yet.
    ///
    /// # Errors
    /// As [`History::died`].
    pub fn died(&mut self, moment: Moment, node: NodeId) -> Result<(), Failed> {
        if let Some(ledger) = &self.ledger {
            ledger.died(moment, node);
        }
        self.history.died(moment, node)
    }

    /// The run is over.
    ///
    /// # Errors
    /// As [`History::over`].
    pub fn over(&mut self) -> Result<(), Failed> {
        self.history.over()
    }

    /// A client is answered. What is no answer to its call counts as none.
    ///
    /// # Errors
    /// If that cannot be.
    pub fn returned(&mut self, moment: Moment, node: NodeId, call: u64, told: &S::Told) -> Result<(), Failed> {
        let Some(open) = self.history.open(node, call) else { return Ok(()) };
        if !S::answers(&open.asked, told) {
            let title = format!("{node} shows an answer that is none to {}.", S::words(&open.asked));
            return Err(Failed::new("own-observations", title).on([node]));
        }
        if let Some(ledger) = &self.ledger {
            ledger.returned(moment, node, call, S::answer(told));
        }
        let (written, output) = (S::written(told), S::output(told));
        if output.is_some() {
            self.asked.answered += 1;
            self.asked.unknown -= 1;
        }
        *self.returned.entry(node).or_default() += 1;
        if let Some((key, written)) = S::key(&open.asked).zip(written) {
            let writes = self.writes.entry(key.to_owned()).or_default();
            match written {
                Written::Done => writes.done += 1,
                Written::Maybe => writes.maybe += 1,
            }
        }
        if written == Some(Written::Maybe) && !open.refused {
            let words = S::words(&open.asked);
            let title = format!("Maybe {words} was done, says its clerk, and no server has ever refused it.");
            return Err(Failed::new("needless-maybe", title).from_source(MAYBE).on([node]));
        }
        self.history.returned(moment, node, call, output)
    }
}
