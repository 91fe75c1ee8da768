//! Lists that grow at their end: what Jepsen's Elle looks at, one list at a time.

use super::short::{bare, list, quoted};
use super::text::Text;
use crate::check::model::{Asked, Model};
use std::rc::Rc;

/// Lists by name, empty at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendList;

/// What a list is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListAsk {
    /// All its elements.
    Read(Rc<str>),
    /// To take one more.
    Append(Rc<str>, Element),
}

/// One element as it stands in a list: its length, a colon and itself, so that elements that stand side by side are never taken for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element(Rc<str>);

impl Element {
    /// An element of this name.
    #[must_use]
    pub fn new(name: &str) -> Element {
        Element(format!("{}:{name}", name.len()).into())
    }

    fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, name)| name)
    }
}

/// What was read: a list's elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements(Rc<str>);

impl Elements {
    /// A list of these.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Elements {
        Elements(names.into_iter().map(|name| format!("{}:{name}", name.len())).collect::<String>().into())
    }

    fn names(&self) -> Vec<&str> {
        let (mut names, mut rest) = (Vec::new(), &*self.0);
        while let Some((length, tail)) = rest.split_once(':') {
            let Some((name, others)) = length.parse().ok().and_then(|length| tail.split_at_checked(length)) else {
                break;
            };
            names.push(name);
            rest = others;
        }
        names
    }
}

impl Model for AppendList {
    type Key = Rc<str>;
    type State = Text;
    type Input = ListAsk;
    /// What a read returned; `None` for an append, which answers nothing.
    type Output = Option<Elements>;

    fn key(&self, input: &ListAsk) -> Rc<str> {
        let (ListAsk::Read(key) | ListAsk::Append(key, _)) = input;
        Rc::clone(key)
    }

    fn initial(&self, _key: &Rc<str>) -> Text {
        Text::default()
    }

    fn step(&self, state: &Text, asked: Asked<'_, Self>) -> Option<Text> {
        match (asked.input, asked.output) {
            (ListAsk::Read(_), Some(Some(Elements(read)))) => {
                (read.len() == state.len() && state.begins(read)).then(|| state.clone())
            }
            (ListAsk::Read(_), Some(None)) => None,
            (ListAsk::Read(_), None) => Some(state.clone()),
            (ListAsk::Append(_, Element(element)), _) => Some(state.append(element)),
        }
    }

    fn is_read(&self, input: &ListAsk) -> bool {
        matches!(input, ListAsk::Read(_))
    }

    fn leads_to(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        match (earlier.input, later.output) {
            (ListAsk::Append(_, Element(element)), Some(Some(Elements(read)))) => read.contains(&**element),
            _ => false,
        }
    }

    fn is_past(&self, state: &Text, asked: Asked<'_, Self>) -> bool {
        matches!(asked.output, Some(Some(Elements(read))) if !state.may_begin(read))
    }

    /// Nothing is ever taken out of a list.
    fn revives(&self, _earlier: Asked<'_, Self>, _later: Asked<'_, Self>) -> bool {
        false
    }

    fn weight(&self, state: &Text) -> usize {
        state.weight()
    }

    fn describe(&self, asked: Asked<'_, Self>) -> String {
        let (ListAsk::Read(key) | ListAsk::Append(key, _)) = asked.input;
        let key = quoted(key);
        match (asked.input, asked.output) {
            (ListAsk::Read(_), Some(Some(read))) => format!("read {key} returned {}", list(&read.names())),
            (ListAsk::Read(_), _) => format!("read {key}"),
            (ListAsk::Append(_, element), Some(_)) => format!("append {} to {key}", bare(element.name())),
            (ListAsk::Append(_, element), None) => {
                format!("append {} to {key} (outcome unknown)", bare(element.name()))
            }
        }
    }

    fn describe_state(&self, state: &Text) -> Option<String> {
        Some(list(&Elements(state.to_string().into()).names()))
    }
}
