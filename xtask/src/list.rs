//! `cargo lab list`: labs, parts and tests, as the workers tell them.

use crate::cli::ListOptions;
use crate::error::LabError;
use crate::event::{Event, ListedTest};
use crate::exit::Exit;
use crate::house::Submission;
use crate::interrupt::Interrupt;
use crate::known;
use crate::run_directory::RunDirectory;
use crate::session::Session;
use crate::worker::{Worker, WorkerCommand, patience};
use lab_harness::protocol::Hello;

/// Lists one lab, or the one we stand in, or all.
pub fn list(session: &Session<'_>, options: &ListOptions) -> Result<Exit, LabError> {
    let house = session.house;
    let submissions = match (&options.lab, house.submission_here()) {
        (Some(lab), here) => {
            house.check_lab(lab)?;
            // The one that `test` would test from here.
            match here.filter(|here| here.lab == *lab) {
                Some(here) => vec![here],
                None => vec![house.witness(lab)?],
            }
        }
        (None, Some(submission)) => vec![submission],
        (None, None) => {
            // A lab whose reference is still to be written has nothing to run and is left out.
            let (known, unknown): (Vec<_>, Vec<_>) =
                house.labs().iter().map(|lab| house.witness(lab)).partition(Result::is_ok);
            match unknown.into_iter().next() {
                Some(Err(error)) if known.is_empty() => return Err(error),
                _ => known.into_iter().flatten().collect(),
            }
        }
    };
    for submission in submissions {
        if session.console.is_unread() {
            break; // the next lab may have to be built, for nobody
        }
        let hello = hello(session, &submission, options.flight)?;
        say(session, &submission, &hello, options.flight);
    }
    Ok(Exit::Passed)
}

fn hello(session: &Session<'_>, submission: &Submission, flight: bool) -> Result<Hello, LabError> {
    let directory = RunDirectory::create(&session.house.output)?;
    let program =
        if flight { session.pilot(submission, &directory)? } else { session.binary(submission, &directory)? };
    let command = WorkerCommand {
        program,
        lab: &submission.lab,
        directory: &directory,
        patience: patience(),
        interrupt: Interrupt::default(),
    };
    let hello = Worker::start(&command)?.hello.clone();
    known::remember(session.house, &hello);
    Ok(hello)
}

fn say(session: &Session<'_>, submission: &Submission, hello: &Hello, flight: bool) {
    let lab = &hello.lab;
    let points = hello.tests.iter().map(|test| test.points).sum();
    let (label, tests) = (submission.label.clone(), hello.tests.len());
    session.console.say(&Event::Lab { lab: lab.clone(), submission: label, tests, points });
    for part in &hello.parts {
        let (name, alias) = (part.name.clone(), part.alias.clone());
        session.console.say(&Event::Part { lab: lab.clone(), part: name, alias, points: part.points });
        for test in hello.tests.iter().filter(|test| test.part == part.name) {
            session.console.say(&Event::Test(ListedTest {
                lab: lab.clone(),
                part: test.part.clone(),
                test: test.name.clone(),
                mit: test.mit.clone(),
                tags: test.tags.clone(),
                points: test.points,
                about: test.about.clone(),
                scenario: test.storm.clone(),
                flies: flight.then_some(test.grounded.is_none()),
                grounded: test.grounded.clone().filter(|_| flight),
                skipped: (flight && test.grounded.is_none()).then(|| test.skipped.clone()),
            }));
        }
    }
}
