//! A job over real files as a person reads it.

use super::{Style, counted, faults, flight, nothing_struck, seconds};
use crate::event::JobEvent;
use lab_harness::protocol::JobSkipped;
use lab_harness::wrap::{block, plain};

/// So many skipped records are told one by one.
const SKIPPED: usize = 10;

/// What was done, what came of it, and what it took.
pub fn job(job: &JobEvent, style: Style) -> String {
    let JobEvent { app, submission, inputs, maps, reduces, .. } = job;
    let in_flight = if job.flown_ms.is_some() { " in flight" } else { "" };
    let on = job.workers.map(|workers| format!(" on {}{in_flight}", counted(workers as usize, "worker")));
    let mut text = format!(
        "{} {app} of {}, {}, by {submission}{}\n",
        style.green("done"),
        counted(*inputs, "file"),
        bytes(job.input_bytes),
        on.as_deref().unwrap_or(", in one go")
    );
    let mut row = |name: &str, what: String| text.push_str(&format!("  {name:<10} {what}\n"));
    row("tasks", format!("{maps} map, {reduces} reduce{}", tried(job)));
    row("records", format!("{}, {} pairs", job.records, job.pairs));
    if let (Some(shuffled), Some(local)) = (job.shuffled_bytes, job.local_bytes) {
        row("shuffled", format!("{} from other workers, {} from the own disk", bytes(shuffled), bytes(local)));
    }
    if !job.faults.is_empty() {
        row("faults", faults(&job.faults));
    }
    let simulated = job.sim_ms.map(|sim_ms| format!("{} simulated in ", seconds(sim_ms))).unwrap_or_default();
    let flown = job.flown_ms.map(|flown_ms| format!("{} in flight, in all ", seconds(flown_ms))).unwrap_or_default();
    row("time", format!("{simulated}{flown}{}", seconds(job.wall_ms)));
    if let Some(fsyncs) = job.fsyncs {
        row("fsyncs", fsyncs.to_string());
    }
    row(
        "output",
        format!("{}: {}, {}", plain(&job.output), counted(*reduces as usize, "part"), bytes(job.output_bytes)),
    );
    if job.empty_parts > 0 {
        let empty = format!("{} of {reduces} parts are empty: there are few keys for so many.", job.empty_parts);
        text.push_str(&block(&empty, 2, 2));
    }
    if let Some(aloud) = nothing_struck(&job.faults) {
        text.push_str(&block(aloud, 2, 2));
    }
    job.unmade.iter().for_each(|unmade| text.push_str(&flight::skipped(unmade)));
    job.unclean.iter().for_each(|node| text.push_str(&flight::unclean(node)));
    if let Some(why) = &job.uncombined {
        let told = format!("The application died while it combined, so that pairs were left as they are: {why}.");
        text.push_str(&block(&plain(&told), 2, 2));
    }
    text + &skipped(&job.skipped, style)
}

/// `: 18 attempts, 0 again, 0 beside one that took too long`.
fn tried(job: &JobEvent) -> String {
    let (Some(attempts), Some(reruns), Some(backups)) = (job.attempts, job.reruns, job.backups) else {
        return String::new();
    };
    format!("; {}: {reruns} re-runs, {backups} backups of stragglers", counted(attempts as usize, "attempt"))
}

fn skipped(skipped: &[JobSkipped], style: Style) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "  {}\n",
        style.yellow(&format!("{} skipped, of which the application died:", counted(skipped.len(), "record")))
    );
    for JobSkipped { task, record, place, why } in skipped.iter().take(SKIPPED) {
        let place = match place {
            Some(place) => format!("{}, line {}", place.input, place.line),
            None => format!("{task}, record {record}"),
        };
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        text.push_str(&block(&plain(&format!("{place}{why}")), 4, 6));
    }
    if skipped.len() > SKIPPED {
        text.push_str(&format!("    and {} more (--format json tells them)\n", skipped.len() - SKIPPED));
    }
    text
}

/// `3.3 MB`, with as many digits as matter.
fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => tenths(count, 1_000, "kB"),
        1_000_000..1_000_000_000 => tenths(count, 1_000_000, "MB"),
        _ => tenths(count, 1_000_000_000, "GB"),
    }
}

fn tenths(count: u64, unit: u64, name: &str) -> String {
    format!("{}.{} {name}", count / unit, count % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        let told = [0, 999, 1_000, 3_301_104, 2_999_999_999].map(bytes);
        assert_eq!(told, ["0 bytes", "999 bytes", "1.0 kB", "3.3 MB", "2.9 GB"]);
    }
}
