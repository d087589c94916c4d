//! What a request to a service of ours is about, and whether its caller may ask: for routes that are methods of services, and for methods
//! that are called over gRPC.
//!
//! Promises: what is asked for is what was permitted: what the path names, or what was looked up, stands in the request and nothing else;
//! what the caller may not see is not found. Knows nothing about how a request came.

use downbeat_domain::access::Role;
use downbeat_proto::{
    events::v1::PipelineStorage,
    metadata::v1::{GetBackfillRequest, Pipeline},
};
use prost_reflect::{DynamicMessage, Kind, ReflectMessage as _, Value};
use tonic::Code;

use super::sought;
use crate::http::{Call, Fault};

/// What a request is about, which decides whether its caller may ask. An id in the path goes before the field of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// All of the account.
    Everything,
    /// The pipeline that this field of the request names. Empty = all of the account.
    Pipeline(&'static str),
    /// The run whose id is in this field of the request.
    Run(&'static str),
    /// The run in `run_id` with its task, whose id is in `task` where the path names it.
    Task,
    /// The backfill whose id is in `backfill_id`.
    Backfill,
    /// All of the account; an id in the path stands in this field.
    Named(&'static str),
    /// The pipeline of the filter, or all of the account.
    Costs,
    /// The pipeline of this alias, which may not be there yet: then all of the account.
    Applied,
    /// Where the file of the pipeline in `pipeline` is kept: whoever says so lets others read what stands there.
    Stored,
    /// A run of the pipeline in `pipeline`; at a branch or a commit of their own choice only whoever may change the pipeline.
    Started,
    /// A call to the webhook of the pipeline in `pipeline`, which nobody has verified.
    Delivered,
    /// A list that is narrowed to the pipelines that the caller sees.
    Runs,
    /// The run of `run_id`, or all of the account.
    RunOrAll,
    /// Every pipeline: of those that the caller does not see the answer tells nothing.
    Pipelines,
}

/// No pipeline has it.
const NO_PIPELINE: &str = "00000000-0000-4000-8000-000000000000";

/// The caller may ask this about what the request names. Gives the pipeline that it is about, if it is about one.
///
/// # Errors
/// 403, or 404 where they may not even see it.
pub(crate) async fn permit(
    call: &Call,
    role: Role,
    about: About,
    request: &mut DynamicMessage,
) -> Result<Option<String>, Fault> {
    // The path decides, and where it names nothing, the request.
    let named = |request: &DynamicMessage, field: &str| match call.param("id") {
        "" => text(request, field),
        id => id.to_owned(),
    };
    match about {
        About::Everything => call.permit_all(role).map(|()| None),
        About::Named(field) => {
            call.permit_all(role)?;
            let id = named(request, field);
            set(request, field, &id);
            Ok(None)
        }
        About::Pipeline(field) => {
            let named = named(request, field);
            if named.is_empty() {
                return call.permit_all(role).map(|()| None);
            }
            let id = sought::pipeline(call, role, &named).await?.id;
            set(request, field, &id);
            Ok(Some(id))
        }
        About::Applied => {
            if call.permit_all(role).is_ok() {
                return Ok(None);
            }
            // What is not there yet has no labels, and where a file is kept is no pipeline's own matter.
            if request.has_field_by_name("storage") {
                return call.permit_all(role).map(|()| None);
            }
            let row = sought::pipeline(call, role, &text(request, "alias")).await?;
            set(request, "alias", &row.alias);
            Ok(Some(row.id))
        }
        About::Stored => {
            let (role, named) = (role, text(request, "pipeline"));
            let row = sought::pipeline(call, role, &named).await?;
            if request.has_field_by_name("storage") && text(request, "storage.provider") != "ORCHESTRA" {
                call.permit_all(role)?;
            }
            set(request, "pipeline", &row.id);
            Ok(Some(row.id))
        }
        About::Started => {
            let row = sought::pipeline(call, role, &text(request, "pipeline")).await?;
            may_choose(call, &row, &text(request, "branch"), &text(request, "commit"))?;
            set(request, "pipeline", &row.id);
            Ok(Some(row.id))
        }
        About::Delivered => {
            let id = sought::pipeline(call, role, &text(request, "pipeline")).await?.id;
            set(request, "pipeline", &id);
            // Nobody else's delivery, and signed by nobody.
            let delivery = text(request, "delivery_id");
            if !delivery.is_empty() {
                set(request, "delivery_id", &format!("{}/{delivery}", call.actor()));
            }
            set(request, "signature_scheme", "");
            Ok(Some(id))
        }
        About::Costs => {
            let named = text(request, "filter.pipeline");
            if named.is_empty() {
                return call.permit_all(role).map(|()| None);
            }
            let id = sought::pipeline(call, role, &named).await?.id;
            set(request, "filter.pipeline", &id);
            Ok(Some(id))
        }
        About::Run(field) => {
            let run = sought::run(call, role, &named(request, field)).await?;
            set(request, field, &run.id);
            Ok(Some(run.pipeline_id))
        }
        About::RunOrAll => {
            let named = text(request, "run_id");
            if named.is_empty() {
                return call.permit_all(role).map(|()| None);
            }
            let run = sought::run(call, role, &named).await?;
            set(request, "run_id", &run.id);
            Ok(Some(run.pipeline_id))
        }
        About::Runs => narrow(call, request).await.map(|()| None),
        About::Pipelines => Ok(None),
        About::Task => {
            let task = call.param("task_run_id");
            if task.is_empty() {
                // The service finds the task in the run, by its id or as its file spells it.
                let run = sought::run(call, role, &named(request, "run_id")).await?;
                set(request, "run_id", &run.id);
                return Ok(Some(run.pipeline_id));
            }
            let (run, task) = sought::task_run(call, role, call.param("id"), task).await?;
            set(request, "run_id", &run.id);
            set(request, "task", &task.id);
            Ok(Some(run.pipeline_id))
        }
        About::Backfill => {
            let unknown = || Fault::unknown("Backfill not found");
            let id = uuid::Uuid::try_parse(&named(request, "backfill_id")).map_err(|_| unknown())?.to_string();
            let asked = GetBackfillRequest {
                backfill_id: id.clone(),
                at_least: call.edge.upstream.at_least(),
                page_size: 1,
                ..Default::default()
            };
            let found = call.edge.upstream.metadata().get_backfill(call.ask(asked)).await;
            let found = match found {
                Err(status) if status.code() == Code::NotFound => return Err(unknown()),
                found => found?.into_inner(),
            };
            let backfill = found.backfill.ok_or_else(unknown)?;
            sought::permit(call, role, &backfill.pipeline_id, unknown)?;
            set(request, "backfill_id", &id);
            Ok(Some(backfill.pipeline_id))
        }
    }
}

/// The branch that counts: changes are made on the working branch, where there is one.
pub(crate) fn counting_branch(kept: &PipelineStorage) -> &str {
    if kept.working_branch.is_empty() { &kept.default_branch } else { &kept.working_branch }
}

/// What stands at a commit, or at a branch that does not count, nobody has made the pipeline: to run it is to change what runs.
///
/// # Errors
/// 403.
pub(crate) fn may_choose(call: &Call, row: &Pipeline, branch: &str, commit: &str) -> Result<(), Fault> {
    let kept = row.storage.clone().unwrap_or_default();
    let counts = counting_branch(&kept);
    if commit.is_empty() && (branch.is_empty() || branch == counts) {
        return Ok(());
    }
    call.permit(Role::Editor, &row.id)
}

/// Leaves of `pipeline_ids` what the caller sees; all that they see where none is named. A pipeline or a run that is named has to be seen.
async fn narrow(call: &Call, request: &mut DynamicMessage) -> Result<(), Fault> {
    if call.narrowed()?.is_none() {
        return Ok(());
    }
    let pipeline = text(request, "pipeline");
    if !pipeline.is_empty() {
        let id = sought::pipeline(call, Role::Viewer, &pipeline).await?.id;
        set(request, "pipeline", &id);
    }
    let run = text(request, "run_id");
    if !run.is_empty() {
        sought::run(call, Role::Viewer, &run).await?;
    }
    let Some(field) = request.descriptor().get_field_by_name("pipeline_ids") else {
        return call.permit_all(Role::Viewer);
    };
    let asked = request.get_field(&field);
    let asked: Vec<String> =
        asked.as_list().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    let left = sought::narrowed(call, asked)?.unwrap_or_else(|| vec![NO_PIPELINE.to_owned()]);
    request.set_field(&field, Value::List(left.into_iter().map(Value::String).collect()));
    Ok(())
}

/// Of an answer about all pipelines whoever sees only some gets these. Who is ahead in a queue may be anybody's: they are told how many.
///
/// # Errors
/// Nobody asks.
pub(crate) fn hide_others(call: &Call, about: About, answer: &mut DynamicMessage) -> Result<(), Fault> {
    if call.narrowed()?.is_none() {
        return Ok(());
    }
    if about == About::Pipelines
        && let Some(Value::List(all)) = answer.get_field_by_name_mut("pipelines")
    {
        all.retain(|pipeline| pipeline.as_message().is_some_and(|it| call.sees(&text(it, "id"))));
    }
    let Some(gates) = answer.descriptor().get_field_by_name("gates") else { return Ok(()) };
    for gate in answer.get_field_mut(&gates).as_list_mut().into_iter().flatten() {
        if let Some(gate) = gate.as_message_mut() {
            gate.clear_field_by_name("ahead");
        }
    }
    Ok(())
}

/// A text of the request; `a.b` is the field `b` of the message in `a`.
pub(crate) fn text(request: &DynamicMessage, field: &str) -> String {
    if let Some((outer, inner)) = field.split_once('.') {
        let outer = request.get_field_by_name(outer);
        return outer.as_deref().and_then(Value::as_message).map(|message| text(message, inner)).unwrap_or_default();
    }
    request.get_field_by_name(field).as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Sets a text or a flag of the request.
pub(crate) fn set(request: &mut DynamicMessage, field: &str, value: &str) {
    if let Some((outer, inner)) = field.split_once('.') {
        let Some(found) = request.descriptor().get_field_by_name(outer) else { return };
        if let Some(message) = request.get_field_mut(&found).as_message_mut() {
            set(message, inner, value);
        }
        return;
    }
    let Some(found) = request.descriptor().get_field_by_name(field) else { return };
    let value =
        if matches!(found.kind(), Kind::Bool) { Value::Bool(value == "true") } else { Value::String(value.to_owned()) };
    request.set_field(&found, value);
}
