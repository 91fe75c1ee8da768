//! `cargo lab check`: judges a history from a file.

use crate::cli::{CheckOptions, ModelOption};
use crate::error::LabError;
use crate::event::{CheckEvent, CheckExplained, CheckVerdict, CheckedOperation, Event};
use crate::exit::Exit;
use crate::session::Session;
use std::fs::File;
use std::io::BufReader;
use windtunnel::check::linearizability::{Budget, Exhausted, Explained, Verdict};
use windtunnel::check::read::{Judged, ModelName, ReadOptions, judge};

/// Reads the history, judges it, and says what was found.
pub fn check(session: &Session<'_>, options: &CheckOptions) -> Result<Exit, LabError> {
    let path = session.house.here.join(&options.file);
    let file = File::open(&path).map_err(|source| LabError::CannotRead { path: options.file.clone(), source })?;
    let usual = ReadOptions::new(options.model.into());
    let how = ReadOptions {
        partition: !options.no_partition,
        budget: Budget {
            steps: options.steps.unwrap_or(usual.budget.steps),
            bytes: options.mebibytes.map_or(usual.budget.bytes, |mebibytes| mebibytes << 20),
        },
        operations: options.operations.unwrap_or(usual.operations),
        history_bytes: options.history_mebibytes.map_or(usual.history_bytes, |mebibytes| mebibytes << 20),
        ..usual
    };
    let judged = judge(BufReader::new(file), &how)
        .map_err(|problem| LabError::NoHistory { path: options.file.clone(), problem })?;
    let event = event(options, judged);
    let exit = match event.verdict {
        CheckVerdict::Linearizable => Exit::Passed,
        CheckVerdict::NotLinearizable => Exit::Failed,
        CheckVerdict::Undecided => Exit::Undecided,
    };
    session.console.say(&Event::Check(Box::new(event)));
    Ok(exit)
}

fn event(options: &CheckOptions, judged: Judged) -> CheckEvent {
    let operations = judged.core.into_iter().map(|named| CheckedOperation {
        operation: named.operation.0,
        client: named.client,
        call_line: named.call_line,
        return_line: named.return_line,
        words: named.words,
    });
    let (mut sentence, mut explained) = (None, None);
    let (verdict, out_of) = match judged.verdict {
        Verdict::Linearizable => (CheckVerdict::Linearizable, None),
        Verdict::NotLinearizable(violation) => {
            let (how_far, out_of) = how_far(violation.explained);
            (sentence, explained) = (Some(violation.sentence), Some(how_far));
            (CheckVerdict::NotLinearizable, out_of)
        }
        Verdict::Undecided(exhausted) => (CheckVerdict::Undecided, Some(exhausted)),
    };
    CheckEvent {
        file: options.file.display().to_string(),
        format: judged.format.name(),
        model: options.model.name(),
        partition: !options.no_partition,
        operations: judged.operations,
        clients: judged.clients,
        keys: judged.keys,
        unknown: judged.unknown,
        verdict,
        sentence,
        explained,
        core: operations.collect(),
        since_line: judged.since_line,
        out_of: out_of.map(|exhausted| exhausted.to_string()),
        steps: judged.cost.steps,
        peak_bytes: judged.cost.peak_bytes,
        explanation_steps: judged.explanation.steps,
    }
}

/// How far the explanation came, and what it ran out of.
fn how_far(explained: Explained) -> (CheckExplained, Option<Exhausted>) {
    match explained {
        Explained::Fully => (CheckExplained::Fully, None),
        Explained::Partly(exhausted) => (CheckExplained::Partly, Some(exhausted)),
        Explained::Failed(exhausted) => (CheckExplained::Failed, Some(exhausted)),
        Explained::NotAsked => (CheckExplained::Failed, None),
    }
}

impl ModelOption {
    fn name(self) -> &'static str {
        match self {
            ModelOption::Kv => "kv",
            ModelOption::KvAppend => "kv-append",
            ModelOption::CasRegister => "cas-register",
            ModelOption::AppendList => "append-list",
            ModelOption::Counter => "counter",
            ModelOption::Lock => "lock",
        }
    }
}

impl From<ModelOption> for ModelName {
    fn from(option: ModelOption) -> ModelName {
        match option {
            ModelOption::Kv => ModelName::Kv,
            ModelOption::KvAppend => ModelName::KvAppend,
            ModelOption::CasRegister => ModelName::CasRegister,
            ModelOption::AppendList => ModelName::AppendList,
            ModelOption::Counter => ModelName::Counter,
            ModelOption::Lock => ModelName::Lock,
        }
    }
}
