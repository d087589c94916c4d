//! Takes credentials out of what is said, in whatever dress they come: as they are, as base64 (also inside of a longer text that was
//! encoded as a whole), as hexadecimal digits, escaped for URLs, for JSON, for HTML or as Python shows it; whole texts, and streams in
//! pieces of any size. Of a text that was cut ([`CUT`] says where) also the beginning of a credential.
//!
//! A stream is held back only as far as it may be the beginning of a credential. Credentials that are too short to be told from
//! ordinary words stay.

use std::fmt;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::connections::{HIDDEN, Secret};
use crate::limits::SECRET_BYTES_MIN;

/// Shortest part of an encoded credential that is looked for, in bytes.
const PART_BYTES_MIN: usize = 6;

/// Stands where a text was cut.
pub(crate) const CUT: char = '…';

/// The credentials that are known.
#[derive(Default)]
pub(crate) struct Mask {
    /// Sorted.
    dresses: Vec<Vec<u8>>,
    longest: usize,
    /// `None`: nothing is known.
    search: Option<AhoCorasick>,
}

impl Mask {
    /// Learns credentials.
    pub(crate) fn learn<'a>(&mut self, secrets: impl IntoIterator<Item = &'a Secret>) {
        let before = self.dresses.len();
        for secret in secrets {
            let whole = secret.reveal();
            // One of several lines (a key) may be repeated line by line.
            let parts = std::iter::once(whole).chain(whole.lines().map(str::trim));
            for part in parts.filter(|part| part.len() >= SECRET_BYTES_MIN) {
                // What is known already needs no new search.
                if self.dresses[..before].binary_search_by(|dress| dress.as_slice().cmp(part.as_bytes())).is_err() {
                    self.dresses.extend(dresses(part));
                }
            }
        }
        if self.dresses.len() == before {
            return;
        }
        self.dresses.sort_unstable();
        self.dresses.dedup();
        self.longest = self.dresses.iter().map(Vec::len).max().unwrap_or(0);
        // The longest of those that begin at the same place: a credential may be a part of another one.
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.dresses);
        self.search = built.ok();
    }

    /// The bytes without credentials.
    pub(crate) fn hide_in_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut held = Vec::new();
        let mut hidden = self.stream(&mut held, bytes);
        hidden.extend(self.rest(&mut held));
        hidden
    }

    /// The text without credentials.
    pub(crate) fn hide(&self, text: String) -> String {
        let text = match &self.search {
            Some(search) if search.is_match(&text) => {
                String::from_utf8_lossy(&self.hide_in_bytes(text.as_bytes())).into_owned()
            }
            _ => text,
        };
        if self.dresses.is_empty() || !text.contains(CUT) { text } else { self.hide_cut(&text) }
    }

    /// The text without what is left of a credential where it was cut.
    fn hide_cut(&self, text: &str) -> String {
        let mut hidden = String::with_capacity(text.len());
        for piece in text.split_inclusive(CUT) {
            let whole = piece.strip_suffix(CUT).unwrap_or(piece);
            let begins = self.beginning(whole.as_bytes());
            if whole.len() == piece.len() || whole.len() - begins < SECRET_BYTES_MIN {
                hidden.push_str(piece);
            } else {
                // A dress may begin inside of a letter, if it is none of text.
                hidden.push_str(&whole[..whole.floor_char_boundary(begins)]);
                hidden.push_str(HIDDEN);
                hidden.push(CUT);
            }
        }
        hidden
    }

    /// Whether a credential of at least so many bytes, in any dress, is in there.
    pub(crate) fn finds(&self, bytes: &[u8], at_least: usize) -> bool {
        self.search.as_ref().is_some_and(|search| search.find_iter(bytes).any(|found| found.len() >= at_least))
    }

    /// The value without credentials, in names as well.
    pub(crate) fn hide_in_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.hide(text)),
            Value::Number(number) if self.is_in(&number.to_string()) => Value::String(HIDDEN.to_owned()),
            Value::Array(items) => items.into_iter().map(|item| self.hide_in_value(item)).collect(),
            Value::Object(entries) => {
                entries.into_iter().map(|(name, entry)| (self.hide(name), self.hide_in_value(entry))).collect()
            }
            other => other,
        }
    }

    fn is_in(&self, text: &str) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_match(text))
    }

    /// Takes the next piece of a stream, of which `held` was held back. Returns what is certain.
    pub(crate) fn stream(&self, held: &mut Vec<u8>, piece: &[u8]) -> Vec<u8> {
        let Some(search) = &self.search else { return piece.to_vec() };
        held.extend_from_slice(piece);
        let bytes = std::mem::take(held);
        let mut keep = self.beginning(&bytes);
        let (mut certain, mut at) = (Vec::with_capacity(bytes.len()), 0);
        for found in search.find_iter(&bytes) {
            if found.start() >= keep {
                break;
            }
            certain.extend_from_slice(&bytes[at..found.start()]);
            certain.extend_from_slice(HIDDEN.as_bytes());
            at = found.end();
            if at > keep {
                keep = at + self.beginning(&bytes[at..]);
            }
        }
        certain.extend_from_slice(&bytes[at..keep.max(at)]);
        *held = bytes[keep.max(at)..].to_vec();
        certain
    }

    /// The stream is over: what was held back is no credential, though there may be one in it.
    pub(crate) fn rest(&self, held: &mut Vec<u8>) -> Vec<u8> {
        let bytes = std::mem::take(held);
        let Some(search) = &self.search else { return bytes };
        let mut hidden = Vec::with_capacity(bytes.len());
        search.replace_all_with_bytes(&bytes, &mut hidden, |_, _, hidden| {
            hidden.extend_from_slice(HIDDEN.as_bytes());
            true
        });
        hidden
    }

    /// Where, at the end of the bytes, a credential may begin that is not there as a whole.
    fn beginning(&self, bytes: &[u8]) -> usize {
        let first = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        (first..bytes.len()).find(|start| self.is_beginning(&bytes[*start..])).unwrap_or(bytes.len())
    }

    /// Whether a longer dress begins with these bytes.
    fn is_beginning(&self, bytes: &[u8]) -> bool {
        let after = self.dresses.partition_point(|dress| dress.as_slice() <= bytes);
        self.dresses.get(after).is_some_and(|dress| dress.starts_with(bytes))
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mask").field("dresses", &self.dresses.len()).finish_non_exhaustive()
    }
}

/// Every way in which a credential is looked for.
fn dresses(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut all: Vec<Vec<u8>> = vec![bytes.to_vec()];
    all.extend(base64(bytes));
    let escaped = json(secret);
    // A text that was escaped may stand inside of one that is.
    let twice = escaped.iter().flat_map(|text| json(text).into_iter().chain([python(text)])).collect::<Vec<_>>();
    let escaped = escaped.into_iter().chain(twice).chain(urls(bytes)).chain(html(secret)).chain([python(secret)]);
    all.extend(escaped.map(String::into_bytes));
    if bytes.len() >= PART_BYTES_MIN {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        all.extend([digits.to_ascii_uppercase().into_bytes(), digits.into_bytes()]);
    }
    all
}

/// Alone, and at each of the three places that a byte can have in a longer text.
fn base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![STANDARD.encode(bytes), URL_SAFE.encode(bytes)];
    for before in 0..3 {
        let longer = [&vec![0; before], bytes].concat();
        // Only those digits into which nothing else goes.
        let digits = (before * 8).div_ceil(6)..longer.len() * 8 / 6;
        if digits.len() >= PART_BYTES_MIN {
            all.push(STANDARD_NO_PAD.encode(&longer)[digits.clone()].to_owned());
            all.push(URL_SAFE_NO_PAD.encode(&longer)[digits].to_owned());
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// As serde, Python, Go and PHP write it.
fn json(secret: &str) -> Vec<String> {
    let quoted = Value::from(secret).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    let mut ascii = String::new();
    for letter in plain.chars() {
        let mut units = [0; 2];
        match letter {
            ' '..='~' => ascii.push(letter),
            other => ascii.extend(other.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    let html = |text: &str| text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    vec![html(&plain), html(&ascii), plain.replace('/', "\\/"), ascii.replace('/', "\\/"), ascii, plain]
}

/// As Python shows a text that has both quotes.
fn python(secret: &str) -> String {
    secret.replace('\\', "\\\\").replace('\'', "\\'")
}

/// As pages write it: they differ in quotes.
fn html(secret: &str) -> Vec<String> {
    let plain = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut all = Vec::new();
    for double in ["\"", "&quot;", "&#34;"] {
        for single in ["'", "&#x27;", "&#39;", "&#039;", "&apos;"] {
            all.push(plain.replace('"', double).replace('\'', single));
        }
    }
    all
}

/// As percent-encoders write it: they differ in what they leave as it is, in the case of digits, and in spaces.
fn urls(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for kept in ["-_.~", "-_.~/", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#"] {
        for space in ["%20", "+"] {
            for upper in [true, false] {
                let letter = |byte: &u8| match *byte {
                    b' ' => space.to_owned(),
                    byte if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => char::from(byte).into(),
                    byte if upper => format!("%{byte:02X}"),
                    byte => format!("%{byte:02x}"),
                };
                all.push(bytes.iter().map(letter).collect());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "pä$$ \"w/rd<1>&+";

    fn mask(secrets: &[&str]) -> Mask {
        let mut mask = Mask::default();
        mask.learn(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>());
        mask
    }

    #[test]
    fn every_dress_of_a_credential_is_known() {
        let mask = mask(&[SECRET]);
        for text in [
            SECRET.to_owned(),
            STANDARD.encode(SECRET),
            URL_SAFE_NO_PAD.encode(SECRET),
            json!({ "a": SECRET }).to_string(),
            r#"{"a": "p\u00e4$$ \"w\/rd<1>&+"}"#.to_owned(),
            "p%C3%A4%24%24%20%22w%2Frd%3C1%3E%26%2B".to_owned(),
            "p%c3%a4%24%24+%22w%2frd%3c1%3e%26%2b".to_owned(),
            SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
            "pä$$ &#34;w/rd&lt;1&gt;&amp;+".to_owned(),
            "pä$$ &quot;w/rd&lt;1&gt;&amp;+".to_owned(),
        ] {
            let hidden = mask.hide(format!("before {text} after"));
            assert!(hidden.contains(HIDDEN) && hidden.len() < 40, "{text} became {hidden}");
        }
        for user in ["a", "ab", "abc"] {
            let basic = STANDARD.encode(format!("{user}:{SECRET}-and-more"));
            let hidden = mask.hide(basic.clone());
            assert!(hidden.contains(HIDDEN), "{basic} became {hidden}");
        }
        assert_eq!(mask.hide("nothing of it".to_owned()), "nothing of it");
        let inside = json!({ "answer": json!({ "a": SECRET }).to_string() }).to_string();
        let hidden = mask.hide(inside.replace('ä', "\\\\u00e4"));
        assert_eq!(hidden, r#"{"answer":"{\"a\":\"***\"}"}"#);
        let quotes = self::mask(&[r#"both "of" 'them' \"#]);
        assert_eq!(quotes.hide(r#"ValueError('both "of" \'them\' \\')"#.to_owned()), "ValueError('***')");
    }

    #[test]
    fn what_is_left_of_a_credential_where_a_text_was_cut_is_hidden() {
        let mask = mask(&[SECRET, "abcdefgh"]);
        for dress in dresses(SECRET) {
            let dress = String::from_utf8(dress).unwrap();
            for (end, _) in dress.char_indices().filter(|(end, _)| *end >= SECRET_BYTES_MIN) {
                let hidden = mask.hide(format!("it said \n{}…; and abcd…", &dress[..end]));
                let rest = hidden.strip_prefix("it said \n***").and_then(|rest| rest.strip_suffix("…; and ***…"));
                // Behind a whole one, what a longer dress has beyond it: bits that are no letter, and padding.
                assert!(rest.is_some_and(|rest| rest.len() <= 3), "{} became {hidden}", &dress[..end]);
            }
        }
        assert_eq!(mask.hide("abcdef is no end, abc… is short".to_owned()), "abcdef is no end, abc… is short");
    }

    #[test]
    fn what_was_learnt_twice_is_known_once() {
        let mut mask = mask(&["abcdefgh"]);
        let known = mask.dresses.len();
        mask.learn(&[Secret::new("abcdefgh")]);
        assert_eq!(mask.dresses.len(), known);
        assert!(mask.finds(b"xx abcdefgh", 8) && !mask.finds(b"xx abcdefgh", 9));
    }

    #[test]
    fn a_stream_in_any_pieces_gives_nothing_away_and_holds_back_no_more_than_it_must() {
        let mask = mask(&[SECRET, "abcd", "abcdefgh"]);
        let text = format!("x{SECRET}{SECRET} abcdefg abcdefgh abc\n{}", STANDARD.encode(SECRET));
        let expected = mask.hide(text.clone());
        assert!(expected.starts_with("x****** ***efg *** abc\n***"), "{expected}");
        for size in 1..text.len() {
            let (mut held, mut said) = (Vec::new(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                said.extend(mask.stream(&mut held, piece));
            }
            said.extend(mask.rest(&mut held));
            assert_eq!(String::from_utf8(said).unwrap(), expected, "in pieces of {size}");
        }
        let mut held = Vec::new();
        assert_eq!(mask.stream(&mut held, b"a line of a log\n"), b"a line of a log\n");
        assert_eq!(
            (mask.stream(&mut held, b"progress: ab"), held.as_slice()),
            (b"progress: ".to_vec(), b"ab".as_slice())
        );
    }

    #[test]
    fn short_credentials_stay_and_values_keep_their_shape() {
        let mask = mask(&["abc", "12345678", "quo\"te"]);
        assert_eq!(mask.hide("abc".to_owned()), "abc");
        let value = json!({ "12345678": [12_345_678, "quo\"te", null, true, 1.5] });
        assert_eq!(mask.hide_in_value(value), json!({ "***": ["***", "***", null, true, 1.5] }));
        assert_eq!(Mask::default().hide_in_value(json!([1])), json!([1]));
    }
}
