//! Values in words: long ones by their beginning and their end, how much is left out between, and a digest that tells them from others that look alike.

use crate::fold::of_bytes;

/// A text of more letters, or a list of more elements, is told by so many at either end.
const LETTERS: (usize, usize) = (64, 16);
const ELEMENTS: (usize, usize) = (24, 8);

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    cut(text, |part| format!("{part:?}"))
}

/// A text as it stands.
pub(super) fn bare(text: &str) -> String {
    cut(text, str::to_owned)
}

/// A list's elements.
pub(super) fn list(elements: &[&str]) -> String {
    let (most, at_an_end) = ELEMENTS;
    let told = |part: &[&str]| part.iter().map(|element| bare(element)).collect::<Vec<_>>().join(" ");
    if elements.len() <= most {
        return format!("[{}]", told(elements));
    }
    let between = &elements[at_an_end..elements.len() - at_an_end];
    // Where an element ends counts too.
    let digest =
        of_bytes(elements.iter().map(|element| format!("{}:{element}", element.len())).collect::<String>().as_bytes());
    let end = &elements[elements.len() - at_an_end..];
    format!("[{} {} {}]", told(&elements[..at_an_end]), left_out(between.len(), digest), told(end))
}

fn cut(text: &str, told: impl Fn(&str) -> String) -> String {
    let (most, at_an_end) = LETTERS;
    let count = text.chars().count();
    if count <= most {
        return told(text);
    }
    let place = |letter: usize| text.char_indices().nth(letter).map_or(text.len(), |(place, _)| place);
    let (begins, ends) = (place(at_an_end), place(count - at_an_end));
    let between = left_out(count - 2 * at_an_end, of_bytes(text.as_bytes()));
    format!("{}{between}{}", told(&text[..begins]), told(&text[ends..]))
}

fn left_out(count: usize, digest: u64) -> String {
    format!("…({count} more, {digest:016x})…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_told_whole_and_of_what_is_long_its_ends() {
        assert_eq!(quoted("a \"b\""), r#""a \"b\"""#);
        let (short, long) = ("ä".repeat(64), format!("{}ä{}", "a".repeat(32), "z".repeat(32)));
        assert_eq!(bare(&short), short);
        let words = quoted(&long);
        assert!(words.starts_with("\"aaaaaaaaaaaaaaaa\"…(33 more, "), "{words}");
        assert!(words.ends_with(")…\"zzzzzzzzzzzzzzzz\""), "{words}");
        assert_ne!(words, quoted(&long.replace('ä', "ö")), "what differs between the ends");
    }

    #[test]
    fn a_list_is_told_by_its_first_and_last_elements() {
        let names = (0..3_000).map(|name| name.to_string()).collect::<Vec<_>>();
        let names = names.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(list(&names[..3]), "[0 1 2]");
        let words = list(&names);
        assert!(words.starts_with("[0 1 2 3 4 5 6 7 …(2984 more, "), "{words}");
        assert!(words.ends_with(")… 2992 2993 2994 2995 2996 2997 2998 2999]"), "{words}");
        let mut others = names.clone();
        (others[1_000], others[1_001]) = ("1", "0001001");
        assert_ne!(words, list(&others), "as many letters in other elements");
    }
}
