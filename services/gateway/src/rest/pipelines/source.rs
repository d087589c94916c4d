//! The text of a pipeline, as somebody writes it: checked, and kept to the letter, with its comments and its layout.

use axum::{http::StatusCode, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::control::v1::ApplyPipelineRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::Code;

use super::{
    super::sought,
    judged::{Found, Judged, Verdict},
    write::{alias_of_name, yes},
};
use crate::http::{Call, Fault, Json, Violation, json};

/// A text to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// The definition.
    yaml: String,
}

/// A text that is to be kept.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Keep {
    /// The definition. It is kept as it is.
    yaml: String,
    /// Which pipeline, by its alias or its id; absent = by the alias that is made of the name. Where there is none, it is made.
    #[serde(default)]
    alias: Option<String>,
    /// False: a draft.
    #[serde(default = "yes")]
    published: bool,
    /// The newest version when it was opened, drafts among them; 0 = there was none. Where it is another one by now, 409. Absent = whatever
    /// there is.
    #[serde(default)]
    base_version: Option<u32>,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pipeline_id: String,
    alias: String,
    /// That has this text: a new one, or the one that had it before.
    version: u32,
    draft: bool,
    /// False: this very text was there already.
    changed: bool,
    /// What works and could be better.
    warnings: Vec<String>,
}

/// Why it was not kept: as all routes say it, and with the places in the text.
#[derive(Debug, Serialize)]
struct Refused {
    detail: Vec<Violation>,
    diagnostics: Vec<Found>,
}

pub(super) async fn check(call: Call) -> Result<Response, Fault> {
    let body: Text = Json::read(&call.body)?;
    let verdict = Verdict::of(&body.yaml).await?;
    json(200, &Judged { diagnostics: verdict.diagnostics })
}

/// A text that cannot be kept, and why.
pub(super) fn refused(verdict: Verdict) -> Result<Response, Fault> {
    let detail = verdict.violations();
    json(422, &Refused { detail, diagnostics: verdict.diagnostics })
}

pub(super) async fn keep(call: Call) -> Result<Response, Fault> {
    let body: Keep = Json::read(&call.body)?;
    let verdict = Verdict::of(&body.yaml).await?;
    if verdict.is_refused() {
        return refused(verdict);
    }
    let named = match body.alias.filter(|alias| !alias.is_empty()) {
        Some(alias) => alias,
        None => alias_of_name(&verdict.name.unwrap_or_default())?,
    };
    let (alias, source_root) = match sought::pipeline(&call, Role::Editor, &named).await {
        Ok(row) => (row.alias, row.source_root),
        // What is not there yet has no labels.
        Err(fault) if fault.status() == StatusCode::NOT_FOUND => {
            call.permit_all(Role::Editor)?;
            (named, String::new())
        }
        Err(fault) => return Err(fault),
    };
    let request = ApplyPipelineRequest {
        alias: alias.clone(),
        source: body.yaml,
        file_name: "yaml".to_owned(),
        source_root,
        draft: !body.published,
        base_version: body.base_version,
        ..Default::default()
    };
    let applied = call.edge.upstream.control().apply_pipeline(call.ask(request)).await.map_err(|status| {
        if status.code() == Code::Aborted {
            return Fault::Text(StatusCode::CONFLICT, status.message().to_owned());
        }
        Fault::from(status)
    })?;
    let applied = applied.into_inner();
    call.edge.upstream.wrote(applied.position);
    let kept = Kept {
        pipeline_id: applied.pipeline_id,
        alias,
        version: applied.version,
        draft: !body.published,
        changed: applied.changed,
        warnings: applied.warnings,
    };
    json(200, &kept)
}
