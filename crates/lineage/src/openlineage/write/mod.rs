//! Our own runs as events of OpenLineage, for other systems: the way back of [`super::event`].
//!
//! Promises: what is written follows specification 2.0.2, is the same for the same facts, and is read by our own reader as the edges that
//! went in. A run of a pipeline and a task run are runs of OpenLineage with their own ids; what an attempt did in another system
//! is told as runs below the task run, one per operation and output, so that no input is taken for one of another output. Knows nothing about where
//! events go.

mod collected;
mod datasets;

use downbeat_domain::RunId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{State, jobs::NAMESPACE};

pub use self::collected::operations;

/// Who makes these events.
pub const PRODUCER: &str = concat!("urn:downbeat:", env!("CARGO_PKG_VERSION"));
const EVENT_SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// A job of ours and one run of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Of {
    /// See [`super::jobs::job_name`].
    pub job: String,
    /// 16 bytes of a UUID.
    pub run: [u8; 16],
}

/// Around a run: what it runs in, and the outermost run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The run in which it runs; `None` = it is the outermost.
    pub parent: Option<Of>,
    /// The outermost one; `None` = it is the parent.
    pub root: Option<Of>,
}

/// A change of a run.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Of which run.
    pub of: &'a Of,
    /// In what.
    pub around: &'a Around,
    /// What happened.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// PIPELINE, TASK, ...: what kind of job it is.
    pub job_type: &'a str,
    /// Integration that runs it; empty = we do.
    pub integration: &'a str,
    /// Why it ended badly; empty = it did not, or nobody said.
    pub error: &'a str,
    /// What people call the job; empty = nothing.
    pub description: &'a str,
    /// The instant of its schedule that it stands for; `None` = no schedule began it.
    pub nominal: Option<Timestamp>,
}

/// The event of a change, without datasets.
pub fn change(change: &Change<'_>) -> Value {
    event(change, Vec::new(), Vec::new())
}

fn event(change: &Change<'_>, inputs: Vec<Value>, outputs: Vec<Value>) -> Value {
    let mut run_facets = Map::new();
    if let Some(parent) = &change.around.parent {
        let root = change.around.root.as_ref().unwrap_or(parent);
        let fields = json!({"run": run(parent), "job": job(parent), "root": {"run": run(root), "job": job(root)}});
        run_facets.insert("parent".to_owned(), facet("1-2-0/ParentRunFacet", fields));
    }
    let version = env!("CARGO_PKG_VERSION");
    let engine = json!({"name": NAMESPACE, "version": version, "openlineageAdapterVersion": version});
    run_facets.insert("processing_engine".to_owned(), facet("1-1-1/ProcessingEngineRunFacet", engine));
    if let Some(nominal) = change.nominal {
        let fields = json!({"nominalStartTime": nominal.to_string()});
        run_facets.insert("nominalTime".to_owned(), facet("1-0-1/NominalTimeRunFacet", fields));
    }
    if !change.error.is_empty() {
        let fields = json!({"message": change.error, "programmingLanguage": "unknown"});
        run_facets.insert("errorMessage".to_owned(), facet("1-0-1/ErrorMessageRunFacet", fields));
    }
    let integration = if change.integration.is_empty() { "DOWNBEAT" } else { change.integration };
    let job_type = json!({"processingType": "BATCH", "integration": integration, "jobType": change.job_type});
    let mut job_facets = Map::new();
    job_facets.insert("jobType".to_owned(), facet("2-0-4/JobTypeJobFacet", job_type));
    if !change.description.is_empty() {
        let fields = json!({"description": change.description});
        job_facets.insert("documentation".to_owned(), facet("1-1-0/DocumentationJobFacet", fields));
    }
    json!({
        "eventType": change.state.as_str(),
        "eventTime": change.at.to_string(),
        "producer": PRODUCER,
        "schemaURL": EVENT_SCHEMA,
        "run": {"runId": id(change.of.run), "facets": run_facets},
        "job": {"namespace": NAMESPACE, "name": change.of.job, "facets": job_facets},
        "inputs": inputs,
        "outputs": outputs,
    })
}

fn run(of: &Of) -> Value {
    json!({"runId": id(of.run)})
}

fn job(of: &Of) -> Value {
    json!({"namespace": NAMESPACE, "name": of.job})
}

fn id(run: [u8; 16]) -> String {
    RunId(run).to_string()
}

/// A facet of this version and name.
fn facet(schema: &str, mut fields: Value) -> Value {
    let name = schema.rsplit('/').next().unwrap_or(schema);
    fields["_producer"] = json!(PRODUCER);
    fields["_schemaURL"] = json!(format!("https://openlineage.io/spec/facets/{schema}.json#/$defs/{name}"));
    fields
}
