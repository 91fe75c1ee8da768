//! Applications by name.

use crate::app::App;
use crate::{
    Concordance, Crash, Fragile, Grep, InvertedIndex, SlowWords, Sort, Timing, Weak, WordCount, WrongPartition,
};
use std::collections::BTreeMap;
use std::fmt;

/// Opens an application with a job's parameters, or says what is wrong with them.
type Open = fn(&[u8]) -> Result<Box<dyn App>, String>;

/// Applications by name.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Open>);

/// Why an application cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// There is none of that name.
    Unknown(String),
    /// Its parameters are wrong.
    Parameters(String),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOpened::Unknown(name) => write!(f, "there is no application {name:?}"),
            NotOpened::Parameters(what) => write!(f, "its parameters are wrong: {what}"),
        }
    }
}

impl std::error::Error for NotOpened {}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Registry {
    /// Those that the lab runs.
    #[must_use]
    pub fn standard() -> Self {
        Registry::default()
            .with("wordcount", |_| Ok(Box::new(WordCount)))
            .with("index", |_| Ok(Box::new(InvertedIndex)))
            .with("concordance", |_| Ok(Box::new(Concordance)))
            .with("grep", |parameters| Ok(Box::new(Grep::open(parameters)?)))
            .with("sort", |parameters| Ok(Box::new(Sort::open(parameters)?)))
            .with("timing", |parameters| Ok(Box::new(Timing::open(parameters)?)))
            .with("slow-words", |_| Ok(Box::new(SlowWords)))
            .with("crash", |_| Ok(Box::new(Crash)))
            .with("fragile", |parameters| Ok(Box::new(Fragile::open(parameters, Weak::Map)?)))
            .with("fragile-reduce", |parameters| Ok(Box::new(Fragile::open(parameters, Weak::Reduce)?)))
            .with("fragile-combine", |parameters| Ok(Box::new(Fragile::open(parameters, Weak::Combine)?)))
            .with("wrong-partition", |_| Ok(Box::new(WrongPartition)))
    }

    /// One more; it takes the place of one of that name.
    #[must_use]
    pub fn with(mut self, name: &'static str, open: Open) -> Self {
        self.0.insert(name, open);
        self
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// The application of that name, with these parameters.
    ///
    /// # Errors
    /// If there is none, or it does not take them.
    pub fn open(&self, name: &str, parameters: &[u8]) -> Result<Box<dyn App>, NotOpened> {
        let open = self.0.get(name).ok_or_else(|| NotOpened::Unknown(name.to_owned()))?;
        open(parameters).map_err(NotOpened::Parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_what_is_not_there_or_with_wrong_parameters_is_told() {
        let apps = Registry::standard();
        let told = |name, parameters| apps.open(name, parameters).err().map(|error| error.to_string());
        assert_eq!(told("wordcount", b""), None);
        assert_eq!(told("wordcont", b"").as_deref(), Some("there is no application \"wordcont\""));
        assert_eq!(told("grep", b"").as_deref(), Some("its parameters are wrong: an empty pattern is in every line"));
    }

    #[test]
    fn one_may_be_added() {
        let apps = Registry::standard().with("mine", |_| Ok(Box::new(WordCount)));
        assert!(apps.open("mine", b"").is_ok());
        assert_eq!(apps.names().count(), Registry::standard().names().count() + 1);
    }
}
