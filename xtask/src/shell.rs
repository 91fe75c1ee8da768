//! Commands that are printed to be pasted into a shell.

/// A word for the shell.
pub fn quoted(word: &str) -> String {
    let tame = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(tame) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("../t/raft-1.json"), "../t/raft-1.json");
        assert_eq!(quoted("has space/it's"), r"'has space/it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
