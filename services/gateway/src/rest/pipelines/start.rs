//! A run is started.

use std::collections::BTreeMap;

use axum::response::Response;
use downbeat_domain::access::Role;
use downbeat_proto::{
    control::v1::{RestartRunRequest, RestartRunResponse, StartRunRequest},
    events::v1::PipelineStorage,
    metadata::v1::{ListRunsRequest, Position, Run},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    super::{about, sought},
    git::{self, Ref},
};
use crate::{
    http::{Call, Fault, Json, Violation, json},
    limits, traces,
};

/// What is to run, with what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Start {
    /// A version, also a draft; absent = the current one.
    version_number: Option<u32>,
    /// Of a pipeline whose file is kept in a repository.
    branch: Option<String>,
    /// The same.
    commit: Option<String>,
    /// Id or name; absent or empty = the default one.
    environment: Option<String>,
    /// Variables that differ from the environment's.
    environment_overrides: Option<BTreeMap<String, Override>>,
    run_inputs: Option<Map<String, Value>>,
    /// Ids of tasks or groups: only these run.
    task_ids: Option<Vec<String>>,
    /// With task_ids: also what follows from them.
    continue_downstream_run: Option<bool>,
    /// Goes on where the last run failed.
    retry_from_failed: Option<bool>,
    /// Id of a run of a CI system: what it starts again goes on where the run before, which it started, failed.
    ci_run_id: Option<String>,
    /// What a caller of Airflow's kind sends: taken as inputs where there are no others.
    data: Option<Map<String, Value>>,
}

/// A variable.
#[derive(Debug, Deserialize, JsonSchema)]
struct Override {
    /// string, int or bool.
    #[serde(rename = "type")]
    kind: String,
    value: Value,
}

/// It has been started.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Started {
    id: String,
    pipeline_run_id: String,
    message: &'static str,
}

/// Characters of a CI run's id.
const CI_RUN_ID_CHARS_MAX: usize = 200;

pub(super) async fn start(call: Call) -> Result<Response, Fault> {
    let asked: Start = Json::read(&call.body)?;
    let pipeline = sought::pipeline(&call, Role::Operator, call.param("id")).await?;
    let at = at_ref(&asked, pipeline.storage.as_ref())?;
    if let Some(at) = &at {
        about::may_choose(&call, &pipeline, &at.branch, &at.commit)?;
    }
    let ci_run = ci_run(&call, &asked)?;
    if asked.retry_from_failed.unwrap_or_default() {
        let prior = latest(&call, &pipeline.id).await?;
        let prior = prior.ok_or_else(|| Fault::bad("there is no run of this pipeline yet that could be retried"))?;
        let again = restarted(&call, &prior.id, &asked, ci_run.unwrap_or_default()).await?;
        return answer(&call, again.run_id, again.position);
    }
    let request = StartRunRequest {
        pipeline: pipeline.id.clone(),
        inputs: Value::Object(asked.run_inputs.clone().or_else(|| asked.data.clone()).unwrap_or_default()).to_string(),
        environment_variables: overrides(&asked)?,
        idempotency_key: ci_run.unwrap_or_default(),
        environment: asked.environment.clone().unwrap_or_default(),
        task_ids: asked.task_ids.clone().unwrap_or_default(),
        continue_downstream: asked.continue_downstream_run.unwrap_or_default(),
        version: asked.version_number.unwrap_or_default(),
        branch: at.as_ref().map(|at| at.branch.clone()).unwrap_or_default(),
        commit: at.as_ref().map(|at| at.commit.clone()).unwrap_or_default(),
        ..Default::default()
    };
    let began = traces::begin();
    let started = call.edge.upstream.control().start_run(call.ask(request)).await.map_err(|status| {
        // Why a file cannot be read, a worker says in words for people.
        if at.is_some() { git::told(status) } else { status.into() }
    });
    let started = started?.into_inner();
    if started.existed {
        return attempt_of_ci(&call, &asked, started.run_id, started.position).await;
    }
    traces::started(began, "downbeat.control.v1.ControlService/StartRun", &started.run_id);
    answer(&call, started.run_id, started.position)
}

fn answer(call: &Call, run_id: String, position: Option<Position>) -> Result<Response, Fault> {
    call.edge.upstream.wrote(position);
    json(200, &Started { id: run_id.clone(), pipeline_run_id: run_id, message: "Pipeline run started" })
}

/// The same key came before. A later attempt of a CI run goes on where the last one failed: each restart has the key of the run that it
/// continues, so that an attempt that is asked for twice is one. With any other key it is that very run.
async fn attempt_of_ci(
    call: &Call,
    asked: &Start,
    first: String,
    position: Option<Position>,
) -> Result<Response, Fault> {
    call.edge.upstream.wrote(position);
    let is_ci = asked.ci_run_id.as_deref().is_some_and(|id| !id.is_empty());
    let mut run_id = first;
    for _ in 0..if is_ci { limits::CI_ATTEMPTS_MAX } else { 0 } {
        let run = sought::run(call, Role::Operator, &run_id).await?;
        if !matches!(run.status.as_str(), "FAILED" | "CANCELLED") {
            break;
        }
        let next = restarted(call, &run.id, asked, format!("after:{}", run.id)).await?;
        call.edge.upstream.wrote(next.position);
        run_id = next.run_id;
        if !next.existed {
            break;
        }
    }
    answer(call, run_id, None)
}

async fn restarted(
    call: &Call,
    prior: &str,
    asked: &Start,
    idempotency_key: String,
) -> Result<RestartRunResponse, Fault> {
    let request = RestartRunRequest {
        run_id: prior.to_owned(),
        mode: "RESTART_FROM_FAILED".to_owned(),
        inputs: Value::Object(asked.run_inputs.clone().unwrap_or_default()).to_string(),
        idempotency_key,
        ..Default::default()
    };
    let began = traces::begin();
    let again = call.edge.upstream.control().restart_run(call.ask(request)).await?.into_inner();
    if !again.existed {
        traces::started(began, "downbeat.control.v1.ControlService/RestartRun", &again.run_id);
    }
    Ok(again)
}

async fn latest(call: &Call, pipeline_id: &str) -> Result<Option<Run>, Fault> {
    let request = ListRunsRequest {
        pipeline_ids: vec![pipeline_id.to_owned()],
        page_size: 1,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner();
    Ok(found.runs.into_iter().next())
}

/// The branch or the commit, which only pipelines in repositories have.
fn at_ref(asked: &Start, kept: Option<&PipelineStorage>) -> Result<Option<Ref>, Fault> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let Some(at) = Ref::given(text(&asked.branch), text(&asked.commit)) else { return Ok(None) };
    match kept {
        Some(kept) if !kept.repository.is_empty() => Ok(Some(at)),
        _ => Err(Fault::bad("branch and commit are only for pipelines whose file is kept in a repository")),
    }
}

/// The key under which runs of a CI run are one.
fn ci_run(call: &Call, asked: &Start) -> Result<Option<String>, Fault> {
    let header = call.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(ToOwned::to_owned);
    match asked.ci_run_id.as_deref().filter(|id| !id.is_empty()) {
        None => Ok(header),
        Some(id) if id.chars().count() <= CI_RUN_ID_CHARS_MAX => Ok(Some(format!("ci:{id}"))),
        Some(_) => {
            let said = format!("at most {CI_RUN_ID_CHARS_MAX} characters are allowed");
            Err(Fault::invalid("body", "ciRunId", "string_too_long", said))
        }
    }
}

/// Variables as the coordinator takes them: of the type that stands beside them.
fn overrides(asked: &Start) -> Result<String, Fault> {
    let mut variables = Map::new();
    for (name, given) in asked.environment_overrides.iter().flatten() {
        let typed = typed(given).ok_or_else(|| {
            let loc = vec!["body".into(), "environmentOverrides".into(), name.as_str().into(), "value".into()];
            let said = format!(
                "expected a value of the type that is named, which is one of string, int, bool; not {}",
                given.kind
            );
            Fault::Violations(vec![Violation::new(loc, "value_error", said)])
        })?;
        variables.insert(name.clone(), typed);
    }
    Ok(if variables.is_empty() { String::new() } else { Value::Object(variables).to_string() })
}

fn typed(given: &Override) -> Option<Value> {
    let text = given.value.as_str();
    match given.kind.as_str() {
        "string" => match &given.value {
            Value::String(_) => Some(given.value.clone()),
            Value::Number(_) | Value::Bool(_) => Some(Value::String(given.value.to_string())),
            _ => None,
        },
        "int" => given.value.as_i64().or_else(|| text?.parse().ok()).map(Value::from),
        "bool" => given.value.as_bool().or_else(|| text?.to_ascii_lowercase().parse().ok()).map(Value::Bool),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overrides_have_the_type_that_stands_beside_them() {
        for (kind, value, expected) in [
            ("string", json!("a"), Some(json!("a"))),
            ("string", json!(7), Some(json!("7"))),
            ("int", json!("7"), Some(json!(7))),
            ("int", json!(7), Some(json!(7))),
            ("int", json!("seven"), None),
            ("bool", json!("True"), Some(json!(true))),
            ("bool", json!(0), None),
            ("integration_credential", json!("x"), None),
            ("string", json!({}), None),
        ] {
            assert_eq!(typed(&Override { kind: kind.to_owned(), value: value.clone() }), expected, "{kind} {value}");
        }
    }
}
