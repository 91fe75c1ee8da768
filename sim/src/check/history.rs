//! A history: which client asked what and when, and what it was answered.

use crate::check::model::{Asked, Model};
use std::collections::BTreeMap;
use std::fmt::{self, Display};

/// A client of a history. It has one operation open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// An operation's number in its history, from 0, in the order of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub usize);

impl Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// One call of one client.
#[derive(Clone, Debug)]
pub struct Operation<Input, Output> {
    /// Who called.
    pub client: ClientId,
    /// What was asked.
    pub input: Input,
    /// What was answered; `None` while the outcome is unknown, which it may stay.
    pub output: Option<Output>,
    /// When it was called, in a unit of the history's own.
    pub called: u64,
    /// How many of the history's answers lie before its call: those of earlier times, and of those of the same time no more than [`History::called`] says.
    pub behind: u64,
    /// When the client was told. An operation whose outcome stayed unknown is open for ever, whether or not the client was told something.
    pub returned: Option<u64>,
    /// How many answers there were in the history before its own, if it has one.
    pub answer: Option<u64>,
    /// Where the service says that it put the operation (an index of its log, a version): tried first, believed never. If the order of
    /// the hints of one object explains all of its answers, nothing is searched; if it does not, everything is. What only reads comes after what has
    /// the same hint.
    pub hint: Option<u64>,
    /// It certainly did not take effect.
    pub never: bool,
}

impl<Input, Output> Operation<Input, Output> {
    /// When the operation had to have taken effect, if it had to.
    #[must_use]
    pub fn ended(&self) -> Option<u64> {
        self.output.as_ref().and(self.returned)
    }

    /// The place of the answer among all answers of the history, if the operation had to have taken effect by then.
    #[must_use]
    pub fn ended_as(&self) -> Option<u64> {
        self.output.as_ref().and(self.answer)
    }

    pub(crate) fn asked<'a, M: Model<Input = Input, Output = Output>>(&'a self) -> Asked<'a, M> {
        Asked { input: &self.input, output: self.output.as_ref() }
    }
}

/// What does not fit into a history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A client called while it waited for an answer.
    #[error("client {} calls while its operation {open} is open: give it another client, or end that one", client.0)]
    TwoOpen {
        /// Who.
        client: ClientId,
        /// What it waits for.
        open: OperationId,
    },
    /// An answer before its call.
    #[error("operation {operation} was called at {called} and returned at {returned}: times must not go back")]
    ReturnedBeforeItsCall {
        /// Which.
        operation: OperationId,
        /// When it was called.
        called: u64,
        /// When it is said to have returned.
        returned: u64,
    },
    /// An answer to nothing.
    #[error("client {} is answered and has no open operation: its call is missing", client.0)]
    NotOpen {
        /// Who.
        client: ClientId,
    },
    /// A time before that of an earlier line.
    #[error("an event at {at} follows one at {last}: a history is told in the order of time")]
    OutOfOrder {
        /// Its time.
        at: u64,
        /// The latest time before it.
        last: u64,
    },
    /// More operations than anybody could judge here.
    #[error(
        "the history has more than {limit} operations: split it by key or by time, or raise the budget of operations"
    )]
    TooLong {
        /// How many are allowed.
        limit: usize,
    },
}

/// Operations in the order of their calls, made by telling what happened in the order in which it happened.
///
/// ```
/// use windtunnel::check::{ClientId, History};
///
/// let mut history = History::new();
/// history.called(ClientId(1), "write 1", 10)?;
/// history.called(ClientId(2), "read", 12)?;
/// history.returned(ClientId(2), "1", 15)?;
/// history.unknown(ClientId(1), 20)?;
/// assert_eq!(history.operations().len(), 2);
/// # Ok::<(), windtunnel::check::HistoryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct History<Input, Output> {
    operations: Vec<Operation<Input, Output>>,
    open: BTreeMap<ClientId, OperationId>,
    now: u64,
    /// How many answers there were, and how many of them lie before whatever is called now.
    answers: u64,
    behind: u64,
    /// Who was answered now, and how many answers there were then.
    answered: BTreeMap<ClientId, u64>,
    limit: usize,
}

impl<Input, Output> Default for History<Input, Output> {
    fn default() -> Self {
        History::new()
    }
}

impl<Input, Output> History<Input, Output> {
    /// How many operations a history holds if nothing else is said.
    pub const OPERATIONS: usize = 2_000_000;

    /// A history in which nothing has happened.
    #[must_use]
    pub fn new() -> Self {
        History::with_limit(Self::OPERATIONS)
    }

    /// A history of at most `limit` operations.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        let (open, answered) = (BTreeMap::new(), BTreeMap::new());
        History { operations: Vec::new(), open, now: 0, answers: 0, behind: 0, answered, limit }
    }

    /// `client` asks.
    ///
    /// What happens at the same time is concurrent, whatever is told first; but an operation of a client lies behind those that it was answered. So
    /// when a client that was answered at this very time calls again, the answers up to its own lie before this call and before those that are told after it.
    ///
    /// # Errors
    /// If it waits for an answer, if `at` is in the past, or if the history is full.
    pub fn called(&mut self, client: ClientId, input: Input, at: u64) -> Result<OperationId, HistoryError> {
        self.pass(at)?;
        if self.operations.len() >= self.limit {
            return Err(HistoryError::TooLong { limit: self.limit });
        }
        let operation = OperationId(self.operations.len());
        if let Some(open) = self.open.insert(client, operation) {
            return Err(HistoryError::TwoOpen { client, open });
        }
        self.behind = self.behind.max(self.answered.get(&client).copied().unwrap_or(0));
        self.operations.push(Operation {
            client,
            input,
            output: None,
            called: at,
            behind: self.behind,
            returned: None,
            answer: None,
            hint: None,
            never: false,
        });
        Ok(operation)
    }

    /// `client` is answered.
    ///
    /// # Errors
    /// If it has no open operation, or if `at` is in the past.
    pub fn returned(&mut self, client: ClientId, output: Output, at: u64) -> Result<OperationId, HistoryError> {
        let operation = self.end(client, at)?;
        self.operations[operation.0].output = Some(output);
        self.operations[operation.0].answer = Some(self.answers);
        self.answers += 1;
        self.answered.insert(client, self.answers);
        Ok(operation)
    }

    /// `client` gives up: it will never know whether its operation took effect.
    ///
    /// # Errors
    /// As [`returned`](History::returned).
    pub fn unknown(&mut self, client: ClientId, at: u64) -> Result<OperationId, HistoryError> {
        self.end(client, at)
    }

    /// `client` is told that its operation did not happen and never will.
    ///
    /// # Errors
    /// As [`returned`](History::returned).
    pub fn never(&mut self, client: ClientId, at: u64) -> Result<OperationId, HistoryError> {
        let operation = self.end(client, at)?;
        self.operations[operation.0].never = true;
        Ok(operation)
    }

    /// The service says where it put the operation.
    pub fn hint(&mut self, operation: OperationId, hint: u64) {
        self.operations[operation.0].hint = Some(hint);
    }

    /// The operations so far, in the order of their calls.
    #[must_use]
    pub fn operations(&self) -> &[Operation<Input, Output>] {
        &self.operations
    }

    /// What `client` waits for.
    #[must_use]
    pub fn open(&self, client: ClientId) -> Option<OperationId> {
        self.open.get(&client).copied()
    }

    fn end(&mut self, client: ClientId, at: u64) -> Result<OperationId, HistoryError> {
        self.pass(at)?;
        let operation = self.open.remove(&client).ok_or(HistoryError::NotOpen { client })?;
        self.operations[operation.0].returned = Some(at);
        Ok(operation)
    }

    fn pass(&mut self, at: u64) -> Result<(), HistoryError> {
        if at < self.now {
            return Err(HistoryError::OutOfOrder { at, last: self.now });
        }
        if at > self.now {
            self.behind = self.answers;
            self.answered.clear();
        }
        self.now = at;
        Ok(())
    }
}
