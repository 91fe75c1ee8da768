//! What a server showed, in a few words for the column of its node.

use super::known::{Head, head};
use crate::contract::{LogIndex, Role, Term, View};
use crate::observation::{self, AppliedEntry, AppliedSnapshot, Persisted, Restored};
use lab_harness::judge::Run;
use std::collections::BTreeMap;
use windtunnel::NodeId;

/// A column is no wider.
const WIDTH: usize = 20;

/// Tells what is new in each observation; remembers what was told.
#[derive(Debug, Default)]
pub struct Narrator {
    told: BTreeMap<NodeId, Head>,
    on_disk: BTreeMap<NodeId, (Term, Option<NodeId>, LogIndex)>,
}

impl Narrator {
    /// A few words, or nothing if nothing worth telling has changed.
    pub fn tell(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        match kind {
            observation::VIEW => self.view(node, &postcard::from_bytes(body).ok()?),
            observation::RESTORED => {
                let Restored { view } = postcard::from_bytes(body).ok()?;
                self.restored(node, &view)
            }
            observation::APPLIED => {
                let AppliedEntry { index, .. } = postcard::from_bytes(body).ok()?;
                Some(format!("applies {index}"))
            }
            observation::APPLIED_SNAPSHOT => {
                let AppliedSnapshot { index, .. } = postcard::from_bytes(body).ok()?;
                Some(format!("snapshot to {index}"))
            }
            observation::PERSISTED => self.persisted(node, &postcard::from_bytes(body).ok()?),
            _ => None,
        }
    }

    fn restored(&mut self, node: NodeId, change: &View) -> Option<String> {
        self.told.insert(node, head(change));
        self.on_disk.insert(node, (change.term, change.voted_for, change.last_index));
        if change.term == Term::ZERO {
            return None; // the first start: there is nothing on the disk
        }
        let vote = change.voted_for.map_or_else(|| "none".to_owned(), |node| node.0.to_string());
        Some(first_that_fits([
            format!("starts: {}, vote {vote}", change.term),
            format!("{}, vote {vote}", change.term),
            format!("term {}", change.term),
        ]))
    }

    /// The most telling change: what it has become, else whom it votes for, else log, else commit.
    fn view(&mut self, node: NodeId, change: &View) -> Option<String> {
        let now = head(change);
        let before = self.told.insert(node, now).unwrap_or(Head { term: Term::ZERO, ..FIRST });
        let became = (now.term, now.role) != (before.term, before.role);
        let voted = (now.term, now.voted_for) != (before.term, before.voted_for);
        match now.voted_for {
            // A candidate votes for itself first of all. (Section 5.2)
            Some(own) if became && now.role == Role::Candidate && own == node => {
                Some(format!("{}, votes for itself", role_in_words(now)))
            }
            _ if became && now.role != Role::Follower => Some(role_in_words(now)),
            Some(own) if voted && own == node => Some("votes for itself".to_owned()),
            Some(candidate) if voted => Some(format!("votes for {candidate}")),
            _ if became => Some(role_in_words(now)),
            _ if now.snapshot_index != before.snapshot_index => {
                Some(format!("log begins after {}", now.snapshot_index))
            }
            _ => log_in_words(change, before)
                .or_else(|| (now.commit != before.commit).then(|| format!("commits {}", now.commit))),
        }
    }

    fn persisted(&mut self, node: NodeId, persisted: &Persisted) -> Option<String> {
        let Persisted::Log { term, voted_for, last_index, .. } = *persisted else {
            return Some("state on disk".to_owned());
        };
        let before = self.on_disk.insert(node, (term, voted_for, last_index)).unwrap_or_default();
        if (term, voted_for) != (before.0, before.1) {
            return Some(first_that_fits([format!("term {term} on disk"), format!("{term} on disk")]));
        }
        (last_index != before.2).then(|| format!("log {last_index} on disk"))
    }
}

const FIRST: Head = Head {
    term: Term::ZERO,
    voted_for: None,
    role: Role::Follower,
    commit: LogIndex::ZERO,
    last_index: LogIndex::ZERO,
    snapshot_index: LogIndex::ZERO,
    snapshot_term: Term::ZERO,
};

fn role_in_words(head: Head) -> String {
    first_that_fits([format!("{} of {}", head.role, head.term), format!("{} {}", head.role, head.term)])
}

fn log_in_words(change: &View, before: Head) -> Option<String> {
    let last = change.last_index;
    let Some((term, _)) = change.changed.last() else {
        return (last < before.last_index).then(|| format!("log ends at {last}"));
    };
    let first = change.changed_from;
    let place = if first == last { format!("{last}") } else { format!("{first}..{last}") };
    Some(first_that_fits([
        format!("log {place} of term {term}"),
        format!("log {place} of {term}"),
        format!("log {last} of {term}"),
    ]))
}

/// What goes on from one text to the next: a log that grows, commits, what is applied. Votes and terms never do.
pub fn run(text: &str) -> Option<Run> {
    let run = ["log ", "commits ", "applies "].into_iter().find_map(|before| Run::read(before, text))?;
    match run.after.strip_prefix(" of ").filter(|term| !term.starts_with("term ")) {
        Some(term) => Some(Run { after: format!(" of term {term}"), ..run }),
        None => Some(run),
    }
}

/// The first of these that is not too wide, else the last.
fn first_that_fits<const N: usize>(texts: [String; N]) -> String {
    let last = texts[N - 1].clone();
    texts.into_iter().find(|text| text.len() <= WIDTH).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_grows_goes_on_and_votes_terms_and_roles_do_not() {
        let run_of = |text| run(text).map(|run| (run.before, run.first, run.last, run.after));
        let log = |first, last| Some(("log ".to_owned(), first, last, " of term 10".to_owned()));
        assert_eq!(run_of("log 45 of term 10"), log(45, 45));
        assert_eq!(run_of("log 1000..1051 of 10"), log(1000, 1051));
        assert_eq!(run_of("log 45 on disk").map(|run| run.3), Some(" on disk".to_owned()));
        assert_eq!(run_of("commits 7"), Some(("commits ".to_owned(), 7, 7, String::new())));
        for text in ["votes for 2", "term 3 on disk", "leader of 4", "log ends at 40", "snapshot to 5"] {
            assert_eq!(run(text), None, "{text}");
        }
    }
}
