//! What the pages of one result come to: outputs, and how many rows a test has. Pure; memory is bounded however many pages there are.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::format::{Rows, Take};
use super::judge;
use crate::limits::{SQL_RESULTS_BYTES_MAX, SQL_ROWS_MAX};

/// The values of an answer, rows of all its pages included.
#[derive(Debug, Default)]
pub(super) struct Taken {
    values: Map<String, Value>,
    rows: usize,
    bytes: usize,
    full: bool,
}

impl Taken {
    /// Takes what a page has; whether a further one can add anything.
    pub(super) fn page(&mut self, wanted: &BTreeMap<String, Take>, body: &Value) -> bool {
        let mut more = false;
        for (name, take) in wanted {
            match take {
                Take::One(paths) => {
                    let value = self.values.entry(name.clone()).or_insert(Value::Null);
                    if value.is_null() {
                        *value = paths.first(body).cloned().unwrap_or_default();
                    }
                }
                Take::Rows(rows) => {
                    more = true;
                    self.rows(name, judge::rows(rows, body));
                }
            }
        }
        more && !self.full
    }

    fn rows(&mut self, name: &str, rows: Vec<Value>) {
        let place = self.values.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(kept) = place else { return };
        for row in rows {
            let bytes = row.to_string().len() + 1;
            // Nothing follows what did not fit: what is there is the beginning.
            self.full = self.full || self.rows >= SQL_ROWS_MAX || self.bytes + bytes > SQL_RESULTS_BYTES_MAX;
            if self.full {
                return;
            }
            self.rows += 1;
            self.bytes += bytes;
            kept.push(row);
        }
    }

    /// The outputs, and what people should know about them; `cut`: why pages are missing.
    pub(super) fn done(self, cut: Option<&str>) -> (Value, Option<String>) {
        let why = match (self.full, cut) {
            (true, _) => Some(format!("at most {SQL_ROWS_MAX} rows or {} MiB are kept", SQL_RESULTS_BYTES_MAX >> 20)),
            (false, cut) => cut.map(str::to_owned),
        };
        let note = why.map(|why| format!("only the first {} rows are in the outputs: {why}", self.rows));
        (Value::Object(self.values), note)
    }
}

/// The rows that a test counts.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// The first two: more are only counted.
    pub(super) rows: Vec<Value>,
    pub(super) count: u64,
}

impl Counted {
    pub(super) fn page(&mut self, rows: &Rows, body: &Value) {
        let found = judge::rows(rows, body);
        self.count += found.len() as u64;
        let room = 2usize.saturating_sub(self.rows.len());
        self.rows.extend(found.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted() -> BTreeMap<String, Take> {
        serde_json::from_value(json!({ "id": "$.id", "rows": { "each": "$.rows[*]" } })).unwrap()
    }

    #[test]
    fn rows_of_all_pages_are_taken_and_values_of_the_first_that_has_them() {
        let mut taken = Taken::default();
        assert!(taken.page(&wanted(), &json!({ "rows": [[1]] })));
        assert!(taken.page(&wanted(), &json!({ "id": 7, "rows": [[2], [3]] })));
        assert!(taken.page(&wanted(), &json!({ "id": 8 })));
        assert_eq!(taken.done(None), (json!({ "id": 7, "rows": [[1], [2], [3]] }), None));
    }

    #[test]
    fn what_is_left_out_is_said() {
        let mut taken = Taken::default();
        taken.page(&wanted(), &json!({ "rows": [[1], [2]] }));
        let (_, note) = taken.done(Some("it goes on"));
        assert_eq!(note.unwrap(), "only the first 2 rows are in the outputs: it goes on");
        let cases = [(SQL_ROWS_MAX + 5, 1, SQL_ROWS_MAX), (5, 1 << 20, 3)];
        for (number, bytes, expected) in cases {
            let mut taken = Taken::default();
            let rows = vec![json!(["x".repeat(bytes)]); number];
            assert!(!taken.page(&wanted(), &json!({ "rows": rows })));
            let (outputs, note) = taken.done(None);
            assert_eq!(outputs["rows"].as_array().unwrap().len(), expected);
            assert!(note.unwrap().contains("10000 rows or 4 MiB"));
        }
    }

    #[test]
    fn where_there_are_no_rows_one_page_is_enough() {
        let wanted = serde_json::from_value(json!({ "id": "$.id" })).unwrap();
        assert!(!Taken::default().page(&wanted, &json!({})));
    }
}
