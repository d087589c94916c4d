//! The content of a file as a text, in the encodings that the jobs name.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::attempt::Failure;

/// How bytes are a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// As Python writes it: little endian behind a byte order mark.
    Utf16,
    Latin1,
    Base64,
}

impl Encoding {
    /// The word of a parameter.
    pub(super) fn named(word: &str) -> Self {
        match word {
            "utf-16" => Self::Utf16,
            "latin-1" => Self::Latin1,
            "base64" | "BASE64" => Self::Base64,
            _ => Self::Utf8,
        }
    }

    /// The bytes of a text. `name`: the parameter that holds it.
    pub(super) fn bytes(self, name: &str, text: String) -> Result<Vec<u8>, Failure> {
        let wrong = |what: &str| Failure::misconfigured(format!("the parameter {name} {what}"));
        match self {
            Self::Utf8 => Ok(text.into_bytes()),
            Self::Utf16 => Ok(std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()),
            Self::Latin1 => text
                .chars()
                .map(|letter| u8::try_from(u32::from(letter)))
                .collect::<Result<_, _>>()
                .map_err(|_| wrong("holds letters that latin-1 has not")),
            Self::Base64 => {
                let written: String = text.split_ascii_whitespace().collect();
                STANDARD.decode(written).map_err(|error| wrong(&format!("is no base64: {error}")))
            }
        }
    }

    /// The text of bytes. `what`: the file.
    pub(super) fn text(self, what: &str, bytes: Vec<u8>) -> Result<String, Failure> {
        let wrong =
            |what_else: &str| Failure::misconfigured(format!("{what} is no {what_else}; base64 takes any file"));
        match self {
            Self::Utf8 => String::from_utf8(bytes).map_err(|_| wrong("UTF-8 text")),
            Self::Utf16 => utf16(&bytes).ok_or_else(|| wrong("UTF-16 text")),
            Self::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
            Self::Base64 => Ok(STANDARD.encode(bytes)),
        }
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (unit, bytes): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        rest => (u16::from_le_bytes, rest),
    };
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_bytes_and_bytes_texts() {
        let cases: [(&str, &str, &[u8]); 5] = [
            ("utf-8", "aé", b"a\xc3\xa9"),
            ("utf-16", "aé", b"\xff\xfea\0\xe9\0"),
            ("latin-1", "aé", b"a\xe9"),
            ("base64", "AP8=", b"\0\xff"),
            ("TEXT", "", b""),
        ];
        for (word, text, bytes) in cases {
            let encoding = Encoding::named(word);
            assert_eq!(encoding.bytes("content", text.to_owned()).unwrap(), bytes, "{word}");
            assert_eq!(encoding.text("x", bytes.to_vec()).unwrap(), text, "{word}");
        }
        assert_eq!(Encoding::Utf16.text("x", b"\xfe\xff\0a".to_vec()).unwrap(), "a");
        assert_eq!(Encoding::Base64.bytes("content", "AP\n8=\n".to_owned()).unwrap(), b"\0\xff");
    }

    #[test]
    fn what_does_not_fit_names_parameter_or_file() {
        for (word, text) in [("latin-1", "€"), ("base64", "***")] {
            let failure = Encoding::named(word).bytes("content", text.to_owned()).unwrap_err();
            assert!(failure.message.contains("the parameter content"), "{}", failure.message);
        }
        for (word, bytes) in [("utf-8", b"\xff".as_slice()), ("utf-16", b"a"), ("utf-16", b"\xff\xfe\0\xd8")] {
            let failure = Encoding::named(word).text("the file", bytes.to_vec()).unwrap_err();
            assert!(failure.message.contains("the file is no"), "{}", failure.message);
        }
    }
}
