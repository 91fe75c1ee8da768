//! What of the words of cargo and the compiler is passed on: errors, and warnings of what was compiled just now. Cargo
//! repeats the warnings of a crate at each build, also if it compiles nothing; a learner has read them the first time.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are kept for an error, at least.
const KEPT: usize = 64 * 1024;

/// Words of cargo and the compiler, the last of which are kept. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Words(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    /// Whether they also go to our standard error, as they come.
    aloud: bool,
    kept: Vec<u8>,
    /// Whether anything was compiled.
    compiled: bool,
    /// That all is built, which goes without saying if nothing was compiled.
    finished: Vec<u8>,
}

/// A target of a package, such as its library.
type Unit = (String, String);

impl Words {
    /// Words that are also heard.
    pub fn aloud() -> Self {
        Words(Arc::new(Mutex::new(Heard { aloud: true, ..Heard::default() })))
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What cargo says to programs; what the compiler says in it to people is passed on. Whether a crate is compiled or
    /// taken as it is, cargo says only behind its warnings: so these wait.
    pub fn read_messages(&self, stdout: impl Read) -> Vec<Value> {
        let (mut waiting, mut fresh) = (BTreeMap::<Unit, Vec<u8>>::new(), BTreeSet::<Unit>::new());
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let messages = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        let heard = messages.inspect(|message| {
            let unit = unit(message);
            if let Some(rendered) = message["message"]["rendered"].as_str() {
                let words = waiting.entry(unit.clone()).or_default();
                words.extend_from_slice(rendered.as_bytes());
                if message["message"]["level"] != "warning" {
                    waiting.remove(&unit).iter().for_each(|words| self.heard().say(words));
                }
            } else if message["reason"] == "compiler-artifact" {
                let words = waiting.remove(&unit);
                if message["fresh"] == true {
                    fresh.insert(unit);
                } else {
                    self.heard().compiled = true;
                    words.iter().for_each(|words| self.heard().say(words));
                }
            }
        });
        let messages = heard.collect();
        // Of a crate that does not compile there is no artifact.
        waiting.retain(|unit, _| !fresh.contains(unit));
        waiting.values().for_each(|words| self.heard().say(words));
        messages
    }

    /// Whole lines at a time, so that two who speak at once can be told apart.
    pub fn pass_on(&self, from: impl Read) {
        let (mut from, mut line) = (BufReader::new(from), Vec::new());
        while let Ok(1..) = from.read_until(b'\n', &mut line) {
            if is_finished(&line) {
                self.heard().finished.clone_from(&line);
            } else {
                self.heard().say(&line);
            }
            line.clear();
        }
    }

    /// Says what waited for the end.
    pub fn end(&self) {
        let mut heard = self.heard();
        let finished = std::mem::take(&mut heard.finished);
        if heard.compiled {
            heard.say(&finished);
        }
    }

    /// The last of all that was said.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&self.heard().kept).into_owned()
    }
}

impl Heard {
    fn say(&mut self, words: &[u8]) {
        if self.aloud {
            let _ = io::stderr().write_all(words);
        }
        self.kept.extend_from_slice(words);
        if self.kept.len() > 2 * KEPT {
            let surplus = self.kept.len() - KEPT;
            self.kept.drain(..surplus);
        }
    }
}

fn unit(message: &Value) -> Unit {
    let target = &message["target"];
    (message["package_id"].as_str().unwrap_or_default().to_owned(), format!("{}{}", target["kind"], target["name"]))
}

/// "Finished `release` profile \[optimized\] target(s) in 0.60s", whatever the colours around the first word.
fn is_finished(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).split("Finished").nth(1).is_some_and(|rest| rest.contains("target(s) in"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn warning(of: &str, words: &str) -> Value {
        let message = json!({ "rendered": words, "level": "warning" });
        json!({ "reason": "compiler-message", "package_id": of, "target": { "name": of, "kind": ["lib"] }, "message": message })
    }

    fn artifact(of: &str, fresh: bool) -> Value {
        json!({ "reason": "compiler-artifact", "package_id": of, "target": { "name": of, "kind": ["lib"] }, "fresh": fresh })
    }

    fn said(messages: &[Value], lines: &str) -> String {
        let words = Words::default();
        let text: String = messages.iter().map(|message| format!("{message}\n")).collect();
        assert_eq!(words.read_messages(text.as_bytes()).len(), messages.len());
        words.pass_on(lines.as_bytes());
        words.end();
        words.take()
    }

    const FINISHED: &str = "    Finished `release` profile target(s) in 0.1s\n";

    #[test]
    fn warnings_of_what_was_compiled_just_now_are_passed_on() {
        let messages =
            [warning("a", "unused a\n"), warning("b", "unused b\n"), artifact("b", true), artifact("a", false)];
        assert_eq!(said(&messages, FINISHED), format!("unused a\n{FINISHED}"));
    }

    #[test]
    fn a_build_that_compiles_nothing_says_nothing() {
        assert_eq!(said(&[warning("a", "unused a\n"), artifact("a", true)], FINISHED), "");
    }

    #[test]
    fn an_error_is_passed_on_with_the_warnings_before_and_behind_it() {
        let mut error = warning("a", "wrong a\n");
        error["message"]["level"] = json!("error");
        let messages = [warning("a", "unused a\n"), error, warning("a", "unused too\n")];
        assert_eq!(
            said(&messages, "error: could not compile `a`\n"),
            "unused a\nwrong a\nunused too\nerror: could not compile `a`\n"
        );
    }

    #[test]
    fn what_cargo_waits_for_is_passed_on_at_once() {
        let words = Words::default();
        words.pass_on("    Blocking waiting for file lock on build directory\n".as_bytes());
        assert!(words.take().contains("Blocking waiting"), "before the end");
    }
}
