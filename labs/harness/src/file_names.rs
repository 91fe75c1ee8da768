//! Names of real files as text, whatever bytes they are of.
//!
//! A name that is plain text stays as it is. Bytes that are no UTF-8, control characters and backslashes become `\xNN`, so that
//! no two names become the same text, and a name stays on its line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The name as text.
#[must_use]
pub fn escaped(name: &Path) -> String {
    let mut text = String::new();
    for chunk in name.as_os_str().as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\x5c"),
                control if control.is_control() => {
                    let mut bytes = [0; 4];
                    control.encode_utf8(&mut bytes).bytes().for_each(|byte| push_byte(&mut text, byte));
                }
                plain => text.push(plain),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_byte(&mut text, *byte));
    }
    text
}

fn push_byte(text: &mut String, byte: u8) {
    text.push_str(&format!("\\x{byte:02x}"));
}

/// The name that became this text. A backslash that begins no `\xNN` is one.
#[must_use]
pub fn unescaped(text: &str) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let number = behind.strip_prefix(b"x").and_then(|digits| digits.get(..2)).filter(|_| *first == b'\\');
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    PathBuf::from(OsStr::from_bytes(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_stays_and_all_else_is_told_by_its_bytes() {
        for (name, text) in [
            ("in/naïve 1.txt".as_bytes(), "in/naïve 1.txt"),
            (b"caf\xe9", "caf\\xe9"),
            (b"a\\xe9", "a\\x5cxe9"),
            (b"a\nb", "a\\x0ab"),
        ] {
            assert_eq!(escaped(Path::new(OsStr::from_bytes(name))), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(64), ..ProptestConfig::default() })]
        #[test]
        fn the_name_comes_back(name in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), any::<u8>()], 0..20)) {
            let name = Path::new(OsStr::from_bytes(&name)).to_path_buf();
            prop_assert_eq!(unescaped(&escaped(&name)), name);
        }
    }
}
