//! What a worker holds has a bound, however long the input is, however much one record emits and however many tasks there are. And what a
//! worker has on its own disk is counted apart from what it fetches.

use lab_mapreduce::apps::{App, Emit, EmitPair, Group, Sort, WordCount};
use lab_mapreduce::control::{Reply, Request};
use lab_mapreduce::node::COORDINATOR;
use lab_mapreduce::sequential;
use lab_mapreduce::store::LONGEST_PIECE;
use lab_mapreduce::{Job, JobId, LONGEST_RECORD, Record, Registry, Report, Split, Status, WORKER_HEAP, program};
use solution_mapreduce::{Coordinator, Worker};
use std::time::Duration;
use windtunnel::time::sleep;
use windtunnel::world::{Outcome, Simulation, Tester};
use windtunnel::{NodeId, Seed};

/// The only one where memory is looked at, so that what it holds does not depend on what another one asks of it meanwhile.
const WORKER: NodeId = NodeId(2);
const INPUT: &str = "in";

/// What became of a job.
struct Done {
    report: Report,
    parts: Vec<Vec<u8>>,
    /// The most that the worker held.
    peak: u64,
}

/// Does a job over one input, on one worker.
fn run(job: &Job, input: &[u8]) -> Done {
    run_on(1, job, input)
}

/// Does a job over one input, on so many workers.
fn run_on(workers: u32, job: &Job, input: &[u8]) -> Done {
    let (task, input) = (job.clone(), input.to_vec());
    let store = NodeId(WORKER.0 + workers);
    let simulation = Simulation::new(Seed(1))
        .program(store.0, program::<Coordinator, Worker>(registry()))
        .with(|options| options.groups = vec![store.0 - 1]);
    let report = simulation.run(move |tester| async move { body(&tester, store, &task, &input).await });
    let peak = *report.counters.peak_heaps.get(&WORKER).expect("the allocator counts, and workers hold something");
    let Outcome::Finished((report, parts)) = report.outcome else { panic!("{:?}", report.outcome) };
    Done { report, parts, peak }
}

async fn body(tester: &Tester, store: NodeId, job: &Job, input: &[u8]) -> (Report, Vec<Vec<u8>>) {
    for piece in input.chunks(LONGEST_PIECE as usize) {
        ask(tester, store, &Request::Append { name: INPUT.to_owned(), body: piece.to_vec() }).await;
    }
    ask(tester, store, &Request::Finish(INPUT.to_owned())).await;
    ask(tester, COORDINATOR, &Request::Submit(job.clone())).await;
    let report = loop {
        match ask(tester, COORDINATOR, &Request::Status).await {
            Reply::Status(Status::Done { report, .. }) => break report,
            Reply::Status(Status::Running { .. }) => sleep(Duration::from_millis(100)).await,
            other => panic!("{other:?}"),
        }
    };
    let mut parts = Vec::new();
    for number in 0..job.reduces {
        parts.push(object(tester, store, job.part(number)).await);
    }
    (report, parts)
}

/// All bytes of an object.
async fn object(tester: &Tester, store: NodeId, name: String) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let read = Request::Read { name: name.clone(), from: bytes.len() as u64, length: LONGEST_PIECE };
        match ask(tester, store, &read).await {
            Reply::Bytes(piece) if piece.is_empty() => return bytes,
            Reply::Bytes(piece) => bytes.extend_from_slice(&piece),
            other => panic!("{other:?}"),
        }
    }
}

/// Asks a node, which may still be starting.
async fn ask(tester: &Tester, node: NodeId, request: &Request) -> Reply {
    let request = postcard::to_stdvec(request).expect("requests are plain data");
    loop {
        if let Ok(reply) = tester.control(node, request.clone()).await {
            return postcard::from_bytes(&reply).expect("nodes and tester are of the same sources");
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// A job whose one map task reads all of an input.
fn job(app: &str, parameters: Vec<u8>, input: &[u8], reduces: u32) -> Job {
    let split = Split { object: INPUT.to_owned(), from: 0, length: input.len() as u64 };
    Job { id: JobId(1), app: app.to_owned(), parameters, splits: vec![split], reduces, output: "out".to_owned() }
}

/// Lines of that length in no order, so many bytes of them.
fn lines(length: usize, bytes: usize) -> Vec<u8> {
    let rest = length - 21;
    let line = |number: u64| format!("{:020} {number:0rest$}\n", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (0..(bytes / (length + 1)) as u64).flat_map(|number| line(number).into_bytes()).collect()
}

/// What a worker holds of a sort of so many times the limit.
fn peak_of_sort(times: u64, length: usize) -> u64 {
    let input = lines(length, (times * WORKER_HEAP) as usize);
    let done = run(&job("sort", Sort::parameters(Vec::new(), 1), &input, 1), &input);
    let mut sorted: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    sorted.sort_unstable();
    assert!(done.parts[0] == sorted.concat(), "{times} times, lines of {length} bytes: not what was to be sorted");
    done.peak
}

#[test]
fn a_worker_holds_no_more_than_its_limit_of_ten_forty_and_a_hundred_times_as_much() {
    let peaks = [10, 40, 100].map(|times| (times, peak_of_sort(times, 100)));
    assert!(peaks.iter().all(|(_, peak)| *peak <= WORKER_HEAP), "{peaks:?}");
    // From forty times on as many runs are merged at a time as may be.
    let [_, (_, forty), (_, hundred)] = peaks;
    assert!(hundred <= forty + forty / 50, "{peaks:?}");
}

#[test]
fn nor_of_records_as_long_as_they_may_be() {
    let peaks = [10, 40].map(|times| (times, peak_of_sort(times, LONGEST_RECORD)));
    assert!(peaks.iter().all(|(_, peak)| *peak <= WORKER_HEAP), "{peaks:?}");
}

/// Emits as many pairs for a record as it says; one with `!` before it kills it then.
struct Fountain {
    combines: bool,
}

/// Emits all values.
struct All(Vec<u8>);

impl App for Fountain {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        let line = std::str::from_utf8(record.line).expect("it is written below");
        for number in 0..line.trim_start_matches('!').parse::<u32>().expect("it is written below") {
            emit(format!("{}", number * 7 % 997).as_bytes(), format!("{number:070}").as_bytes());
        }
        assert!(!line.starts_with('!'), "this record is too much for me");
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        if self.combines { WordCount.reduce(key) } else { Box::new(All([key, b" "].concat())) }
    }

    fn combine(&self, key: &[u8]) -> Option<Box<dyn Group>> {
        if self.combines { WordCount.combine(key) } else { None }
    }
}

impl Group for All {
    fn value(&mut self, value: &[u8], emit: &mut Emit<'_>) {
        emit(&[&self.0[..], value, b"\n"].concat());
    }

    fn end(self: Box<Self>, _: &mut Emit<'_>) {}
}

fn registry() -> Registry {
    Registry::standard()
        .with("fountain", |_| Ok(Box::new(Fountain { combines: false })))
        .with("combining fountain", |_| Ok(Box::new(Fountain { combines: true })))
}

#[test]
fn one_record_may_emit_ten_times_what_a_worker_holds_and_die_of_it_without_a_trace() {
    let pairs = 10 * WORKER_HEAP / 70;
    let input = format!("3\n{pairs}\n!{pairs}\n5\n").into_bytes();
    for app in ["fountain", "combining fountain"] {
        let job = job(app, Vec::new(), &input, 2);
        let expected = sequential::run(&job, &registry(), |_| Some(&input[..])).expect("it can be done");
        let done = run(&job, &input);
        assert!(done.parts == expected.parts, "{app}: not what a sequential run gives");
        let Report { counters, skipped } = done.report;
        assert_eq!((counters.records, counters.pairs), (expected.records, expected.pairs), "{app}");
        assert_eq!(skipped, expected.skipped, "{app}");
        assert!(done.peak <= WORKER_HEAP, "{app}: {} bytes", done.peak);
    }
}

/// A word count of so many lines, each with a word of its own and each for a map task of its own, and its input.
fn a_task_a_line(lines: u32, reduces: u32) -> (Job, Vec<u8>) {
    let lines: Vec<String> = (0..lines).map(|number| format!("{}\n", letters(number))).collect();
    let input = lines.concat().into_bytes();
    let mut from = 0;
    let split = |line: &String| {
        let length = line.len() as u64;
        from += length;
        Split { object: INPUT.to_owned(), from: from - length, length }
    };
    let splits = lines.iter().map(split).collect();
    (Job { splits, ..job("wordcount", Vec::new(), &input, reduces) }, input)
}

/// A number as a word.
fn letters(number: u32) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

#[test]
fn nor_of_a_thousand_map_and_a_hundred_reduce_tasks() {
    let (job, input) = a_task_a_line(1_000, 100);
    let expected = sequential::run(&job, &registry(), |_| Some(&input[..])).expect("it can be done");
    let done = run(&job, &input);
    assert!(done.parts == expected.parts, "not what a sequential run gives");
    assert!(done.peak <= WORKER_HEAP, "{} bytes", done.peak);
}

/// Who has all map outputs fetches nothing; and the same bytes are reduced, whoever has them.
#[test]
fn bytes_on_the_own_disk_are_counted_apart_from_those_that_were_fetched() {
    let (job, input) = a_task_a_line(40, 5);
    let [alone, many] = [1, 4].map(|workers| run_on(workers, &job, &input).report.counters);
    assert!(alone.shuffled_bytes == 0 && alone.local_bytes > 0, "{alone:?}");
    assert_eq!(many.shuffled_bytes + many.local_bytes, alone.local_bytes, "{many:?}");
    // What is everywhere alike is local to one of four.
    assert!(many.local_bytes < many.shuffled_bytes, "{many:?}");
}
