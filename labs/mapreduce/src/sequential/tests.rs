//! The oracle against outputs that were worked out by hand.

use super::*;
use crate::contract::{JobId, Split};

const INPUTS: [(&str, &str); 2] = [("a", "the cat\nthe dog\n"), ("b", "a cat")];

fn job(app: &str, parameters: &[u8], reduces: u32) -> Job {
    let split = |(name, text): &(&str, &str)| Split { object: (*name).to_owned(), from: 0, length: text.len() as u64 };
    Job {
        id: JobId(1),
        app: app.to_owned(),
        parameters: parameters.to_vec(),
        splits: INPUTS.iter().map(split).collect(),
        reduces,
        output: "out".to_owned(),
    }
}

fn done(job: &Job) -> Result<Output, Impossible> {
    let read = |name: &str| INPUTS.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_bytes());
    run(job, &Registry::standard(), read)
}

fn text(output: &Output) -> Vec<&str> {
    output.parts.iter().map(|part| std::str::from_utf8(part).expect("it is text")).collect()
}

#[test]
fn words_are_counted_and_in_order() {
    assert_eq!(text(&done(&job("wordcount", b"", 1)).expect("it is done")), ["a 1\ncat 2\ndog 1\nthe 2\n"]);
    let three = done(&job("wordcount", b"", 3)).expect("it is done");
    let mut lines: Vec<&str> = text(&three).into_iter().flat_map(str::lines).collect();
    lines.sort_unstable();
    assert_eq!((three.parts.len(), lines), (3, vec!["a 1", "cat 2", "dog 1", "the 2"]));
}

#[test]
fn an_index_names_the_objects_a_concordance_the_places_and_grep_the_lines() {
    assert_eq!(text(&done(&job("index", b"", 1)).expect("it is done")), ["a 1 b\ncat 2 a,b\ndog 1 a\nthe 1 a\n"]);
    let concordance = done(&job("concordance", b"", 1)).expect("it is done");
    assert_eq!(text(&concordance), ["a b:0\ncat a:0 b:0\ndog a:8\nthe a:0 a:8\n"]);
    assert_eq!(text(&done(&job("grep", b"cat", 1)).expect("it is done")), ["a:the cat\nb:a cat\n"]);
}

#[test]
fn parts_of_a_sort_are_sorted_one_after_the_other() {
    let parameters = mapreduce_apps::Sort::parameters(vec![b"the cat".to_vec(), b"a".to_vec()], 2);
    assert_eq!(text(&done(&job("sort", &parameters, 2)).expect("it is done")), ["a cat\n", "the cat\nthe dog\n"]);
}

#[test]
fn a_record_that_kills_is_left_out_and_told() {
    let output = done(&job("fragile", b"dog", 1)).expect("it is done");
    assert_eq!(text(&output), ["a 1\ncat 2\nthe 1\n"]);
    assert_eq!((output.skipped, output.records), (vec![Skipped { task: Task::Map(0), record: 1 }], 2));
}

#[test]
fn what_cannot_be_done_is_told() {
    let mut missing = job("wordcount", b"", 1);
    missing.splits[1].length += 1;
    assert_eq!(done(&missing), Err(Impossible::NoInput("b".to_owned())));
    assert!(matches!(done(&job("wordcunt", b"", 1)), Err(Impossible::NotOpened(_))));
    let mut long = job("wrong-partition", b"", 1);
    long.splits.truncate(1);
    assert!(done(&long).is_ok(), "no word is long");
}
