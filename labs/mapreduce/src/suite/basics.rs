//! Part basics: jobs without a fault, on inputs of any shape.

use super::bounds::{DONE_WITHIN, INPUT_BYTES, INPUTS, REDUCES};
use super::cluster::Machines;
use super::text;
use lab_harness::failed::TestResult;
use mapreduce_apps::Sort;

/// MIT `wc`. How often each word occurs in eight texts.
pub async fn word_count(machines: Machines) -> TestResult {
    let job = machines.usual_job("wordcount", Vec::new()).await?;
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}

/// MIT `indexer`. Which texts each word is in.
pub async fn indexer(machines: Machines) -> TestResult {
    let job = machines.usual_job("index", Vec::new()).await?;
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}

/// Lines with some bytes in them, in the order in which they are in each text.
pub async fn grep(machines: Machines) -> TestResult {
    let job = machines.usual_job("grep", b"the".to_vec()).await?;
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}

/// All lines, sorted, with boundaries from a sample: two tasks may have no boundary between them, and one many lines.
pub async fn sort(machines: Machines) -> TestResult {
    let splits = machines.put_texts(INPUTS, INPUT_BYTES).await?;
    let sample = text::lines(&machines.inner().stream("sample"), 2_000);
    let sample = sample.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let job = machines.job("sort", Sort::parameters(sample, REDUCES), splits, REDUCES);
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}

/// One job after the other, on the same machines.
pub async fn one_after_the_other(machines: Machines) -> TestResult {
    let splits = machines.put_texts(3, 500).await?;
    for app in ["wordcount", "index", "wordcount"] {
        let job = machines.job(app, Vec::new(), splits.clone(), 4);
        machines.run(&job, DONE_WITHIN).await?;
    }
    Ok(())
}

/// No input at all, empty inputs, and empty lines: each reduce task writes its part, empty or not.
pub async fn nothing_to_read(machines: Machines) -> TestResult {
    let none = machines.job("wordcount", Vec::new(), Vec::new(), 3);
    machines.run(&none, DONE_WITHIN).await?;
    let empty = vec![machines.put("empty", b"").await?, machines.put("lines", b"\n\n\n").await?];
    let empty = machines.job("wordcount", Vec::new(), empty, 3);
    machines.run(&empty, DONE_WITHIN).await.map(|_| ())
}

/// More reduce tasks than keys: most parts are empty, and there all the same.
pub async fn more_tasks_than_keys(machines: Machines) -> TestResult {
    let split = machines.put("in", b"one two three\n").await?;
    let job = machines.job("wordcount", Vec::new(), vec![split], 40);
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}

/// Splits of one object, in which each record has its place, lines that end nowhere, lines that are longer than a record, and bytes that are no text.
pub async fn lines_of_any_shape(machines: Machines) -> TestResult {
    let long = vec![b'x'; 3 * crate::contract::LONGEST_RECORD];
    let text = [b"one\ntwo words\n\n".to_vec(), long, b"\n\xff\xfe\x00 three\nno end".to_vec()].concat();
    let whole = machines.put("in", &text).await?;
    let cut = "one\ntwo words\n".len() as u64;
    let splits = vec![
        crate::contract::Split { length: cut, ..whole.clone() },
        crate::contract::Split { from: cut, length: whole.length - cut, ..whole },
    ];
    for app in ["wordcount", "index", "concordance"] {
        let job = machines.job(app, Vec::new(), splits.clone(), 2);
        machines.run(&job, DONE_WITHIN).await?;
    }
    Ok(())
}

/// Records that the application dies of, two of one split: tried a few times, skipped and told.
pub async fn record_that_kills(machines: Machines) -> TestResult {
    run_fragile(&machines, "fragile").await
}

/// Keys that reduce dies of, two of one task, when it has emitted its line: skipped and told likewise, and nothing of them in the output.
pub async fn key_that_kills(machines: Machines) -> TestResult {
    run_fragile(&machines, "fragile-reduce").await
}

/// The application dies whenever it combines values of a key. Nobody needs it to: the output is the same, and no record is skipped.
pub async fn combiner_that_dies(machines: Machines) -> TestResult {
    run_fragile(&machines, "fragile-combine").await
}

async fn run_fragile(machines: &Machines, app: &str) -> TestResult {
    let mut splits = machines.put_texts(2, 500).await?;
    splits.push(machines.put_deadly().await?);
    let job = machines.job(app, text::DEADLY.to_vec(), splits, 3);
    machines.run(&job, DONE_WITHIN).await.map(|_| ())
}
