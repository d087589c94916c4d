//! Lists in pages, as an API documents them. Pure: the whole answer and the request in, the page out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{Answer, Asked};

/// How an API cuts a list, and how it is asked for the next page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paged {
    /// JSON pointer to the list in the body, if it is not that of the route's `list`.
    list: Option<String>,
    /// Where the answer has the token of the next page.
    token: Option<String>,
    /// Where it has its address.
    link: Option<String>,
    /// Its address stands in the header `Link`.
    #[serde(default)]
    link_header: bool,
    /// The request has the number of the page, from 1.
    #[serde(default)]
    number: bool,
    /// Where the answer says how many items there are.
    total: Option<String>,
    /// The parameter of the query that says which page is wanted.
    query: Option<String>,
    /// Or the JSON pointer into the body.
    body: Option<String>,
}

/// The parameter of the pages that links lead to.
const CURSOR: &str = "page_cursor";

impl Paged {
    /// The page that is asked for, of `size` items at most; whether it is a later one than the first.
    pub(super) fn page(&self, list: Option<&str>, size: usize, asked: &Asked, whole: &mut Answer) -> bool {
        let Ok(mut body) = serde_json::from_str::<Value>(&whole.body) else { return false };
        let pointer = self.list.as_deref().or(list).unwrap_or_default();
        let Some(Value::Array(items)) = body.pointer_mut(pointer) else { return false };
        let (from, count) = (self.from(asked, size), items.len());
        let page: Vec<Value> = items.iter().skip(from).take(size).cloned().collect();
        let next = from + page.len();
        *items = page;
        if let Some(total) = &self.total {
            put(&mut body, total, json!(count));
        }
        if next < count && next > from {
            let token = format!("page at {next}");
            let target = |base: &str| {
                let mark = if asked.target.contains('?') { '&' } else { '?' };
                let plain =
                    asked.target.split(&format!("{CURSOR}=")).next().unwrap_or_default().trim_end_matches(['&', '?']);
                format!("{base}{plain}{mark}{CURSOR}={next}")
            };
            let host = asked.headers.get("host").map(String::as_str).unwrap_or_default();
            if let Some(pointer) = &self.token {
                put(&mut body, pointer, json!(token));
            }
            if let Some(pointer) = &self.link {
                put(&mut body, pointer, json!(target(&format!("http://{host}"))));
            }
            if self.link_header {
                whole.headers.push(("link".to_owned(), format!("<{}>; rel=\"next\"", target(""))));
            }
        }
        whole.body = body.to_string();
        from > 0
    }

    /// Items before the page that is asked for.
    fn from(&self, asked: &Asked, size: usize) -> usize {
        let name = if self.link.is_some() || self.link_header { Some(CURSOR) } else { self.query.as_deref() };
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let in_body = || Some(crate::manifest::path::plain(body.pointer(self.body.as_deref()?)?));
        let given = name.and_then(|name| super::table::query(name, asked)).or_else(in_body).unwrap_or_default();
        let number = given.trim_start_matches("page at ").parse::<usize>().unwrap_or(0);
        if self.number { number.saturating_sub(1).saturating_mul(size) } else { number }
    }
}

/// Sets a value, and the objects on the way to it.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for part in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = value;
}
