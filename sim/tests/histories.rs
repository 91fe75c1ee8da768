//! Histories in all formats: what is read from them, and that nothing in a file makes the reader panic.
#![cfg(feature = "histories")]

use proptest::prelude::*;
use windtunnel::check::linearizability::{Budget, Exhausted, Verdict};
use windtunnel::check::read::{Judged, ModelName, ReadError, ReadOptions, judge};

fn read(text: &str, model: ModelName) -> Result<Judged, ReadError> {
    judge(text.as_bytes(), &ReadOptions::new(model))
}

fn is_linearizable(text: &str, model: ModelName) -> bool {
    match read(text, model).expect("it is a history").verdict {
        Verdict::Linearizable => true,
        Verdict::NotLinearizable(_) => false,
        Verdict::Undecided(exhausted) => panic!("undecided: {exhausted}"),
    }
}

const KV: &str = r#"
{"client":1,"call":"put","key":"x","value":"a","version":0}
{"client":1,"return":"done"}
{"client":2,"call":"get","key":"x"}
{"client":2,"return":"found","value":"a","version":1}
"#;

#[test]
fn every_model_is_read_and_can_fail() {
    let cases = [
        (ModelName::Kv, KV, KV.replace(r#""version":1"#, r#""version":2"#)),
        (ModelName::KvAppend, EDN, EDN.replace(r#":value "ab""#, r#":value "b""#)),
        (ModelName::CasRegister, JEPSEN, JEPSEN.replace(":fail\t:cas", ":ok\t:cas")),
        (ModelName::AppendList, LIST, LIST.replace("[1,2]", "[2]")),
        (ModelName::Counter, COUNTER, COUNTER.replace(r#""value":3"#, r#""value":2"#)),
        (ModelName::Lock, LOCK, LOCK.replace(r#""until":20"#, r#""until":21"#)),
    ];
    for (model, right, wrong) in cases {
        assert!(is_linearizable(right, model), "{model:?}");
        assert!(!is_linearizable(&wrong, model), "{model:?}: {wrong}");
    }
}

const EDN: &str = r#"{:process 9, :type :invoke, :f :append, :key "0", :value "a"}
{:process 9, :type :ok, :f :append, :key "0", :value "a"}
{:process 9, :type :invoke, :f :append, :key "0", :value "b"}
{:process 9, :type :ok, :f :append, :key "0", :value "b"}
{:process 1, :type :invoke, :f :get, :key "0", :value nil}
{:process 1, :type :ok, :f :get, :key "0", :value "ab"}
"#;

const JEPSEN: &str = "some noise of the log\n\
    INFO  jepsen.util - 0\t:invoke\t:write\t1\n\
    INFO  jepsen.util - 0\t:ok\t:write\t1\n\
    WARN  something else\n\
    INFO  jepsen.util - 1\t:invoke\t:cas\t[0 2]\n\
    INFO  jepsen.util - 1\t:fail\t:cas\t[0 2]\n\
    INFO  jepsen.util - 2\t:invoke\t:read\tnil\n\
    INFO  jepsen.util - 2\t:ok\t:read\t1\n";

const LIST: &str = r#"{"client":1,"call":"append","value":1}
{"client":1,"return":"ok"}
{"client":2,"call":"append","value":2}
{"client":1,"call":"read"}
{"client":1,"return":"ok","value":[1,2]}
"#;

const COUNTER: &str = r#"{"client":1,"call":"add","value":1}
{"client":1,"return":"done"}
{"client":2,"call":"add","value":2}
{"client":2,"return":"stands","value":3}
"#;

const LOCK: &str = r#"{"client":1,"at":1,"call":"acquire"}
{"client":1,"at":2,"return":"granted","token":1,"until":20}
{"client":2,"at":3,"call":"acquire"}
{"client":2,"at":4,"return":"held"}
{"client":2,"at":19,"call":"acquire"}
{"client":2,"at":20,"return":"granted","token":2,"until":40}
"#;

const SOME_TIMES: &str = r#"{"client":1,"at":0,"call":"get","key":"x"}
{"client":1,"return":"no-key"}
"#;

#[test]
fn line_ends_and_a_mark_at_the_beginning_change_nothing() {
    let (windows, marked) = (KV.trim().replace('\n', "\r\n"), format!("\u{feff}{}", KV.trim()));
    for text in [windows, marked] {
        assert_eq!(read(&text, ModelName::Kv).expect("it is a history").operations, 2);
    }
}

/// A get of key 0 and this for its answer.
fn answered(answer: &str) -> String {
    format!("{{:process 1, :type :invoke, :f :get, :key \"0\", :value nil}}\n{{:process 1, :type :ok, {answer}}}")
}

#[test]
fn what_reads_nothing_says_so() {
    assert!(is_linearizable(&answered(r#":f :get, :key "0", :value nil"#), ModelName::KvAppend));
    assert!(is_linearizable(&answered(r#":f :get, :key 0, :value """#), ModelName::KvAppend), "a number is its digits");
    for model in [ModelName::CasRegister, ModelName::AppendList] {
        let read = r#"{"client":1,"call":"read"}
            {"client":1,"return":"ok","value":null}"#;
        assert!(is_linearizable(read, model), "{model:?}");
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number() {
    for (text, model, problem) in [
        (r#"{"client":1,"return":"done"}"#, ModelName::Kv, "line 1: client 1 is answered and has no open operation"),
        (r#"{"client":1,"call":"push","key":"x"}"#, ModelName::Kv, "line 1: `push` is none of get and put"),
        (r#"{"client":1,"call":"get"}"#, ModelName::Kv, "line 1: `get` needs a `key`"),
        (r#"{"call":"get","key":"x"}"#, ModelName::Kv, "line 1: `client` is missing"),
        ("{\"client\":1,\"call\":\"get\",\"key\":\"x\"}\n{\"client\":1,\"ca", ModelName::Kv, "line 2: no JSON"),
        (r#"{:process 1, :type :invoke, :f :get, :key "x"#, ModelName::KvAppend, "line 1: a string does not end"),
        ("INFO  jepsen.util - 0\t:invoke\t:write", ModelName::CasRegister, "line 1: the value is missing"),
        (
            "[\n{\"client\":1,\"call\":\"get\",\"key\":\"x\"}\n]",
            ModelName::Kv,
            "line 1: it is no operation, and those from line 2 on",
        ),
        (SOME_TIMES, ModelName::Kv, "line 2: some lines say when they happened and some do not"),
        (
            r#"{:process 1, :type :invoke, :f :get, :key "x", :key "y"}"#,
            ModelName::KvAppend,
            "line 1: `:key` is said twice",
        ),
        (r#"{"client":1,"call":"get","key":"x","key":"y"}"#, ModelName::Kv, "line 1: no JSON: `key` is said twice"),
        (
            r#"{"client":1,"call":"put","key":"x","value":"a","verison":0,"version":1}"#,
            ModelName::Kv,
            "line 1: `verison` is no field of this model, which has `key`, `value`, `version`",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"return\":\"ok\",\"value\":1,\"valeu\":1}",
            ModelName::CasRegister,
            "line 2: `valeu` is no field of this model",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"unknown\":true,\"att\":1}",
            ModelName::CasRegister,
            "line 2: `att` is no field of this model",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"unknown\":false}",
            ModelName::CasRegister,
            "line 2: `unknown` is `true` or not there",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"fail\":\"differs\"}",
            ModelName::CasRegister,
            "line 2: `fail` is `true` or not there",
        ),
        (
            "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:okk\t:write\t1",
            ModelName::CasRegister,
            "line 2: `:okk` is none of :invoke, :ok, :fail and :info",
        ),
        (
            "{\"client\":1,\"call\":\"acquire\"}\n{\"client\":1,\"return\":\"granted\",\"token\":1,\"until\":20}",
            ModelName::Lock,
            "line 2: `until` is a time, and there is none in the file",
        ),
        ("", ModelName::Kv, "there is no operation in it"),
        ("hello\nworld\n", ModelName::Kv, "there is no operation in it"),
    ] {
        refused(text, model, problem);
    }
}

#[test]
fn an_answer_about_another_key_or_operation_and_a_read_that_does_not_say_what_it_read_are_refused() {
    for (text, model, problem) in [
        (
            &*answered(r#":f :get, :key "0", :vlaue "zz""#),
            ModelName::KvAppend,
            "line 2: the answer of a read needs a `value`",
        ),
        (
            &answered(r#":f :get, :key "1", :value "zz""#),
            ModelName::KvAppend,
            "line 2: it answers of key `1`, and what its client waits for is of key `0`",
        ),
        (
            &answered(r#":f :put, :key "0", :value "zz""#),
            ModelName::KvAppend,
            "line 2: it answers a `put`, and what its client waits for is a `get`",
        ),
        (
            "{\"client\":1,\"call\":\"get\",\"key\":\"x\"}\n{\"client\":1,\"return\":\"no-key\",\"key\":\"y\"}",
            ModelName::Kv,
            "line 2: it answers of key `y`, and what its client waits for is of key `x`",
        ),
        (
            "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:cas\t1",
            ModelName::CasRegister,
            "line 2: it answers a `cas`, and what its client waits for is a `write`",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"return\":\"ok\"}",
            ModelName::AppendList,
            "line 2: the answer of a read needs a `value`",
        ),
        (
            "{\"client\":1,\"call\":\"read\"}\n{\"client\":1,\"return\":\"ok\"}",
            ModelName::CasRegister,
            "line 2: the answer of a read needs a `value`",
        ),
    ] {
        refused(text, model, problem);
    }
}

#[test]
fn an_answer_that_something_else_was_done_is_refused() {
    let edn = |call: &str, answer: &str| format!("{{:process 1, :type :invoke, {call}}}\n{{:process 1, {answer}}}");
    let json = |call: &str, answer: &str| format!("{{\"client\":1,{call}}}\n{{\"client\":1,{answer}}}");
    for (text, model, field) in [
        (json(r#""call":"write","value":1"#, r#""return":"ok","value":2"#), ModelName::CasRegister, "value"),
        (json(r#""call":"cas","from":1,"to":2"#, r#""return":"done","to":1"#), ModelName::CasRegister, "to"),
        (json(r#""call":"add","value":1"#, r#""return":"done","value":2"#), ModelName::Counter, "value"),
        (json(r#""call":"append","value":1"#, r#""return":"ok","value":"a""#), ModelName::AppendList, "value"),
        (json(r#""call":"release","token":1"#, r#""return":"released","token":2"#), ModelName::Lock, "token"),
        (edn(":f :write, :value 1", ":type :ok, :f :write, :value 2"), ModelName::CasRegister, "value"),
        (edn(":f :cas, :value [1 2]", ":type :ok, :f :cas, :value [1 3]"), ModelName::CasRegister, "value"),
        (edn(":f :write, :value [0 1]", ":type :ok, :f :write, :value [0 2]"), ModelName::CasRegister, "value"),
        (
            "INFO  jepsen.util - 0\t:invoke\t:write\t1\nINFO  jepsen.util - 0\t:ok\t:write\t2".to_owned(),
            ModelName::CasRegister,
            "value",
        ),
    ] {
        refused(&text, model, &format!("line 2: it answers with another `{field}` than its client asked with"));
    }
    for (text, model) in [
        (json(r#""call":"write","value":1"#, r#""return":"ok","value":"1""#), ModelName::CasRegister),
        (json(r#""call":"add","value":1"#, r#""return":"stands","value":1"#), ModelName::Counter),
        (json(r#""call":"cas","from":1,"to":2"#, r#""return":"differs","from":3"#), ModelName::CasRegister),
        (edn(":f :write, :value 1", ":type :ok, :f :write, :value nil"), ModelName::CasRegister),
        (edn(":f :get, :key 0, :value \"x\"", ":type :ok, :f :get, :value \"\""), ModelName::KvAppend),
    ] {
        assert!(is_linearizable(&text, model), "{text}");
    }
}

/// What is told of a history that is not linearizable: the sentence, and each operation of the contradiction.
fn told(text: &str, model: ModelName) -> Vec<String> {
    let judged = read(text, model).expect("it is a history");
    let Verdict::NotLinearizable(violation) = judged.verdict else { panic!("{model:?}: {:?}", judged.verdict) };
    judged.core.into_iter().map(|named| named.words).chain(violation.described).chain([violation.sentence]).collect()
}

#[test]
fn of_long_values_keys_and_lists_little_is_told() {
    let long = |letter: &str| format!("a{}z", letter.repeat(200_000));
    let (key, value, other) = (long("k"), long("b"), long("c"));
    let kv = KV.replace(r#""x""#, &format!("\"{key}\"")).replacen(r#""a""#, &format!("\"{value}\""), 1);
    let kv = kv.replacen(r#""a""#, &format!("\"{other}\""), 1);
    let edn = EDN.replace(r#""0""#, &format!("\"{key}\"")).replace(r#""a""#, &format!("\"{value}\""));
    let elements = |count: usize| (0..count).map(|element| element.to_string()).collect::<Vec<_>>();
    let appended = |element: String| {
        format!("{{\"client\":1,\"call\":\"append\",\"value\":{element}}}\n{{\"client\":1,\"return\":\"ok\"}}\n")
    };
    let list = elements(3_000).into_iter().map(appended).collect::<String>();
    let read = elements(2_999).join(",");
    let list =
        format!("{list}{{\"client\":1,\"call\":\"read\"}}\n{{\"client\":1,\"return\":\"ok\",\"value\":[{read}]}}");
    let element =
        LIST.replacen("1,\"call\":\"append\",\"value\":1", &format!("1,\"call\":\"append\",\"value\":\"{value}\""), 1);
    let lock = LOCK.replace("\"acquire\"", &format!("\"acquire\",\"key\":\"{key}\"")).replace(":20}", ":21}");
    let register = KEYED.replace("\"x\"", &format!("\"{key}\""));
    let count =
        COUNTER.replace("\"value\":3", "\"value\":2").replace(",\"value\"", &format!(",\"key\":\"{key}\",\"value\""));
    for (text, model) in [
        (&kv, ModelName::Kv),
        (&edn, ModelName::KvAppend),
        (&list, ModelName::AppendList),
        (&element, ModelName::AppendList),
        (&lock, ModelName::Lock),
        (&register, ModelName::CasRegister),
        (&count, ModelName::Counter),
    ] {
        for words in told(text, model) {
            assert!(words.len() < 800, "{model:?}: {} bytes: {}", words.len(), &words[..400]);
        }
    }
}

const KEYED: &str = r#"{"client":1,"call":"write","key":"x","value":1}
{"client":1,"return":"ok"}
{"client":1,"call":"read","key":"x"}
{"client":1,"return":"ok","value":2}
"#;

#[test]
fn blanks_behind_the_brace_change_nothing() {
    for blanks in [" ", "  ,", "\t"] {
        assert!(is_linearizable(&EDN.replace('{', &format!("{{{blanks}")), ModelName::KvAppend), "{blanks:?}");
    }
    assert!(is_linearizable(&KV.replace('{', "{ "), ModelName::Kv));
}

#[test]
fn an_answer_that_is_no_word_for_what_was_done_is_refused() {
    for (model, call, answer, known) in [
        (ModelName::KvAppend, r#""call":"put","key":"x","value":"1""#, "failed", "ok and done"),
        (ModelName::KvAppend, r#""call":"append","key":"x","value":"1""#, "don", "ok and done"),
        (ModelName::KvAppend, r#""call":"get","key":"x""#, "error", "ok and found"),
        (ModelName::CasRegister, r#""call":"write","value":1"#, "differs", "ok and done"),
        (ModelName::CasRegister, r#""call":"cas","from":1,"to":2"#, "failed", "ok, done and differs"),
        (ModelName::CasRegister, r#""call":"read""#, "failed", "ok and found"),
        (ModelName::AppendList, r#""call":"append","value":1"#, "failed", "ok and done"),
        (ModelName::AppendList, r#""call":"read""#, "oh", "ok and found"),
        (ModelName::Counter, r#""call":"add","value":1"#, "failed", "ok, done and stands"),
        (ModelName::Counter, r#""call":"read""#, "failed", "ok and found"),
    ] {
        let text = format!("{{\"client\":1,{call}}}\n{{\"client\":1,\"return\":\"{answer}\",\"value\":1}}");
        refused(&text, model, &format!("line 2: `{answer}` is none of {known}"));
    }
}

#[test]
fn a_compare_and_set_that_failed_found_another_value_only_where_a_file_says_so() {
    let json = r#"{"client":1,"call":"write","value":1}
        {"client":1,"return":"done"}
        {"client":2,"call":"cas","from":1,"to":2}
        {"client":2,"fail":true}
        {"client":1,"call":"read"}
        {"client":1,"return":"ok","value":1}"#;
    let edn = "{:process 1, :type :invoke, :f :write, :value 1}
        {:process 1, :type :ok, :f :write, :value 1}
        {:process 2, :type :invoke, :f :cas, :value [1 2]}
        {:process 2, :type :fail, :f :cas, :value [1 2], :error :no-leader}
        {:process 1, :type :invoke, :f :read, :value nil}
        {:process 1, :type :ok, :f :read, :value 1}";
    for (text, is_right) in [
        (json, true),
        (&*json.replace("\"fail\":true", "\"return\":\"differs\""), false),
        (edn, true),
        (&edn.replace(", :error :no-leader", ""), false),
        (&edn.replace(":error :no-leader", ":error nil"), false),
    ] {
        assert_eq!(is_linearizable(text, ModelName::CasRegister), is_right, "{text}");
        let (before, read) = text.rsplit_once('1').expect("it was read");
        let done_after_all = format!("{before}2{read}");
        assert!(!is_linearizable(&done_after_all, ModelName::CasRegister), "{done_after_all}");
    }
}

/// Two operations on a register, and what Jepsen writes around them.
fn edn(around: &str) -> String {
    format!(
        "{{:type :invoke, :f :write, :value 1, :process 0, :time 1, :index 0}}\n{around}\n\
         {{:type :ok, :f :write, :value 1, :process 0, :time 5, :index 3}}"
    )
}

#[test]
fn what_jepsen_writes_beside_operations_is_no_operation() {
    for around in [
        "{:type :info, :f :start-partition, :value nil, :process :nemesis, :time 3, :index 2}",
        r#"{:type :info, :f :kill, :value {"n1" #{:a 1.5}}, :process :nemesis, :time 3, :index 2}"#,
        "#jepsen.history.Op{:index 2, :time 3, :type :invoke, :process :nemesis, :f :stop, :value nil}",
        "{:type :info, :process :nemesis, :time 3, :f :x, :value #inst \"2026-11-23\", :error #_ x [:a {:b (c)}]}",
    ] {
        let judged = read(&edn(around), ModelName::CasRegister).expect(around);
        assert_eq!((judged.operations, judged.verdict), (1, Verdict::Linearizable), "{around}");
    }
    let tagged = edn("").replace("{:type", "#jepsen.history.Op{:type");
    assert_eq!(read(&tagged, ModelName::CasRegister).expect("it is one").operations, 1);
    let unknown = edn("").replace(":type :ok", ":error {:type :timeout}, :type :info");
    assert_eq!(read(&unknown, ModelName::CasRegister).expect("it is one").unknown, 1);
    refused(&edn("{:type :info, :f :x, :process [1]}"), ModelName::CasRegister, "line 2: `:process` is no number");
    let deep = format!("{{:type :info, :error {}, :process :nemesis}}", "{1 ".repeat(5_000));
    refused(&edn(&deep), ModelName::CasRegister, "line 2: values lie in values more than");
    let deep = format!("{{:type :info, :error {}, :process :nemesis}}", "#_ ".repeat(5_000));
    refused(&edn(&deep), ModelName::CasRegister, "line 2: values lie in values more than");
}

#[test]
fn keys_that_stand_in_values_and_keys_of_registers_split_a_history() {
    let pairs = r#"{:type :invoke, :f :write, :value [0 1], :process 0}
        {:type :ok, :f :write, :value [0 1], :process 0}
        {:type :invoke, :f :read, :value [1 nil], :process 0}
        {:type :ok, :f :read, :value [1 nil], :process 0}
        {:type :invoke, :f :cas, :value [0 [1 2]], :process 0}
        {:type :ok, :f :cas, :value [0 [1 2]], :process 0}"#;
    let with_keys = pairs.replace(":value [0 1]", ":key 0, :value 1").replace(":value [1 nil]", ":key 1, :value nil");
    let with_keys = with_keys.replace(":value [0 [1 2]]", ":key 0, :value [1 2]");
    let json = r#"{"client":1,"call":"write","key":"a","value":1}
        {"client":1,"return":"ok"}
        {"client":1,"call":"read","key":"b"}
        {"client":1,"return":"ok","value":null}"#;
    for (text, same_key) in [
        (pairs, pairs.replace("[1 nil]", "[0 nil]")),
        (&*with_keys, with_keys.replace(":key 1", ":key 0")),
        (json, json.replace(r#""key":"b""#, r#""key":"a""#)),
    ] {
        let judged = read(text, ModelName::CasRegister).expect("it is a history");
        assert_eq!((judged.keys, judged.verdict), (2, Verdict::Linearizable), "{text}");
        assert!(!is_linearizable(&same_key, ModelName::CasRegister), "{same_key}");
    }
    let other = pairs.replacen(":ok, :f :write, :value [0 1]", ":ok, :f :write, :value [1 1]", 1);
    refused(&other, ModelName::CasRegister, "line 2: it answers of key `1`");
    let alone = pairs.replacen(":ok, :f :write, :value [0 1]", ":ok, :f :write, :value 1", 1);
    refused(&alone, ModelName::CasRegister, "line 2: its call has the key in its value");
    let lists = r#"{:type :invoke, :f :append, :value ["a" 1], :process 0}
        {:type :ok, :f :append, :value ["a" 1], :process 0}
        {:type :invoke, :f :read, :value ["b" nil], :process 0}
        {:type :ok, :f :read, :value ["b" []], :process 0}"#;
    assert!(is_linearizable(lists, ModelName::AppendList));
    assert!(!is_linearizable(&lists.replace("\"b\"", "\"a\""), ModelName::AppendList));
}

fn refused(text: &str, model: ModelName, problem: &str) {
    let error = read(text, model).expect_err(text).to_string();
    assert!(error.starts_with(problem), "{error}");
}

#[test]
fn two_open_calls_and_times_that_go_back_are_refused() {
    let twice = "{\"client\":1,\"call\":\"get\",\"key\":\"x\"}\n".repeat(2);
    let error = read(&twice, ModelName::Kv).expect_err("one at a time").to_string();
    assert_eq!(error, "line 2: client 1 calls while its operation #0 is open: give it another client, or end that one");
    let back =
        "{\"client\":1,\"at\":5,\"call\":\"get\",\"key\":\"x\"}\n{\"client\":1,\"at\":4,\"return\":\"no-key\"}\n";
    let error = read(back, ModelName::Kv).expect_err("it returned before its call").to_string();
    assert_eq!(error, "line 2: an event at 4 follows one at 5: a history is told in the order of time");
}

#[test]
fn what_one_client_does_at_one_time_is_in_the_order_of_its_lines() {
    let at_5 =
        |text: &str| text.replace("\"client\":2", "\"client\":1").replace("\"client\":1", "\"client\":1,\"at\":5");
    assert!(is_linearizable(&at_5(KV), ModelName::Kv));
    let read_nothing = at_5(KV).replace(r#""found","value":"a","version":1"#, r#""no-key""#);
    assert!(!is_linearizable(&read_nothing, ModelName::Kv));
    let of_two = read_nothing.replacen(r#""client":1"#, r#""client":3"#, 2);
    assert!(is_linearizable(&of_two, ModelName::Kv), "what two do is concurrent: {of_two}");
}

#[test]
fn a_history_past_the_budget_of_operations_is_refused_by_its_name() {
    let mut options = ReadOptions::new(ModelName::Kv);
    options.operations = 1;
    let error = judge(KV.as_bytes(), &options).expect_err("it has two").to_string();
    assert!(error.contains("more than 1 operations") && error.contains("raise the budget of operations"), "{error}");
}

/// What never ends: a call and its answer again and again, for whoever reads too far.
struct Endless(usize);

impl std::io::Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let lines = KV.trim_start().as_bytes();
        let some = into.len().min(lines.len() - self.0);
        into[..some].copy_from_slice(&lines[self.0..self.0 + some]);
        self.0 = (self.0 + some) % lines.len();
        Ok(some)
    }
}

#[test]
fn a_history_past_the_budget_of_operations_is_read_no_further() {
    let mut options = ReadOptions::new(ModelName::Kv);
    options.operations = 1_000;
    let text = std::io::BufReader::new(Endless(0));
    let error = judge(text, &options).expect_err("it has no end").to_string();
    assert!(error.starts_with("line 2001: the history has more than 1000 operations"), "{error}");
}

#[test]
fn a_history_past_the_budget_of_its_memory_is_read_no_further() {
    let mut options = ReadOptions::new(ModelName::Kv);
    options.history_bytes = 3 << 20;
    let text = std::io::BufReader::new(Endless(0));
    let error = judge(text, &options).expect_err("it has no end").to_string();
    assert!(
        error.contains("the history takes more than 3 MiB") && error.contains("raise the budget of its memory"),
        "{error}"
    );
    assert!(error.starts_with("line "), "{error}");
}

#[test]
fn what_runs_out_of_steps_is_undecided() {
    let mut options = ReadOptions::new(ModelName::Kv);
    options.budget = Budget { steps: 1, ..Budget::default() };
    // Two puts that overlap: a search, not a walk.
    let text = r#"{"client":1,"call":"put","key":"x","value":"a","version":0}
        {"client":2,"call":"put","key":"x","value":"b","version":0}
        {"client":2,"return":"other-version"}
        {"client":1,"return":"done"}"#;
    // And a walk: one operation after the other.
    for text in [text, KV] {
        let judged = judge(text.as_bytes(), &options).expect("it is a history");
        assert_eq!(judged.verdict, Verdict::Undecided(Exhausted::Steps(1)));
    }
}

const MODELS: [ModelName; 6] = [
    ModelName::Kv,
    ModelName::KvAppend,
    ModelName::CasRegister,
    ModelName::AppendList,
    ModelName::Counter,
    ModelName::Lock,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), model in 0..6_usize) {
        let _ = judge(&bytes[..], &ReadOptions::new(MODELS[model]));
    }

    /// A history with lines cut, doubled, exchanged and letters changed is read or refused.
    #[test]
    fn no_damage_to_a_history_makes_the_reader_panic(
        which in 0..6_usize,
        model in 0..6_usize,
        damage in prop::collection::vec((0..4_u8, 0..400_usize, 0..400_usize, "[ -~]"), 0..6),
    ) {
        let mut lines = [KV, EDN, JEPSEN, LIST, COUNTER, LOCK][which].lines().map(str::to_owned).collect::<Vec<_>>();
        for (kind, place, letter, with) in damage {
            let (place, count) = (place % lines.len(), lines.len());
            let letter = letter % (lines[place].len() + 1);
            match kind {
                0 => lines[place].truncate(letter),
                1 => lines.insert(place, lines[place].clone()),
                2 => lines.swap(place, letter % count),
                _ if letter < lines[place].len() => lines[place].replace_range(letter..=letter, &with),
                _ => {}
            }
        }
        let _ = judge(lines.join("\n").as_bytes(), &ReadOptions::new(MODELS[model]));
    }
}
