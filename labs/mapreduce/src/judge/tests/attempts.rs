//! Of the tasks: which attempt is needless, and which of two results counts.

use super::*;

#[test]
fn a_finished_task_is_not_done_again_unless_its_worker_is_in_doubt() {
    let finished = || {
        let mut run = Run::new();
        run.begins(WORKER, 1, MAP);
        run.finishes(WORKER, 1);
        run
    };
    let mut run = finished();
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, None, "the order was on its way");
    let mut run = finished();
    run.later(2);
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, Some("needless-rerun"));
    for what in [Lifecycle::Killed, Lifecycle::PowerLost, Lifecycle::Paused] {
        let mut run = finished();
        run.happens(WORKER, what);
        run.later(2);
        run.begins(OTHER, 1, MAP);
        assert_eq!(run.rule, None, "{what:?}");
    }
    let mut run = finished();
    run.judge.doubt(run.at, NodeId::TESTER);
    run.later(2);
    run.judge.trust(run.at, NodeId::TESTER);
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, None, "everybody was in doubt for a while");
    let mut run = finished();
    run.happens(COORDINATOR, Lifecycle::PowerLost);
    run.later(2);
    run.see(COORDINATOR, STATUS, &Status::Running { job: JobId(1), progress: Default::default() });
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, Some("needless-rerun"), "a coordinator forgets nothing");
}

/// What is in the store is there for good, once the coordinator has heard of it.
#[test]
fn a_finished_reduce_task_is_not_done_again_though_its_worker_is_gone() {
    let dies_after = |seconds: u64, task: Task| {
        let mut run = Run::new();
        run.begins(WORKER, 1, task);
        run.finishes(WORKER, 1);
        run.later(seconds);
        run.happens(WORKER, Lifecycle::Killed);
        run.later(2);
        run.begins(OTHER, 1, task);
        run.rule
    };
    assert_eq!(dies_after(2, Task::Reduce(0)), Some("needless-rerun"));
    assert_eq!(dies_after(0, Task::Reduce(0)), None, "perhaps nobody has heard of it");
    assert_eq!(dies_after(2, MAP), None);
}

/// Two are at it, the first result counts; when that is gone the other one, of which nobody made a note, is no help.
#[test]
fn only_the_result_that_counts_makes_another_attempt_needless() {
    let mut run = Run::new();
    run.begins(WORKER, 1, MAP);
    run.begins(OTHER, 1, MAP);
    run.finishes(WORKER, 1);
    run.finishes(OTHER, 1);
    run.happens(WORKER, Lifecycle::Killed);
    run.later(2);
    run.begins(WORKER, 2, MAP);
    assert_eq!(run.rule, None);
    run.finishes(WORKER, 2);
}

/// The words of two that finish at almost the same time may overtake each other.
#[test]
fn of_two_that_finish_at_almost_the_same_time_either_may_count() {
    for (between, dead, rule) in [(0, OTHER, None), (2, OTHER, Some("needless-rerun")), (2, WORKER, None)] {
        let mut run = Run::new();
        run.begins(WORKER, 1, MAP);
        run.begins(OTHER, 1, MAP);
        run.finishes(WORKER, 1);
        run.later(between);
        run.finishes(OTHER, 1);
        run.happens(dead, Lifecycle::Killed);
        run.later(2);
        run.begins(NodeId(5), 1, MAP);
        assert_eq!(run.rule, rule, "{between} s between them, and {dead} dies");
    }
}

/// Whose result could not be told may tell it later, and before the other.
#[test]
fn of_two_the_one_that_finished_unreached_may_count() {
    for (is_cut_off, rule) in [(true, None), (false, Some("needless-rerun"))] {
        let mut run = Run::new();
        run.begins(WORKER, 1, MAP);
        if is_cut_off {
            run.judge.doubt(run.at, WORKER);
        }
        run.finishes(WORKER, 1);
        run.later(2);
        run.judge.doubt(run.at, WORKER);
        run.begins(OTHER, 1, MAP);
        run.judge.trust(run.at, WORKER);
        run.finishes(OTHER, 1);
        run.happens(WORKER, Lifecycle::Killed);
        run.later(2);
        run.begins(NodeId(5), 1, MAP);
        assert_eq!(run.rule, rule, "cut off as it finished: {is_cut_off}");
    }
}

#[test]
fn no_task_begins_after_the_end_but_of_who_could_not_know() {
    let ended = || {
        let mut run = Run::new();
        run.puts("out/part-00000", b"a 1\n");
        run.puts("out/part-00001", b"");
        run.is_done();
        run
    };
    let mut run = ended();
    run.begins(WORKER, 1, MAP);
    assert_eq!(run.rule, None, "the order was on its way");
    let mut run = ended();
    run.later(2);
    run.begins(WORKER, 1, MAP);
    assert_eq!(run.rule, Some("task-after-the-end"));
    let mut run = ended();
    run.judge.doubt(run.at, WORKER);
    run.later(2);
    run.begins(WORKER, 1, MAP);
    assert_eq!(run.rule, None);
    let mut run = Run::new();
    run.judge.doubt(run.at, WORKER);
    run.judge.trust(run.at, WORKER);
    run.puts("out/part-00000", b"a 1\n");
    run.puts("out/part-00001", b"");
    run.is_done();
    run.later(2);
    run.begins(WORKER, 1, MAP);
    assert_eq!(run.rule, Some("task-after-the-end"), "it was back when the end came");
}

#[test]
fn an_order_that_was_on_its_way_at_the_end_may_come_when_the_next_job_has_begun() {
    for (later, rule) in [(0, None), (2, Some("task-after-the-end"))] {
        let mut run = Run::new();
        run.see(COORDINATOR, STATUS, &Status::Failed { job: JobId(1), why: "it has no hope".to_owned() });
        run.see(COORDINATOR, SUBMITTED, &Job { id: JobId(2), ..job() });
        run.see(COORDINATOR, STATUS, &Status::Running { job: JobId(2), progress: Default::default() });
        run.later(later);
        run.begins(WORKER, 1, MAP);
        assert_eq!(run.rule, rule, "{later} s later");
    }
}

#[test]
fn a_storm_excuses_what_was_finished_in_it_and_nothing_behind_it() {
    let mut run = Run::new();
    run.judge.doubt_everybody(run.at);
    run.begins(WORKER, 1, MAP);
    run.finishes(WORKER, 1);
    run.later(2);
    run.judge.trust_everybody(run.at);
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, None);
    let mut run = Run::new();
    run.judge.doubt_everybody(run.at);
    run.later(2);
    run.judge.trust_everybody(run.at);
    run.begins(WORKER, 1, MAP);
    run.finishes(WORKER, 1);
    run.later(2);
    run.begins(OTHER, 1, MAP);
    assert_eq!(run.rule, Some("needless-rerun"));
}
