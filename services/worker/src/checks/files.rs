//! What the checks of files have in common: which files count as new, and how they are told of.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Asked, Finding, outputs::Items};
use crate::attempt::Failure;
use crate::connectors::parameters;
use crate::limits::CHECK_LISTED_MAX;

/// A file that was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) modified: Option<Timestamp>,
    /// What is told of it, besides `last_modified`.
    pub(super) told: Map<String, Value>,
}

/// All files that were seen.
#[derive(Debug)]
pub(super) struct Sight {
    since: Timestamp,
    any: bool,
    matching: Vec<Seen>,
    older: usize,
    cut: bool,
}

impl Sight {
    /// Nothing yet. With `check_latest` every file counts, however old.
    pub(super) fn begin(asked: &Asked) -> Result<Self, Failure> {
        let any = parameters::flag(&asked.parameters, "check_latest")?;
        Ok(Self { since: asked.since, any, matching: Vec::new(), older: 0, cut: false })
    }

    /// Takes a file. One without a time counts only when every file does.
    pub(super) fn saw(&mut self, seen: Seen) {
        if self.any || seen.modified.is_some_and(|modified| is_newer(modified, self.since)) {
            self.matching.push(seen);
        } else {
            self.older += 1;
        }
    }

    /// There are more than were looked at.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    /// Passed with the files, newest first; pending when none counts.
    pub(super) fn finding(mut self, place: &str) -> Finding {
        if self.matching.is_empty() {
            let cut =
                if self.cut { format!("; only the first {CHECK_LISTED_MAX} were looked at") } else { String::new() };
            return Finding::Pending(match self.older {
                0 => format!("there is no file {place}{cut}"),
                older => format!("{older} file(s) {place}, none newer than {}{cut}", self.since),
            });
        }
        self.matching.sort_by_key(|seen| Reverse(seen.modified));
        let mut items = Items::default();
        for mut seen in self.matching {
            let modified = seen.modified.map_or(Value::Null, |modified| json!(modified.to_string()));
            seen.told.insert("last_modified".to_owned(), modified);
            if !items.push(Value::Object(seen.told)) {
                break;
            }
        }
        if self.cut {
            items.cut();
        }
        Finding::Passed(items.named("files"))
    }
}

/// Most servers tell whole seconds. What was written just after an instant then looks as if it was just before; it counts, because to
/// wait for ever for a file that is there is worse than to take one that is less than a second too old.
fn is_newer(modified: Timestamp, since: Timestamp) -> bool {
    let second = since.as_second();
    modified > since || (modified.subsec_nanosecond() == 0 && modified.as_second() == second)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sight(latest: bool) -> Sight {
        let Value::Object(parameters) = json!({ "check_latest": latest }) else { unreachable!() };
        let since = Timestamp::from_millisecond(100_500).unwrap();
        Sight::begin(&Asked { parameters, connection: None, since, time: Duration::ZERO }).unwrap()
    }

    fn file(name: &str, second: Option<i64>) -> Seen {
        let Value::Object(told) = json!({ "name": name }) else { unreachable!() };
        Seen { modified: second.map(|second| Timestamp::from_second(second).unwrap()), told }
    }

    fn names(finding: Finding) -> Result<Vec<String>, String> {
        match finding {
            Finding::Passed(outputs) => Ok(outputs["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file["name"].as_str().unwrap().to_owned())
                .collect()),
            Finding::Pending(message) => Err(message),
        }
    }

    #[test]
    fn only_what_is_newer_counts_unless_any_file_does() {
        for (latest, expected) in
            [(false, vec!["newest", "new", "at"]), (true, vec!["newest", "new", "at", "old", "unknown"])]
        {
            let mut sight = sight(latest);
            for (name, second) in
                [("old", Some(99)), ("new", Some(101)), ("at", Some(100)), ("unknown", None), ("newest", Some(102))]
            {
                sight.saw(file(name, second));
            }
            assert_eq!(names(sight.finding("here")).unwrap(), expected, "{latest}");
        }
    }

    #[test]
    fn what_is_pending_says_why() {
        assert_eq!(names(sight(false).finding("below x")).unwrap_err(), "there is no file below x");
        let mut older = sight(false);
        older.saw(file("old", Some(1)));
        older.cut();
        let message = names(older.finding("below x")).unwrap_err();
        assert!(message.starts_with("1 file(s) below x, none newer than 1970-01-01T00:01:40.5Z"), "{message}");
        assert!(message.ends_with("only the first 10000 were looked at"), "{message}");
    }
}
