//! Flies again where nothing is decided.

use super::Answer;
use serde_json::{Value, json};

/// How its one flight ended.
pub fn result_of(answer: &Answer) -> Value {
    let [result] = answer.events_of("flight_result").try_into().unwrap_or_else(|_| panic!("{answer:?}"));
    result
}

/// Flies until the verdict is that one, thrice at the most: a machine that stands still for seconds decides nothing, and a rule that
/// breaks it cannot break; but a cluster that never recovers is undecided each time. A history that cannot be judged is the
/// checker's own fault.
pub fn until_well(verdict: &str, fly: impl Fn() -> Answer) -> Answer {
    let mut undecided = Vec::new();
    while undecided.len() < 3 {
        let answer = fly();
        let result = result_of(&answer);
        if result["verdict"] == verdict {
            assert_eq!(answer.code, 0, "{answer:?}");
            assert_eq!((&result["unclean"], &result["history_error"]), (&json!([]), &Value::Null), "{answer:?}");
            return answer;
        }
        assert_eq!((&result["verdict"], answer.code), (&json!("undecided"), 5), "{answer:?}");
        assert_ne!(result["broken"]["rule"], "undecided", "{answer:?}");
        undecided.push(answer);
    }
    panic!("three flights, and none of them is {verdict}: {undecided:?}");
}
