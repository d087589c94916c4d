//! Labels of a worker: names with values, by which tasks choose where they run (`meta.downbeat.worker`). What is accepted here is
//! what the dialect accepts there, so that every label can be asked for.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::{LABEL_CHARS_MAX, LABELS_MAX};

/// The setting, for errors.
const SETTING: &str = "DOWNBEAT_WORKER_LABELS";

/// Reads `KEY=VALUE` pairs; empty texts (an empty variable) are none.
///
/// # Errors
/// [`Error::Config`] with the pair and what is wrong with it.
pub(crate) fn read(pairs: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut labels = BTreeMap::new();
    for pair in pairs.iter().map(|pair| pair.trim()).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(wrong(format!("{pair:?} is no label: write KEY=VALUE, several with a comma between them")));
        };
        for (what, text) in [("name", name), ("value", value)] {
            if !is_word(text) {
                return Err(wrong(format!(
                    "the {what} {text:?} of the label {pair:?} must be 1 to {LABEL_CHARS_MAX} letters, digits, `_`, `.` and `-`"
                )));
            }
        }
        if labels.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(wrong(format!("the label {name:?} is given twice: a worker has one value for each name")));
        }
    }
    if labels.len() > LABELS_MAX {
        return Err(wrong(format!("{} labels are given; at most {LABELS_MAX} are allowed", labels.len())));
    }
    Ok(labels)
}

fn wrong(reason: String) -> Error {
    Error::Config { setting: SETTING, reason }
}

fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=LABEL_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        read(&pairs).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_pairs() {
        let found = labels(&["zone=eu-west.1", " gpu=yes ", ""]).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("gpu", "yes"), ("zone", "eu-west.1")].map(owned));
        assert!(labels(&["a=".to_owned() + &"x".repeat(63)].each_ref().map(String::as_str)).is_ok());
    }

    fn owned((name, value): (&str, &str)) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn wrong_labels_are_named_with_their_setting() {
        let long = format!("a={}", "x".repeat(64));
        for (pairs, expected) in [
            (&["gpu"][..], "\"gpu\" is no label"),
            (&["=x"], "the name \"\""),
            (&["a="], "the value \"\""),
            (&["a=b c"], "the value \"b c\""),
            (&["a=b=c"], "the value \"b=c\""),
            (&["ä=b"], "the name \"ä\""),
            (&[long.as_str()], "1 to 63"),
            (&["a=1", "a=2"], "given twice"),
        ] {
            let error = labels(pairs).unwrap_err();
            assert!(error.starts_with("DOWNBEAT_WORKER_LABELS: ") && error.contains(expected), "{error}");
        }
        let many: Vec<String> = (0..17).map(|number| format!("l{number}=x")).collect();
        assert!(read(&many).unwrap_err().to_string().contains("17 labels"));
    }
}
