//! Which tests of a lab were meant.

use crate::error::LabError;
use lab_harness::near::nearest_few;
use lab_harness::protocol::{Hello, TestInfo};

/// What the command line says about which tests to run. Options narrow, filters add up.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    pub filters: &'a [String],
    /// Tests of any of these; of all if none is named.
    pub parts: &'a [String],
    pub tag: Option<&'a str>,
}

impl Selection<'_> {
    /// Whether nothing was said.
    pub fn is_everything(&self) -> bool {
        self.filters.is_empty() && self.parts.is_empty() && self.tag.is_none()
    }

    /// The tests meant, in the lab's order.
    pub fn select(&self, hello: &Hello) -> Result<Vec<TestInfo>, LabError> {
        let parts: Vec<&str> = self.parts.iter().map(|name| part_named(hello, name)).collect::<Result<_, _>>()?;
        if let Some(tag) = self.tag {
            check_tag(hello, tag)?;
        }
        let mut meant = vec![self.filters.is_empty(); hello.tests.len()];
        for filter in self.filters {
            mark(hello, filter, &mut meant)?;
        }
        let chosen = hello.tests.iter().zip(meant).filter(|(test, meant)| {
            *meant
                && (parts.is_empty() || parts.contains(&test.part.as_str()))
                && self.tag.is_none_or(|tag| test.tags.iter().any(|has| has.eq_ignore_ascii_case(tag)))
        });
        let tests: Vec<TestInfo> = chosen.map(|(test, _)| test.clone()).collect();
        if tests.is_empty() { Err(LabError::NothingLeft { lab: hello.lab.clone() }) } else { Ok(tests) }
    }
}

/// The part of that name or alias.
fn part_named<'a>(hello: &'a Hello, name: &str) -> Result<&'a str, LabError> {
    let found = find_part(hello, name);
    found.ok_or_else(|| {
        let names = hello.parts.iter().flat_map(|part| [Some(&part.name), part.alias.as_ref()]).flatten();
        let nearest = nearest_few(name, names.map(String::as_str), 3);
        LabError::UnknownPart { lab: hello.lab.clone(), name: name.to_owned(), nearest }
    })
}

fn find_part<'a>(hello: &'a Hello, name: &str) -> Option<&'a str> {
    let is_named = |own: &str| own.eq_ignore_ascii_case(name);
    let mut parts = hello.parts.iter();
    parts.find(|part| is_named(&part.name) || part.alias.as_deref().is_some_and(is_named)).map(|part| &*part.name)
}

fn check_tag(hello: &Hello, tag: &str) -> Result<(), LabError> {
    let mut tags: Vec<&str> = hello.tests.iter().flat_map(|test| &test.tags).map(String::as_str).collect();
    tags.extend(["mit", "storm"]);
    tags.sort_unstable();
    tags.dedup();
    if tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
        return Ok(());
    }
    Err(LabError::UnknownTag { lab: hello.lab.clone(), name: tag.to_owned(), nearest: nearest_few(tag, tags, 3) })
}

/// Marks what one filter means: a part, or the test of exactly that name, or all whose name contains it.
fn mark(hello: &Hello, filter: &str, meant: &mut [bool]) -> Result<(), LabError> {
    let part = find_part(hello, filter);
    let wanted = normal(filter);
    let names = |test: &TestInfo| {
        [Some(&test.name), test.mit.as_ref(), test.storm.as_ref()]
            .into_iter()
            .flatten()
            .map(|name| normal(name))
            .collect()
    };
    let names: Vec<Vec<String>> = hello.tests.iter().map(names).collect();
    let exact = names.iter().any(|names| names.contains(&wanted));
    let mut any = false;
    for (index, test) in hello.tests.iter().enumerate() {
        let hit = match part {
            Some(part) => test.part == part,
            None if exact => names[index].contains(&wanted),
            None => names[index].iter().any(|name| name.contains(&wanted)),
        };
        meant[index] |= hit;
        any |= hit;
    }
    if any {
        return Ok(());
    }
    let parts = hello.parts.iter().flat_map(|part| [Some(&part.name), part.alias.as_ref()]);
    let tests = hello.tests.iter().flat_map(|test| [Some(&test.name), test.mit.as_ref()]);
    let nearest = nearest_few(filter, parts.chain(tests).flatten().map(String::as_str), 3);
    Err(LabError::FilterMatchesNothing { lab: hello.lab.clone(), filter: filter.to_owned(), nearest })
}

/// Names are compared without regard to case and to how words are joined.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_harness::protocol::PartInfo;

    fn hello() -> Hello {
        let part = |name: &str, alias: &str| PartInfo { name: name.into(), alias: Some(alias.into()), points: 1 };
        let test = |name: &str, mit: &str, part: &str, tag: &str| TestInfo {
            grounded: None,
            skipped: Vec::new(),
            name: name.into(),
            mit: (!mit.is_empty()).then(|| mit.into()),
            part: part.into(),
            tags: vec![tag.into()],
            points: 1,
            about: String::new(),
            storm: None,
        };
        Hello {
            protocol: 1,
            weather_version: 1,
            lab: "raft".into(),
            parts: vec![part("election", "3A"), part("log", "3B")],
            tests: vec![
                test("re_election", "TestReElection3A", "election", "mit"),
                test("backup", "TestBackup3B", "log", "mit"),
                test("backup_fast", "", "log", "storm"),
            ],
        }
    }

    fn select(filters: &[&str], part: Option<&str>, tag: Option<&str>) -> Result<Vec<String>, LabError> {
        let filters: Vec<String> = filters.iter().map(|filter| (*filter).into()).collect();
        let parts: Vec<String> = part.into_iter().map(str::to_owned).collect();
        let tests = Selection { filters: &filters, parts: &parts, tag }.select(&hello())?;
        Ok(tests.into_iter().map(|test| test.name).collect())
    }

    #[test]
    fn filters_take_names_substrings_mit_names_and_aliases() {
        assert_eq!(select(&["re-election"], None, None).unwrap(), ["re_election"]);
        assert_eq!(select(&["TestBackup3B"], None, None).unwrap(), ["backup"]);
        assert_eq!(select(&["backup"], None, None).unwrap(), ["backup"], "an exact name means itself alone");
        assert_eq!(select(&["back"], None, None).unwrap(), ["backup", "backup_fast"]);
        assert_eq!(select(&["3a"], None, None).unwrap(), ["re_election"]);
        assert_eq!(select(&["log"], None, None).unwrap(), ["backup", "backup_fast"], "a part, not a substring");
        assert_eq!(select(&["backup", "3A"], None, None).unwrap(), ["re_election", "backup"]);
    }

    #[test]
    fn several_parts_add_up_in_the_order_of_the_lab() {
        let select = |parts: &[&str], tag| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).into()).collect();
            let tests = Selection { filters: &[], parts: &parts, tag }.select(&hello())?;
            Ok::<_, LabError>(tests.into_iter().map(|test| test.name).collect::<Vec<_>>())
        };
        assert_eq!(select(&["3B", "election"], None).unwrap(), ["re_election", "backup", "backup_fast"]);
        assert_eq!(select(&["log", "3B"], None).unwrap(), ["backup", "backup_fast"], "twice is once");
        assert_eq!(select(&["log", "election"], Some("mit")).unwrap(), ["re_election", "backup"]);
        assert_eq!(select(&["log", "elecshun"], None).unwrap_err().exit().code(), 2);
    }

    #[test]
    fn options_narrow() {
        assert_eq!(select(&[], Some("3B"), Some("storm")).unwrap(), ["backup_fast"]);
        assert!(matches!(select(&[], Some("election"), Some("storm")), Err(LabError::NothingLeft { .. })));
    }

    #[test]
    fn wrong_names_are_answered_with_near_ones() {
        let error = select(&[], Some("elecshun"), None).unwrap_err();
        assert_eq!((error.exit().code(), error.nearest()), (2, &["election".to_owned()][..]));
        let error = select(&[], None, Some("strom")).unwrap_err();
        assert_eq!((error.exit().code(), error.nearest()[0].as_str()), (2, "storm"));
        let error = select(&["backup", "bakcup"], None, None).unwrap_err();
        assert_eq!((error.exit().code(), error.nearest()[0].as_str()), (4, "backup"));
    }
}
