//! What an asset came of, what came of it, what breaks with it, and how one came of another.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{FindLineagePathRequest, GetImpactRequest, GetLineageRequest, LineageDirection};

use crate::{
    cli::{AssetImpact, AssetLineage, AssetPath},
    client,
    error::Error,
    render::{self, graph, moment},
};

pub(super) async fn around(command: &AssetLineage) -> Result<ExitCode, Error> {
    let at_time = match &command.at {
        None => 0,
        Some(written) => moment(written).filter(|at| *at > 0).ok_or_else(|| {
            Error::Usage(format!(
                "--at `{written}`: give a time like 2026-03-01T12:00:00Z or (local) \"2026-03-01 12:00:00\""
            ))
        })?,
    };
    let direction = match (command.up, command.down) {
        (true, _) => LineageDirection::Upstream,
        (_, true) => LineageDirection::Downstream,
        _ => LineageDirection::Both,
    };
    let request = GetLineageRequest {
        asset: command.asset.clone(),
        direction: direction.into(),
        depth: command.depth,
        column: command.column.clone().unwrap_or_default(),
        at_time,
        at_least: None,
    };
    let mut lineage = client::lineage(&command.servers).await?;
    let answer = lineage.get_lineage(request).await.map_err(client::refused)?.into_inner();
    render::print(&format!("{}\n", graph::around(&answer, direction).join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn impact(command: &AssetImpact) -> Result<ExitCode, Error> {
    let request = GetImpactRequest {
        asset: command.asset.clone(),
        column: command.column.clone().unwrap_or_default(),
        ..GetImpactRequest::default()
    };
    let mut lineage = client::lineage(&command.servers).await?;
    let answer = lineage.get_impact(request).await.map_err(client::refused)?.into_inner();
    let lines = graph::impact(&answer, command.column.as_deref());
    render::print(&format!("{}\n", lines.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn path(command: &AssetPath) -> Result<ExitCode, Error> {
    let request = FindLineagePathRequest {
        from: command.from.clone(),
        to: command.to.clone(),
        ..FindLineagePathRequest::default()
    };
    let mut lineage = client::lineage(&command.servers).await?;
    let answer = lineage.find_lineage_path(request).await.map_err(client::refused)?.into_inner();
    if answer.edges.is_empty() {
        eprintln!("neither came of the other, as far as anybody said");
        return Ok(ExitCode::FAILURE);
    }
    render::print(&format!("{}\n", graph::path(&answer).join("\n")))?;
    Ok(ExitCode::SUCCESS)
}
