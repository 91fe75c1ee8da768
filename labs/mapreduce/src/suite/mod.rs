//! The suite: all tests of the lab, part by part.
//!
//! - `basics`, `memory`: jobs without a fault; `parallel`: who works at the same time;
//! - `crashes`: workers that die, are cut off and come back; `trouble`: stores, disks and slow workers; `coordinator`: the same for it;
//! - `stragglers`: slow workers of which little is known;
//! - `storms`: jobs in storms, whose weather is in `scenarios/mapreduce/`;
//! - `flight`: jobs in flight, and which stories do not fly;
//! - [`Machines`]: how stories put inputs, submit jobs and wait; `text`: inputs made from the seed;
//! - [`bounds`]: all bounds, MIT's beside them.
//!
//! docs/MIT.md says how each of MIT's tests is covered, and where this suite asks for more.

mod basics;
pub mod bounds;
mod cluster;
mod coordinator;
mod crashes;
mod flight;
mod memory;
mod parallel;
mod storms;
mod stragglers;
mod text;
mod trouble;

pub use cluster::Machines;

use crate::judge::MapReduceJudge;
use crate::observation;
use bounds::TEST_BUDGET;
use lab_harness::grounded::reason;
use lab_harness::scenario::RuledOut;
use lab_harness::suite::{Body, Lab, Part, Running, Test};

/// Why nothing may befall the nodes of clients.
const STORE: &str = "the node of clients is the store, which never dies and has an honest disk: strike workers (`follower`) or the \
     coordinator (`leader`); the store may be paused, cut off and slow";

/// The lab.
#[must_use]
pub fn lab() -> Lab<MapReduceJudge> {
    let part = |name, alias| Part { name, alias };
    Lab {
        name: "mapreduce",
        parts: vec![part("basics", "1"), part("parallelism", "1P"), part("faults", "1F"), part("coordinator", "1C")],
        tests: [basics_part(), parallelism_part(), faults_part(), coordinator_part()].into_iter().flatten().collect(),
        observations: observation::KINDS,
        settings: &[],
        client_nodes: true,
        ruled_out: &[(RuledOut::LossOfClients, STORE)],
        storm: storms::storm(),
        flight: Some(flight::flight()),
    }
}

/// A story: its part, MIT's name or `None`, points, workers, the story, and what it is about.
macro_rules! story {
    ($part:literal, $mit:expr, $points:literal, $workers:literal, $story:path, $about:literal) => {{
        fn run(cluster: lab_harness::cluster::Cluster<MapReduceJudge>) -> Running {
            Box::pin($story(Machines::new(cluster)))
        }
        let name = stringify!($story).rsplit("::").next().expect("a path has a last part").trim();
        let body =
            Body::Directed { nodes: 1 + $workers, client_nodes: 1, settings: &[], time_budget: TEST_BUDGET, run };
        Test {
            name,
            mit: $mit,
            part: $part,
            points: $points,
            about: $about,
            grounded: reason(flight::GROUNDED, name),
            body,
        }
    }};
}

#[rustfmt::skip]
fn basics_part() -> Vec<Test<MapReduceJudge>> {
    vec![
        story!("basics", Some("TestWc"), 10, 3, basics::word_count, "the words of eight texts"),
        story!("basics", Some("TestIndexer"), 10, 2, basics::indexer, "which texts each word is in"),
        story!("basics", None, 10, 3, basics::grep, "lines with some bytes in them"),
        story!("basics", None, 10, 3, basics::sort, "all lines, sorted by ranges from a sample"),
        story!("basics", None, 10, 3, basics::one_after_the_other, "three jobs on the same machines"),
        story!("basics", None, 10, 2, basics::nothing_to_read, "no input, empty inputs, empty lines"),
        story!("basics", None, 5, 2, memory::ten_times_the_memory, "an input that no worker can hold"),
        story!("basics", None, 5, 2, memory::one_huge_key, "a key with more values than a worker can hold"),
        story!("basics", None, 5, 2, memory::many_map_tasks, "more map tasks than a worker can have a buffer for"),
        story!("basics", None, 5, 2, basics::more_tasks_than_keys, "most parts are empty, and there all the same"),
        story!("basics", None, 5, 2, basics::lines_of_any_shape, "long lines, lines without an end, bytes that are no text"),
        story!("basics", None, 5, 2, basics::record_that_kills, "records that map dies of are skipped and told"),
        story!("basics", None, 5, 2, basics::key_that_kills, "so are keys that reduce dies of"),
        story!("basics", None, 5, 2, basics::combiner_that_dies, "nobody needs a combiner that dies"),
    ]
}

#[rustfmt::skip]
fn parallelism_part() -> Vec<Test<MapReduceJudge>> {
    vec![
        story!("parallelism", Some("TestMapParallel"), 25, 2, parallel::map_parallelism, "map tasks run on two workers at the same time"),
        story!("parallelism", Some("TestReduceParallel"), 25, 2, parallel::reduce_parallelism, "so do reduce tasks"),
        story!("parallelism", Some("TestJobCount"), 25, 4, parallel::job_count, "nobody fails, and no map task is done twice"),
        story!("parallelism", Some("TestEarlyExit"), 25, 3, parallel::early_exit, "the job is not done before its last task is"),
    ]
}

#[rustfmt::skip]
fn faults_part() -> Vec<Test<MapReduceJudge>> {
    vec![
        story!("faults", Some("TestCrashWorker"), 10, 3, crashes::crash, "calls that kill the worker, or take long"),
        story!("faults", None, 10, 4, crashes::workers_die, "workers are killed or lose power behind any event"),
        story!("faults", None, 5, 4, crashes::workers_cut_off, "workers are cut off, from all or from some"),
        story!("faults", None, 5, 4, crashes::cut_off_at_any_event, "the same behind any event"),
        story!("faults", None, 10, 3, crashes::late_comers, "who was cut off comes back with what somebody else has finished"),
        story!("faults", None, 10, 4, crashes::all_workers_die, "all workers die, and all that map tasks have left"),
        story!("faults", None, 5, 3, trouble::store_in_a_bad_mood, "the store is slow, fails, and answers too late"),
        story!("faults", None, 5, 3, trouble::long_texts_in_a_bad_mood, "the same with texts that take many calls"),
        story!("faults", None, 5, 4, trouble::full_disks, "most workers have no room on their disks"),
        story!("faults", None, 10, 4, trouble::failing_disks, "operations on workers' disks fail now and then"),
        story!("faults", None, 5, 3, trouble::rotting_disks, "bits rot on workers' disks"),
        story!("faults", None, 5, 8, trouble::straggler, "one slow worker holds nobody up"),
        story!("faults", None, 5, 4, stragglers::one_task_and_a_straggler, "nor does the one that is at the only task of its kind"),
        Test::storm("faults", "workers", 10, "workers die and are cut off while messages are lost", "workers", include_str!("../../../../scenarios/mapreduce/workers.toml")),
    ]
}

#[rustfmt::skip]
fn coordinator_part() -> Vec<Test<MapReduceJudge>> {
    vec![
        story!("coordinator", None, 10, 4, coordinator::coordinator_dies, "it is killed or loses power behind any event"),
        story!("coordinator", None, 5, 8, stragglers::coordinator_dies_beside_a_straggler, "who is slow is noticed soon when it starts again"),
        story!("coordinator", None, 15, 3, coordinator::power_loss_at_the_answer, "power is lost at the moment at which a submit was answered"),
        story!("coordinator", None, 5, 3, coordinator::power_loss_at_a_submit, "power is lost while a job is being taken"),
        story!("coordinator", None, 15, 4, coordinator::power_loss_at_a_finish, "power is lost at the moment at which a worker goes on to its next task"),
        story!("coordinator", None, 5, 3, coordinator::power_loss_at_a_death, "power is lost when the application has died of a record"),
        story!("coordinator", None, 10, 4, coordinator::away_for_long, "it is away while workers finish their tasks"),
        story!("coordinator", None, 10, 4, coordinator::coordinator_cut_off, "nobody reaches it for a while"),
        story!("coordinator", None, 5, 3, coordinator::submitted_again, "jobs that come twice, too soon, or cannot be"),
        story!("coordinator", None, 5, 3, coordinator::submitted_at_once, "of two jobs that come at the same time one is taken"),
        story!("coordinator", None, 5, 3, coordinator::hopeless_jobs, "what cannot be done is told to have failed"),
        Test::storm("coordinator", "everything", 10, "every kind of fault there is, but for disks that fail, are full or lie", "everything", include_str!("../../../../scenarios/mapreduce/everything.toml")),
    ]
}

#[cfg(test)]
mod tests;
