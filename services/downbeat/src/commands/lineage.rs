//! `downbeat lineage`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{DiffRunsRequest, GetRunLineageRequest};

use crate::{
    cli::Lineage,
    client,
    commands::find,
    error::Error,
    render::{self, difference, lineage},
};

pub(super) async fn run(command: &Lineage) -> Result<ExitCode, Error> {
    let run = find::run(&command.run, &command.servers).await?.0;
    if let Some(against) = &command.against {
        let before = find::run(against, &command.servers).await?.0;
        let request = DiffRunsRequest { before_run_id: before.id, after_run_id: run.id, at_least: None };
        let mut lineage = client::lineage(&command.servers).await?;
        let answer = lineage.diff_runs(request).await.map_err(client::refused)?.into_inner();
        render::print(&format!("{}\n", difference::lines(&answer).join("\n")))?;
        return Ok(ExitCode::SUCCESS);
    }
    let request = GetRunLineageRequest { run_id: run.id.clone(), at_least: None };
    let mut metadata = client::metadata(&command.servers).await?;
    let answer = metadata.get_run_lineage(request).await.map_err(client::refused)?.into_inner();
    if answer.assets.is_empty() {
        eprintln!("run {} reported no assets", run.id);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", lineage::tree(&answer.assets, &answer.edges));
    println!();
    println!("{}", lineage::summary(&answer.assets, &answer.edges));
    Ok(ExitCode::SUCCESS)
}
