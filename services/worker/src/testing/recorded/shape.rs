//! The shape of an API as data: its routes, how it is asked by whom, and the words for states.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::faults::On;
use super::paged::Paged;
use crate::manifest::format::Condition;
use crate::manifest::path::Path;
use crate::manifest::template::Body;

/// Integration, job and text of the shapes in `services/worker/connectors`.
const COMPILED_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// The shape of the API that one job uses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Fields of a connection to it; `{key}` is a private key (PEM), `{key_json}` the same as a text inside JSON.
    pub connection: Map<String, Value>,
    /// Parameters with which there is something to do.
    pub parameters: Map<String, Value>,
    /// Other parameters, with which something else is asked.
    #[serde(default)]
    pub also: Vec<Map<String, Value>>,
    pub(super) authentication: Proof,
    /// Where a start has its token; absent: the API takes none.
    pub(super) token: Option<TokenPlace>,
    pub(super) states: States,
    pub(super) routes: Vec<Route>,
}

/// How the server knows who asks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// A header and its value.
    pub(super) header: Option<(String, String)>,
    /// The path that gives a token, what its request must hold, and the token, which is then borne.
    pub(super) login: Option<Login>,
    /// Access key id and secret access key.
    pub(super) sigv4: Option<(String, String)>,
    /// A token signed with the test key.
    #[serde(default)]
    pub(super) key_pair: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) path: String,
    #[serde(default)]
    pub(super) holds: Vec<String>,
    /// The form's `assertion` must be signed with the test key.
    #[serde(default)]
    pub(super) assertion: bool,
    pub(super) token: String,
    /// The header that bears the token, if it is not a bearer's.
    pub(super) header: Option<String>,
    pub(super) answer: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenPlace {
    Body(Path),
    Query(String),
    Header(String),
    /// Segment of the path, from 0.
    Segment(usize),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct States {
    pub(super) queued: Value,
    pub(super) running: Value,
    pub(super) succeeded: Value,
    pub(super) failed: Value,
    pub(super) cancelled: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) on: On,
    pub(super) method: String,
    /// `{id}` is the job's id, `{token}` its token, `*` any one segment.
    pub(super) path: String,
    /// Headers that tell this route from others.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Conditions on the body.
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    /// Where the body has the job's id, if not in the path.
    pub(super) id: Option<Path>,
    /// Or the parameter of the query that has it.
    pub(super) id_query: Option<String>,
    /// Of a start: the API knows nothing of tokens, a second one is a second job.
    #[serde(default)]
    pub(super) repeats: bool,
    #[serde(default = "ok")]
    pub(super) status: u16,
    /// Of a job that has ended, by `succeeded`, `failed`, `cancelled`, if it differs.
    #[serde(default)]
    pub(super) statuses: BTreeMap<String, u16>,
    #[serde(default)]
    pub(super) answer_headers: BTreeMap<String, String>,
    pub(super) body: Option<Body>,
    /// While there is no job, if that is no error.
    pub(super) idle: Option<Body>,
    /// Of a job that has succeeded, if it differs.
    pub(super) succeeded: Option<Body>,
    /// Of a job that has failed, if it differs.
    pub(super) failed: Option<Body>,
    /// Of a job that was cancelled, if it differs.
    pub(super) cancelled: Option<Body>,
    /// JSON pointer into the body, at which stands a list with an `item` for each job.
    pub(super) list: Option<String>,
    pub(super) item: Option<Body>,
    /// A list of the answer comes in pages.
    pub(super) pages: Option<Paged>,
    /// Of a start: what a second one with the same token gets; absent: the same as the first.
    pub(super) conflict: Option<Conflict>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conflict {
    pub(super) status: u16,
    pub(super) body: Value,
}

fn ok() -> u16 {
    200
}

impl Shape {
    /// The shape of a job that is compiled in.
    ///
    /// # Errors
    /// When there is none, or it is not written as shapes are.
    pub fn of(integration: &str, job: &str) -> Result<Self, String> {
        let name = format!("{}/{}.shape.yaml", integration.to_lowercase(), job.to_lowercase());
        let (_, text) = COMPILED_IN.iter().find(|(found, _)| *found == name).ok_or(format!("there is no {name}"))?;
        let mut shape: Self = serde_saphyr::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        for value in shape.connection.values_mut() {
            if let Value::String(text) = value {
                let pem = super::test_key();
                let escaped = Value::String(pem.to_owned()).to_string();
                *text = text.replace("{key_json}", escaped.trim_matches('"')).replace("{key}", pem);
            }
        }
        Ok(shape)
    }
}
