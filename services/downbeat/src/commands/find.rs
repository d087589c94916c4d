//! From what people type to what servers know: runs by the beginning of their id, tasks with their iteration.

use downbeat_domain::{PipelineId, RunId};
use downbeat_proto::metadata::v1::{GetPipelineSourceRequest, GetRunRequest, ListRunsRequest, Run, TaskRun};

use crate::{cli::Servers, client, error::Error};

/// The newest run.
const LAST: &str = "last";

/// The run with this id or beginning of one, or the last one that was started, with its tasks.
pub(super) async fn run(written: &str, servers: &Servers) -> Result<(Run, Vec<TaskRun>), Error> {
    run_at(GetRunRequest { run_id: written.to_owned(), ..GetRunRequest::default() }, servers).await
}

/// The same as it was at some time; `run_id` of the request is what was typed.
pub(super) async fn run_at(request: GetRunRequest, servers: &Servers) -> Result<(Run, Vec<TaskRun>), Error> {
    let mut metadata = client::metadata(servers).await?;
    let written = request.run_id.clone();
    let run_id = if written == LAST {
        let newest = ListRunsRequest { page_size: 1, ..ListRunsRequest::default() };
        let runs = metadata.list_runs(newest).await.map_err(client::refused)?.into_inner().runs;
        let newest = runs.into_iter().next();
        newest
            .ok_or_else(|| Error::Refused("there are no runs yet; start one with `downbeat run PIPELINE`".to_owned()))?
            .id
    } else {
        written.clone()
    };
    let request = GetRunRequest { run_id, ..request };
    let answer = metadata.get_run(request).await.map_err(client::refused)?.into_inner();
    let found = answer.run.ok_or_else(|| Error::Refused(format!("there is no run `{written}`")))?;
    Ok((found, answer.task_runs))
}

/// The whole id of a run. One that is whole already is taken as it is, so that what was started a moment ago is found, too.
pub(super) async fn run_id(written: &str, servers: &Servers) -> Result<String, Error> {
    match written.parse::<RunId>() {
        Ok(id) => Ok(id.to_string()),
        Err(_) => Ok(run(written, servers).await?.0.id),
    }
}

/// Ids of pipelines. One that is an id already is taken as it is; an alias that nobody has is refused.
pub(super) async fn pipelines(written: &[String], servers: &Servers) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for name in written {
        if let Ok(id) = name.parse::<PipelineId>() {
            ids.push(id.to_string());
            continue;
        }
        let request = GetPipelineSourceRequest { pipeline: name.clone(), ..GetPipelineSourceRequest::default() };
        let mut metadata = client::metadata(servers).await?;
        let answer = metadata.get_pipeline_source(request).await.map_err(client::refused)?.into_inner();
        ids.extend(answer.pipeline.map(|pipeline| pipeline.id));
    }
    Ok(ids)
}

/// Ids of a run and of what is to be asked for as its task: `load[eu]` becomes the id of that task run, all else stays.
pub(super) async fn task(run: &str, task: &str, servers: &Servers) -> Result<(String, String), Error> {
    if !task.ends_with(']') {
        return Ok((run_id(run, servers).await?, task.to_owned()));
    }
    let (run, tasks) = self::run(run, servers).await?;
    Ok((run.id, named(&tasks, task)))
}

/// The id of the task run that a task with an iteration names, by the iteration's name; else what was written.
pub(super) fn named(tasks: &[TaskRun], written: &str) -> String {
    let parts = written.strip_suffix(']').and_then(|rest| rest.split_once('['));
    let found = parts.and_then(|(id, iteration)| {
        tasks.iter().find(|task| {
            !task.matrix_parent_id.is_empty() && task.task_id.eq_ignore_ascii_case(id) && task.iteration == iteration
        })
    });
    found.map_or_else(|| written.to_owned(), |task| task.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_found_by_their_name_and_all_else_is_left_to_the_server() {
        let iteration = |id: &str, name: &str| TaskRun {
            id: id.to_owned(),
            task_id: "load".to_owned(),
            iteration: name.to_owned(),
            matrix_parent_id: "p".to_owned(),
            ..TaskRun::default()
        };
        let tasks = [iteration("1", "eu"), iteration("2", "us")];
        for (written, expected) in
            [("load[us]", "2"), ("LOAD[eu]", "1"), ("load[0]", "load[0]"), ("load", "load"), ("x[eu]", "x[eu]")]
        {
            assert_eq!(named(&tasks, written), expected);
        }
    }
}
