//! What the load of flights sees of services that are wrong, each a few lines in memory.

use super::*;
use crate::history::{History, LINEARIZABILITY};
use crate::scenario::{Scenario, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use windtunnel::check::models::{Kv, KvAnswer, KvAsk};
use windtunnel::time::timeout;
use windtunnel::world::{Moment, Outcome, Simulation, Tester};
use windtunnel::{EventNumber, Nanos, NodeId, Seed};

/// A service with versions, and who judges what it answers.
struct Service {
    looks_at_versions: bool,
    pairs: BTreeMap<String, (String, u64)>,
    history: History<Kv, ()>,
    calls: u64,
    appends: u64,
    wrong: Option<&'static str>,
}

impl Service {
    fn new(looks_at_versions: bool) -> Self {
        let history = History::new(&Kv);
        Service { looks_at_versions, pairs: BTreeMap::new(), history, calls: 0, appends: 0, wrong: None }
    }

    fn put(&mut self, key: &str, value: &str, version: u64) -> KvAnswer {
        let known = self.pairs.get(key).map_or(0, |(_, version)| *version);
        if self.looks_at_versions && known != version {
            return if known == 0 { KvAnswer::NoKey } else { KvAnswer::OtherVersion };
        }
        self.pairs.insert(key.to_owned(), (value.to_owned(), known + 1));
        KvAnswer::Done
    }
}

/// Its client; one of a service with appends only counts them.
#[derive(Clone)]
struct Client<const APPENDS: bool>(Rc<RefCell<Service>>, Tester);

impl<const APPENDS: bool> Client<APPENDS> {
    /// A call is on its way for a moment, and so is its answer.
    async fn ask(&self, asked: KvAsk, act: impl FnOnce(&mut Service) -> KvAnswer) -> KvAnswer {
        const ON_ITS_WAY: Duration = Duration::from_millis(1);
        let moment = || Moment { at: self.1.now(), event: EventNumber(0) };
        let (node, call) = {
            let mut service = self.0.borrow_mut();
            service.calls += 1;
            let call = service.calls;
            service.history.called(moment(), NodeId(1), call, asked, ()).expect("the history is short");
            (NodeId(1), call)
        };
        sleep(ON_ITS_WAY).await;
        let answer = act(&mut self.0.borrow_mut());
        sleep(ON_ITS_WAY).await;
        let mut service = self.0.borrow_mut();
        let judged = service.history.returned(moment(), node, call, Some(answer.clone()));
        if let Err(failed) = judged {
            service.wrong.get_or_insert(failed.rule);
        }
        answer
    }
}

impl<const APPENDS: bool> PairsClient for Client<APPENDS> {
    const APPENDS: bool = APPENDS;

    async fn get(&self, key: &str) -> Result<u64, NoAnswer> {
        let look = |service: &mut Service| match service.pairs.get(key) {
            Some((value, version)) => KvAnswer::Found(value.as_str().into(), *version),
            None => KvAnswer::NoKey,
        };
        match self.ask(KvAsk::Get(key.into()), look).await {
            KvAnswer::Found(_, version) => Ok(version),
            _ => Ok(0),
        }
    }

    async fn put(&self, key: &str, value: &str, version: u64) -> Result<Put, NoAnswer> {
        let asked = KvAsk::Put(key.into(), value.into(), version);
        match self.ask(asked, |service| service.put(key, value, version)).await {
            KvAnswer::Done => Ok(Put::Done),
            _ => Ok(Put::Refused),
        }
    }

    async fn append(&self, key: &str, _: &str) -> Result<(), NoAnswer> {
        assert!(key.starts_with("shared "), "{key}");
        sleep(Duration::from_millis(2)).await;
        self.0.borrow_mut().appends += 1;
        Ok(())
    }
}

const CLERKS: usize = 8;

/// What becomes of a service under this load for some seconds: what is wrong with it, and how many appends there were.
fn flown<const APPENDS: bool>(looks_at_versions: bool, shares_keys: bool) -> (Option<&'static str>, u64) {
    let body = move |tester: Tester| async move {
        let service = Rc::new(RefCell::new(Service::new(looks_at_versions)));
        let text = "about = \"x\"\nnodes = 1\nduration = \"1s\"\n";
        let drawn = Scenario::parse("calm", text).expect("it is one").draw(Seed(1)).load;
        let load = DrawnLoad { shares_keys, propose_every: Time(Nanos::ZERO), ..drawn };
        let clerks = vec![Client::<APPENDS>(service.clone(), tester.clone()); CLERKS];
        let Clients { at_work, nothing_lost } = clients(clerks, |_| tester.stream("load"), &load, &Meter::default());
        let _ = timeout(Duration::from_secs(5), at_work).await;
        nothing_lost.await.expect("somebody answers");
        let service = service.borrow();
        (service.wrong, service.appends)
    };
    let report = Simulation::new(Seed(1)).nodes(1, || async {}).run(body);
    let Outcome::Finished(seen) = report.outcome else { panic!("{:?}", report.outcome) };
    seen
}

#[test]
fn only_keys_that_several_write_show_that_versions_are_ignored() {
    assert_eq!(flown::<false>(false, true), (Some(LINEARIZABILITY), 0));
    assert_eq!(flown::<false>(false, false), (None, 0), "whoever puts a key alone is never refused");
}

#[test]
fn a_right_service_is_right_under_either_load() {
    for shares_keys in [false, true] {
        assert_eq!(flown::<false>(true, shares_keys), (None, 0));
    }
}

#[test]
fn a_service_with_appends_is_asked_for_some_where_keys_are_shared() {
    let (wrong, appends) = flown::<true>(true, true);
    assert!(wrong.is_none() && appends > 20, "{wrong:?}, {appends} appends");
    assert_eq!(flown::<true>(true, false), (None, 0), "the measured load has none");
}
