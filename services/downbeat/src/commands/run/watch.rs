//! Watches a run to its end: a live table on a terminal, else a line per change.

use std::{
    io::IsTerminal,
    process::ExitCode,
    time::{Duration, Instant},
};

use downbeat_proto::metadata::v1::{Position, Run, TaskRun, WatchRunRequest};
use tonic::{Code, Status};

use crate::{
    cli::Servers,
    client,
    error::Error,
    render::{lines::Lines, live::Live},
};

/// Between two drawings of the live table when nothing happens.
const REDRAW: Duration = Duration::from_millis(200);
/// A server that is away for longer is given up.
const AWAY_AT_MOST: Duration = Duration::from_secs(60);
/// Between two tries to follow on.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

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

/// Follows the run to its end. A server that is away for a while is waited for: the run goes on without anybody who looks.
async fn watch(run_id: &str, position: Option<Position>, servers: &Servers) -> Result<Run, Error> {
    let mut view: Box<dyn View> =
        if std::io::stdout().is_terminal() { Box::new(Live::default()) } else { Box::new(Lines::default()) };
    let mut last = None;
    let mut heard = Instant::now();
    loop {
        let why = match follow(run_id, position.clone(), servers, &mut *view, &mut last, &mut heard).await {
            Ok(()) if last.as_ref().is_some_and(|run| run.completed_at != 0) => break,
            Ok(()) => Error::Refused(format!("the server ended the watch of run {run_id} before the run ended")),
            Err(Cut::Away(error)) => error,
            Err(Cut::Refused(error)) => return Err(error),
        };
        if heard.elapsed() > AWAY_AT_MOST {
            return Err(why);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
        view.tick();
    }
    view.end();
    last.ok_or_else(|| Error::Refused(format!("the server ended the watch of run {run_id} without a word")))
}

/// Why a watch ended before the run.
enum Cut {
    /// Nobody answers, or not yet: it is worth another try.
    Away(Error),
    /// It will be no better next time.
    Refused(Error),
}

impl From<Status> for Cut {
    fn from(status: Status) -> Self {
        // A connection that breaks is `Unknown` or `Internal` by the library, one that is not made `Unavailable`; projections that are behind a
        // start for too long are `DeadlineExceeded`.
        let away = matches!(
            status.code(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Unknown | Code::Internal | Code::Cancelled
        );
        let error = client::refused(status);
        if away { Self::Away(error) } else { Self::Refused(error) }
    }
}

/// One watch, until the server ends it.
async fn follow(
    run_id: &str,
    at_least: Option<Position>,
    servers: &Servers,
    view: &mut dyn View,
    last: &mut Option<Run>,
    heard: &mut Instant,
) -> Result<(), Cut> {
    let mut metadata = client::metadata(servers).await.map_err(|error| match error {
        // Who was never reached is not waited for: most likely it is somewhere else.
        error @ Error::Unreachable { .. } if last.is_some() => Cut::Away(error),
        error => Cut::Refused(error),
    })?;
    let request = WatchRunRequest { run_id: run_id.to_owned(), at_least };
    let mut changes = metadata.watch_run(request).await?.into_inner();
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        let change = tokio::select! {
            change = changes.message() => change?,
            _ = redraw.tick() => {
                *heard = Instant::now();
                view.tick();
                continue;
            }
        };
        let Some(change) = change else { return Ok(()) };
        if let Some(run) = change.run {
            view.change(&run, &change.task_runs);
            *last = Some(run);
        }
    }
}
