//! Commands as a task writes them: JSON (MongoDB's Extended JSON), looked at before anything is sent.

use bson::{Bson, Document};
use serde_json::Value;

use crate::attempt::Failure;

/// Commands that bring something and change nothing.
const READS: [&str; 16] = [
    "find",
    "aggregate",
    "count",
    "distinct",
    "listCollections",
    "listIndexes",
    "listDatabases",
    "dbStats",
    "collStats",
    "explain",
    "ping",
    "hello",
    "buildInfo",
    "connectionStatus",
    "serverStatus",
    "hostInfo",
];
/// Commands that are told how long they may take: those that every server of the protocol lets be told.
const TIMED: [&str; 4] = ["find", "aggregate", "count", "findAndModify"];
/// What a line says of itself, and what spans several commands: there is one command here, and its line is ours.
const OURS: [&str; 9] = [
    "$db",
    "lsid",
    "txnNumber",
    "startTransaction",
    "autocommit",
    "$clusterTime",
    "$readPreference",
    "$configServerState",
    "exhaust",
];
/// Commands of which the same is true.
const NOT_ALONE: [&str; 10] = [
    "getMore",
    "killCursors",
    "saslStart",
    "saslContinue",
    "authenticate",
    "logout",
    "startSession",
    "endSessions",
    "commitTransaction",
    "abortTransaction",
];
/// Stages that write.
const WRITING_STAGES: [&str; 2] = ["$out", "$merge"];

/// A parameter that holds JSON.
pub(crate) struct Json<'a> {
    pub(crate) name: &'static str,
    pub(crate) text: &'a str,
}

/// A command that may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(super) document: Document,
    /// Its name.
    pub(crate) name: String,
    /// It changes nothing, so it may be done twice.
    pub(crate) reads: bool,
}

impl Json<'_> {
    /// An object.
    pub(crate) fn document(&self) -> Result<Document, Failure> {
        match self.read()? {
            Bson::Document(document) => Ok(document),
            _ => Err(self.wrong("must be a JSON object")),
        }
    }

    /// A list of objects.
    pub(crate) fn documents(&self) -> Result<Vec<Document>, Failure> {
        let wrong = || self.wrong("must be a JSON list of objects");
        let Bson::Array(items) = self.read()? else { return Err(wrong()) };
        let documents = items.into_iter().map(|item| match item {
            Bson::Document(document) => Ok(document),
            _ => Err(wrong()),
        });
        documents.collect()
    }

    fn read(&self) -> Result<Bson, Failure> {
        let value: Value = serde_json::from_str(self.text).map_err(|error| {
            self.wrong(&format!("is no JSON ({error}): names stand in double quotes, ids and dates as {{\"$oid\": ...}}, {{\"$date\": ...}}"))
        })?;
        Bson::try_from(value).map_err(|error| self.wrong(&format!("is no Extended JSON of MongoDB: {error}")))
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::misconfigured(format!("the parameter {} {what}", self.name))
    }
}

impl Command {
    /// Reads the one that a parameter holds.
    pub(crate) fn read(json: &Json<'_>) -> Result<Self, Failure> {
        let document = json.document()?;
        let Some(name) = document.keys().next().cloned() else {
            return Err(json.wrong("is empty: the first entry names the command, like {\"find\": \"orders\"}"));
        };
        if let Some(ours) = document.keys().find(|key| OURS.contains(&key.as_str())) {
            return Err(json.wrong(&format!("has the entry {ours}, which is not a task's to set")));
        }
        if NOT_ALONE.iter().any(|alone| alone.eq_ignore_ascii_case(&name)) {
            return Err(json.wrong(&format!("is {name}, which is one step of several; a task sends one command")));
        }
        let endless = ["tailable", "awaitData"].into_iter().any(|flag| document.get_bool(flag).unwrap_or(false));
        let pipeline = stages(&document);
        if endless || pipeline.contains(&"$changeStream") {
            return Err(json.wrong("is a stream without an end"));
        }
        // Of a batch nobody waits for, nobody would know what became of it.
        if document.get_document("writeConcern").is_ok_and(unacknowledged) {
            return Err(json.wrong("has a writeConcern with w: 0, of which nobody knows what becomes of it"));
        }
        let reads = READS.contains(&name.as_str()) && !pipeline.iter().any(|stage| WRITING_STAGES.contains(stage));
        Ok(Self { document, name, reads })
    }

    /// One of our own that only looks.
    pub(crate) fn looking(document: Document) -> Self {
        let name = document.keys().next().cloned().unwrap_or_default();
        Self { document, name, reads: true }
    }

    /// For one that may only look.
    pub(crate) fn must_read(self, json: &Json<'_>) -> Result<Self, Failure> {
        if self.reads {
            return Ok(self);
        }
        Err(json.wrong(&format!(
            "is {}, which does not only look: it must be find, aggregate (without $out and $merge), count or distinct",
            self.name
        )))
    }

    pub(super) fn is_timed(&self) -> bool {
        TIMED.contains(&self.name.as_str()) && !self.document.contains_key("maxTimeMS")
    }
}

fn unacknowledged(concern: &Document) -> bool {
    matches!(concern.get("w"), Some(Bson::Int32(0) | Bson::Int64(0)))
}

/// The names of the stages of a command, or of the one that it explains.
fn stages(document: &Document) -> Vec<&str> {
    let explained = document.get_document("explain").unwrap_or(document);
    let stages = explained.get_array("pipeline").map(Vec::as_slice).unwrap_or_default();
    stages.iter().filter_map(Bson::as_document).flat_map(Document::keys).map(String::as_str).collect()
}

/// Stages that may only look.
pub(crate) fn pipeline(json: &Json<'_>) -> Result<Vec<Document>, Failure> {
    let stages = json.documents()?;
    let mut names = stages.iter().flat_map(Document::keys);
    if let Some(writing) = names.find(|name| WRITING_STAGES.contains(&name.as_str()) || *name == "$changeStream") {
        return Err(json.wrong(&format!("has the stage {writing}: a test only looks")));
    }
    Ok(stages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Command, String> {
        Command::read(&Json { name: "command", text }).map_err(|failure| failure.message)
    }

    #[test]
    fn what_only_looks_is_known() {
        for (text, reads) in [
            (r#"{"find": "a", "filter": {"delete": 1}}"#, true),
            (r#"{"aggregate": "a", "pipeline": [{"$match": {}}], "cursor": {}}"#, true),
            (r#"{"aggregate": "a", "pipeline": [{"$match": {}}, {"$out": "b"}], "cursor": {}}"#, false),
            (r#"{"aggregate": "a", "pipeline": [{"$merge": {"into": "b"}}]}"#, false),
            (r#"{"explain": {"aggregate": "a", "pipeline": [{"$out": "b"}]}}"#, false),
            (r#"{"count": "a"}"#, true),
            (r#"{"insert": "a", "documents": [{}]}"#, false),
            (r#"{"findAndModify": "a", "remove": true}"#, false),
            (r#"{"Find": "a"}"#, false),
            (r#"{"delete": "find"}"#, false),
            (r#"{"eval": "1"}"#, false),
        ] {
            assert_eq!(read(text).unwrap().reads, reads, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_command_is_refused_by_name() {
        for (text, why) in [
            ("SELECT 1", "is no JSON (expected value at line 1 column 1)"),
            ("{find: 1}", "is no JSON (key must be a string at line 1 column 2)"),
            ("[]", "must be a JSON object"),
            ("{}", "is empty"),
            (r#"{"find": "a", "filter": {"_id": {"$oid": "x"}}}"#, "is no Extended JSON"),
            (r#"{"getMore": 1}"#, "one step of several"),
            (r#"{"SASLSTART": 1}"#, "one step of several"),
            (r#"{"find": "a", "lsid": {}}"#, "the entry lsid"),
            (r#"{"insert": "a", "$db": "other"}"#, "the entry $db"),
            (r#"{"insert": "a", "documents": [{}], "writeConcern": {"w": 0}}"#, "w: 0"),
            (r#"{"find": "a", "tailable": true}"#, "without an end"),
            (r#"{"aggregate": 1, "pipeline": [{"$changeStream": {}}]}"#, "without an end"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.starts_with("the parameter command ") && refused.contains(why), "{text}: {refused}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(500), "1".to_owned() + &"}".repeat(500));
        assert!(read(&deep).unwrap_err().contains("is no JSON"));
    }
}
