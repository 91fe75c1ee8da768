//! What a checker must know of the service whose history it judges: a [`Model`], its sequential specification.

use std::fmt::Debug;
use std::hash::Hash;

/// An operation as a model sees it: what was asked and, if it is known, what was answered.
///
/// No output means that nobody knows the outcome. The operation may then have taken effect at any time after its call, or never.
pub struct Asked<'a, M: Model + ?Sized> {
    /// What was asked.
    pub input: &'a M::Input,
    /// What was answered, or `None` where the outcome is unknown.
    pub output: Option<&'a M::Output>,
}

impl<M: Model + ?Sized> Clone for Asked<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Model + ?Sized> Copy for Asked<'_, M> {}

impl<M: Model + ?Sized> Debug for Asked<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("input", self.input).field("output", &self.output).finish()
    }
}

/// A sequential specification: what a service that does one operation after the other would answer.
///
/// The state is that of one key. Histories are split by [`key`](Model::key), since a history is linearizable if and only if the part of
/// each object is (Herlihy and Wing 1990, section 3.2, locality). A service whose operations touch several objects has one key, `()`.
///
/// The methods with a default only make a check cheaper; a wrong answer from them makes it wrong, the default never does.
///
/// ```
/// use windtunnel::check::{Asked, Model};
///
/// /// A register that is written and read.
/// struct Register;
///
/// #[derive(Debug, PartialEq)]
/// enum Do { Write(u64), Read }
///
/// impl Model for Register {
///     type Key = ();
///     type State = u64;
///     type Input = Do;
///     type Output = u64;
///
///     fn key(&self, _: &Do) {}
///     fn initial(&self, _: &()) -> u64 { 0 }
///
///     fn step(&self, state: &u64, asked: Asked<'_, Self>) -> Option<u64> {
///         match (asked.input, asked.output) {
///             (Do::Write(value), _) => Some(*value),
///             (Do::Read, Some(read)) => (read == state).then_some(*state),
///             (Do::Read, None) => Some(*state),
///         }
///     }
/// }
/// ```
pub trait Model {
    /// What splits a history into parts that are judged each for itself.
    type Key: Clone + Ord + Hash + Debug;
    /// The state of one key. Clones are many: large states share what they have in common.
    type State: Clone + Eq + Hash;
    /// What is asked. Equal inputs do the same.
    type Input: Debug + PartialEq;
    /// What is answered.
    type Output: Debug + PartialEq;

    /// The object that an operation is about.
    fn key(&self, input: &Self::Input) -> Self::Key;

    /// The state of an object that nothing has touched.
    fn initial(&self, key: &Self::Key) -> Self::State;

    /// The state after the operation, or `None` if in `state` it cannot have been answered so. An operation of unknown outcome may
    /// have been answered in any way.
    fn step(&self, state: &Self::State, asked: Asked<'_, Self>) -> Option<Self::State>;

    /// Whether the operation leaves every state as it is.
    fn is_read(&self, _input: &Self::Input) -> bool {
        false
    }

    /// Whether `earlier` can be among the reasons why `later` was answered as it was: whether there is a state in which `later` is
    /// impossible and becomes possible by `earlier`, at once or by what `earlier` makes possible. An operation of unknown outcome that leads to no
    /// answer of a history need not have happened.
    fn leads_to(&self, _earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        true
    }

    /// Whether from `state` on the operation can never again be answered so, unless one that [`revives`](Model::revives) it comes
    /// first: a version that was passed, say, or a list that went another way.
    fn is_past(&self, _state: &Self::State, _asked: Asked<'_, Self>) -> bool {
        false
    }

    /// Whether `earlier` can make possible again what [`is_past`](Model::is_past).
    fn revives(&self, _earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        true
    }

    /// Of what in the state the operation is, as a number: operations of different numbers never matter to each other. Of objects that
    /// are judged together, only one need be looked at to explain a contradiction.
    fn object(&self, _input: &Self::Input) -> u64 {
        0
    }

    /// How many bytes a state takes, roughly.
    fn weight(&self, _state: &Self::State) -> usize {
        size_of::<Self::State>()
    }

    /// The operation in words: `get "x" returned "1" (version 3)`.
    fn describe(&self, asked: Asked<'_, Self>) -> String {
        match asked.output {
            Some(output) => format!("{:?} returned {output:?}", asked.input),
            None => format!("{:?} (outcome unknown)", asked.input),
        }
    }

    /// The state in words: `"1" (version 3)`; `None` where it has no short name.
    fn describe_state(&self, _state: &Self::State) -> Option<String> {
        None
    }
}
