//! What a manifest may say: the shape of its YAML. `connectors/manifest.schema.json` says the same for editors, and a test holds them together.
//!
//! Nothing here does anything. What a manifest says is checked by `check.rs` and done by `run.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::auth::SignIn;
use super::cost::CostRule;
use super::pages::Pages;
use super::path::{Path, Paths};
use super::sql::SqlRule;
use super::template::{Body, Name, Template};

/// One job in another system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) integration: String,
    pub(crate) job: String,
    /// Where the facts come from.
    pub(crate) sources: Vec<String>,
    /// The real product that a test runs this against, with its version. Without: only a server of its recorded shape.
    pub(crate) met: Option<String>,
    /// What people should know about it: limits, what could not be found out.
    #[serde(default, rename = "notes")]
    _notes: Vec<String>,
    /// Of a job that the catalogue does not have.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Parameter>,
    /// Parameters of the catalogue that this API has no place for, each with the reason.
    #[serde(default)]
    pub(crate) unused_parameters: BTreeMap<String, String>,
    /// Parameters of the catalogue that cannot be had: a task that gives one is refused, with what to do instead.
    #[serde(default)]
    pub(crate) refused_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) connection: BTreeMap<String, Field>,
    pub(crate) base_url: Template,
    /// The first whose `when` has a value.
    #[serde(default)]
    pub(crate) authentication: Vec<SignIn>,
    #[serde(default)]
    pub(crate) maps: BTreeMap<String, WordMap>,
    pub(crate) reattach: Reattach,
    /// Headers of every request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Template>,
    /// Requests that only read, before the start.
    #[serde(default)]
    pub(crate) before: Vec<Step>,
    pub(crate) start: Step,
    pub(crate) find: Option<Find>,
    pub(crate) poll: Poll,
    pub(crate) cancel: Option<Cancel>,
    #[serde(default)]
    pub(crate) errors: Vec<ErrorRule>,
    /// Where people see the job.
    pub(crate) link: Option<Template>,
    pub(crate) outputs: Option<Outputs>,
    pub(crate) test: Option<Test>,
    pub(crate) collect: Option<Collect>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<serde_json::Value>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// A credential.
    #[serde(default)]
    pub(crate) secret: bool,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// See [`crate::remote::Reattach`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reattach {
    Token,
    LookUp,
    Repeat,
    Never,
}

/// Words of ours to words of theirs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordMap {
    pub(crate) of: Name,
    #[serde(default)]
    pub(crate) words: BTreeMap<String, serde_json::Value>,
    /// Beginnings of words, for what is not in `words`; the longest counts.
    #[serde(default)]
    pub(crate) starts: BTreeMap<String, serde_json::Value>,
}

impl WordMap {
    /// What stands for a word.
    pub(crate) fn get(&self, word: &str) -> Option<&serde_json::Value> {
        // Of two beginnings of one word the longer comes later in the order of texts.
        let start = || self.starts.iter().rev().find(|(start, _)| word.starts_with(start.as_str()));
        self.words.get(word).or_else(|| start().map(|(_, value)| value))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: Template,
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Template>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Template>,
    /// JSON.
    pub(crate) body: Option<Body>,
    /// `application/x-www-form-urlencoded`.
    pub(crate) form: Option<BTreeMap<String, Template>>,
    /// Of a list: how its next page is asked for.
    pub(crate) pages: Option<Pages>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) request: Request,
    /// `id` is what the other system calls the job.
    #[serde(default)]
    pub(crate) capture: BTreeMap<String, Grab>,
}

/// A value of an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Grab {
    Body(Paths),
    /// What counts where the answer has nothing.
    Or {
        path: Paths,
        default: String,
    },
    /// A header, or what the first group of a pattern finds in it.
    Header {
        header: String,
        pattern: Option<Pattern>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub(crate) regex::Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        regex::Regex::new(&text).map(Self).map_err(|error| serde::de::Error::custom(error.to_string()))
    }
}

/// How the job that carries the token is found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Find {
    pub(crate) request: Request,
    /// The candidates; absent: the answer itself.
    pub(crate) each: Option<Path>,
    #[serde(default, rename = "match")]
    pub(crate) matches: Vec<Condition>,
    /// Of a list that begins with the newest: when a candidate was created.
    pub(crate) newest_first: Option<Paths>,
    pub(crate) capture: BTreeMap<String, Paths>,
}

/// One thing that must hold of a value in an answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) value: Paths,
    /// Equal, as a text.
    pub(crate) is: Option<Template>,
    /// One of these texts.
    pub(crate) any: Option<Vec<String>>,
    /// Holds this text.
    pub(crate) contains: Option<Template>,
    /// A later instant (RFC 3339).
    pub(crate) after: Option<Template>,
    /// It is there and not null, or not.
    pub(crate) there: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Poll {
    /// Absent: the answer to the start says how it ended.
    pub(crate) request: Option<Request>,
    /// Jobs of an answer that has many; absent: the answer is the one.
    pub(crate) each: Option<Path>,
    /// Says which of them is ours. Without one the answer counts as `null`.
    #[serde(default, rename = "match")]
    pub(crate) matches: Vec<Condition>,
    /// The other system's word for the state.
    pub(crate) word: Option<Paths>,
    #[serde(default)]
    pub(crate) states: BTreeMap<StateWord, Vec<String>>,
    /// Looked at before `states`, the first that holds.
    #[serde(default)]
    pub(crate) rules: Vec<StateRule>,
    pub(crate) message: Option<Paths>,
    #[serde(default)]
    pub(crate) every: Every,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum StateWord {
    Queued,
    Running,
    Succeeded,
    Warning,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateRule {
    #[serde(default)]
    pub(crate) status: Vec<u16>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) state: StateWord,
}

/// Seconds between two looks.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Every {
    pub(crate) first: u64,
    pub(crate) most: u64,
}

impl Default for Every {
    fn default() -> Self {
        Self { first: 2, most: 30 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    pub(crate) request: Request,
}

/// What an answer means beyond what its status says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorRule {
    /// Calls for which it holds; none: all.
    #[serde(default)]
    pub(crate) of: Vec<CallName>,
    #[serde(default)]
    pub(crate) status: Vec<u16>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) means: Meaning,
    /// For people.
    pub(crate) say: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallName {
    SignIn,
    Before,
    Start,
    Find,
    Poll,
    Cancel,
    Collect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Meaning {
    /// Not accepted for certain; may be tried again.
    Again,
    /// Nobody knows.
    Unknown,
    /// The job cannot run as it is written.
    Misconfigured,
    /// The job was not started, or failed.
    Failed,
    /// There is no such job.
    Gone,
    /// Of a start: there is a job with this token already. Of a cancel: it has ended already.
    Already,
    /// It is an answer like any other.
    Fine,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outputs {
    /// Names of which one must be true; none: always.
    #[serde(default)]
    pub(crate) when: OneOrMore<Name>,
    /// Absent: the answer of the last look.
    pub(crate) request: Option<Request>,
    pub(crate) values: BTreeMap<String, Take>,
}

/// One, or a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

/// A value of an answer, or rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Take {
    One(Paths),
    Rows(Rows),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    pub(crate) each: Path,
    /// The cells of a row; absent: each is a row itself.
    pub(crate) cells: Option<Path>,
}

/// Thresholds of a test: its parameters `error_threshold_expression` and `warn_threshold_expression`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// Absent: the answer of the last look.
    pub(crate) request: Option<Request>,
    pub(crate) rows: Rows,
    /// How many rows there are, if the answer may hold fewer.
    pub(crate) count: Option<Paths>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collect {
    /// Absent: as `poll` asks.
    pub(crate) request: Option<Request>,
    #[serde(default)]
    pub(crate) operations: Vec<OperationRule>,
    #[serde(default)]
    pub(crate) assets: Vec<AssetRule>,
    /// What the job runs is SQL, and says itself which tables it reads and writes.
    pub(crate) sql: Option<SqlRule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationRule {
    /// Absent: the answer is the one item.
    pub(crate) each: Option<Path>,
    pub(crate) id: Say,
    pub(crate) name: Say,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Absent: as the job ended.
    pub(crate) word: Option<Paths>,
    #[serde(default)]
    pub(crate) states: BTreeMap<OperationState, Vec<String>>,
    #[serde(default)]
    pub(crate) message: Vec<Part>,
    pub(crate) started_at: Option<Paths>,
    pub(crate) completed_at: Option<Paths>,
    pub(crate) rows: Option<Paths>,
    pub(crate) bytes: Option<Paths>,
    #[serde(default)]
    pub(crate) cost_basis: Vec<CostRule>,
    pub(crate) asset: Option<AssetName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum OperationState {
    Succeeded,
    Warning,
    Failed,
    Skipped,
    Cancelled,
    Reused,
}

/// A labelled value in a message: `12 bytes read`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) value: Paths,
    #[serde(default)]
    pub(crate) unit: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetRule {
    pub(crate) each: Option<Path>,
    pub(crate) asset: AssetName,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) rows: Option<Paths>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetName {
    pub(crate) namespace: String,
    /// Joined by dots; what has no value is left out.
    pub(crate) name: Vec<Say>,
    /// Names that differ in case only are different ones.
    #[serde(default)]
    pub(crate) case_sensitive: bool,
}

/// A JSONPath (`$...`) into the item, or a template.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    Path(Path),
    Template(Template),
}

impl<'de> Deserialize<'de> for Say {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = if text.starts_with('$') {
            Path::read(&text).map(Self::Path)
        } else {
            Template::read(&text).map(Self::Template)
        };
        read.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_word_or_its_longest_known_beginning_counts() {
        let map: WordMap = serde_json::from_value(json!({
            "of": "parameters.file", "words": { "gs://x": 1 }, "starts": { "": null, "gs:": 2, "gs://": 3 },
        }))
        .unwrap();
        let cases = [("gs://x", json!(1)), ("gs://y", json!(3)), ("gs:y", json!(2)), ("y", Value::Null)];
        for (word, expected) in cases {
            assert_eq!(map.get(word), Some(&expected), "{word}");
        }
    }
}
