//! What other systems say.

use downbeat_domain::{
    Event, RunId,
    foreign::{ForeignJob, ForeignParent},
};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::LineageReported(reported) = event else { return None };
    let (said, collected) = (&reported.said, &reported.collected);
    let mut shown = json!({
        "producer": said.producer, "said_at": at(said.said_at), "part": reported.part,
        "operations": collected.operations.len(), "assets": collected.assets.len(), "edges": collected.edges.len(),
        "at": at(reported.at),
    });
    if let Some(job) = &said.job {
        shown["job"] = self::job(job);
    }
    if let Some(run) = &said.run {
        shown["run_id"] = json!(RunId(run.id).to_string());
        shown["state"] = json!(run.state);
        for (name, parent) in [("parent", &run.parent), ("root", &run.root)] {
            if let Some(parent) = parent {
                shown[name] = self::parent(parent);
            }
        }
    }
    Some(shown)
}

fn job(job: &ForeignJob) -> Value {
    json!(format!("{}/{}", job.namespace, job.name))
}

fn parent(parent: &ForeignParent) -> Value {
    json!({"run_id": RunId(parent.run).to_string(), "job": job(&parent.job)})
}
