//! Who watches a Raft run: takes in what servers show, and checks every rule at every step.
//!
//! - [`Known`]: what is known of all servers, and what test bodies ask about;
//! - [`Shadow`]: a server's log as it showed it, with a hash over each prefix ([`Chain`]);
//! - [`Heard`]: whom a server was delivered something from, and what those had shown by then;
//! - [`Committed`]: the one prefix that somebody has shown as committed;
//! - [`Seen`]: one step of a server, as the rules see it; they are in [`invariants`];
//! - `narrator`: the same in a few words, for stories.
//!
//! Each observation costs a constant, and a constant for each log entry that it changes.

mod committed;
mod heard;
mod known;
mod narrator;
mod seen;
mod shadow;

pub use committed::{Committed, CommittedEntry};
pub use heard::{Deliveries, Heard, Reach};
pub use known::{FirstApplied, Head, Known, Server};
pub use seen::{Difference, Seen, ViewSeen, What};
pub use shadow::{Chain, Shadow, ShadowFault, ShownEntry};

use crate::contract::{Digest, LogIndex, Term, View};
use crate::invariants::{self, Invariant, Rule, Violation, Watches, snapshot_rule, view_honesty};
use crate::observation::{self, AppliedEntry, AppliedSnapshot, Restored};
use lab_harness::failed::Failed;
use lab_harness::judge::{Interest, Judge, Run, Standing};
use narrator::Narrator;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use windtunnel::NodeId;
use windtunnel::world::{Lifecycle, Moment};

/// The judge of a Raft run.
pub struct RaftJudge {
    known: Known,
    rules: Vec<(&'static Rule, Box<dyn Invariant>)>,
    narrator: Narrator,
    clients: Cell<u64>,
    scenes: Cell<Option<u64>>,
}

impl RaftJudge {
    /// All that is known of the servers.
    #[must_use]
    pub const fn known(&self) -> &Known {
        &self.known
    }

    /// How many clients propose commands in this storm; without any, its recovery asks for none either.
    #[must_use]
    pub const fn clients(&self) -> u64 {
        self.clients.get()
    }

    /// Notes how many clients there are.
    pub fn set_clients(&self, clients: u64) {
        self.clients.set(clients);
    }

    /// A test body has tried to bring a situation about that some servers avoid, and says whether it came about.
    pub fn note_scene(&self, came_about: bool) {
        self.scenes.set(Some(self.scenes.get().unwrap_or_default() + u64::from(came_about)));
    }

    #[cfg(test)]
    pub(crate) fn leave_out(&mut self, rule: &Rule) {
        self.rules.retain(|(known, _)| known.name != rule.name);
    }

    fn check(&mut self, moment: Moment, node: NodeId, what: &What<'_>) -> Result<(), Failed> {
        let seen = Seen { moment, node, what, known: &self.known };
        let is_view = matches!(what, What::View(_));
        for (rule, invariant) in
            self.rules.iter_mut().filter(|(rule, _)| is_view || rule.watches == Watches::Everything)
        {
            invariant.check(&seen).map_err(|violation| rule.broken(violation))?;
        }
        Ok(())
    }

    fn view(&mut self, moment: Moment, node: NodeId, change: &View) -> Result<Interest, Failed> {
        let view = self.known.take_view(node, change).map_err(|fault| match fault {
            ShadowFault::UnknownSnapshot { .. } => snapshot_rule::RULE.broken(impossible(node, &fault)),
            _ => dishonest(node, &fault),
        })?;
        let interest = interest_in(&view);
        self.check(moment, node, &What::View(view))?;
        Ok(interest)
    }

    fn applied(&mut self, moment: Moment, node: NodeId, entry: &AppliedEntry) -> Result<Interest, Failed> {
        let previous = self.known.take_applied(node, entry);
        self.check(moment, node, &What::Applied { entry, previous })?;
        Ok(Interest::Changed)
    }

    fn snapshot(&mut self, moment: Moment, node: NodeId, snapshot: &AppliedSnapshot) -> Result<Interest, Failed> {
        let previous = self.known.take_snapshot(node, snapshot);
        self.check(moment, node, &What::AppliedSnapshot { snapshot, previous })?;
        Ok(Interest::Changed)
    }
}

/// Test bodies wait for terms, roles, commits and applied entries; a log that grows wakes nobody.
fn interest_in(view: &ViewSeen) -> Interest {
    let head = |head: Head| (head.term, head.role, head.commit);
    if view.before.map(head) == Some(head(view.now)) { Interest::None } else { Interest::Changed }
}

fn decoded<T: DeserializeOwned>(node: NodeId, kind: &str, body: &[u8]) -> Result<T, Failed> {
    postcard::from_bytes(body).map_err(|_| dishonest(node, &format_args!("its `{kind}` is none of the lab's")))
}

fn dishonest(node: NodeId, what: &dyn fmt::Display) -> Failed {
    view_honesty::RULE.broken(impossible(node, what))
}

fn impossible(node: NodeId, what: &dyn fmt::Display) -> Violation {
    Violation::new(format!("{node} shows what cannot be: {what}"), [node])
}

impl Judge for RaftJudge {
    fn new(nodes: u32) -> Self {
        let rules = invariants::ALL.iter().map(|rule| (*rule, (rule.make)())).collect();
        RaftJudge {
            known: Known::of(nodes),
            rules,
            narrator: Narrator::default(),
            clients: Cell::new(0),
            scenes: Cell::new(None),
        }
    }

    fn observed(&mut self, moment: Moment, node: NodeId, kind: &str, body: &[u8]) -> Result<Interest, Failed> {
        match kind {
            observation::VIEW => self.view(moment, node, &decoded(node, kind, body)?),
            observation::RESTORED => {
                let Restored { view } = decoded(node, kind, body)?;
                view.check().map_err(|fault| dishonest(node, &fault))?;
                self.view(moment, node, &view)
            }
            observation::APPLIED => self.applied(moment, node, &decoded(node, kind, body)?),
            observation::PERSISTED => {
                // For failures to tell, and no rule judges it: what is none of the lab's is nothing.
                if let Ok(what) = postcard::from_bytes(body) {
                    self.known.take_persisted(node, moment.at, what);
                }
                Ok(Interest::None)
            }
            observation::APPLIED_SNAPSHOT => self.snapshot(moment, node, &decoded(node, kind, body)?),
            _ => Ok(Interest::None),
        }
    }

    fn delivered(&mut self, from: NodeId, to: NodeId) {
        self.known.take_delivery(from, to);
    }

    fn hears_of_no_deliveries(&mut self) {
        self.rules.retain(|(rule, _)| rule.watches != Watches::ViewsAndDeliveries);
    }

    fn lifecycle(&mut self, moment: Moment, node: NodeId, what: Lifecycle) -> Result<Interest, Failed> {
        self.known.take_lifecycle(node, what);
        if matches!(what, Lifecycle::Started(_)) {
            self.check(moment, node, &What::Started)?;
        }
        Ok(Interest::Changed)
    }

    fn leader(&self) -> Option<NodeId> {
        self.known.leader_among(|_| true)
    }

    fn changes_of_leader(&self) -> u64 {
        let leaders: Vec<&NodeId> = self.known.leaders().values().collect();
        leaders.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
    }

    fn counted(&self) -> BTreeMap<String, u64> {
        self.scenes.get().map(|scenes| ("scenes".to_owned(), scenes)).into_iter().collect()
    }

    fn standing(&self, node: NodeId) -> Option<Standing> {
        let server = self.known.server(node);
        let head = server.head.filter(|_| server.running);
        let role = match head {
            Some(head) => head.role.to_string(),
            None if server.running => "starting".to_owned(),
            None => "down".to_owned(),
        };
        let (term, commit) = head.map_or((0, 0), |head| (head.term.0, head.commit.0));
        Some(Standing { role, term, commit, applied: server.applied.0 })
    }

    fn narrate(&mut self, node: NodeId, kind: &str, body: &[u8]) -> Option<String> {
        self.narrator.tell(node, kind, body)
    }

    fn run(text: &str) -> Option<Run> {
        narrator::run(text)
    }
}

impl fmt::Debug for RaftJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RaftJudge").field("known", &self.known).finish_non_exhaustive()
    }
}

/// Where an entry stands and what it is: for sentences.
pub(crate) fn entry_in_words(index: LogIndex, term: Term, digest: Digest) -> String {
    format!("entry {index} of term {term} ({:04x})", digest.0 & 0xffff)
}

#[cfg(test)]
mod tests;
