//! Pipelines are made, changed, paused and deleted.

use axum::response::Response;
use downbeat_dialect::Value;
use downbeat_domain::{access::Role, alias};
use downbeat_proto::{
    control::v1::{
        ApplyPipelineRequest, DeletePipelineRequest, PausePipelineRequest, ResumePipelineRequest,
        SetPipelineStorageRequest,
    },
    events::v1::PipelineStorage,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::sought::{self, Selector},
    check, git, read,
};
use crate::http::{Call, Fault, Json, Violation, json, no_content};

/// A new pipeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    /// The definition: the YAML as a tree.
    data: Value,
    /// False: a draft.
    #[serde(default = "yes")]
    published: bool,
    /// ORCHESTRA (default): Downbeat keeps the definition. Others name where the file is kept.
    #[serde(default)]
    storage_provider: Option<String>,
    /// At most 255 of A-Z a-z 0-9 _; absent = made of the name.
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    repository: Option<String>,
    #[serde(default)]
    working_branch: Option<String>,
    #[serde(default)]
    yaml_path: Option<String>,
}

/// A new version of a pipeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    /// The definition: the YAML as a tree.
    data: Value,
    /// False: a draft.
    #[serde(default = "yes")]
    published: bool,
    /// Which pipeline, where the path does not say it: this, or its id.
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    pipeline_id: Option<String>,
}

/// Where the file of a pipeline is kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Storage {
    /// Of the file in the repository.
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    yaml_path: Option<String>,
    #[serde(default)]
    repository: String,
    storage_provider: String,
    #[serde(default)]
    default_branch: String,
    #[serde(default)]
    working_branch: Option<String>,
    /// True: what stands there becomes the current version at once.
    #[serde(default)]
    sync: bool,
}

pub(super) fn yes() -> bool {
    true
}

pub(super) async fn create(call: Call) -> Result<Response, Fault> {
    let body: Create = Json::read(&call.body)?;
    // What is not there yet has no labels.
    call.permit_all(Role::Editor)?;
    let (source, _) = read_definition(body.data).await?;
    let alias = match body.alias.filter(|alias| !alias.is_empty()) {
        Some(alias) => alias,
        None => alias_of(&source)?,
    };
    let storage = body.storage_provider.filter(|provider| provider != "ORCHESTRA").map(|provider| PipelineStorage {
        provider,
        repository: body.repository.unwrap_or_default(),
        default_branch: body.default_branch.unwrap_or_default(),
        working_branch: body.working_branch.unwrap_or_default(),
        yaml_path: body.yaml_path.unwrap_or_default(),
    });
    let request = ApplyPipelineRequest {
        alias,
        source,
        file_name: "data".to_owned(),
        draft: !body.published,
        create: true,
        storage,
        ..Default::default()
    };
    apply(&call, request, 201).await
}

pub(super) async fn update(call: Call) -> Result<Response, Fault> {
    let body: Update = Json::read(&call.body)?;
    let in_path = Some(call.param("alias")).filter(|alias| !alias.is_empty()).map(ToOwned::to_owned);
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let named = match (in_path, given(body.alias), given(body.pipeline_id)) {
        (Some(named), None, None) | (None, Some(named), None) | (None, None, Some(named)) => named,
        (Some(path), Some(alias), None) if path == alias => path,
        _ => return Err(Fault::bad("name the pipeline by exactly one of `alias` and `pipelineId`")),
    };
    let pipeline = sought::pipeline(&call, Role::Editor, &named).await?;
    let (source, _) = read_definition(body.data).await?;
    let request = ApplyPipelineRequest {
        alias: pipeline.alias,
        source,
        file_name: "data".to_owned(),
        source_root: pipeline.source_root,
        draft: !body.published,
        ..Default::default()
    };
    apply(&call, request, 200).await
}

async fn apply(call: &Call, request: ApplyPipelineRequest, status: u16) -> Result<Response, Fault> {
    let applied = call.edge.upstream.control().apply_pipeline(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(applied.position);
    json(status, &read::changed(call, &applied.pipeline_id, applied.version).await?)
}

/// The text of a definition.
async fn read_definition(data: Value) -> Result<(String, Vec<String>), Fault> {
    let read = tokio::task::spawn_blocking(move || check::verdict(&data)).await;
    read.map_err(|_| Fault::bad("the pipeline cannot be read"))?.map_err(|fault| match fault {
        // Where the definition stands in the body.
        Fault::Violations(found) => {
            let inside = |violation: Violation| {
                let loc = ["body".into(), "data".into()].into_iter().chain(violation.loc.clone()).collect();
                Violation { loc, ..violation }
            };
            Fault::Violations(found.into_iter().map(inside).collect())
        }
        other => other,
    })
}

/// The alias that the official client makes of a file's name, made of the pipeline's.
fn alias_of(source: &str) -> Result<String, Fault> {
    alias_of_name(&downbeat_dialect::parse(source).pipeline.map(|pipeline| pipeline.name).unwrap_or_default())
}

/// The same of the name itself.
pub(super) fn alias_of_name(name: &str) -> Result<String, Fault> {
    let none = || Fault::bad("the name has no letter that an alias could be made of: give an `alias`");
    alias::of_name(name).ok_or_else(none)
}

pub(super) async fn delete(call: Call) -> Result<Response, Fault> {
    let named = sought::selected(&call, &Selector::of(&call.query)?).await?;
    let pipeline = sought::pipeline(&call, Role::Editor, &named).await?.id;
    let request = DeletePipelineRequest { pipeline, ..Default::default() };
    let answer = call.edge.upstream.control().delete_pipeline(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

pub(super) async fn keep(call: Call) -> Result<Response, Fault> {
    let body: Storage = Json::read(&call.body)?;
    let named = sought::selected(&call, &Selector::of(&call.query)?).await?;
    let pipeline = sought::pipeline(&call, Role::Editor, &named).await?.id;
    if body.storage_provider != "ORCHESTRA" {
        // Whoever says where a file is lets others read what stands there.
        call.permit_all(Role::Editor)?;
    }
    let storage = PipelineStorage {
        provider: body.storage_provider,
        repository: body.repository,
        default_branch: body.default_branch,
        working_branch: body.working_branch.unwrap_or_default(),
        yaml_path: body.path.or(body.yaml_path).unwrap_or_default(),
    };
    let request =
        SetPipelineStorageRequest { pipeline: pipeline.clone(), storage: Some(storage), ..Default::default() };
    let answer = call.edge.upstream.pipelines().set_pipeline_storage(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    if body.sync {
        git::sync(&call, &pipeline).await?;
    }
    json(200, &read::changed(&call, &pipeline, 0).await?)
}

pub(super) async fn pause(call: Call) -> Result<Response, Fault> {
    let pipeline = sought::pipeline(&call, Role::Operator, call.param("id")).await?.id;
    let request = PausePipelineRequest { pipeline, ..Default::default() };
    let answer = call.edge.upstream.control().pause_pipeline(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

pub(super) async fn resume(call: Call) -> Result<Response, Fault> {
    let pipeline = sought::pipeline(&call, Role::Operator, call.param("id")).await?.id;
    let request = ResumePipelineRequest { pipeline, ..Default::default() };
    let answer = call.edge.upstream.control().resume_pipeline(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    Ok(no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_made_of_the_name() {
        for (name, expected) in [
            ("Daily Orders (EU)", Some("daily_orders_eu")),
            ("a__b", Some("a_b")),
            ("Übung", Some("bung")),
            ("***", None),
        ] {
            let source = format!(
                "version: v1\nname: '{name}'\npipeline:\n  t:\n    integration: ORCHESTRA\n    integration_job: WAIT\n    parameters: {{wait_minutes: 1}}\n"
            );
            assert_eq!(alias_of(&source).ok().as_deref(), expected, "{name}");
        }
    }
}
