//! Planted credentials ("canaries"), the dresses in which they may come out, and the search for them.
//!
//! Promises: a canary has what encoders treat differently (letters beyond ASCII, quotes, spaces, signs of URLs and of markup); a search
//! finds each of them in every dress, also as JSON and debug text show that dress, and even a beginning of one. Knows nothing of where
//! is searched, and nothing of how credentials are hidden.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use serde_json::Value;

/// How many there are of one canary: as it is, base64, percent-encoded, inside of JSON, hexadecimal, and base64 of a longer text.
pub const DRESSES: usize = 6;

/// The same in Python: a list of functions, `dresses`.
pub const DRESSES_IN_PYTHON: &str = r#"
import base64, json, urllib.parse
def encoded(text): return base64.b64encode(text.encode()).decode()
dresses = [str, encoded, lambda s: urllib.parse.quote(s, safe=""), json.dumps, lambda s: s.encode().hex(), lambda s: encoded("user:" + s)]
"#;

/// The canary of that number in a flock: all of one begin with its name.
pub fn canary(flock: &str, number: usize) -> String {
    format!("{}ä \"q/{:02x}\" <&+'>", plain(flock, number), blake3::hash(&number.to_le_bytes()).as_bytes()[0])
}

/// One that can be a part of an address.
pub fn plain(flock: &str, number: usize) -> String {
    format!("{flock}{number:04}-{}", &blake3::hash(&number.to_le_bytes()).to_hex()[..6])
}

/// As scripts and servers write it.
pub fn dresses(canary: &str) -> [String; DRESSES] {
    let percent = canary.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) => char::from(byte).into(),
        byte => format!("%{byte:02X}"),
    });
    let text = Value::from(canary).to_string().replace('ä', "\\u00e4");
    let inside = STANDARD.encode(format!("user:{canary}"));
    let digits = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    [canary.to_owned(), STANDARD.encode(canary), percent.collect(), text[1..text.len() - 1].to_owned(), digits, inside]
}

/// Looks for canaries.
#[derive(Debug)]
pub struct Search {
    /// Sorted.
    looked_for: Vec<String>,
    all: AhoCorasick,
}

impl Search {
    /// For each of these in every dress, and for the beginning of any.
    pub fn of(flock: &str, canaries: impl IntoIterator<Item = String>) -> Self {
        let mut looked_for: BTreeSet<String> = beginnings(flock).into();
        let all = canaries.into_iter().flat_map(|canary| {
            let mut all = dresses(&canary);
            // Of what stands before and behind in the longer text nothing is said.
            let inside = &mut all[DRESSES - 1];
            *inside = inside[8..inside.len() - 4].to_owned();
            all
        });
        for dress in all {
            let (debugged, quoted) = (dress.escape_debug().to_string(), Value::from(dress.as_str()).to_string());
            looked_for.extend([dress, debugged, quoted[1..quoted.len() - 1].to_owned()]);
        }
        let looked_for: Vec<String> = looked_for.into_iter().collect();
        let all = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&looked_for);
        Self { looked_for, all: all.expect("patterns of moderate size") }
    }

    /// What stands there of all that is looked for.
    pub fn find(&self, bytes: &[u8]) -> BTreeSet<&str> {
        self.all.find_iter(bytes).map(|found| self.looked_for[found.pattern().as_usize()].as_str()).collect()
    }
}

/// In hexadecimal digits, and in base64 at each place that it can have in a longer text.
fn beginnings(flock: &str) -> [String; 5] {
    let digits: String = flock.bytes().map(|byte| format!("{byte:02x}")).collect();
    let at = |before: usize| {
        let longer = [&vec![0; before], flock.as_bytes()].concat();
        STANDARD_NO_PAD.encode(&longer)[(before * 8).div_ceil(6)..longer.len() * 8 / 6].to_owned()
    };
    [flock.to_owned(), digits, at(0), at(1), at(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dress_of_every_canary_is_found_also_where_it_was_quoted_and_where_a_part_is_left() {
        let search = Search::of("robin", (0..3).map(|number| canary("robin", number)));
        for dress in (0..3).flat_map(|number| dresses(&canary("robin", number))) {
            for shown in [dress.clone(), format!("{dress:?}"), Value::from(dress.as_str()).to_string()] {
                let cut = &shown[..shown.floor_char_boundary(shown.len() / 2)];
                for text in [format!("before {shown} after"), format!("before {cut}")] {
                    assert!(!search.find(text.as_bytes()).is_empty(), "{text}");
                }
            }
        }
        assert!(search.find(canary("wren", 1).as_bytes()).is_empty());
    }
}
