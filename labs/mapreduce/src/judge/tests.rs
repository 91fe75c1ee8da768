//! That each rule is broken by what it forbids, and by nothing else.

mod attempts;

use super::*;
use crate::contract::{Counters, DEATHS, JobId, Report, Skipped, Split, Task};
use serde::Serialize;
use windtunnel::{EventNumber, Nanos};

const WORKER: NodeId = NodeId(2);
const OTHER: NodeId = NodeId(3);
/// A coordinator and two workers.
const SERVERS: u32 = 3;
/// The first node behind them.
const STORE: NodeId = NodeId(4);
const MAP: Task = Task::Map(0);

/// A judge, and what it is shown, a millisecond after the other.
struct Run {
    judge: MapReduceJudge,
    at: Nanos,
    rule: Option<&'static str>,
}

impl Run {
    /// A job of one map and two reduce tasks is running; its parts are `a` and nothing.
    fn new() -> Self {
        let mut run = Run { judge: MapReduceJudge::new(SERVERS), at: Nanos::ZERO, rule: None };
        let parts = vec![b"a 1\n".to_vec(), Vec::new()];
        run.judge.expect(&job(), Ok(Output { parts, skipped: Vec::new(), records: 1, pairs: 1 }));
        run.see(COORDINATOR, SUBMITTED, &job());
        run.see(COORDINATOR, STATUS, &Status::Running { job: JobId(1), progress: Default::default() });
        run
    }

    fn see(&mut self, node: NodeId, kind: &str, what: &impl Serialize) {
        self.at += Nanos::from_millis(1);
        let moment = Moment { at: self.at, event: EventNumber(1) };
        let body = postcard::to_stdvec(what).expect("it is plain data");
        if let Err(failed) = self.judge.observed(moment, node, kind, &body) {
            self.rule.get_or_insert(failed.rule);
        }
    }

    fn begins(&mut self, node: NodeId, attempt: u64, task: Task) {
        self.begins_without(node, attempt, task, &[]);
    }

    fn begins_without(&mut self, node: NodeId, attempt: u64, task: Task, skip: &[u64]) {
        self.see(node, BEGUN, &Begun { attempt, job: JobId(1), task, skip: skip.to_vec() });
    }

    fn finishes(&mut self, node: NodeId, attempt: u64) {
        self.see(node, FINISHED, &Finished { attempt, ..Finished::default() });
    }

    fn dies_of(&mut self, node: NodeId, attempt: u64, record: u64) {
        self.see(node, DIED, &Died { attempt, record, why: String::new() });
        self.see(node, GIVEN_UP, &Ended { attempt });
    }

    fn puts(&mut self, name: &str, body: &[u8]) {
        self.puts_as(STORED, name, body);
    }

    fn puts_in_vain(&mut self, name: &str, body: &[u8]) {
        self.puts_as(REFUSED, name, body);
    }

    fn puts_as(&mut self, kind: &str, name: &str, body: &[u8]) {
        let (length, digest) = (body.len() as u64, crate::node::digest(body));
        let body = Some(body.to_vec().into());
        self.see(STORE, kind, &Stored { name: name.to_owned(), by: WORKER, length, digest, body });
    }

    fn is_done(&mut self) {
        self.is_done_with(Report {
            counters: Counters { records: 1, pairs: 1, ..Counters::default() },
            skipped: Vec::new(),
        });
    }

    fn is_done_with(&mut self, report: Report) {
        self.see(COORDINATOR, STATUS, &Status::Done { job: JobId(1), report });
    }

    fn happens(&mut self, node: NodeId, what: Lifecycle) {
        let moment = Moment { at: self.at, event: EventNumber(1) };
        assert!(self.judge.lifecycle(moment, node, what).is_ok());
    }

    fn later(&mut self, seconds: u64) {
        self.at += Nanos::from_secs(seconds);
    }
}

fn job() -> Job {
    Job {
        id: JobId(1),
        app: "wordcount".to_owned(),
        parameters: Vec::new(),
        splits: vec![Split { object: "in".to_owned(), from: 0, length: 1 }],
        reduces: 2,
        output: "out".to_owned(),
    }
}

#[test]
fn a_job_that_goes_well_breaks_no_rule() {
    let mut run = Run::new();
    run.begins(WORKER, 1, MAP);
    run.finishes(WORKER, 1);
    for reduce in 0..2 {
        run.begins(OTHER, reduce.into(), Task::Reduce(reduce));
        run.puts(&job().part(reduce), if reduce == 0 { b"a 1\n" } else { b"" });
        run.finishes(OTHER, reduce.into());
    }
    run.is_done();
    assert_eq!(run.rule, None);
    assert_eq!((run.judge.attempts().all().len(), run.judge.parts_stored()), (3, 2));
}

#[test]
fn an_output_that_differs_is_seen_when_it_becomes_visible_and_its_line_is_told() {
    let mut run = Run::new();
    run.puts("out/part-00000", b"a 2\n");
    assert_eq!(run.rule, Some("output-differs"));
    let mut run = Run::new();
    run.puts("out/part-00001", b"a 1\n");
    assert_eq!(run.rule, Some("output-differs"), "of the other part");
    assert_eq!(outputs::differences(b"a 1\nb 2\n", b"a 1\n"), ["line 2 is \"b 2\"", "and should be nothing"]);
}

#[test]
fn an_output_that_is_put_again_must_be_the_same() {
    let mut run = Run::new();
    run.puts("out/part-00000", b"a 1\n");
    run.puts_in_vain("out/part-00000", b"a 1\n");
    run.puts_in_vain("out of an earlier job/part-00000", b"b 1\n");
    assert_eq!(run.rule, None);
    run.puts_in_vain("out/part-00000", b"a 2\n");
    assert_eq!(run.rule, Some("output-differs"));
}

#[test]
fn who_removes_from_the_store_is_seen() {
    let mut run = Run::new();
    run.see(STORE, DELETED, &Deleted { name: "in".to_owned(), by: WORKER });
    assert_eq!(run.rule, Some("foreign-output"));
}

#[test]
fn what_is_no_output_of_the_job_is_seen() {
    for name in ["out/part-00002", "out/part-00000.tmp", "elsewhere"] {
        let mut run = Run::new();
        run.puts(name, b"");
        assert_eq!(run.rule, Some("foreign-output"), "{name}");
    }
}

#[test]
fn a_job_is_not_done_before_all_its_parts_are_there() {
    let mut run = Run::new();
    run.puts("out/part-00001", b"");
    run.is_done();
    assert_eq!(run.rule, Some("done-too-early"));
}

#[test]
fn a_report_that_counts_or_skips_something_else_is_seen() {
    let right = Report { counters: Counters { records: 1, pairs: 1, ..Counters::default() }, skipped: Vec::new() };
    let counters = |records, pairs| Counters { records, pairs, ..right.counters };
    for wrong in [
        Report { counters: counters(2, 1), ..right.clone() },
        Report { counters: counters(1, 0), ..right.clone() },
        Report { skipped: vec![Skipped { task: MAP, record: 0 }], ..right },
    ] {
        let mut run = Run::new();
        run.puts("out/part-00000", b"a 1\n");
        run.puts("out/part-00001", b"");
        run.is_done_with(wrong);
        assert_eq!(run.rule, Some("wrong-report"));
    }
}

#[test]
fn a_record_is_skipped_after_its_deaths_and_not_before() {
    let mut run = Run::new();
    for attempt in 1..=u64::from(DEATHS) {
        run.begins(WORKER, attempt, MAP);
        run.dies_of(WORKER, attempt, 7);
    }
    run.begins_without(WORKER, 10, MAP, &[7]);
    assert_eq!(run.rule, None);
    run.begins_without(WORKER, 11, MAP, &[7, 8]);
    assert_eq!(run.rule, Some("skipped-without-need"));
}

#[test]
fn a_record_is_not_tried_for_ever() {
    let mut run = Run::new();
    for attempt in 1..=10 {
        run.begins(WORKER, attempt, MAP);
        run.dies_of(WORKER, attempt, 7);
    }
    assert_eq!(run.rule, Some("died-record-not-skipped"));
}

/// Who loses its power with the application, or was not to be reached then, may never have told it.
#[test]
fn deaths_of_which_nobody_can_know_count_for_skipping_and_not_against_trying() {
    for in_doubt in [Lifecycle::PowerLost, Lifecycle::Paused] {
        let mut run = Run::new();
        for attempt in 1..=10 {
            run.begins(WORKER, attempt, MAP);
            run.dies_of(WORKER, attempt, 7);
            run.happens(WORKER, in_doubt);
            run.happens(WORKER, Lifecycle::Resumed);
        }
        run.begins_without(OTHER, 1, MAP, &[7]);
        assert_eq!(run.rule, None);
    }
}

/// A coordinator that loses its power forgets nothing that it was told.
#[test]
fn deaths_outlive_the_coordinator() {
    let mut run = Run::new();
    for attempt in 1..=10 {
        run.begins(WORKER, attempt, MAP);
        run.dies_of(WORKER, attempt, 7);
        run.happens(COORDINATOR, Lifecycle::PowerLost);
        run.happens(COORDINATOR, Lifecycle::Started(windtunnel::Incarnation(1)));
    }
    assert_eq!(run.rule, Some("died-record-not-skipped"));
}

#[test]
fn what_is_none_of_the_labs_is_seen() {
    let mut run = Run::new();
    run.see(WORKER, BEGUN, &"hello");
    assert_eq!(run.rule, Some("own-observations"));
}

#[test]
fn what_only_the_store_or_the_coordinator_can_tell_is_believed_of_nobody_else() {
    let digest = crate::node::digest(b"");
    let stored = Stored { name: job().part(1), by: WORKER, length: 0, digest, body: None };
    let deleted = Deleted { name: "in".to_owned(), by: WORKER };
    let shown_by = |node: NodeId, kind: &str| {
        let mut run = Run::new();
        match kind {
            STORED => run.see(node, kind, &stored),
            DELETED => run.see(node, kind, &deleted),
            SUBMITTED => run.see(node, kind, &job()),
            _ => run.see(node, kind, &Status::Idle),
        }
        run.rule
    };
    for (kind, only, rule) in [
        (STORED, STORE, None),
        (DELETED, STORE, Some("foreign-output")),
        (SUBMITTED, COORDINATOR, None),
        (STATUS, COORDINATOR, None),
    ] {
        for node in [COORDINATOR, WORKER, OTHER, STORE, NodeId(5)] {
            let expected = if node == only { rule } else { Some("own-observations") };
            assert_eq!(shown_by(node, kind), expected, "{node} shows {kind}");
        }
    }
}
