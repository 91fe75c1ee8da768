//! Jobs over real files through the command line: the reference submission, and applications that misbehave.
//!
//! This executable is the submission's binary as well (a target without libtest), so that nothing is built but with the test.

#[path = "support/lazy.rs"]
mod lazy;
#[path = "job/misfits.rs"]
mod misfits;
mod support;

use lab_harness::protocol::JOB_ARGUMENT;
use lazy::LAZY;
use libtest_mimic::{Arguments, Trial};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use support::Answer;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(JOB_ARGUMENT) {
        return misfits::submission();
    }
    let trials: [(&str, fn()); 22] = [
        ("the_output_is_that_of_one_go_byte_for_byte", the_output_is_that_of_one_go_byte_for_byte),
        ("parts_of_a_sort_follow_each_other_and_are_about_as_long", parts_of_a_sort_follow_each_other),
        ("bad_input_is_named_with_its_fix_and_touches_nothing", bad_input_is_named_with_its_fix_and_touches_nothing),
        ("patterns_and_names_give_each_file_once_in_order", patterns_and_names_give_each_file_once_in_order),
        ("long_files_are_cut_into_several_tasks", long_files_are_cut_into_several_tasks),
        ("nothing_to_read_gives_empty_parts", nothing_to_read_gives_empty_parts),
        ("more_reduces_than_keys_leave_parts_empty", more_reduces_than_keys_leave_parts_empty),
        ("names_that_are_no_utf_8_work_and_are_told_in_a_form_of_their_own", names_that_are_no_utf_8_work),
        ("a_record_that_kills_is_skipped_and_told_by_file_and_line", a_record_that_kills_is_skipped_and_told),
        ("a_function_that_never_returns_is_killed_with_a_word", a_function_that_never_returns_is_killed_with_a_word),
        ("a_function_that_ends_the_process_is_told", a_function_that_ends_the_process_is_told),
        ("a_job_that_cannot_be_done_is_told", a_job_that_cannot_be_done_is_told),
        ("a_submission_that_does_nothing_hangs_in_virtual_time", a_submission_that_does_nothing_hangs),
        ("a_submission_that_panics_is_told", a_submission_that_panics_is_told),
        ("a_binary_that_does_no_jobs_is_named", a_binary_that_does_no_jobs_is_named),
        ("an_output_that_does_not_fit_leaves_what_was_there", an_output_that_does_not_fit_leaves_what_was_there),
        ("an_input_that_cannot_be_read_after_all_is_told", an_input_that_cannot_be_read_after_all_is_told),
        ("an_interrupted_job_leaves_nothing", an_interrupted_job_leaves_nothing),
        ("in_a_storm_the_output_is_the_same_and_faults_are_told", in_a_storm_the_output_is_the_same),
        ("what_the_readme_shows_is_what_comes", what_the_readme_shows_is_what_comes),
        ("a_storm_that_never_came_is_told_aloud", a_storm_that_never_came_is_told_aloud),
        ("a_combiner_that_dies_is_told_and_changes_nothing", a_combiner_that_dies_is_told_and_changes_nothing),
    ];
    let trials = trials.map(|(name, body)| {
        let run = move || {
            body();
            Ok(())
        };
        Trial::test(name, run)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// A directory of its own, where the user stands; and beside it a target directory.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Place(std::env::temp_dir().join(format!("windtunnel-job-{name}-{}", std::process::id())));
        std::fs::create_dir_all(place.here()).unwrap();
        place
    }

    fn here(&self) -> PathBuf {
        self.0.join("here")
    }

    fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.here().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// `cargo lab` with these words, in JSON.
    fn command(&self, words: &str) -> Command {
        self.command_in("json", words)
    }

    fn command_in(&self, format: &str, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words.split(' ')).args(["--format", format, "--worker"]).arg(std::env::current_exe().unwrap());
        command.current_dir(self.here()).env("CARGO_TARGET_DIR", self.0.join("target")).stdin(Stdio::null());
        command.env("WINDTUNNEL_WATCHDOG_S", "20").env_remove(LAZY);
        command
    }

    fn lab(&self, words: &str) -> Answer {
        Answer::of(self.command(words))
    }

    /// A job in the tunnel that comes to its end; its output is `out`.
    fn job(&self, words: &str) -> Value {
        done(&self.lab(&format!("job {words} --output out --overwrite")))
    }

    /// The same in one go; its output is `one`.
    fn one_go(&self, words: &str) -> Value {
        done(&self.lab(&format!("job {words} --output one --overwrite --sequential")))
    }

    /// The parts of an output, by name.
    fn parts(&self, output: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.here().join(output)).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
    }

    /// All that is there, with what is in it.
    fn all(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut all = BTreeMap::new();
        let mut left = vec![self.here()];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let is_directory = path.symlink_metadata().unwrap().is_dir();
                left.extend(is_directory.then(|| path.clone()));
                let content = path.is_file().then(|| std::fs::read(&path).unwrap());
                all.insert(path, content);
            }
        }
        all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn done(answer: &Answer) -> Value {
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    answer.summary();
    answer.events_of("job").pop().unwrap_or_else(|| panic!("no job: {answer:?}"))
}

fn message(answer: &Answer) -> String {
    answer.summary();
    let errors = answer.events_of("error");
    assert_eq!(errors.len(), 1, "{answer:?}");
    errors[0]["message"].as_str().unwrap().to_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Three texts in two directories: a few hundred lines of a few words, some more frequent than others.
fn texts(place: &Place) {
    for (file, name) in ["in/one.txt", "in/two.txt", "in/more/three.txt"].into_iter().enumerate() {
        let line = |line: usize| {
            let words =
                (0..7).map(|word| ["the", "wind", "naïve", "tunnel", "storm", "key"][(line * (word + file)) % 6]);
            words.collect::<Vec<_>>().join(" ") + &format!(" {}\n", "x".repeat(line * 7 % 23))
        };
        place.write(name, (0..300).map(line).collect::<String>());
    }
}

fn the_output_is_that_of_one_go_byte_for_byte() {
    let place = Place::new("same");
    texts(&place);
    for app in ["wordcount", "index", "grep --pattern naïve", "sort"] {
        let words = format!("{app} --input in/*.txt in/more/* --reduces 7 --split-kib 4");
        let (tunnel, one) = (place.job(&format!("{words} --seed 5")), place.one_go(&words));
        let counts = ["inputs", "input_bytes", "maps", "reduces", "records", "pairs", "output_bytes", "empty_parts"];
        for field in counts {
            assert_eq!(tunnel[field], one[field], "{app}: {field}");
        }
        assert_eq!(place.parts("out"), place.parts("one"), "{app}");
        assert_eq!(place.parts("out").len(), 7, "{app}");
        assert_eq!((tunnel["records"].clone(), one["attempts"].clone()), (json!(900), Value::Null), "{app}");
        assert!(one["pairs"].as_u64().unwrap() > 0, "{app}");
        let number = |field: &str| tunnel[field].as_u64().unwrap();
        assert!(number("attempts") >= 7 + number("maps") && number("shuffled_bytes") > 0, "{tunnel}");
    }
    let again =
        ["the same seed", "and again"].map(|_| place.job("wordcount --input in/*.txt --seed 5")["trace_hash"].clone());
    assert_eq!(again[0], again[1]);
}

fn parts_of_a_sort_follow_each_other() {
    let place = Place::new("sort");
    place.write("numbers", (0..5_000_u32).map(|number| format!("{:05}\n", number * 7_919 % 5_000)).collect::<String>());
    place.job("sort --input numbers --reduces 5 --split-kib 8");
    let parts = place.parts("out");
    let all: Vec<u8> = parts.values().flatten().copied().collect();
    assert!(all == (0..5_000_u32).map(|number| format!("{number:05}\n")).collect::<String>().into_bytes());
    for (name, part) in &parts {
        assert!((3_000..9_000).contains(&part.len()), "{name} has {} bytes of 30,000", part.len());
    }
}

fn bad_input_is_named_with_its_fix_and_touches_nothing() {
    let place = Place::new("bad");
    place.write("in.txt", "some words\n");
    place.write("old/part-00000", "old 1\n");
    place.write("mixed/part-00000", "old 1\n");
    place.write("mixed/thesis.tex", "a year\n");
    place.write("called-so/part-00000/thesis.tex", "a year\n");
    place.write("file", "x\n");
    place.write("dir/sub/x.txt", "x\n");
    place.write("no-store.toml", "about = \"x\"\nnodes = 4\nduration = \"5s\"\n");
    std::os::unix::fs::symlink("nowhere", place.here().join("dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(place.here().join("pipe")).status().unwrap().success());
    let before = place.all();
    let cases: &[(&str, i32, &[&str])] = &[
        ("wordcount --input gone.txt --output out", 2, &["cannot read gone.txt"]),
        ("wordcount --input dangling --output out", 2, &["cannot read dangling"]),
        ("wordcount --input in.txt pipe --output out", 2, &["cannot read pipe", "no plain file"]),
        ("wordcount --input dir --output out", 2, &["dir is a directory", "'dir/*'"]),
        ("wordcount --input *.md --output out", 2, &["*.md matches no file", "ls"]),
        ("wordcount --input dir/* --output out", 2, &["dir/* matches no file", "only a directory"]),
        ("wordcount --input in.txt", 2, &["--output"]),
        ("wordcount --output out", 2, &["--input"]),
        ("wordcount --input in.txt --output old", 2, &["old is there already", "--overwrite"]),
        ("wordcount --input in.txt --output file", 2, &["file is there already", "--overwrite"]),
        ("wordcount --input in.txt --output file --overwrite", 2, &["no directory"]),
        ("wordcount --input in.txt --output mixed --overwrite", 2, &["thesis.tex", "no output of a job"]),
        ("wordcount --input in.txt --output called-so --overwrite", 2, &["part-00000", "no output of a job"]),
        ("wordcount --input in.txt --output . --overwrite", 2, &["--output ."]),
        ("wordcount --input in.txt --output a/b", 2, &["mkdir -p"]),
        ("wordcount --input in.txt --output out --workers 0", 2, &["--workers", "1..=500"]),
        ("wordcount --input in.txt --output out --reduces 0", 2, &["--reduces", "1..=10000"]),
        ("wordcount --input in.txt --output out --split-kib 0", 2, &["--split-kib"]),
        ("wordcount --input in.txt --output out --seed x", 2, &["`x` is no seed"]),
        ("wordcount --input in.txt --output out --scenario rainy", 2, &["there is no scenario `rainy`"]),
        ("wordcount --input in.txt --output out --scenario no-store.toml", 2, &["client_nodes = 1", "no-store.toml"]),
        ("wordcount --input in.txt --output out --sequential --workers 3", 2, &["--sequential", "--workers"]),
        ("wordcount --input in.txt --output out --sequential --fly", 2, &["--sequential", "--fly"]),
        ("wordcont --input in.txt --output out", 2, &["no application `wordcont`", "did you mean wordcount"]),
        ("wordcont --input in.txt --output out --sequential", 2, &["no application `wordcont`"]),
        ("grep --input in.txt --output out", 2, &["grep does not take its parameters", "--parameters"]),
        ("sort --input in.txt --output out --pattern x", 2, &["sort does not take its parameters"]),
        ("wordcount --input in.txt --output out --submission dir", 2, &["dir is no submission"]),
    ];
    for (words, code, pieces) in cases {
        let answer = place.lab(&format!("job {words}"));
        let message = message(&answer);
        assert_eq!(answer.code, *code, "{words}: {answer:?}");
        for piece in *pieces {
            assert!(message.contains(piece), "{words}: {message}");
        }
        assert!(place.all() == before, "{words} has touched something");
    }
}

fn patterns_and_names_give_each_file_once_in_order() {
    let place = Place::new("globs");
    texts(&place);
    place.write("in/star*.txt", "only me\n");
    let inputs = |words: &str| place.one_go(&format!("grep --pattern e --reduces 1 --input {words}"))["inputs"].clone();
    assert_eq!(inputs("in/*.txt"), 3, "a directory is no file");
    assert_eq!(inputs("in/**/*.txt in/one.txt in/o*"), 4, "each once");
    std::os::unix::fs::symlink("one.txt", place.here().join("in/link")).unwrap();
    let whole = place.here().join("in/one.txt");
    assert_eq!(
        inputs(&format!("./in/one.txt in/one.txt in/../in//one.txt in/link {}", whole.display())),
        1,
        "by any path"
    );
    let out = String::from_utf8(place.parts("one").remove("part-00000").unwrap()).unwrap();
    assert!(out.starts_with("./in/one.txt:"), "a file is called as it came first: {out}");
    assert_eq!(inputs("in/star*.txt"), 1, "a file that is called like a pattern is that file");
    assert_eq!(inputs("in/[!s]*.txt"), 2);
    place.one_go("grep --pattern e --reduces 1 --input in/two.txt in/one.txt");
    let out = String::from_utf8(place.parts("one").remove("part-00000").unwrap()).unwrap();
    assert!(out.starts_with("in/one.txt:"), "keys are names as they were given");
}

fn long_files_are_cut_into_several_tasks() {
    let place = Place::new("splits");
    place.write("in", "seven b\n".repeat(1_024));
    assert_eq!(place.one_go("wordcount --input in --split-kib 2")["maps"], 4);
    assert_eq!(place.job("wordcount --input in --split-kib 3")["maps"], 3);
}

fn nothing_to_read_gives_empty_parts() {
    let place = Place::new("empty");
    place.write("in", "");
    let event = place.job("wordcount --input in --reduces 3");
    assert_eq!(event["maps"], 1, "a file without a byte is a task all the same");
    assert_eq!(
        (event["records"].clone(), event["empty_parts"].clone(), place.parts("out").len()),
        (json!(0), json!(3), 3)
    );
}

fn more_reduces_than_keys_leave_parts_empty() {
    let place = Place::new("keys");
    place.write("in", "one two three\n");
    let event = place.job("wordcount --input in --reduces 40");
    assert_eq!((event["empty_parts"].clone(), place.parts("out").len()), (json!(37), 40));
    let mut text = place.command_in("text", "job wordcount --input in --reduces 40 --output text");
    text.env_remove("NO_COLOR");
    let answer = Answer::of(text);
    assert!(answer.stdout.contains("37 of 40 parts are empty"), "{answer:?}");
    assert_eq!(answer.stderr, "", "progress is for terminals");
}

fn names_that_are_no_utf_8_work() {
    let place = Place::new("names");
    let odd = OsStr::from_bytes(b"caf\xe9\\.txt");
    place.write(odd, "word\n");
    for way in ["", " --sequential"] {
        let mut command = place.command(&format!("job index --output out --reduces 1 --overwrite{way}"));
        command.arg("--input").arg(odd);
        done(&Answer::of(command));
        assert_eq!(place.parts("out")["part-00000"], b"word 1 caf\\xe9\\x5c.txt\n", "{way}");
        // The pattern finds it as well.
        place.lab(&format!("job index --input ca* --output out --reduces 1 --overwrite{way}"));
        assert_eq!(place.parts("out")["part-00000"], b"word 1 caf\\xe9\\x5c.txt\n", "{way}");
    }
    let mut missing = place.command("job index --output new");
    missing.arg("--input").arg(OsStr::from_bytes(b"\xff"));
    let answer = Answer::of(missing);
    assert!(answer.code == 2 && message(&answer).contains("cannot read"), "{answer:?}");
}

fn a_record_that_kills_is_skipped_and_told() {
    let place = Place::new("kills");
    place.write("a", "fine\nalso fine\n");
    place.write("b", "fine\n\nthis is deadly\nfine\n");
    let words = "fragile --pattern deadly --input a b --reduces 2";
    for event in [place.job(words), place.one_go(words)] {
        let skipped = event["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 1, "{event}");
        assert_eq!(skipped[0]["place"], json!({"input": "b", "line": 3}), "{event}");
        assert_eq!((skipped[0]["task"].clone(), skipped[0]["record"].clone()), (json!("map 1"), json!(2)));
        assert_eq!(event["records"], 5, "{event}");
    }
    assert_eq!(place.job(words)["skipped"][0]["why"], "this record is too much for me");
    assert_eq!(place.parts("out"), place.parts("one"));
}

fn a_function_that_never_returns_is_killed_with_a_word() {
    let place = Place::new("spins");
    place.write("in", "round and round\n");
    let before = place.all();
    for (way, piece) in [
        ("", "stopped yielding for 1 s, and was killed: spins, at event"),
        (" --sequential", "in one go, stopped yielding for 1 s"),
    ] {
        let mut command = place.command(&format!("job spins --input in --output out{way}"));
        command.env("WINDTUNNEL_WATCHDOG_S", "1");
        let answer = Answer::of(command);
        let message = message(&answer);
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(message.contains(piece) && message.contains("WINDTUNNEL_WATCHDOG_S"), "{message}");
        assert!(place.all() == before, "something is left behind");
    }
}

fn a_function_that_ends_the_process_is_told() {
    let place = Place::new("aborts");
    place.write("in", "the last words\n");
    let before = place.all();
    for (app, piece) in [("aborts", "SIGABRT"), ("exits", "exit code 7"), ("overflows", "overflowed its stack")] {
        let answer = place.lab(&format!("job {app} --input in --output out"));
        assert!(answer.code == 1 && message(&answer).contains(piece), "{app}: {answer:?}");
        assert!(place.all() == before, "something is left behind");
    }
}

fn a_job_that_cannot_be_done_is_told() {
    let place = Place::new("impossible");
    place.write("in", "words that are extraordinarily long\n");
    let before = place.all();
    for way in ["", " --sequential"] {
        let answer = place.lab(&format!("job wrong-partition --input in --output out{way}"));
        assert!(answer.code == 1 && message(&answer).contains("names reduce task"), "{answer:?}");
        assert!(place.all() == before, "something is left behind");
    }
}

fn a_submission_that_does_nothing_hangs() {
    let place = Place::new("hangs");
    place.write("in", "word\n");
    let mut command = place.command("job wordcount --input in --output out");
    command.env(LAZY, "1");
    let answer = Answer::of(command);
    assert!(answer.code == 1 && message(&answer).contains("no task was finished in 3600 s"), "{answer:?}");
}

fn a_submission_that_panics_is_told() {
    let place = Place::new("panics");
    place.write("in", "word\n");
    let mut command = place.command("job wordcount --input in --output out");
    command.env(LAZY, "panics");
    let answer = Answer::of(command);
    assert!(answer.code == 1 && message(&answer).contains("I know no better"), "{answer:?}");
}

fn a_binary_that_does_no_jobs_is_named() {
    let place = Place::new("no-worker");
    place.write("in", "word\n");
    for (program, piece) in [("false", "exit"), ("yes", "no answer")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args("job wordcount --input in --output out --format json --worker".split(' '));
        let program = ["/bin", "/usr/bin"].map(|place| Path::new(place).join(program));
        command.arg(program.iter().find(|path| path.is_file()).unwrap());
        command.current_dir(place.here()).env("CARGO_TARGET_DIR", place.0.join("target"));
        let answer = Answer::of(command);
        assert!([1, 70].contains(&answer.code) && message(&answer).contains(piece), "{answer:?}");
    }
}

fn an_output_that_does_not_fit_leaves_what_was_there() {
    let place = Place::new("full");
    let word =
        |number: u32| format!("{}{} ", ["ab", "cd", "ef"][number as usize % 3], "x".repeat(number as usize % 97));
    place.write("in", (0..3_000).map(word).collect::<String>() + "\n");
    place.write("out/part-00000", "old 1\n");
    let before = place.all();
    for way in ["", " --sequential"] {
        // Files may have two blocks, as if the disk were full then; without the signal that comes with it.
        let inner = place.command(&format!("job index --input in --output out --overwrite --reduces 1{way}"));
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh"])
            .arg(inner.get_program())
            .args(inner.get_args());
        command.current_dir(place.here()).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", place.0.join("target"));
        let answer = Answer::of(command);
        let message = message(&answer);
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(
            message.contains("part-00000 of the output cannot be written") && message.contains("make room"),
            "{message}"
        );
        assert!(place.all() == before, "something is left behind, or the old output is gone");
    }
}

fn an_input_that_cannot_be_read_after_all_is_told() {
    if !Path::new("/proc/self/mem").exists() {
        return; // no file is known there that opens and does not read
    }
    let place = Place::new("unreadable");
    for way in ["", " --sequential"] {
        let answer = place.lab(&format!("job wordcount --input /proc/self/mem --output out{way}"));
        assert!(answer.code == 1 && message(&answer).contains("/proc/self/mem cannot be read"), "{answer:?}");
        assert!(place.all().is_empty());
    }
}

fn an_interrupted_job_leaves_nothing() {
    let place = Place::new("interrupted");
    place.write("in", "round and round\n");
    place.write("out/part-00000", "old 1\n");
    let before = place.all();
    let mut command = place.command("job spins --input in --output out --overwrite");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while place.all() == before && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(place.all() != before, "it works beside the place of the output");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let answer = Answer::from(child.wait_with_output().unwrap());
    assert_eq!((answer.code, message(&answer).as_str()), (130, "interrupted"), "{answer:?}");
    assert!(place.all() == before, "something is left behind, or the old output is gone");
}

fn in_a_storm_the_output_is_the_same() {
    let place = Place::new("storm");
    texts(&place);
    let storm = root().join("scenarios/mapreduce/workers.toml");
    let words = "--input in/*.txt --reduces 5 --split-kib 4";
    place.one_go(&format!("wordcount {words}"));
    let mut struck = 0;
    for seed in 0..5 {
        let event = place.job(&format!("wordcount {words} --seed {seed} --scenario {}", storm.display()));
        assert_eq!(place.parts("out"), place.parts("one"), "seed {seed}");
        struck += event["faults"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
        assert_eq!(event["workers"], 5, "as many as the scenario says");
    }
    assert!(struck > 0, "no fault has struck");
    let event = place.job(&format!("wordcount {words} --seed 1 --workers 3 --scenario {}", storm.display()));
    assert_eq!(event["workers"], 3);
}

/// A job in what is calm weather after all proves nothing of a storm.
fn a_storm_that_never_came_is_told_aloud() {
    let place = Place::new("never-came");
    place.write("in", "word\n");
    let fault = |kind: &str, length: &str| {
        format!(
            "[[fault]]\nkind = \"{kind}\"\nwhere = \"follower\"\nat = [\"9s\"]\n{length} = \"1s\"\non_ppm = 1_000_000\n"
        )
    };
    let head = "about = \"late\"\nnodes = 3\nclient_nodes = 1\nduration = \"10s\"\n";
    place.write("late.toml", [head, &fault("kill", "down"), &fault("pause", "lasts")].concat());
    let words = "wordcount --input in --seed 1 --scenario late.toml";
    assert_eq!(place.job(words)["faults"], json!({"kill": 0, "pause": 0}));
    let answer = Answer::of(place.command_in("text", &format!("job {words} --output text")));
    assert!(answer.stdout.contains("kill 0, pause 0"), "{answer:?}");
    assert!(answer.stdout.contains("None of the scenario's faults struck"), "{answer:?}");
    assert_eq!(place.job("wordcount --input in --seed 1")["faults"], json!({}), "nobody asked for any");
}

fn a_combiner_that_dies_is_told_and_changes_nothing() {
    let place = Place::new("combiner");
    place.write("in", "so deadly so deadly\n");
    let words = "fragile-combine --pattern deadly --input in --reduces 2";
    let (tunnel, one) = (place.job(words), place.one_go(words));
    assert_eq!(place.parts("out"), place.parts("one"));
    assert_eq!((&tunnel["uncombined"], &one["uncombined"]), (&json!("this key is too much for me"), &Value::Null));
    assert_eq!(tunnel["skipped"], json!([]));
    let answer = Answer::of(place.command_in("text", &format!("job {words} --output text")));
    assert!(answer.stdout.contains("died while it combined"), "{answer:?}");
}

/// `UPDATE=1 cargo test -p xtask --test job readme` writes it anew.
fn what_the_readme_shows_is_what_comes() {
    let place = Place::new("readme");
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let begin = readme.find("$ cargo lab job ").expect("it has an example");
    let length = readme[begin..].find("```").expect("it ends");
    let (line, shown) = readme[begin..begin + length].split_once('\n').unwrap();
    assert!(shown.contains(" simulated in ") || std::env::var_os("UPDATE").is_some(), "it shows what came of it");
    let words = line.strip_prefix("$ cargo lab ").unwrap().replace('\'', "");
    let output = words.split(' ').skip_while(|word| *word != "--output").nth(1).unwrap();
    let real = place.here().join("words");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(words.replace(output, real.to_str().unwrap()).split(' '));
    command.arg("--worker").arg(std::env::current_exe().unwrap()).current_dir(root());
    command.env("CARGO_TARGET_DIR", place.0.join("target")).stdin(Stdio::null());
    let answer = Answer::of(command);
    assert_eq!(answer.code, 0, "{answer:?}");
    let came = answer.stdout.replace(real.to_str().unwrap(), output);
    let is_true = came.lines().count() == shown.lines().count()
        && came.lines().zip(shown.lines()).all(|(came, shown)| says_the_same(came, shown));
    if !is_true && std::env::var_os("UPDATE").is_some() {
        let whole = [&readme[..begin], line, "\n", &came, &readme[begin + length..]].concat();
        std::fs::write(root().join("README.md"), whole).unwrap();
        return;
    }
    assert!(is_true, "it shows\n{shown}and what comes is\n{came}UPDATE=1 cargo test -p xtask --test job readme");
}

/// Whether two lines are the same but for numbers that an edit of a handout changes a little: up to a tenth. What was fetched from whom
/// changes with every edit of the reference, and time from machine to machine.
fn says_the_same(came: &str, shown: &str) -> bool {
    let numbers_matter = !["shuffled", "time"].iter().any(|name| came.trim_start().starts_with(name));
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (came, shown) = (words(came), words(shown));
    let number = |word: &str| word.trim_end_matches([',', ';', ':']).parse::<f64>().ok();
    came.len() == shown.len()
        && came.iter().zip(&shown).all(|(came, shown)| match (number(came), number(shown)) {
            (Some(_), Some(_)) if !numbers_matter => true,
            (Some(of), Some(known)) if shown.contains('.') || known >= 100.0 => (of - known).abs() <= known / 10.0,
            _ => came == shown,
        })
}
