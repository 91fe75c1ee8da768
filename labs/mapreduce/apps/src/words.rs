//! The words of a text.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The words of a text, in order: maximal runs of letters, which are the characters of Unicode category L. Bytes that are no UTF-8
/// separate words, as all else does.
pub fn words(text: &[u8]) -> impl Iterator<Item = &str> {
    let words = text.utf8_chunks().flat_map(|chunk| chunk.valid().split(|c| !is_letter(c)));
    words.filter(|word| !word.is_empty())
}

fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { c.general_category_group() == GeneralCategoryGroup::Letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Vec<&str> {
        words(text).collect()
    }

    #[test]
    fn a_word_is_a_maximal_run_of_letters_of_any_script() {
        assert_eq!(
            of("don't stop, 3 times; naïve Ελλάδα 東京".as_bytes()),
            ["don", "t", "stop", "times", "naïve", "Ελλάδα", "東京"]
        );
        assert_eq!(of(b""), [""; 0]);
    }

    /// Alphabetic to Unicode, and yet no letters: a Roman numeral (Nl), a circled letter (So), a vowel sign (Mc).
    #[test]
    fn what_is_alphabetic_and_not_of_category_l_separates() {
        assert_eq!(of("aⅣbⓐcाd".as_bytes()), ["a", "b", "c", "d"]);
    }

    #[test]
    fn bytes_that_are_no_utf_8_separate() {
        assert_eq!(of(b"half\xffway \xe4\xb8there"), ["half", "way", "there"]);
    }
}
