//! Documents as JSON, in the relaxed form of MongoDB's Extended JSON: numbers, texts, lists as such, everything else as `{"$oid": "..."}`.
//!
//! Documents are read as they came, to a depth that a stack can hold; the reading of the crate has no bound.

use bson::{
    Bson,
    raw::{RawArray, RawBsonRef, RawDocument},
};
use serde_json::{Map, Value, json};

/// Levels of a document; servers store at most 100.
const DEPTH_MAX: usize = 180;
/// Milliseconds from 1970 up to here are dates of four digits.
const LAST_DATE: i64 = 253_402_300_799_999;

/// The document as JSON. `None`: it is broken, or nested too deeply.
pub(super) fn document(document: &RawDocument) -> Option<Value> {
    nested(document, DEPTH_MAX).map(Value::Object)
}

/// One value of a document as JSON.
pub(super) fn single(value: RawBsonRef<'_>) -> Option<Value> {
    converted(value, DEPTH_MAX)
}

fn nested(document: &RawDocument, depth: usize) -> Option<Map<String, Value>> {
    let depth = depth.checked_sub(1)?;
    let mut entries = Map::new();
    for entry in document {
        let (name, value) = entry.ok()?;
        entries.insert(name.as_str().to_owned(), converted(value, depth)?);
    }
    Some(entries)
}

fn list(array: &RawArray, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let items = array.into_iter().map(|item| converted(item.ok()?, depth));
    items.collect::<Option<Vec<_>>>().map(Value::Array)
}

fn converted(value: RawBsonRef<'_>, depth: usize) -> Option<Value> {
    match value {
        RawBsonRef::Document(inner) => nested(inner, depth).map(Value::Object),
        RawBsonRef::Array(inner) => list(inner, depth),
        RawBsonRef::JavaScriptCodeWithScope(code) => {
            Some(json!({ "$code": code.code, "$scope": nested(code.scope, depth)? }))
        }
        RawBsonRef::DateTime(date) if !(0..=LAST_DATE).contains(&date.timestamp_millis()) => {
            Some(json!({ "$date": { "$numberLong": date.timestamp_millis().to_string() } }))
        }
        leaf => Bson::try_from(leaf).ok().map(Bson::into_relaxed_extjson),
    }
}

#[cfg(test)]
mod tests {
    use bson::{RawDocumentBuf, oid::ObjectId, rawdoc};

    use super::*;

    #[test]
    fn documents_become_json_as_the_documentation_of_extended_json_has_it() {
        let id = ObjectId::parse_str("65b1c0ffee65b1c0ffee65b1").unwrap();
        let stored = rawdoc! {
            "_id": id, "n": 7_i32, "big": 9_007_199_254_740_993_i64, "half": 0.5, "nan": f64::NAN, "text": "é", "yes": true, "null": null,
            "list": [1_i32, { "a": [] }], "at": bson::DateTime::from_millis(1_769_817_600_000), "old": bson::DateTime::from_millis(-1),
            "far": bson::DateTime::from_millis(i64::MAX), "money": "12.50".parse::<bson::Decimal128>().unwrap(),
        };
        let expected = json!({
            "_id": { "$oid": "65b1c0ffee65b1c0ffee65b1" }, "n": 7, "big": 9_007_199_254_740_993_i64, "half": 0.5,
            "nan": { "$numberDouble": "NaN" }, "text": "é", "yes": true, "null": null, "list": [1, { "a": [] }],
            "at": { "$date": "2026-01-31T00:00:00Z" }, "old": { "$date": { "$numberLong": "-1" } },
            "far": { "$date": { "$numberLong": "9223372036854775807" } }, "money": { "$numberDecimal": "12.50" },
        });
        assert_eq!(document(&stored).unwrap(), expected);
    }

    #[test]
    fn what_is_nested_without_end_or_broken_is_refused_and_harmless() {
        let mut deep = RawDocumentBuf::new();
        for _ in 0..500 {
            deep = rawdoc! { "a": deep };
        }
        assert_eq!(document(&deep), None);
        let whole = rawdoc! { "a": { "b": "text", "c": [1_i32] } };
        for place in 4..whole.as_bytes().len() - 1 {
            for byte in [0x00, 0x7F, 0xFF] {
                let mut bytes = whole.as_bytes().to_vec();
                bytes[place] = byte;
                if let Ok(read) = RawDocument::from_bytes(&bytes) {
                    _ = document(read);
                }
            }
        }
    }
}
