//! `cargo lab check`: files in all formats, their verdicts, and files that are no histories.

mod support;

use support::Repository;

const RIGHT: &str = r#"{"client":1,"call":"put","key":"x","value":"a","version":0}
{"client":1,"return":"done"}
{"client":2,"call":"get","key":"x"}
{"client":2,"return":"found","value":"a","version":1}
{"client":1,"call":"put","key":"x","value":"b","version":1}
{"client":1,"return":"done"}
"#;

/// What is read after a put had returned is what was there before it.
fn stale() -> String {
    RIGHT.to_owned()
        + r#"{"client":2,"call":"get","key":"x"}
{"client":2,"return":"found","value":"a","version":1}
"#
}

#[test]
fn a_linearizable_history_passes() {
    let repository = Repository::new();
    repository.write("right.jsonl", RIGHT);
    let answer = repository.lab("check right.jsonl --model kv");
    assert_eq!(answer.code, 0, "{answer:?}");
    insta::assert_snapshot!(answer.stdout, @"right.jsonl: linearizable (3 operations of 2 clients on 1 key)");
}

#[test]
fn a_stale_read_is_named_with_the_put_that_it_missed() {
    let repository = Repository::new();
    repository.write("stale.jsonl", &stale());
    let answer = repository.lab("check stale.jsonl --model kv");
    assert_eq!(answer.code, 1, "{answer:?}");
    insta::assert_snapshot!(answer.stdout);
    let answer = repository.lab("check stale.jsonl --model kv --no-partition --format json");
    assert_eq!((answer.code, &answer.summary()["exit"]), (1, &1.into()), "{answer:?}");
    let check = &answer.events_of("check")[0];
    assert_eq!(check["verdict"], "not_linearizable");
    let lines = check["core"].as_array().unwrap().iter().map(|operation| &operation["call_line"]);
    assert_eq!(lines.collect::<Vec<_>>(), [5, 7]);
}

#[test]
fn a_budget_that_ends_is_no_pass() {
    let repository = Repository::new();
    let at_once = (1..9).map(|client| {
        format!(
            "{{\"client\":{client},\"call\":\"put\",\"key\":\"x\",\"value\":\"{client}\",\"version\":{}}}\n",
            client - 1
        )
    });
    let done = (1..9).rev().map(|client| format!("{{\"client\":{client},\"return\":\"done\"}}\n"));
    repository.write("long.jsonl", &at_once.chain(done).collect::<String>());
    let answer = repository.lab("check long.jsonl --model kv --steps 5");
    assert_eq!(answer.code, 5, "{answer:?}");
    assert!(answer.stdout.contains("undecided") && answer.stdout.contains("budget of 5 steps"), "{answer:?}");
    assert_eq!(repository.lab("check long.jsonl --model kv").code, 0);
}

#[test]
fn what_is_no_history_is_refused_with_the_line() {
    let repository = Repository::new();
    repository.write("cut.jsonl", &RIGHT[..RIGHT.len() - 10]);
    repository.write("empty.jsonl", "");
    repository.write("right.jsonl", RIGHT);
    for (words, problem) in [
        ("check cut.jsonl --model kv", "cut.jsonl: line 6: no JSON"),
        ("check empty.jsonl --model kv", "empty.jsonl: there is no operation in it"),
        ("check missing.jsonl --model kv", "cannot read missing.jsonl"),
        ("check right.jsonl --model cas-register", "right.jsonl: line 1: `put` is none of read, write and cas"),
        ("check right.jsonl --model kv --operations 2", "line 5: the history has more than 2 operations"),
        ("check right.jsonl --model kw", "invalid value 'kw'"),
        ("check right.jsonl", "--model"),
    ] {
        let answer = repository.lab(words);
        assert_eq!(answer.code, 2, "{words}: {answer:?}");
        assert!(answer.stderr.contains(problem), "{words}: {answer:?}");
    }
}
