//! What the core orders, told what.

use super::*;
use lab_mapreduce::Split;
use windtunnel::NodeId;

const JOB: JobId = JobId(1);

/// A core at a job of two map tasks and one reduce task, and a clock.
struct Run {
    core: Core,
    now: Duration,
    said: u64,
}

fn worker(node: u32) -> WorkerId {
    WorkerId { node: NodeId(node), life: 1 }
}

fn job() -> Job {
    let split = Split { object: "in".to_owned(), from: 0, length: 9 };
    Job {
        id: JOB,
        app: "wordcount".to_owned(),
        parameters: Vec::new(),
        splits: vec![split.clone(), split],
        reduces: 1,
        output: "out".to_owned(),
    }
}

impl Run {
    fn new() -> Self {
        let mut core = Core::default();
        core.take(Duration::ZERO, &News::Submitted(job()));
        Run { core, now: Duration::ZERO, said: 0 }
    }

    /// A worker says something, and news are taken in.
    fn says(&mut self, node: u32, state: State) -> Order {
        self.said += 1;
        let heartbeat = Heartbeat { worker: worker(node), number: self.said, state };
        self.hears(&heartbeat)
    }

    fn hears(&mut self, heartbeat: &Heartbeat) -> Order {
        for news in self.core.news(heartbeat) {
            self.core.take(self.now, &news);
        }
        self.core.order(self.now, heartbeat)
    }

    fn finishes(&mut self, node: u32, task: Task) -> Order {
        self.finishes_in(Duration::ZERO, node, task)
    }

    fn finishes_in(&mut self, took: Duration, node: u32, task: Task) -> Order {
        self.says(node, State::Finished(JOB, task, Outcome { took, ..Outcome::default() }))
    }

    fn fails(&mut self, node: u32, task: Task, trouble: Trouble) -> Order {
        self.says(node, State::Failed(JOB, task, trouble))
    }

    fn later(&mut self, span: Duration) {
        self.now += span;
    }
}

/// The task of an order, if it is to be done.
fn task(order: &Order) -> Option<Task> {
    if let Order::Run(assignment) = order { Some(assignment.task) } else { None }
}

#[test]
fn map_tasks_come_first_and_the_job_is_done_with_its_last_reduce_task() {
    let mut run = Run::new();
    assert_eq!(task(&run.says(2, State::Idle)), Some(Task::Map(0)));
    assert_eq!(task(&run.says(3, State::Idle)), Some(Task::Map(1)));
    assert_eq!(run.says(4, State::Idle), Order::Wait(Some(JOB)));
    assert_eq!(task(&run.finishes(2, Task::Map(0))), None);
    let order = run.finishes(3, Task::Map(1));
    assert_eq!(task(&order), Some(Task::Reduce(0)));
    let Order::Run(assignment) = order else { panic!("it is to be done") };
    assert!(assignment.sources.iter().eq([worker(2), worker(3)]));
    assert_eq!(run.finishes(3, Task::Reduce(0)), Order::Wait(None));
    assert!(matches!(run.core.status(), Status::Done { job: JOB, .. }));
}

#[test]
fn who_is_not_heard_for_a_lease_has_lost_what_it_had_and_was_at() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    run.finishes(2, Task::Map(0));
    run.later(LEASE + Duration::from_millis(1));
    assert_eq!(task(&run.says(3, State::Idle)), Some(Task::Map(0)), "it had finished that");
    assert_eq!(task(&run.says(4, State::Idle)), Some(Task::Map(1)), "it was at that");
}

/// A worker that says it is at it is overtaken by its own word that it has finished.
#[test]
fn words_that_were_overtaken_change_nothing() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    let late = Heartbeat { worker: worker(2), number: run.said, state: State::Busy(JOB, Task::Map(0), Duration::ZERO) };
    assert_eq!(task(&run.finishes(2, Task::Map(0))), Some(Task::Map(1)));
    assert_eq!(run.hears(&late), Order::GoOn);
    assert_eq!(task(&run.says(3, State::Idle)), None, "worker 2 is still at map 1");
}

#[test]
fn who_takes_too_long_is_helped_once_and_told_when_the_task_is_done() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    run.says(3, State::Idle);
    run.later(Duration::from_secs(1));
    run.finishes_in(Duration::from_secs(1), 2, Task::Map(0));
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO));
    run.later(Duration::from_secs(2));
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO));
    assert_eq!(task(&run.says(2, State::Idle)), Some(Task::Map(1)), "3 s, where the other one took 1 s");
    assert_eq!(task(&run.says(4, State::Idle)), None, "two are enough");
    run.finishes(2, Task::Map(1));
    assert_eq!(run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO)), Order::GiveUp);
}

#[test]
fn who_is_at_the_first_task_of_its_kind_is_helped_at_last() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    run.says(3, State::Idle);
    for second in 1..=10 {
        run.later(Duration::from_secs(1));
        run.says(2, State::Busy(JOB, Task::Map(0), Duration::ZERO));
        run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO));
        assert_eq!(task(&run.says(4, State::Idle)), None, "{second} s, and nobody knows what is long");
    }
    run.later(Duration::from_millis(1));
    assert_eq!(task(&run.says(4, State::Idle)), Some(Task::Map(0)));
}

#[test]
fn how_long_tasks_took_outlives_the_coordinator() {
    let took = Duration::from_millis(500);
    let done = News::Done(Task::Map(0), worker(2), Outcome { took, ..Outcome::default() });
    let mut run = Run { core: Core::recover(vec![News::Submitted(job()), done]), now: Duration::ZERO, said: 10 };
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO));
    run.later(LEASE);
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::ZERO));
    assert_eq!(task(&run.says(2, State::Idle)), Some(Task::Map(1)), "3 s, where the other one took half a second");
}

#[test]
fn how_long_a_worker_has_been_at_a_task_outlives_the_coordinator() {
    let mut run = Run { core: Core::recover(vec![News::Submitted(job())]), now: Duration::ZERO, said: 10 };
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::from_secs(8)));
    run.says(4, State::Busy(JOB, Task::Map(0), Duration::from_secs(6)));
    run.later(LEASE);
    run.says(3, State::Busy(JOB, Task::Map(1), Duration::from_secs(11)));
    run.says(4, State::Busy(JOB, Task::Map(0), Duration::from_secs(9)));
    assert_eq!(task(&run.says(2, State::Idle)), Some(Task::Map(1)), "11 s, of which this one has seen 3");
    assert_eq!(task(&run.says(5, State::Idle)), None, "9 s");
}

#[test]
fn a_coordinator_that_starts_again_waits_for_what_it_may_not_have_heard() {
    let mut core = Core::recover(vec![News::Submitted(job()), News::Done(Task::Map(0), worker(2), Outcome::default())]);
    let idle = |node, number| Heartbeat { worker: worker(node), number, state: State::Idle };
    assert_eq!(task(&core.order(Duration::ZERO, &idle(3, 1))), None);
    let mut run = Run { core, now: Duration::from_secs(1), said: 10 };
    assert_eq!(task(&run.finishes(4, Task::Map(1))), None, "finished while nobody was there");
    run.later(LEASE - Duration::from_secs(1));
    assert_eq!(task(&run.says(3, State::Idle)), Some(Task::Reduce(0)));
}

#[test]
fn a_record_is_skipped_after_two_deaths() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    for (attempt, skip) in [(1, vec![]), (2, vec![5])] {
        assert_eq!(skips(&run.fails(2, Task::Map(0), died_in(attempt))), Some((Task::Map(0), skip)));
    }
}

fn died_in(attempt: u64) -> Trouble {
    Trouble::App(AppFailure::Died { attempt, record: 5, why: String::new() })
}

/// What is to be done, and what is to be skipped in it.
fn skips(order: &Order) -> Option<(Task, Vec<u64>)> {
    if let Order::Run(assignment) = order { Some((assignment.task, assignment.skip.clone())) } else { None }
}

#[test]
fn a_death_that_is_told_twice_was_one_and_it_outlives_the_coordinator() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    let failed = Heartbeat { worker: worker(2), number: 9, state: State::Failed(JOB, Task::Map(0), died_in(1)) };
    let news = run.core.news(&failed);
    assert_eq!(skips(&run.hears(&failed)), Some((Task::Map(0), vec![])));
    assert_eq!(run.core.news(&failed), []);
    let told = [vec![News::Submitted(job())], news].concat();
    let mut run = Run { core: Core::recover(told), now: LEASE, said: 10 };
    assert_eq!(skips(&run.hears(&Heartbeat { number: 10, ..failed })), Some((Task::Map(0), vec![])));
    assert_eq!(skips(&run.fails(2, Task::Map(0), died_in(2))), Some((Task::Map(0), vec![5])));
}

#[test]
fn a_key_that_kills_is_skipped_as_a_record_is() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    run.finishes(2, Task::Map(0));
    run.finishes(2, Task::Map(1));
    run.fails(2, Task::Reduce(0), died_in(1));
    assert_eq!(skips(&run.fails(2, Task::Reduce(0), died_in(2))), Some((Task::Reduce(0), vec![5])));
}

#[test]
fn who_dies_combining_tries_again() {
    let mut run = Run::new();
    run.says(2, State::Idle);
    let combine = Trouble::App(AppFailure::Combine(String::new()));
    assert_eq!(skips(&run.fails(2, Task::Map(0), combine)), Some((Task::Map(0), vec![])));
}

#[test]
fn what_is_gone_is_made_again_at_once_and_who_is_not_reached_at_the_second_complaint() {
    let done = || {
        let mut run = Run::new();
        run.says(2, State::Idle);
        run.finishes(2, Task::Map(0));
        run.finishes(2, Task::Map(1));
        run
    };
    let mut run = done();
    assert_eq!(task(&run.fails(3, Task::Reduce(0), Trouble::Gone { map: 1, from: worker(2) })), Some(Task::Map(1)));
    let mut run = done();
    let unreachable = |number| Trouble::Unreachable { map: 1, from: worker(2), number };
    run.says(2, State::Idle);
    for _ in 0..3 {
        assert_eq!(
            task(&run.fails(3, Task::Reduce(0), unreachable(1))),
            None,
            "worker 2 is at it, whoever says it again"
        );
    }
    assert_eq!(task(&run.fails(3, Task::Reduce(0), unreachable(2))), Some(Task::Map(1)));
    run.says(2, State::Idle);
    run.finishes(2, Task::Map(1));
    assert_ne!(task(&run.fails(3, Task::Reduce(0), unreachable(3))), Some(Task::Map(1)), "it is another output");
}

#[test]
fn a_disk_that_fails_is_not_tried_again_as_long_as_there_are_others_and_not_for_ever() {
    let mut run = Run::new();
    run.says(3, State::Idle);
    run.says(2, State::Idle);
    let disk = || Trouble::Disk("full".to_owned());
    assert_eq!(task(&run.fails(2, Task::Map(1), disk())), None, "worker 3 may try it");
    for _ in 0..10 {
        run.fails(3, Task::Map(1), disk());
    }
    assert!(matches!(run.core.status(), Status::Failed { .. }));
}

#[test]
fn the_same_job_is_known_and_others_are_refused() {
    let run = Run::new();
    assert_eq!(run.core.knows(&job()), Ok(true));
    assert_eq!(run.core.knows(&Job { reduces: 2, ..job() }), Err(Refused::OtherJob));
    assert_eq!(run.core.knows(&Job { id: JobId(2), ..job() }), Err(Refused::Busy));
    assert_eq!(Core::default().knows(&Job { reduces: 0, ..job() }), Err(Refused::NoReduces));
}
