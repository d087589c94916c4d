//! One attempt from offer to end: opens its log and its folder, calls the connector, and leaves nothing behind, come what may.

use std::sync::Arc;

use downbeat_proto::worker::v1::Offer;
use downbeat_runtime::blob::{BlobKey, BlobStore};
use serde_json::{Map, Value};
use tracing::{debug, error, info};
use uuid::Uuid;

use crate::attempt::{AttemptId, Ended, Ending, Failure};
use crate::connectors::{Registry, Task};
use crate::home::Home;
use crate::outputs::{self, Owner};
use crate::process::{book::Page, log::TaskLog};
use crate::stop::StopSignal;

#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) home: Home,
    pub(crate) blobs: BlobStore,
    pub(crate) registry: Registry,
}

impl Runner {
    /// Runs an attempt. When this returns, no process and no file of it but its log is left.
    pub(crate) async fn run(&self, attempt: AttemptId, offer: Offer, stop: StopSignal) -> Ended {
        let name = format!("{}/{}", offer.pipeline_name, offer.task_id);
        info!(task = %name, task_run = %offer.task_run_id, attempt = attempt.number, "started");
        let ended = match self.prepare(attempt, offer, stop).await {
            Ok(task) => self.carry_out(attempt, task).await,
            Err(failure) => failure.into(),
        };
        match &ended.ending {
            Ending::Succeeded { .. } => info!(task = %name, attempt = attempt.number, "succeeded"),
            Ending::Failed(failure) => {
                info!(task = %name, attempt = attempt.number, class = ?failure.class, "failed: {}", failure.message);
            }
            Ending::Stopped => info!(task = %name, attempt = attempt.number, "stopped"),
        }
        ended
    }

    async fn prepare(&self, attempt: AttemptId, offer: Offer, stop: StopSignal) -> Result<Task, Failure> {
        let run_id = Uuid::from_bytes(attempt.run);
        let task_run_id = Uuid::parse_str(&offer.task_run_id).map_err(|error| {
            Failure::misconfigured(format!("the task run's id {:?} is no UUID: {error}", offer.task_run_id))
        })?;
        let key = BlobKey::task_log(run_id, task_run_id, attempt.number);
        let blob = self.blobs.append(&key).await.map_err(|error| Failure::transient(error.to_string()))?;
        let log = TaskLog::new(blob);
        let parameters = match read_parameters(&offer.parameters) {
            Ok(parameters) => parameters,
            Err(reason) => {
                log.line(&reason).await;
                return Err(Failure::misconfigured(reason));
            }
        };
        let token = format!("{run_id}-{}-{}", attempt.task, attempt.number);
        let folder = self.home.attempts().join(&token);
        let on_disk = |error: std::io::Error| {
            Failure::transient(format!("cannot use the worker's data folder {}: {error}", folder.display()))
        };
        // A marker of its own per life of the worker: one that comes back must not kill what it begins now.
        let page = Page::open(&self.home.processes(), &Uuid::new_v4().to_string()).map_err(on_disk)?;
        tokio::fs::create_dir_all(&folder).await.map_err(on_disk)?;
        Ok(Task { offer, parameters, token, folder, log, stop, page })
    }

    async fn carry_out(&self, attempt: AttemptId, task: Task) -> Ended {
        let connector = match self.registry.find(&task.offer.integration, &task.offer.integration_job) {
            Ok(connector) => connector,
            Err(failure) => return finish(&task, failure.into()).await,
        };
        let task = Arc::new(task);
        let inside = Arc::clone(&task);
        // In a task of its own: a panic ends that task and not the worker.
        let ended = match tokio::spawn(async move { connector.run(&inside).await }).await {
            Ok(ended) => ended,
            Err(panic) => {
                error!(task_run = %task.offer.task_run_id, %panic, "a connector panicked");
                task.page.kill_all().await;
                Failure::job(format!("the connector failed inside Downbeat (a bug there, please report it): {panic}"))
                    .into()
            }
        };
        // `prepare` has read this id.
        let task_run = Uuid::parse_str(&task.offer.task_run_id).unwrap_or_default();
        let owner = Owner { run: Uuid::from_bytes(attempt.run), task_run, attempt: attempt.number };
        let ended = outputs::by_reference(&self.blobs, owner, ended).await;
        finish(&task, ended).await
    }
}

async fn finish(task: &Task, ended: Ended) -> Ended {
    let (ended, left_out) = ended.within_limits();
    if left_out > 0 {
        task.log.line(&format!("{left_out} operation(s), asset(s) or edge(s) are too large and were left out")).await;
    }
    match &ended.ending {
        Ending::Failed(failure) => task.log.line(&format!("FAILED: {}", failure.message)).await,
        Ending::Stopped => task.log.line("STOPPED").await,
        Ending::Succeeded { .. } => {}
    }
    task.log.close().await;
    if let Err(error) = tokio::fs::remove_dir_all(&task.folder).await {
        debug!(folder = %task.folder.display(), %error, "cannot remove an attempt's folder; the next start does");
    }
    ended
}

fn read_parameters(text: &str) -> Result<Map<String, Value>, String> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(parameters)) => Ok(parameters),
        Ok(_) => Err("the task's parameters are no JSON object".to_owned()),
        Err(error) => Err(format!("the task's parameters are no JSON: {error}")),
    }
}
