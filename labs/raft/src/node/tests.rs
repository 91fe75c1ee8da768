//! The glue, under a Raft that is none.

use super::*;
use crate::contract::{LogIndex, NotLeader, Proposed, Status, Term, View};
use crate::control::{Reply, Request};
use crate::observation::{APPLIED, RESTORED, VIEW};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::line::Effect;
use windtunnel::time::sleep;
use windtunnel::world::{Moment, Observer, Outcome, Recorded, Response, Simulation, Tester};
use windtunnel::{NodeId, Seed};

const NODE: NodeId = NodeId(1);

/// Takes every command for committed, and shows its whole log every time.
#[derive(Clone)]
struct Credulous(Rc<RefCell<Vec<Digest>>>, AppliedStream);

impl Raft for Credulous {
    async fn start(applied: AppliedStream) -> io::Result<Self> {
        sleep(Duration::from_millis(5)).await;
        Ok(Credulous(Rc::default(), applied))
    }

    fn propose(&self, command: Vec<u8>) -> Result<Proposed, NotLeader> {
        self.0.borrow_mut().push(Digest::of(&command));
        let (index, term) = (LogIndex::ZERO.plus(self.0.borrow().len()), Term(1));
        self.1.entry(index, term, command);
        Ok(Proposed { index, term })
    }

    fn status(&self) -> Status {
        Status::default()
    }

    fn view(&self) -> View {
        let changed: Vec<_> = self.0.borrow().iter().map(|digest| (Term(1), *digest)).collect();
        View { last_index: LogIndex::ZERO.plus(changed.len()), changed_from: LogIndex(1), changed, ..View::default() }
    }
}

/// Kind and body of what was observed.
type Observed = Vec<(String, Vec<u8>)>;

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Observed>>);

impl Observer for Seen {
    fn observed(&mut self, _: Moment, _: NodeId, kind: &str, body: &[u8]) -> Response {
        self.0.borrow_mut().push((kind.to_owned(), body.to_vec()));
        Response::Continue
    }
}

async fn ask(tester: &Tester, request: Request) -> Option<Reply> {
    let reply = tester.control(NODE, postcard::to_stdvec(&request).unwrap()).await.ok()?;
    Some(postcard::from_bytes(&reply).unwrap())
}

#[test]
fn the_oracle_sees_the_start_each_applied_entry_and_only_what_changed_in_the_view() {
    let setup = || {
        let body = |tester: Tester| async move {
            assert_eq!(ask(&tester, Request::Status).await, None, "before it has started nobody answers");
            sleep(Duration::from_millis(10)).await;
            for command in [b"a", b"b"] {
                assert!(matches!(ask(&tester, Request::Propose(command.to_vec())).await, Some(Reply::Proposed(_))));
                assert!(matches!(ask(&tester, Request::Status).await, Some(Reply::Status(_))));
            }
            let nonsense = tester.control(NODE, vec![0xff; 3]).await.unwrap();
            assert_eq!(postcard::from_bytes(&nonsense), Ok(Reply::NotUnderstood));
        };
        (Seen::default(), body)
    };
    let (report, seen) = Simulation::new(Seed(1)).nodes(1, host::<Credulous>).observe(setup, |seen| seen.0.take());
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    let kinds: Vec<&str> = seen.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, [RESTORED, APPLIED, VIEW, APPLIED, VIEW]);
    let second: View = postcard::from_bytes(&seen[4].1).unwrap();
    assert_eq!((second.changed_from, second.changed), (LogIndex(2), vec![(Term(1), Digest::of(b"b"))]));
}

/// Cannot read its disk.
#[derive(Clone)]
struct Amnesiac;

impl Raft for Amnesiac {
    async fn start(_: AppliedStream) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::InvalidData, "raft.journal: record 7 is damaged"))
    }

    fn propose(&self, _: Vec<u8>) -> Result<Proposed, NotLeader> {
        Err(NotLeader { hint: None })
    }

    fn status(&self) -> Status {
        Status::default()
    }

    fn view(&self) -> View {
        View::default()
    }
}

#[test]
fn a_server_that_cannot_read_its_disk_is_down_and_says_which_record() {
    let simulation = Simulation::new(Seed(1)).nodes(1, host::<Amnesiac>);
    let report = simulation.with(|options| options.record = Recorded::Everything).run(|tester| async move {
        sleep(Duration::from_secs(1)).await;
        tester.is_running(NODE)
    });
    assert!(matches!(report.outcome, Outcome::Finished(false)), "{:?}", report.outcome);
    let recording = report.recording.expect("the run was recorded");
    let effects: Vec<&Effect> = recording.records.iter().flat_map(|record| &record.effects).collect();
    let reason = "it cannot start: raft.journal: record 7 is damaged".to_owned();
    assert!(effects.contains(&&Effect::Stopped { reason }), "{effects:?}");
}

/// Handles one request after the other; the first one waits, so that the second one follows in the same step.
#[derive(Clone, Default)]
struct Serial(Rc<RefCell<Term>>);

#[derive(serde::Serialize, serde::Deserialize)]
struct TakeTerm(Term);

impl windtunnel::net::Request for TakeTerm {
    type Reply = ();
    const NAME: &'static str = "take_term";
}

impl Raft for Serial {
    async fn start(_: AppliedStream) -> io::Result<Self> {
        let (raft, turn) = (Serial::default(), Rc::new(windtunnel::sync::Mutex::new(())));
        let term = raft.0.clone();
        windtunnel::net::serve(move |_, TakeTerm(taken)| {
            let (term, turn) = (term.clone(), turn.clone());
            async move {
                let _turn = turn.lock().await;
                if *term.borrow() == Term::ZERO {
                    sleep(Duration::from_millis(50)).await;
                }
                *term.borrow_mut() = taken;
            }
        });
        Ok(raft)
    }

    fn propose(&self, _: Vec<u8>) -> Result<Proposed, NotLeader> {
        Err(NotLeader { hint: None })
    }

    fn status(&self) -> Status {
        Status::default()
    }

    fn view(&self) -> View {
        View { term: *self.0.borrow(), changed_from: LogIndex(1), ..View::default() }
    }
}

#[test]
fn what_a_reply_stands_for_is_shown_even_if_the_step_goes_on() {
    let setup = || {
        let body = |_: Tester| async move {
            sleep(Duration::from_millis(10)).await;
            let calls = [5, 6].map(|term| {
                windtunnel::spawn(async move {
                    windtunnel::net::call(NODE, TakeTerm(Term(term))).await.expect("it answers");
                })
            });
            for call in calls {
                call.await.expect("it ends");
            }
        };
        (Seen::default(), body)
    };
    let (report, seen) = Simulation::new(Seed(1)).nodes(1, host::<Serial>).observe(setup, |seen| seen.0.take());
    assert!(matches!(report.outcome, Outcome::Finished(())), "{:?}", report.outcome);
    let views =
        seen.iter().filter(|(kind, _)| kind == VIEW).map(|(_, body)| postcard::from_bytes::<View>(body).unwrap());
    let mut terms: Vec<u64> = views.map(|view| view.term.0).collect();
    terms.sort_unstable();
    assert_eq!(terms, [5, 6]);
}
