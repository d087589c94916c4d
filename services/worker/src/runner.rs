//! One attempt from offer to end: opens its log and its folder, calls the connector, and leaves nothing behind, come what may.

use std::sync::Arc;

use downbeat_proto::worker::v1::Offer;
use downbeat_runtime::{
    blob::{BlobKey, BlobStore},
    otlp,
};
use serde_json::{Map, Value};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use crate::artifacts;
use crate::attempt::{AttemptId, Ended, Ending, Failure, Job};
use crate::connectors::{Registry, Submit, Task};
use crate::home::Home;
use crate::landing;
use crate::outputs::{self, Owner};
use crate::process::log::TaskLog;
use crate::stop::{StopLevel, StopSignal};
use crate::texts;
use crate::traces::{Connecting, Execution};

#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) home: Home,
    pub(crate) blobs: BlobStore,
    pub(crate) registry: Registry,
}

impl Runner {
    /// Runs an attempt. When this returns, no process and no file of it is left but its log and what is kept for people.
    pub(crate) async fn run(&self, attempt: AttemptId, offer: Offer, stop: StopSignal, submit: Submit) -> Ended {
        let execution = Execution::begin(attempt, &offer);
        let carried_out = self.live(attempt, offer, stop, submit);
        let ended = otlp::within(execution.as_ref().map(Execution::context), carried_out).await;
        if let Some(execution) = execution {
            execution.end(&ended);
        }
        ended
    }

    async fn live(&self, attempt: AttemptId, offer: Offer, stop: StopSignal, submit: Submit) -> Ended {
        let name = format!("{}/{}", offer.pipeline_name, offer.task_id);
        info!(task = %name, task_run = %offer.task_run_id, attempt = attempt.number, "started");
        let ended = match self.prepare(attempt, offer, stop, submit).await {
            Ok(task) => self.carry_out(attempt, task).await,
            Err(failure) => failure.into(),
        };
        match &ended.ending {
            Ending::Succeeded { .. } => info!(task = %name, attempt = attempt.number, "succeeded"),
            Ending::Failed(failure) => {
                info!(task = %name, attempt = attempt.number, class = ?failure.class, "failed: {}", failure.message);
            }
            Ending::Stopped => info!(task = %name, attempt = attempt.number, "stopped"),
            Ending::Unconfirmed(reason) => {
                warn!(task = %name, attempt = attempt.number, reason, "asked to stop, and may still run elsewhere");
            }
            Ending::Abandoned => info!(task = %name, attempt = attempt.number, "let go of: another worker carries on"),
        }
        ended
    }

    async fn prepare(
        &self,
        attempt: AttemptId,
        offer: Offer,
        stop: StopSignal,
        submit: Submit,
    ) -> Result<Task, Failure> {
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
        let named = |number: u32| format!("{run_id}-{}-{number}", attempt.task);
        let folder = self.home.attempts().join(named(attempt.number));
        let resume = offer.resume.as_ref();
        let token = named(resume.map_or(attempt.number, |resume| resume.token_attempt));
        let resume = resume.map(|resume| Job {
            handle: resume.handle.to_vec(),
            external_id: resume.external_id.clone(),
            link: resume.link.clone(),
        });
        let on_disk = |error: std::io::Error| {
            Failure::transient(format!("cannot use the worker's data folder {}: {error}", folder.display()))
        };
        // A marker of its own per life of the worker: one that comes back must not kill what it begins now.
        let page = self.home.page(&Uuid::new_v4().to_string()).map_err(on_disk)?;
        tokio::fs::create_dir_all(folder.join(artifacts::FOLDER)).await.map_err(on_disk)?;
        Ok(Task { offer, parameters, token, resume, submit, folder, log, stop, page })
    }

    async fn carry_out(&self, attempt: AttemptId, task: Task) -> Ended {
        let connector = match self.registry.find(&task.offer.integration, &task.offer.integration_job) {
            Ok(connector) => connector,
            Err(failure) => return finish(&task, failure.into()).await,
        };
        let (remote, files) = (connector.remote(), connector.files());
        let task = Arc::new(task);
        let inside = Arc::clone(&task);
        // In a task of its own: a panic ends that task and not the worker.
        let connecting = Connecting::begin(&task.offer, remote);
        let ended = match tokio::spawn(otlp::within(otlp::current(), async move { connector.run(&inside).await })).await
        {
            Ok(ended) => ended,
            Err(panic) => {
                let panic = task.log.hide(panic.to_string()).await;
                error!(task_run = %task.offer.task_run_id, panic, "a connector panicked");
                task.page.kill_all().await;
                let text = format!("the connector failed inside Downbeat (a bug there, please report it): {panic}");
                if remote { Failure::unknown(text) } else { Failure::job(text) }.into()
            }
        };
        if let Some(connecting) = connecting {
            connecting.end(&ended);
        }
        let ended = landing::complete(&task, &self.registry, ended).await;
        let ended = without_credentials(&task, ended).await;
        // `prepare` has read this id.
        let task_run = Uuid::parse_str(&task.offer.task_run_id).unwrap_or_default();
        let owner = Owner { run: Uuid::from_bytes(attempt.run), task_run, attempt: attempt.number };
        let ended = outputs::by_reference(&self.blobs, owner, ended).await;
        // Also after a failure: that is when people look. Somebody who is killed has no time for it.
        if task.stop.level() < StopLevel::Kill {
            let from = (task.folder.as_path(), files);
            artifacts::keep(from, owner, &self.blobs, &task.log, task.stop.clone()).await;
        }
        finish(&task, ended).await
    }
}

/// Whatever a connector repeats of the credentials that its task has seen: nothing of it leaves.
async fn without_credentials(task: &Task, ended: Ended) -> Ended {
    let hide = |text: &mut String| {
        let text = std::mem::take(text);
        task.log.hide(text)
    };
    let Ended { mut ending, mut collection } = ended;
    match &mut ending {
        Ending::Succeeded { outputs, message, .. } => {
            *message = hide(message).await;
            *outputs = outputs_without(task, std::mem::take(outputs)).await;
        }
        Ending::Failed(failure) => {
            failure.message = hide(&mut failure.message).await;
            failure.outputs = outputs_without(task, std::mem::take(&mut failure.outputs)).await;
        }
        Ending::Unconfirmed(reason) => *reason = hide(reason).await,
        Ending::Stopped | Ending::Abandoned => {}
    }
    task.log
        .with_mask(|mask| texts::change(&mut collection, &mut |text| *text = mask.hide(std::mem::take(text))))
        .await;
    Ended { ending, collection }
}

async fn outputs_without(task: &Task, outputs: String) -> String {
    let hidden = task.log.hide(outputs.clone()).await;
    if hidden == outputs {
        return outputs;
    }
    // Inside of the values, so that it stays what it is. What is no JSON is refused later, by those who read it.
    match serde_json::from_str::<Value>(&outputs) {
        Ok(value) => task.log.hide_in_value(value).await.to_string(),
        Err(_) => hidden,
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
        Ending::Unconfirmed(reason) => task.log.line(&format!("STOPPED, UNCONFIRMED: {reason}")).await,
        Ending::Abandoned => task.log.line("LET GO: another worker carries on with the job").await,
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
