//! `downbeat run show`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{GetRunRequest, ListRunsRequest, Run, TaskRun};

use crate::{
    cli::{RunShow, Servers},
    client,
    error::Error,
    render::{run_header, task_table},
};

pub(super) async fn run(show: &RunShow) -> Result<ExitCode, Error> {
    let (run, tasks) = fetch(&show.run, &show.servers).await?;
    println!("{}", run_header(&run));
    println!("{}", task_table(&tasks, None));
    Ok(ExitCode::SUCCESS)
}

/// The run with this id or beginning of one, or the last one that was started, with its tasks.
pub(super) async fn fetch(run: &str, servers: &Servers) -> Result<(Run, Vec<TaskRun>), Error> {
    let mut metadata = client::metadata(servers).await?;
    let run_id = if run == "last" {
        let newest = ListRunsRequest { page_size: 1, ..ListRunsRequest::default() };
        let runs = metadata.list_runs(newest).await.map_err(client::refused)?.into_inner().runs;
        runs.into_iter().next().ok_or_else(|| Error::Refused("there are no runs yet".to_owned()))?.id
    } else {
        run.to_owned()
    };
    let request = GetRunRequest { run_id, at_least: None };
    let answer = metadata.get_run(request).await.map_err(client::refused)?.into_inner();
    let found = answer.run.ok_or_else(|| Error::Refused(format!("there is no run `{run}`")))?;
    Ok((found, answer.task_runs))
}
