//! Reads that need no entry of the log. (Section 8; section 6.4 of Ongaro's dissertation)
//!
//! A leader may answer a read from its state machine if it knows that nobody has taken its place:
//! "it needs to find out whether it has been deposed before processing a read-only request". Reads
//! are counted, each request carries the count, and its answer confirms all reads asked for before
//! it was sent: so reads that wait share a round of heartbeats.

use super::{Core, Standing};
use lab_raft::{LogIndex, NotLeader, Term};

/// A read that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    term: Term,
    number: u64,
    /// "The leader saves its current commit index in a local variable readIndex", if it knows it.
    read_index: Option<LogIndex>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A state machine that has applied this may answer.
    Read(LogIndex),
    /// Not yet known.
    Wait,
    /// This server leads no more, or not in the term in which it was asked.
    NotLeader(NotLeader),
}

impl Core {
    /// Somebody asks to read.
    ///
    /// # Errors
    ///
    /// When this server does not lead.
    pub fn ask_to_read(&mut self) -> Result<Question, NotLeader> {
        let (term, read_index) = (self.term, self.known_commit());
        let Standing::Leader { reads, .. } = &mut self.standing else { return Err(self.not_leader()) };
        *reads += 1;
        Ok(Question { term, number: *reads, read_index })
    }

    /// Looks whether it can be answered: a majority has said after the question that this server
    /// leads. If the leader did not know then what was committed, what it knows now will do.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Answer {
        let Standing::Leader { followers, .. } = &self.standing else { return Answer::NotLeader(self.not_leader()) };
        if question.term != self.term {
            return Answer::NotLeader(NotLeader { hint: None });
        }
        let confirmed = followers.values().filter(|follower| follower.confirmed_reads >= question.number).count();
        match question.read_index.or_else(|| self.known_commit()) {
            Some(index) if confirmed + 1 >= self.majority() => Answer::Read(index),
            _ => Answer::Wait,
        }
    }

    /// The commitIndex, once it is known to be up to date: "if the leader has not yet marked an entry
    /// from its current term committed, it waits until it has done so". (Dissertation, section 6.4)
    fn known_commit(&self) -> Option<LogIndex> {
        (self.log.term_at(self.commit) == Some(self.term)).then_some(self.commit)
    }
}
