//! What is new in a view: submissions may show the whole log every time; the oracle is told only
//! what differs.

use crate::contract::{Digest, LogIndex, Term, View};

/// The last view, and the log as all views so far have shown it.
#[derive(Debug)]
pub struct Observer {
    /// The last view; its `changed` is left empty, the log below stands for it.
    last: View,
    /// Where `log` begins: its first entry is the one after this.
    base: LogIndex,
    log: Vec<(Term, Digest)>,
}

impl Observer {
    /// Begins with the view of a server that has just started, which must be of the whole log.
    pub fn new(first: &View) -> Self {
        let mut observer = Observer { last: View::default(), base: first.snapshot_index, log: Vec::new() };
        observer.look(first);
        observer
    }

    /// What `view` changes, if anything.
    pub fn look(&mut self, view: &View) -> Option<View> {
        let changed_from = self.first_difference(view);
        let log_is_the_same = changed_from > view.last_index && view.last_index == self.last.last_index;
        if log_is_the_same && self.same_head(view) {
            return None;
        }
        let changed = self.take(view, changed_from);
        Some(View { changed_from, changed, ..*view })
    }

    fn same_head(&self, view: &View) -> bool {
        let head =
            |view: &View| (view.term, view.voted_for, view.role, view.commit, view.snapshot_index, view.snapshot_term);
        head(view) == head(&self.last)
    }

    /// The first entry shown that is not the one known; one past the last if all are known.
    fn first_difference(&self, view: &View) -> LogIndex {
        // What the log holds before its base has gone into a snapshot and cannot be compared.
        if view.changed_from <= self.base || self.is_of_another_log(view) {
            return view.changed_from;
        }
        let known = self.log.get(view.changed_from.previous().since(self.base)..).unwrap_or_default();
        let same = known.iter().zip(&view.changed).take_while(|(known, shown)| known == shown).count();
        view.changed_from.plus(same)
    }

    /// Whether the snapshot ends with another entry than the log has there: then the oracle begins anew behind it.
    fn is_of_another_log(&self, view: &View) -> bool {
        let place = view.snapshot_index.since(self.base).checked_sub(1);
        let known = place.and_then(|place| self.log.get(place));
        known.is_some_and(|(term, _)| *term != view.snapshot_term)
    }

    /// Makes `view` the last one and gives out its entries from `changed_from` on.
    fn take(&mut self, view: &View, changed_from: LogIndex) -> Vec<(Term, Digest)> {
        let changed = view.changed[changed_from.since(view.changed_from)..].to_vec();
        if changed_from <= self.base || view.snapshot_index > self.base.plus(self.log.len()) {
            self.base = view.snapshot_index;
            self.log.clear();
        } else {
            self.log.truncate(changed_from.previous().since(self.base));
            self.log.drain(..view.snapshot_index.since(self.base));
            self.base = self.base.max(view.snapshot_index);
        }
        self.log.extend_from_slice(&changed);
        self.last = View { changed: Vec::new(), ..*view };
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(term: u64) -> (Term, Digest) {
        (Term(term), Digest(term * 10))
    }

    fn view(snapshot_index: u64, changed_from: u64, terms: &[u64]) -> View {
        View {
            snapshot_index: LogIndex(snapshot_index),
            changed_from: LogIndex(changed_from),
            last_index: LogIndex(changed_from + terms.len() as u64 - 1),
            changed: terms.iter().map(|&term| entry(term)).collect(),
            ..View::default()
        }
    }

    fn told(change: Option<View>) -> Option<(u64, Vec<u64>)> {
        change.map(|change| (change.changed_from.0, change.changed.iter().map(|(term, _)| term.0).collect()))
    }

    #[test]
    fn the_whole_log_again_is_no_news() {
        let mut observer = Observer::new(&view(0, 1, &[1, 1, 2]));
        assert_eq!(told(observer.look(&view(0, 1, &[1, 1, 2]))), None);
        assert_eq!(told(observer.look(&view(0, 4, &[]))), None);
    }

    #[test]
    fn only_entries_that_differ_are_told() {
        let mut observer = Observer::new(&view(0, 1, &[1, 1, 2]));
        assert_eq!(told(observer.look(&view(0, 1, &[1, 1, 3, 3]))), Some((3, vec![3, 3])));
        assert_eq!(told(observer.look(&view(0, 5, &[3]))), Some((5, vec![3])));
        assert_eq!(told(observer.look(&view(0, 1, &[1, 1, 3, 3, 3]))), None);
    }

    #[test]
    fn a_log_that_was_cut_is_news() {
        let mut observer = Observer::new(&view(0, 1, &[1, 1, 2]));
        assert_eq!(told(observer.look(&view(0, 1, &[1]))), Some((2, vec![])));
        assert_eq!(told(observer.look(&view(0, 2, &[1]))), Some((2, vec![1])));
    }

    #[test]
    fn a_term_or_a_vote_is_news_without_entries() {
        let mut observer = Observer::new(&view(0, 1, &[1]));
        let mut voted = view(0, 2, &[]);
        voted.voted_for = Some(windtunnel::NodeId(2));
        assert_eq!(told(observer.look(&voted)), Some((2, vec![])));
        assert_eq!(told(observer.look(&voted)), None);
    }

    #[test]
    fn a_snapshot_takes_the_place_of_the_entries_it_covers() {
        let mut observer = Observer::new(&view(0, 1, &[1, 1, 2]));
        let behind = |terms: &[u64]| View { snapshot_term: Term(1), ..view(2, 3, terms) };
        assert_eq!(told(observer.look(&behind(&[2]))), Some((4, vec![])));
        assert_eq!(told(observer.look(&behind(&[2, 5]))), Some((4, vec![5])));
        // A snapshot from the leader, past everything known.
        assert_eq!(told(observer.look(&view(9, 10, &[]))), Some((10, vec![])));
        assert_eq!(told(observer.look(&view(9, 10, &[6]))), Some((10, vec![6])));
    }

    #[test]
    fn what_follows_a_snapshot_of_another_log_is_told_though_it_was_known() {
        let mut observer = Observer::new(&view(0, 1, &[1, 1, 2]));
        let kept = View { snapshot_term: Term(3), ..view(2, 3, &[2]) };
        assert_eq!(told(observer.look(&kept)), Some((3, vec![2])));
        assert_eq!(told(observer.look(&kept)), None);
    }
}
