//! The glue, under a submission that is none, on a Raft that is none.

use super::host;
use crate::contract::{
    Append, Clerk, Get, GetError, NotServed, Options, Put, PutError, PutRefused, Replicated, Server, StateMachine,
    Submission, Version, Versioned,
};
use crate::control::{Reply, Request};
use crate::observation::{ANSWERED, Answered, CALLED, COUNTED, Called, Count, Counted, RETURNED, Returned, Told};
use lab_raft::{Applied, AppliedStream, LogIndex, NotLeader, Proposed, Raft, Status, View};
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::sync::mpsc::UnboundedReceiver;
use windtunnel::time::sleep;
use windtunnel::world::{Moment, Observer, Outcome, Response, Simulation, Tester};
use windtunnel::{NodeId, Seed, net};

const SERVER: NodeId = NodeId(1);
const CLIENT: NodeId = NodeId(2);

/// Leads nobody.
#[derive(Clone)]
struct Idle;

impl Raft for Idle {
    async fn start(_: AppliedStream) -> io::Result<Self> {
        Ok(Idle)
    }

    fn propose(&self, _: Vec<u8>) -> Result<Proposed, NotLeader> {
        Err(NotLeader { hint: None })
    }

    fn status(&self) -> Status {
        Status::default()
    }

    fn view(&self) -> View {
        View { changed_from: LogIndex(1), ..View::default() }
    }
}

/// Does every command at once, and begins from its own snapshot after each.
struct Alone<M>(Rc<RefCell<M>>);

impl<M> Clone for Alone<M> {
    fn clone(&self) -> Self {
        Alone(self.0.clone())
    }
}

impl<R: Raft, M: StateMachine> Replicated<R, M> for Alone<M> {
    fn start(_: R, _: UnboundedReceiver<Applied>, machine: M, _: Options) -> Self {
        Alone(Rc::new(RefCell::new(machine)))
    }

    async fn submit(&self, command: M::Command) -> Result<M::Answer, NotServed> {
        let mut machine = self.0.borrow_mut();
        let answer = machine.apply(command);
        let snapshot = machine.snapshot();
        machine.restore(&snapshot);
        Ok(answer)
    }

    async fn read<T>(&self, look: impl FnOnce(&M) -> T) -> Result<T, NotServed> {
        Ok(look(&self.0.borrow()))
    }
}

/// Refuses everything.
#[derive(Clone)]
struct Grudging;

impl<R: Raft> Server<R> for Grudging {
    fn start(_: R, _: UnboundedReceiver<Applied>, _: Options) -> Self {
        Grudging
    }

    async fn get(&self, _: Get) -> Result<Result<Versioned, GetError>, NotServed> {
        Ok(Err(GetError::NoKey))
    }

    async fn put(&self, _: Put) -> Result<Result<(), PutRefused>, NotServed> {
        Ok(Err(PutRefused::Version))
    }

    async fn append(&self, _: Append) -> Result<(), NotServed> {
        Err(NotServed::Lost)
    }
}

/// Finds as the version of a key how often it was asked for one, and asks a server of puts alone.
#[derive(Clone)]
struct Counting(NodeId, Rc<Cell<u64>>);

impl Clerk for Counting {
    fn connect(servers: Vec<NodeId>) -> Self {
        Counting(servers[0], Rc::default())
    }

    async fn get(&self, key: &str) -> Result<Versioned, GetError> {
        self.1.set(self.1.get() + 1);
        Ok(Versioned { value: key.to_owned(), version: Version(self.1.get()) })
    }

    async fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let put = Put { key: key.to_owned(), value: value.to_owned(), version };
        let refused = net::call(self.0, put).await.expect("nothing fails").expect("it is served");
        refused.map_err(PutError::from)
    }

    async fn append(&self, _: &str, _: &str) {
        sleep(Duration::from_millis(10)).await;
    }
}

struct Nobody;

impl Submission for Nobody {
    type Replicated<R: Raft, M: StateMachine> = Alone<M>;
    type Server<R: Raft> = Grudging;
    type Clerk = Counting;
}

/// Node, kind and body of what was observed.
type Observed = Vec<(NodeId, String, Vec<u8>)>;

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Observed>>);

impl Observer for Seen {
    fn observed(&mut self, _: Moment, node: NodeId, kind: &str, body: &[u8]) -> Response {
        self.0.borrow_mut().push((node, kind.to_owned(), body.to_vec()));
        Response::Continue
    }
}

/// What was observed of that kind.
fn all<T: DeserializeOwned>(seen: &Observed, of: &str) -> Vec<T> {
    let bodies = seen.iter().filter(|(_, kind, _)| kind == of).map(|(_, _, body)| body);
    bodies.map(|body| postcard::from_bytes(body).expect("it is of that kind")).collect()
}

async fn ask(tester: &Tester, node: NodeId, request: Request) -> Reply {
    let reply = tester.control(node, postcard::to_stdvec(&request).expect("it is plain data")).await;
    postcard::from_bytes(&reply.expect("it runs")).expect("a reply")
}

fn get(clerk: u32) -> Request {
    Request::Get { clerk, key: "k".to_owned() }
}

fn append(clerk: u32) -> Request {
    Request::Append { clerk, key: "k".to_owned(), value: "v".to_owned() }
}

/// Asks these nodes one after the other, in a world of a server and, perhaps, a client.
fn told(groups: &[u32], requests: Vec<(NodeId, Request)>) -> (Vec<Reply>, Observed) {
    let setup = || {
        let requests = requests.clone();
        let body = |tester: Tester| async move {
            sleep(Duration::from_millis(10)).await;
            let mut replies = Vec::new();
            for (node, request) in requests {
                replies.push(ask(&tester, node, request).await);
            }
            replies
        };
        (Seen::default(), body)
    };
    let simulation = Simulation::new(Seed(1)).nodes(groups.iter().sum(), host::<Nobody, Idle>);
    let groups = groups.to_vec();
    let (report, seen) = simulation.with(|options| options.groups = groups).observe(setup, |seen| seen.0.take());
    let Outcome::Finished(replies) = report.outcome else { panic!("{:?}", report.outcome) };
    (replies, seen)
}

#[test]
fn servers_alone_count_and_show_it_after_each_command_and_each_snapshot() {
    let counts = [Count::Increment, Count::Nothing, Count::Spoil].map(|count| (SERVER, Request::Submit(count)));
    let (replies, seen) = told(&[1], [&counts[..], &[(SERVER, Request::Read)]].concat());
    assert_eq!(replies, [1, 1, 1, 1].map(|value| Reply::Counter(Ok(value))));
    let counted = [false, false, false, false, true, true].map(|spoilt| Counted { value: 1, spoilt });
    assert_eq!(all::<Counted>(&seen, COUNTED), counted);
    let called: Vec<u64> = all::<Called>(&seen, CALLED).into_iter().map(|called| called.call).collect();
    let returned: Vec<Returned> = all(&seen, RETURNED);
    assert_eq!(called, [1, 2, 3, 4]);
    assert_eq!(returned, [1, 2, 3, 4].map(|call| Returned { call, told: Told::Counter(Ok(1)) }));
}

#[test]
fn a_node_of_clients_keeps_its_clerks_apart() {
    let (replies, _) = told(&[1, 1], [0, 0, 1, 0].map(|clerk| (CLIENT, get(clerk))).to_vec());
    let found = |version| Reply::Got(Ok(Versioned { value: "k".to_owned(), version: Version(version) }));
    assert_eq!(replies, [1, 2, 1, 3].map(found));
}

#[test]
fn calls_of_a_node_that_are_open_at_once_have_numbers_of_their_own() {
    let setup = || {
        let body = |tester: Tester| async move {
            sleep(Duration::from_millis(10)).await;
            let other = tester.clone();
            let first = windtunnel::spawn(async move { ask(&other, CLIENT, append(0)).await });
            let second = ask(&tester, CLIENT, append(1)).await;
            (first.await.expect("nobody aborts it"), second)
        };
        (Seen::default(), body)
    };
    let simulation = Simulation::new(Seed(1)).nodes(2, host::<Nobody, Idle>);
    let simulation = simulation.with(|options| options.groups = vec![1, 1]);
    let (report, seen) = simulation.observe(setup, |seen| seen.0.take());
    let Outcome::Finished(replies) = report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(replies, (Reply::Appended, Reply::Appended));
    let order: Vec<&str> = seen.iter().filter(|(node, ..)| *node == CLIENT).map(|(_, kind, _)| kind.as_str()).collect();
    assert_eq!(order, [CALLED, CALLED, RETURNED, RETURNED]);
    let returned = [1, 2].map(|call| Returned { call, told: Told::Appended });
    assert_eq!(all::<Returned>(&seen, RETURNED), returned);
}

#[test]
fn a_server_shows_how_it_answers_a_put_and_to_whom() {
    let version = Version(3);
    let put = Request::Put { clerk: 0, key: "k".to_owned(), value: "v".to_owned(), version };
    let (replies, seen) = told(&[1, 1], vec![(CLIENT, put)]);
    assert_eq!(replies, [Reply::Put(Err(PutError::Version))]);
    let answer = Ok(Err(PutRefused::Version));
    let answered = Answered { from: CLIENT, key: "k".to_owned(), version, answer };
    assert_eq!(all::<Answered>(&seen, ANSWERED), [answered]);
    assert_eq!(all::<Returned>(&seen, RETURNED), [Returned { call: 1, told: Told::Put(Err(PutError::Version)) }]);
}

#[test]
fn each_sort_of_node_understands_what_is_asked_of_it_alone() {
    let counting = [Request::Submit(Count::Nothing), Request::Read];
    let of_clients = [get(0), append(0)];
    let cases = [
        (&[1][..], SERVER, &of_clients[..]),
        (&[1, 1], SERVER, &of_clients),
        (&[1, 1], SERVER, &counting),
        (&[1, 1], CLIENT, &counting),
        (&[1, 1], CLIENT, &[Request::StateBytes]),
    ];
    for (groups, node, requests) in cases {
        let (replies, seen) = told(groups, requests.iter().map(|request| (node, request.clone())).collect());
        assert!(replies.iter().all(|reply| *reply == Reply::NotUnderstood), "{replies:?}");
        assert!(all::<Called>(&seen, CALLED).is_empty(), "what is not understood is no call");
    }
    for groups in [&[1][..], &[1, 1]] {
        let (replies, _) = told(groups, vec![(SERVER, Request::StateBytes)]);
        assert_eq!(replies, [Reply::StateBytes(Some(0))]);
    }
}
