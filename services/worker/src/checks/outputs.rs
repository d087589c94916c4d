//! Lists in the outputs of a check, cut to what an answer may carry.

use serde_json::{Map, Value, json};

use crate::limits::{CHECK_ITEMS_MAX, CHECK_OUTPUTS_BYTES_MAX};

/// Room for everything around the items.
const AROUND_BYTES: usize = 1024;

/// A list that takes items until it is full.
#[derive(Debug, Default)]
pub(super) struct Items {
    items: Vec<Value>,
    bytes: usize,
    truncated: bool,
}

impl Items {
    /// Adds an item, if there is room. Returns whether there is room for more.
    pub(super) fn push(&mut self, item: Value) -> bool {
        let bytes = item.to_string().len() + 1;
        let fits = self.items.len() < CHECK_ITEMS_MAX && self.bytes + bytes <= CHECK_OUTPUTS_BYTES_MAX - AROUND_BYTES;
        if !fits {
            self.truncated = true;
        }
        if !self.truncated {
            self.bytes += bytes;
            self.items.push(item);
        }
        !self.truncated
    }

    /// Items were left out elsewhere, too.
    pub(super) fn cut(&mut self) {
        self.truncated = true;
    }

    /// The outputs: the list, and whether it is not all of it.
    pub(super) fn named(self, name: &str) -> Map<String, Value> {
        let mut outputs = Map::new();
        outputs.insert(name.to_owned(), Value::Array(self.items));
        outputs.insert("truncated".to_owned(), json!(self.truncated));
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_by_number_and_by_bytes_and_say_so() {
        let cases = [
            (3, 10, 3, false),
            (100, 10, 100, false),
            (101, 10, 100, true),
            (3, 30_000, 2, true),
            (1, 70_000, 0, true),
        ];
        for (number, bytes, kept, truncated) in cases {
            let mut items = Items::default();
            for _ in 0..number {
                items.push(json!("x".repeat(bytes)));
            }
            let outputs = items.named("files");
            assert_eq!((outputs["files"].as_array().unwrap().len(), &outputs["truncated"]), (kept, &json!(truncated)));
            assert!(Value::Object(outputs).to_string().len() <= CHECK_OUTPUTS_BYTES_MAX);
        }
    }

    #[test]
    fn nothing_follows_what_did_not_fit() {
        let mut items = Items::default();
        assert!(items.push(json!(1)) && !items.push(json!("x".repeat(70_000))) && !items.push(json!(2)));
        assert_eq!(items.named("a")["a"], json!([1]));
    }
}
