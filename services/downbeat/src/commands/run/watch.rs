//! Watches a run to its end: a live table on a terminal, else a line per change.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use downbeat_proto::metadata::v1::{Position, Run, TaskRun, WatchRunRequest};

use crate::{
    cli::Servers,
    client,
    error::Error,
    render::{lines::Lines, live::Live},
};

/// Between two drawings of the live table when nothing happens.
const REDRAW: Duration = Duration::from_millis(200);

/// Something that shows a run while it goes.
pub trait View {
    /// The run, and the task runs that changed.
    fn change(&mut self, run: &Run, changed: &[TaskRun]);
    /// Time has passed.
    fn tick(&mut self);
    /// There is nothing more to show.
    fn end(&mut self);
}

/// After a run was started: prints its id, or watches it. One that was skipped is no failure.
pub(super) async fn started(
    run_id: &str,
    position: Option<Position>,
    wait: bool,
    servers: &Servers,
) -> Result<ExitCode, Error> {
    if !wait {
        println!("{run_id}");
        return Ok(ExitCode::SUCCESS);
    }
    let run = watch(run_id, position, servers).await?;
    let well = matches!(run.status.as_str(), "SUCCEEDED" | "WARNING" | "SKIPPED");
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn watch(run_id: &str, position: Option<Position>, servers: &Servers) -> Result<Run, Error> {
    let mut view: Box<dyn View> =
        if std::io::stdout().is_terminal() { Box::new(Live::default()) } else { Box::new(Lines::default()) };
    let mut metadata = client::metadata(servers).await?;
    let request = WatchRunRequest { run_id: run_id.to_owned(), at_least: position };
    let mut changes = metadata.watch_run(request).await.map_err(client::refused)?.into_inner();
    let mut last = None;
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        let change = tokio::select! {
            change = changes.message() => change.map_err(client::refused)?,
            _ = redraw.tick() => {
                view.tick();
                continue;
            }
        };
        let Some(change) = change else { break };
        if let Some(run) = change.run {
            view.change(&run, &change.task_runs);
            last = Some(run);
        }
    }
    view.end();
    last.ok_or_else(|| Error::Refused(format!("the server ended the watch of run {run_id} without a word")))
}
