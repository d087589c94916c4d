//! `downbeat broken`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{BrokenGroup, GetBrokenRequest, GetBrokenResponse};
use serde_json::{Value, json};

use super::statement::{position, statement, statements};
use crate::{
    cli::Broken,
    client,
    error::Error,
    render::{broken_lines, print},
};

pub(super) async fn run(broken: &Broken) -> Result<ExitCode, Error> {
    let request = GetBrokenRequest { limit: broken.limit, at_least: None };
    let mut service = client::answers(&broken.servers).await?;
    let answer = service.get_broken(request).await.map_err(client::refused)?.into_inner();
    let text = match broken.json {
        true => format!("{:#}\n", as_json(&answer)),
        false => broken_lines(&answer),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(answer: &GetBrokenResponse) -> Value {
    let group = |group: &BrokenGroup| {
        let reach = group.reach.clone().unwrap_or_default();
        json!({
            "kind": group.kind, "class": group.class, "what": statement(group.what.as_ref()), "remedy": group.remedy,
            "commands": group.commands, "since": group.since, "history": statement(group.history.as_ref()),
            "failures": group.failures, "explains": statements(&group.explains),
            "more_explained": group.more_explained, "changes": statements(&group.changes), "run_id": group.run_id,
            "pipeline": group.pipeline_alias, "task": group.task,
            "reach": {
                "sum": reach.sum, "skipped_tasks": reach.skipped_tasks, "skipped": reach.skipped,
                "asset_count": reach.asset_count, "assets": reach.assets, "exposures": reach.exposures,
                "owners": reach.owners, "consumers": reach.consumers, "followers": reach.followers,
                "truncated": reach.truncated,
            },
        })
    };
    json!({
        "now": answer.now,
        "groups": answer.groups.iter().map(group).collect::<Vec<_>>(), "more_groups": answer.more_groups,
        "failing_pipelines": answer.failing_pipelines,
        "position": position(answer.position.as_ref()),
    })
}
