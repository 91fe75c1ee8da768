//! Results as JUnit XML: a suite a part, a case a test.
//!
//! Readers differ: GitLab and Jenkins group by `classname`, GitHub's reporters by the suite's name, so both are
//! `lab.part`. No reader knows points: they are properties of suite and case, and stand in the words of a failure.

use super::{FailureResults, PartResults, Results, TestResults};
use crate::exit::Exit;
use lab_harness::protocol::Verdict;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::io;
use std::time::Duration;
use windtunnel::Nanos;

/// The document.
pub fn text(results: &Results) -> io::Result<String> {
    let lab = results.lab.as_deref().unwrap_or("cargo lab");
    let mut report = Report::new(lab);
    for part in &results.parts {
        report.add_test_suite(suite(results, lab, part));
    }
    if let Some(error) = &results.error {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        let first = error.message.lines().next().unwrap_or_default();
        status.set_type(error_type(error.exit)).set_message(first).set_description(&error.message);
        let mut case = TestCase::new(if error.exit == Exit::DoesNotBuild.code() { "build" } else { "run" }, status);
        case.set_classname(lab);
        let mut suite = TestSuite::new(lab);
        suite.add_properties(common(results)).add_test_case(case);
        report.add_test_suite(suite);
    }
    let time: Duration = report.test_suites.iter().filter_map(|suite| suite.time).sum();
    report.set_time(time);
    report.to_string().map_err(io::Error::other)
}

fn error_type(exit: u8) -> &'static str {
    match exit {
        code if code == Exit::DoesNotBuild.code() => "does-not-build",
        code if code == Exit::Interrupted.code() => "interrupted",
        code if code == Exit::Usage.code() || code == Exit::NothingMatched.code() => "usage",
        _ => "harness",
    }
}

/// What holds for the whole run; `testsuites` has no place for it, so that every suite says it.
fn common(results: &Results) -> Vec<Property> {
    let number = |name: &str, value: u64| Some(Property::new(name, value.to_string()));
    let word = |name: &str, value: &Option<String>| value.as_ref().map(|value| Property::new(name, value));
    let properties = [
        word("lab", &results.lab),
        word("submission", &results.submission),
        word("scenario", &results.scenario),
        results.weather_version.and_then(|version| number("weather_version", version.into())),
        results.first_seed.and_then(|seed| number("first_seed", seed.0)),
        number("seeds", results.seeds),
        number("total_points", results.points.into()),
        number("total_max_points", results.max_points.into()),
    ];
    properties.into_iter().flatten().collect()
}

fn points(points: u32, max_points: u32) -> [Property; 2] {
    [Property::new("points", points.to_string()), Property::new("max_points", max_points.to_string())]
}

fn suite(results: &Results, lab: &str, part: &PartResults) -> TestSuite {
    let name = format!("{lab}.{}", part.part);
    let mut suite = TestSuite::new(&name);
    suite.add_properties(common(results));
    suite.add_property(("part", part.part.as_str()));
    if let Some(alias) = &part.alias {
        suite.add_property(("alias", alias.as_str()));
    }
    suite.add_properties(points(part.points, part.max_points));
    for test in &part.tests {
        let mut case = TestCase::new(&test.test, status(test));
        case.set_classname(&name).set_time(Duration::from_millis(test.time_ms));
        case.add_properties(points(test.points, test.max_points));
        case.add_property(Property::new("runs", test.runs.to_string()));
        if let Some(failure) = &test.failure {
            case.add_property(Property::new("seed", failure.seed.to_string()));
        }
        suite.add_test_case(case);
    }
    suite.set_time(Duration::from_millis(part.tests.iter().map(|test| test.time_ms).sum()));
    suite
}

/// Passed means: under every seed. What was stopped before is no pass and no failure.
fn status(test: &TestResults) -> TestCaseStatus {
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    match (test.verdict, &test.failure) {
        (None, _) => skipped("not run".to_owned()),
        (Some(Verdict::Passed), _) if test.runs < test.planned => {
            skipped(format!("stopped after {} of {} seeds, which it passed", test.runs, test.planned))
        }
        (Some(Verdict::Passed), _) => TestCaseStatus::success(),
        (Some(_), failure) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            if let Some(failure) = failure {
                status.set_type(&failure.rule).set_message(&failure.title).set_description(description(test, failure));
            }
            status
        }
    }
}

/// What a person reads who has this file alone.
fn description(test: &TestResults, failure: &FailureResults) -> String {
    let mut lines = vec![
        failure.title.clone(),
        format!("rule {}, seed {}, at {}", failure.rule, failure.seed, Nanos(failure.at_ns)),
        format!("{} of {} points", test.points, test.max_points),
    ];
    lines.extend([&failure.source, &failure.hint].into_iter().flatten().cloned());
    lines.extend(failure.facts.iter().cloned());
    lines.extend(failure.replay.as_ref().map(|command| format!("Again:     {command}")));
    lines.push(format!("This seed: {}", failure.again));
    lines.join("\n")
}
