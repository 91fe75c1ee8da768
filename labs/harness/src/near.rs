//! Names that may have been meant: edit distance, and parts of names.

/// The name that was meant, if one is near enough.
#[must_use]
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wrong.chars().count().max(3) / 3 + 1;
    let near = names.into_iter().map(|name| (edits(wrong, name), name));
    near.filter(|(edits, _)| *edits <= limit).min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// Up to `most` of `names` that are nearest to `wrong`, best first; the first ones if none is near.
#[must_use]
pub fn nearest_few<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<String> {
    let wrong = wrong.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = names.into_iter().map(|name| (distance(&wrong, name), name)).collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.dedup_by_key(|(_, name)| *name);
    let near = wrong.chars().count().div_ceil(2).max(2);
    let within = ranked.iter().filter(|(distance, _)| *distance <= near).count();
    let count = if within == 0 { most } else { within.min(most) };
    ranked.into_iter().take(count).map(|(_, name)| name.to_owned()).collect()
}

/// How far a name is: edits to it, or to the stretch of its words that is as long as what was typed.
fn distance(wrong: &str, name: &str) -> usize {
    let name = name.to_lowercase();
    let whole = edits(wrong, &name);
    let words: Vec<&str> = name.split(['_', '-', ' ']).collect();
    let best_word = words.iter().map(|word| edits(wrong, word) + 1).min().unwrap_or(whole);
    whole.min(best_word)
}

/// Levenshtein's distance, one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("raft", "raft"), 0);
    }

    #[test]
    fn what_is_far_from_all_names_means_none_of_them() {
        assert_eq!(nearest("loss_pmm", ["latency", "loss_ppm", "tail_ppm"]), Some("loss_ppm"));
        assert_eq!(nearest("powerloss", ["power-loss", "pause"]), Some("power-loss"));
        assert_eq!(nearest("zzz", ["latency", "loss_ppm"]), None);
    }

    #[test]
    fn a_typing_error_finds_its_name_and_nothing_far() {
        assert_eq!(nearest_few("rafd", ["kv", "raft", "mapreduce"], 3), ["raft"]);
        assert_eq!(nearest_few("elektion", ["log", "initial_election", "backup"], 3), ["initial_election"]);
    }

    #[test]
    fn with_nothing_near_the_choice_is_shown() {
        assert_eq!(nearest_few("zzzzzzzzzz", ["election", "log"], 3).len(), 2);
    }
}
