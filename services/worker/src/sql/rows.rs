//! The rows of a job's result, cut to what outputs may carry.

use serde_json::{Map, Value, json};

use super::{Read, Taker};
use crate::limits::{SQL_RESULTS_BYTES_MAX, SQL_ROWS_MAX};

/// Takes rows until it is full, and counts the rest.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Value>,
    /// All rows that came, kept or not.
    pub(crate) seen: u64,
    /// What the statement read, where the server counts it.
    pub(crate) read: Option<Read>,
    bytes: usize,
    rows_max: usize,
    full: bool,
}

impl Rows {
    /// What outputs may carry.
    pub(crate) fn for_outputs() -> Self {
        Self::at_most(SQL_ROWS_MAX)
    }

    /// At most so many rows.
    pub(crate) fn at_most(rows_max: usize) -> Self {
        Self { columns: Vec::new(), rows: Vec::new(), seen: 0, read: None, bytes: 0, rows_max, full: false }
    }

    /// Whether rows were left out.
    pub(crate) fn truncated(&self) -> bool {
        self.seen > self.rows.len() as u64
    }

    /// The only value of a result of one row and one column.
    pub(crate) fn single(&self) -> Option<&Value> {
        match self.rows.as_slice() {
            [Value::Array(row)] if self.seen == 1 && self.columns.len() == 1 => row.first(),
            _ => None,
        }
    }

    /// The outputs: `results`, a list of rows, and what one needs to read it.
    pub(crate) fn outputs(&mut self, affected: Option<u64>) -> Value {
        let truncated = self.truncated();
        let mut outputs = Map::new();
        outputs.insert("results".to_owned(), Value::Array(std::mem::take(&mut self.rows)));
        outputs.insert("columns".to_owned(), json!(self.columns));
        outputs.insert("truncated".to_owned(), json!(truncated));
        outputs.insert("rows_affected".to_owned(), json!(affected));
        Value::Object(outputs)
    }
}

impl Taker for Rows {
    fn columns(&mut self, names: Vec<String>) {
        *self = Self { columns: names, read: self.read, ..Self::at_most(self.rows_max) };
    }

    fn read(&mut self, read: Read) {
        self.read = Some(read);
    }

    fn row(&mut self, values: Vec<Value>) -> bool {
        self.seen += 1;
        let row = Value::Array(values);
        let bytes = row.to_string().len() + 1;
        // Nothing follows what did not fit: what is there is the beginning.
        self.full = self.full || self.rows.len() >= self.rows_max || self.bytes + bytes > SQL_RESULTS_BYTES_MAX;
        if !self.full {
            self.bytes += bytes;
            self.rows.push(row);
        }
        !self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(number: usize, bytes: usize) -> Rows {
        let mut rows = Rows::for_outputs();
        rows.columns(vec!["a".to_owned()]);
        for _ in 0..number {
            rows.row(vec![json!("x".repeat(bytes))]);
        }
        rows
    }

    #[test]
    fn rows_are_cut_by_number_and_by_bytes_and_say_so() {
        for (number, bytes, kept) in
            [(3, 10, 3), (SQL_ROWS_MAX + 5, 1, SQL_ROWS_MAX), (5, 1 << 20, 3), (1, SQL_RESULTS_BYTES_MAX, 0)]
        {
            let mut rows = rows(number, bytes);
            let outputs = rows.outputs(None);
            assert_eq!(outputs["results"].as_array().unwrap().len(), kept, "{number} rows of {bytes} bytes");
            assert_eq!((outputs["truncated"].as_bool(), rows.seen), (Some(kept < number), number as u64));
            assert!(outputs.to_string().len() < crate::limits::TASK_OUTPUTS_BYTES_MAX);
        }
    }

    #[test]
    fn of_several_results_the_last_one_counts() {
        let mut rows = rows(2, 1);
        rows.columns(vec!["b".to_owned()]);
        rows.row(vec![json!(7)]);
        assert_eq!((rows.single(), rows.seen), (Some(&json!(7)), 1));
        assert_eq!(
            rows.outputs(Some(3)).to_string(),
            r#"{"results":[[7]],"columns":["b"],"truncated":false,"rows_affected":3}"#
        );
    }
}
