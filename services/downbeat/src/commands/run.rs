//! `downbeat run`: starts a run and, with `--wait`, watches it to its end.

use std::{io::IsTerminal, path::Path, process::ExitCode};

use downbeat_proto::{
    control::v1::{StartRunRequest, StartRunResponse},
    metadata::v1::{Position, Run, TaskRun, WatchRunRequest},
};
use serde_json::{Map, Value};

use crate::{
    cli::{RunCommand, Servers},
    client,
    commands::apply,
    error::Error,
    render::{lines::Lines, live::Live},
};

pub(super) async fn run(command: &RunCommand) -> Result<ExitCode, Error> {
    let given = command.pipeline.as_deref().unwrap_or_default();
    let pipeline = if Path::new(given).is_file() {
        let (alias, applied) = apply::apply_file(Path::new(given), None, None, &command.servers).await?;
        eprintln!("pipeline `{alias}` version {}", applied.version);
        alias
    } else {
        given.to_owned()
    };
    let request = StartRunRequest {
        pipeline,
        inputs: pairs(&command.inputs, "--input")?,
        environment_variables: pairs(&command.env, "--env")?,
        idempotency_key: command.key.clone().unwrap_or_default(),
    };
    let mut control = client::control(&command.servers).await?;
    let started = control.start_run(request).await.map_err(client::refused)?.into_inner();
    let StartRunResponse { run_id, existed, position } = started;
    if existed {
        eprintln!("run {run_id} was started before with this key");
    }
    if !command.wait {
        println!("{run_id}");
        return Ok(ExitCode::SUCCESS);
    }
    let run = watch(&run_id, position, &command.servers).await?;
    Ok(if matches!(run.status.as_str(), "SUCCEEDED" | "WARNING") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows the run as it goes: a live table on a terminal, else a line per change.
async fn watch(run_id: &str, position: Option<Position>, servers: &Servers) -> Result<Run, Error> {
    let mut view: Box<dyn View> =
        if std::io::stdout().is_terminal() { Box::new(Live::default()) } else { Box::new(Lines::default()) };
    let mut metadata = client::metadata(servers).await?;
    let request = WatchRunRequest { run_id: run_id.to_owned(), at_least: position };
    let mut changes = metadata.watch_run(request).await.map_err(client::refused)?.into_inner();
    let mut last = None;
    let mut redraw = tokio::time::interval(std::time::Duration::from_millis(200));
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

/// Something that shows a run while it goes.
pub trait View {
    /// The run, and the task runs that changed.
    fn change(&mut self, run: &Run, changed: &[TaskRun]);
    /// Time has passed.
    fn tick(&mut self);
    /// There is nothing more to show.
    fn end(&mut self);
}

/// NAME=VALUE pairs as a JSON object; values stay text, the server converts them to declared types.
fn pairs(given: &[String], flag: &str) -> Result<String, Error> {
    let mut object = Map::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::Usage(format!("{flag} `{pair}`: write NAME=VALUE")));
        };
        object.insert(name.to_owned(), Value::String(value.to_owned()));
    }
    Ok(if object.is_empty() { String::new() } else { Value::Object(object).to_string() })
}
