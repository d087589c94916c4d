//! `downbeat plan`: what `downbeat apply` would change.

use std::process::ExitCode;

use downbeat_dialect::{
    Pipeline, PipelineAdditions,
    diff::{ChangeKind, diff, render},
};
use downbeat_proto::metadata::v1::{GetPipelineSourceRequest, GetPipelineSourceResponse};
use serde_json::json;
use tonic::Code;

use crate::{
    cli::{DiffFormat, Plan},
    client,
    error::Error,
};

pub(super) async fn run(plan: &Plan) -> Result<ExitCode, Error> {
    let Some(new) = super::diff::pipeline_of(&plan.file)? else { return Ok(ExitCode::from(2)) };
    let alias = plan.alias.clone().unwrap_or_else(|| super::apply::alias_of(&plan.file));
    let Some(deployed) = deployed(plan, &alias).await? else { return created(plan, &alias, &new) };
    // What was accepted when it was applied may be refused by the rules of today.
    let Some(old) = downbeat_dialect::parse(&deployed.source).pipeline else {
        let version = deployed.version;
        return Err(Error::Usage(format!(
            "version {version} of pipeline `{alias}` is refused by this version of downbeat, so it cannot be compared; \
             apply the file to replace it"
        )));
    };
    let changes = diff(&old, &new);
    let triggers = changes.iter().filter(|change| change.kind.is_about_triggers()).count();
    let version = deployed.version;
    match plan.format {
        DiffFormat::Json => {
            let action = if changes.is_empty() { "none" } else { "change" };
            let changes = super::diff::json_changes(&changes)?;
            let answer = json!({"pipeline": alias, "action": action, "deployed_version": version, "changes": changes});
            println!("{}", super::diff::json(&answer)?);
        }
        DiffFormat::Text if changes.is_empty() => println!("no change: pipeline `{alias}` version {version}"),
        DiffFormat::Text => {
            println!("would change: pipeline `{alias}` version {version}");
            println!("{}", render(&changes));
            match triggers {
                0 => println!("triggers: no change"),
                1 => println!("triggers: 1 change"),
                several => println!("triggers: {several} changes"),
            }
        }
    }
    Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The current version that the server has; none if there is no such pipeline, or drafts of it only.
async fn deployed(plan: &Plan, alias: &str) -> Result<Option<GetPipelineSourceResponse>, Error> {
    let request = GetPipelineSourceRequest { pipeline: alias.to_owned(), version: 0, at_least: None };
    match client::metadata(&plan.servers).await?.get_pipeline_source(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let has_drafts_only = answer.pipeline.as_ref().is_some_and(|pipeline| pipeline.version == 0);
            Ok((!has_drafts_only).then_some(answer))
        }
        Err(status) if status.code() == Code::NotFound => Ok(None),
        // Status 1 would say that something changes.
        Err(status) => Err(Error::Usage(client::refused(status).to_string())),
    }
}

fn created(plan: &Plan, alias: &str, new: &Pipeline) -> Result<ExitCode, Error> {
    let additions = PipelineAdditions { schedules: Vec::new(), ..new.additions.clone() };
    let nothing = Pipeline {
        schedules: Vec::new(),
        additions,
        sensors: Default::default(),
        trigger_events: Vec::new(),
        webhook: Default::default(),
        ..new.clone()
    };
    let triggers = diff(&nothing, new);
    match plan.format {
        DiffFormat::Json => {
            let changes = super::diff::json_changes(&triggers)?;
            let answer = json!({"pipeline": alias, "action": "create", "deployed_version": null, "changes": changes});
            println!("{}", super::diff::json(&answer)?);
        }
        DiffFormat::Text => {
            println!("would create: pipeline `{alias}` ({} entries)", new.entries.len());
            let added: Vec<_> = triggers.into_iter().filter(|change| change.kind == ChangeKind::TriggerAdded).collect();
            if !added.is_empty() {
                println!("{}", render(&added));
            }
        }
    }
    Ok(ExitCode::FAILURE)
}
