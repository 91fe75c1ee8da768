//! Texts, made from the seed.

use windtunnel::rand::Stream;

/// What fragile applications die of; no word of [`lines`] has it in it.
pub const DEADLY: &[u8] = b"kills";

/// Lines, of which two have [`DEADLY`] words in them. The words are two as well, and of the same reduce task of 2, 3 or 10; in neither way
/// are they neighbours.
pub const DEADLY_LINES: &[u8] =
    b"a record\nanother one\nthis one kills and kills\nand one behind it\nthis one wolfkills\nand the last record\n";

/// What stands between words, now and then: punctuation, numbers, bytes that are no UTF-8.
const BETWEEN: [&[u8]; 8] = [b", ", b". ", b" 1848 ", b"-", b"'", b"\xff", "—".as_bytes(), b"  "];

/// Beginnings and ends of words; some are not ASCII.
const SYLLABLES: [&str; 24] = [
    "a", "ba", "che", "de", "er", "for", "gra", "hol", "in", "ka", "lo", "man", "na", "or", "per", "qui", "ro", "sta",
    "the", "un", "vé", "wä", "sherlock", "λό",
];

/// Lines of words, at least so many bytes, drawn from that stream: some words are frequent, most are not.
#[must_use]
pub fn lines(stream: &Stream, bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes + 100);
    let mut line_ends = 60;
    while text.len() < bytes {
        let chance = stream.word();
        word(&mut text, chance);
        if text.len() > line_ends {
            text.push(b'\n');
            line_ends = text.len() + 20 + (chance >> 8) as usize % 80;
        } else if chance % 16 < BETWEEN.len() as u64 {
            text.extend_from_slice(BETWEEN[chance as usize % 16]);
        } else {
            text.push(b' ');
        }
    }
    text.push(b'\n');
    text
}

/// One of a few thousand words: small numbers are more frequent than large ones.
fn word(text: &mut Vec<u8>, chance: u64) {
    let count = SYLLABLES.len() as u64;
    let (one, other, third) = ((chance >> 16) % count, (chance >> 24) % count, (chance >> 32) % count);
    let mut parts = vec![one.min(other)];
    if chance >> 40 & 3 != 0 {
        parts.push(third.min(other));
    }
    if chance >> 42 & 7 == 0 {
        parts.push(third);
    }
    parts.into_iter().for_each(|part| text.extend_from_slice(SYLLABLES[part as usize].as_bytes()));
}
