//! Where records are that the application died of.

use super::Ended;
use super::input::Input;
use crate::contract::{Lines, Skipped, Split, Task};
use lab_harness::protocol::{JobPlace, JobSkipped};
use std::io;

/// So many are looked for: each takes a reading of its file.
const PLACES: usize = 100;

/// Tells them as file and line. `why` knows the application's last words.
pub fn told(
    skipped: &[Skipped],
    inputs: &[Input],
    splits: &[Split],
    why: impl Fn(&Skipped) -> Option<String>,
) -> Result<Vec<JobSkipped>, Ended> {
    let place = |skipped: &Skipped| {
        let Task::Map(number) = skipped.task else { return Ok(None) };
        let split = splits.get(number as usize);
        let input = split.and_then(|split| inputs.iter().find(|input| input.name == split.object));
        let Some((split, input)) = split.zip(input) else { return Ok(None) };
        let line = line(split, skipped.record, input).map_err(|error| input.unreadable(&error))?;
        Ok(Some(JobPlace { input: input.name.clone(), line }))
    };
    let one = |(number, skipped): (usize, &Skipped)| {
        let place = if number < PLACES { place(skipped)? } else { None };
        Ok(JobSkipped { task: skipped.task.to_string(), record: skipped.record, place, why: why(skipped) })
    };
    skipped.iter().enumerate().map(one).collect()
}

/// The line of the file that a record of a split is, or is part of; from 1.
fn line(split: &Split, record: u64, input: &Input) -> io::Result<u64> {
    let (mut pieces, mut at) = (input.pieces()?, 0);
    let (mut newlines, mut lines, mut number) = (0, Lines::new(split.from), 0);
    // Where the record before ended, without its newline.
    let (end, mut before) = (split.from + split.length, None);
    loop {
        let piece = pieces.next()?;
        let range = |from: u64, to: u64| {
            let within = |place: u64| place.clamp(at, at + piece.len() as u64) - at;
            &piece[within(from) as usize..within(to) as usize]
        };
        newlines += count(range(0, split.from));
        lines.feed(range(split.from, end));
        at += piece.len() as u64;
        if at >= end || piece.is_empty() {
            lines.end();
        }
        while let Some((place, line)) = lines.next() {
            // A record that begins where the one before it ended is the rest of a long line.
            newlines += u64::from(before.is_some_and(|end| end < place));
            if number == record {
                return Ok(newlines + 1);
            }
            number += 1;
            before = Some(place + line.len() as u64);
        }
        if piece.is_empty() {
            return Ok(newlines + 1);
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::LONGEST_RECORD;

    #[test]
    fn a_record_is_told_by_its_line_also_behind_a_long_one_and_in_a_later_split() {
        let path = std::env::temp_dir().join(format!("windtunnel-skipped-{}", std::process::id()));
        let long = "x".repeat(LONGEST_RECORD + 1);
        std::fs::write(&path, format!("one\n\n{long}\nfour\nfive")).expect("a place for it");
        let input = Input::new(path.to_str().expect("it is plain"), 1);
        let bytes = input.read().unwrap_or_else(|_| panic!("it was written"));
        let splits = input.splits(&bytes);
        let whole = Split { object: input.name.clone(), from: 0, length: bytes.len() as u64 };
        let lines = [0, 1, 2, 3, 4, 5].map(|record| line(&whole, record, &input).expect("it is there"));
        let last = line(&splits[splits.len() - 1], 0, &input).expect("it is there");
        std::fs::remove_file(&path).expect("it was there");
        assert_eq!((lines, last), ([1, 2, 3, 3, 4, 5], 5));
    }
}
