//! What the table of a lab's tests promises, whichever lab it is. Each lab's own tests ask here, and are told what is wrong.
//!
//! [`names`], [`points`], [`mit`], [`scenarios`] and [`grounded`] look at the table; [`Rules`] are those that a lab's failures may name, which
//! its handout explains and its bank of mutants expects.

mod rules;

pub use rules::Rules;

use crate::grounded::Grounded;
use crate::judge::Judge;
use crate::scenario::Scenario;
use crate::suite::{Body, Lab};
use std::collections::{BTreeMap, BTreeSet};

/// All is well, or what is wrong, a line each.
pub type Checked = Result<(), String>;

fn checked(wrong: impl IntoIterator<Item = String>) -> Checked {
    let wrong: Vec<String> = wrong.into_iter().collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// That names are plain and each stands once, and that each test is of a part of the lab.
///
/// # Errors
/// If they are not.
pub fn names<J: Judge>(lab: &Lab<J>) -> Checked {
    let mut seen = BTreeSet::new();
    checked(lab.tests.iter().filter_map(|test| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !seen.insert(test.name) {
            Some(format!("two tests are named {}", test.name))
        } else if !test.name.bytes().all(plain) {
            Some(format!("{} is not in snake_case", test.name))
        } else if lab.parts.iter().all(|part| part.name != test.part) {
            Some(format!("{} is of part {}, which there is not", test.name, test.part))
        } else {
            None
        }
    }))
}

/// That the points of each part sum to 100.
///
/// # Errors
/// If they do not.
pub fn points<J: Judge>(lab: &Lab<J>) -> Checked {
    let mut points: BTreeMap<&str, u32> = lab.parts.iter().map(|part| (part.name, 0)).collect();
    for test in &lab.tests {
        *points.entry(test.part).or_default() += test.points;
    }
    let wrong = points.into_iter().filter(|(_, sum)| *sum != 100);
    checked(wrong.map(|(part, sum)| format!("the points of part {part} sum to {sum}")))
}

/// That the lab has these tests of MIT's, in this order; that each has its row on `page`, docs/MIT.md; and that one whose name ends
/// with the alias of a part, as those of Raft do, is of that part.
///
/// # Errors
/// If it has not.
pub fn mit<J: Judge>(lab: &Lab<J>, names: &[&str], page: &str) -> Checked {
    let here: Vec<&str> = lab.tests.iter().filter_map(|test| test.mit).collect();
    let all = (here != names).then(|| format!("of MIT's tests there are {here:?}, and should be {names:?}"));
    let of_mit = lab.tests.iter().filter_map(|test| Some((test, test.mit?)));
    let rows = of_mit.clone().map(|(test, mit)| format!("| {mit} | `{}` |", test.name));
    let missing = rows.filter(|row| page.lines().filter(|line| line.starts_with(row)).count() != 1);
    let missing = missing.map(|row| format!("there is not one row that begins with {row}"));
    let of_another_part = of_mit.filter_map(|(test, mit)| {
        let meant = lab.parts.iter().find(|part| mit.ends_with(part.alias))?;
        (meant.name != test.part).then(|| format!("{mit} is of part {}, and here of {}", meant.name, test.part))
    });
    checked(all.into_iter().chain(missing).chain(of_another_part))
}

/// That the weather of each storm can be read, and waits for nothing that the lab's nodes never show.
///
/// # Errors
/// If it cannot.
pub fn scenarios<J: Judge>(lab: &Lab<J>) -> Checked {
    checked(lab.tests.iter().filter_map(|test| match test.body {
        Body::Storm { scenario, text } => {
            Scenario::parse_for(scenario, text, lab.vocabulary()).err().map(|error| error.to_string())
        }
        Body::Directed { .. } => None,
    }))
}

/// That each story that is grounded is one of the lab's, stands there once, and some others fly.
///
/// # Errors
/// If not.
pub fn grounded<J: Judge>(lab: &Lab<J>, grounded: &Grounded) -> Checked {
    let mut seen = BTreeSet::new();
    let stories = grounded.iter().flat_map(|(_, stories)| *stories);
    let wrong = stories.filter_map(|story| {
        if lab.tests.iter().all(|test| test.name != *story) {
            Some(format!("{story} is grounded, and no story of the suite"))
        } else {
            (!seen.insert(*story)).then(|| format!("{story} is grounded twice"))
        }
    });
    let none_flies = lab.tests.iter().all(|test| test.grounded.is_some());
    checked(wrong.chain(none_flies.then(|| "no story flies".to_owned())))
}

#[cfg(test)]
mod tests;
