//! What a request names: pipelines and runs, looked up once, with the right to do something to them.
//!
//! Promises: what the caller may not see is not found; an id in a path is an id, and never becomes anything else.

use downbeat_domain::{PipelineId, RunId, access::Role, storage::slug};
use downbeat_proto::metadata::v1::{
    GetPipelineSourceRequest, GetPipelineSourceResponse, ListPipelinesRequest, ListRunsRequest, ListTaskRunsRequest,
    Pipeline, Run, TaskRun,
};

use tonic::Code;

use crate::{
    http::{Call, Fault, Query},
    limits,
};

/// Characters of an alias.
const ALIAS_CHARS_MAX: usize = 255;

/// Which pipeline a query names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    /// By id or alias.
    Named(String),
    /// By where its file is kept.
    Kept { repository: String, yaml_path: String },
}

impl Selector {
    /// Exactly one of `pipeline_id`, `alias`, or `repository` with `yaml_path`.
    pub(super) fn of(query: &Query) -> Result<Self, Fault> {
        let text = |name| query.text(name).map(ToOwned::to_owned);
        match (text("pipeline_id"), text("alias"), text("repository"), text("yaml_path")) {
            (Some(id), None, None, None) => Ok(Self::Named(id)),
            (None, Some(alias), None, None) => Ok(Self::Named(alias)),
            (None, None, Some(repository), Some(yaml_path)) => Ok(Self::Kept { repository, yaml_path }),
            _ => Err(Fault::bad(
                "name the pipeline by exactly one of `pipeline_id`, `alias`, or `repository` with `yaml_path`",
            )),
        }
    }
}

/// Whether a text can be the id or the alias of a pipeline; no other reaches a service.
pub(super) fn names_a_pipeline(named: &str) -> bool {
    let alias = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    named.parse::<PipelineId>().is_ok()
        || (!named.is_empty() && named.len() <= ALIAS_CHARS_MAX && named.chars().all(alias))
}

/// A version of a pipeline, with its row. 0 = the current one.
pub(super) async fn source(
    call: &Call,
    role: Role,
    named: &str,
    version: u32,
) -> Result<(Pipeline, GetPipelineSourceResponse), Fault> {
    let unknown = || Fault::unknown("Pipeline not found");
    if !names_a_pipeline(named) {
        return Err(unknown());
    }
    if version > 0 {
        // Whoever may not see the pipeline does not learn which versions it has.
        Box::pin(source(call, role, named, 0)).await?;
    }
    let at_least = call.edge.upstream.at_least();
    let request = GetPipelineSourceRequest { pipeline: named.to_owned(), version, at_least };
    let asked = call.edge.upstream.metadata().get_pipeline_source(call.ask(request)).await;
    let mut found = match asked {
        Ok(found) => found.into_inner(),
        // In the same words as what is there and not to be seen.
        Err(status) if status.code() == Code::NotFound && version == 0 => return Err(unknown()),
        Err(status) => return Err(status.into()),
    };
    let row = found.pipeline.take().filter(|row| !row.deleted).ok_or_else(unknown)?;
    permit(call, role, &row.id, unknown)?;
    Ok((row, found))
}

/// The row of a pipeline.
pub(super) async fn pipeline(call: &Call, role: Role, named: &str) -> Result<Pipeline, Fault> {
    source(call, role, named, 0).await.map(|(row, _)| row)
}

/// The pipeline that a selector names: its id.
pub(super) async fn selected(call: &Call, selector: &Selector) -> Result<String, Fault> {
    let (repository, yaml_path) = match selector {
        Selector::Named(named) => return Ok(named.clone()),
        Selector::Kept { repository, yaml_path } => (repository, yaml_path),
    };
    let kept = |row: &Pipeline| {
        row.storage.as_ref().is_some_and(|kept| {
            kept.yaml_path == *yaml_path && slug(&kept.repository).eq_ignore_ascii_case(slug(repository))
        })
    };
    let found = pipelines(call).await?.into_iter().find(|row| kept(row) && call.sees(&row.id));
    found.map(|row| row.id).ok_or_else(|| Fault::unknown("Pipeline not found"))
}

/// Every pipeline there is.
pub(super) async fn pipelines(call: &Call) -> Result<Vec<Pipeline>, Fault> {
    let (mut all, mut token) = (Vec::new(), String::new());
    let mut client = call.edge.upstream.metadata();
    while all.len() < limits::PIPELINES_MAX {
        let request =
            ListPipelinesRequest { at_least: call.edge.upstream.at_least(), page_size: 1000, page_token: token };
        let page = client.list_pipelines(call.ask(request)).await?.into_inner();
        all.extend(page.pipelines);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// A run, without its tasks.
pub(super) async fn run(call: &Call, role: Role, id: &str) -> Result<Run, Fault> {
    let unknown = || Fault::unknown("Pipeline run not found");
    let id = id.parse::<RunId>().map_err(|_| unknown())?;
    let request = ListRunsRequest {
        run_ids: vec![id.to_string()],
        page_size: 1,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_runs(call.ask(request)).await?.into_inner();
    let run = found.runs.into_iter().next().ok_or_else(unknown)?;
    permit(call, role, &run.pipeline_id, unknown)?;
    Ok(run)
}

/// A task run of a run.
pub(super) async fn task_run(call: &Call, role: Role, run_id: &str, id: &str) -> Result<(Run, TaskRun), Fault> {
    let unknown = || Fault::unknown("Task run not found");
    let run = run(call, role, run_id).await?;
    let id = uuid::Uuid::try_parse(id).map_err(|_| unknown())?.to_string();
    let request = ListTaskRunsRequest {
        task_run_ids: vec![id],
        run_id: run.id.clone(),
        page_size: 1,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_task_runs(call.ask(request)).await?.into_inner();
    let task = found.task_runs.into_iter().next().filter(|task| task.run_id == run.id).ok_or_else(unknown)?;
    Ok((run, task))
}

/// The run of a task run, whoever may see it.
pub(super) async fn run_of_task(call: &Call, task_run_id: &str) -> Result<String, Fault> {
    let request = ListTaskRunsRequest {
        task_run_ids: vec![task_run_id.to_owned()],
        page_size: 1,
        at_least: call.edge.upstream.at_least(),
        ..Default::default()
    };
    let found = call.edge.upstream.metadata().list_task_runs(call.ask(request)).await?.into_inner();
    let run = found.task_runs.into_iter().next().map(|task| task.run_id);
    run.ok_or_else(|| Fault::unknown("Pipeline run not found"))
}

/// What may not be seen is as unknown as what is not there, in the same words.
pub(super) fn permit(call: &Call, role: Role, pipeline_id: &str, unknown: impl FnOnce() -> Fault) -> Result<(), Fault> {
    match call.permit(role, pipeline_id) {
        Err(fault) if fault.status() == axum::http::StatusCode::NOT_FOUND => Err(unknown()),
        other => other,
    }
}

/// Values of a filter that have to be ids; others name nothing.
pub(super) fn ids(query: &Query, name: &str) -> Result<Vec<String>, Fault> {
    let given = query.list(name)?;
    let read = given.iter().map(|id| uuid::Uuid::try_parse(id).map(|id| id.to_string()));
    read.collect::<Result<_, _>>()
        .map_err(|_| Fault::invalid("query", name, "uuid_parsing", "expected ids, which are UUIDs"))
}

/// The pipelines of a list: those that were asked for, as far as the caller sees them. `None` = they see none of those.
pub(super) fn narrowed(call: &Call, asked: Vec<String>) -> Result<Option<Vec<String>>, Fault> {
    let Some(seen) = call.narrowed()? else { return Ok(Some(asked)) };
    let left: Vec<String> =
        if asked.is_empty() { seen } else { asked.into_iter().filter(|id| seen.contains(id)).collect() };
    if left.len() > limits::FILTER_VALUES_MAX {
        let said = format!("you see more than {} pipelines: name some in pipeline_ids", limits::FILTER_VALUES_MAX);
        return Err(Fault::bad(said));
    }
    Ok((!left.is_empty()).then_some(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_named_in_one_way() {
        let kept = Selector::Kept { repository: "a/b".to_owned(), yaml_path: "p.yml".to_owned() };
        for (query, expected) in [
            ("pipeline_id=x", Some(Selector::Named("x".to_owned()))),
            ("alias=y&pipeline_id=", Some(Selector::Named("y".to_owned()))),
            ("repository=a/b&yaml_path=p.yml", Some(kept)),
            ("", None),
            ("repository=a/b", None),
            ("alias=y&pipeline_id=x", None),
            ("alias=y&repository=a/b&yaml_path=p.yml", None),
        ] {
            assert_eq!(Selector::of(&Query::read(Some(query)).unwrap()).ok(), expected, "{query}");
        }
    }

    #[test]
    fn only_what_can_be_a_name_reaches_a_service() {
        for (named, expected) in [
            ("orders_eu", true),
            ("0b5c6c8e-8c2f-4c3e-9a55-0a8d7d3b1f10", true),
            ("", false),
            ("../etc", false),
            ("a b", false),
            ("a-b", false),
            ("ü", false),
        ] {
            assert_eq!(names_a_pipeline(named), expected, "{named}");
        }
        assert!(!names_a_pipeline(&"a".repeat(256)));
    }
}
