//! HTTP/HTTP_REQUEST_ASYNC: a request that begins something elsewhere, which says itself how it ends.
//!
//! The request has the headers `orchestra_task_run_id`, as published, and where and with which key to post: events in the format of scripts,
//! the last of which is UPDATE_STATUS. What the id names is the attempt that began it, so that what an earlier attempt's job says late is
//! not taken for this one's.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{HeaderName, HeaderValue};
use uuid::Uuid;

use super::{Task, http};
use crate::attempt::{Collection, Failure};
use crate::base_url;
use crate::callbacks::{Callbacks, Journal};
use crate::connections::Connections;
use crate::limits::HTTP_WAIT;
use crate::manifest::answer::{self, Exchange};
use crate::manifest::fill::{Scope, uuid_of};
use crate::manifest::format::CallName;
use crate::process::{log::TaskLog, mask::Mask};
use crate::remote::{CallError, Job, Observation, Prepared, Reattach, RemoteJob, State};
use crate::script_events::{ScriptState, ScriptStatus};
use crate::web;

/// Of what a job's handle holds: nothing more, the token says the rest.
const VERSION: u8 = 1;

#[derive(Debug)]
pub(crate) struct HttpRequestAsync {
    pub(crate) callbacks: Callbacks,
    pub(crate) connections: Connections,
}

#[async_trait]
impl RemoteJob for HttpRequestAsync {
    fn job(&self) -> (&str, &str) {
        ("HTTP", "HTTP_REQUEST_ASYNC")
    }

    fn reattach(&self) -> Reattach {
        Reattach::Never
    }

    fn by_manifest(&self) -> bool {
        false
    }

    async fn prepare(&self, task: &Task) -> Result<Box<dyn Prepared>, Failure> {
        let connection = task.open(&self.connections, "HTTP", base_url::FIELDS).await?;
        let http::Wanted { mut request, set_outputs } = http::read(task, connection.as_ref())?;
        let id = Uuid::parse_str(&uuid_of(&task.token))
            .map_err(|error| Failure::misconfigured(format!("the attempt's token makes no id: {error}")))?;
        let key = self.callbacks.key_of(id);
        task.log.learn(std::slice::from_ref(&key)).await;
        for (name, value) in [
            ("orchestra_task_run_id", id.to_string().as_str()),
            ("orchestra_webhook_url", &self.callbacks.url),
            ("downbeat-callback-key", key.reveal()),
        ] {
            let value = HeaderValue::try_from(value).map_err(|_| {
                Failure::misconfigured(format!("the header {name} cannot have the value that it would get"))
            })?;
            request.headers.insert(HeaderName::from_static(name), value);
        }
        let mut secrets = connection.map(|connection| connection.secrets().to_vec()).unwrap_or_default();
        secrets.push(key);
        task.log.learn(&secrets).await;
        let mut mask = Mask::default();
        mask.learn(&secrets);
        let journal = Arc::new(self.callbacks.journal(id, set_outputs));
        Ok(Box::new(Calls { request, id, journal, mask, log: task.log.clone() }))
    }
}

struct Calls {
    request: web::Request,
    id: Uuid,
    journal: Arc<Journal>,
    mask: Mask,
    log: TaskLog,
}

#[async_trait]
impl Prepared for Calls {
    async fn start(&self) -> Result<Job, CallError> {
        let sent = web::send(&self.request, HTTP_WAIT, Some(&self.log)).await;
        if !sent.as_ref().is_ok_and(|answer| answer.status.is_success()) {
            let exchange = Exchange { integration: "HTTP", call: CallName::Start, request: &self.request };
            answer::read(&exchange, sent, &[], &Scope::default())?;
        }
        Ok(Job { handle: vec![VERSION], external_id: self.id.to_string(), link: String::new() })
    }

    async fn poll(&self, _job: &Job) -> Result<Observation, CallError> {
        let seen = self.journal.look(observed).await;
        let (observation, logs) = seen.map_err(|failure| CallError::Again { message: failure.message, after: None })?;
        for (name, data) in logs {
            self.log.line(&format!("log file {name}:")).await;
            self.log.text(&data).await;
        }
        Ok(observation)
    }

    async fn cancel(&self, _job: &Job) -> Result<(), CallError> {
        Err(CallError::Refused(Failure::misconfigured("nobody can end what a request began")))
    }

    fn can_cancel(&self) -> bool {
        false
    }

    async fn collect(&self, _job: &Job, _last: &Observation) -> Result<Collection, CallError> {
        Ok(Collection::default())
    }

    fn hide(&self, text: String) -> String {
        self.mask.hide(text)
    }
}

/// What the job says of itself, and its log files once it has ended.
fn observed(said: &ScriptState) -> (Observation, Vec<(String, String)>) {
    let succeeded = |warning| State::Succeeded { warning, outputs: said.outputs_text() };
    let (word, state) = match said.status.as_ref().map(|(status, _)| status) {
        None => ("waiting for UPDATE_STATUS", State::Running),
        Some(ScriptStatus::Running) => ("RUNNING", State::Running),
        Some(ScriptStatus::Succeeded) => ("SUCCEEDED", succeeded(false)),
        Some(ScriptStatus::Warning) => ("WARNING", succeeded(true)),
        Some(ScriptStatus::Failed) => ("FAILED", State::Failed),
        Some(ScriptStatus::Cancelled) => ("CANCELLED", State::Cancelled),
    };
    let message = said.status.as_ref().and_then(|(_, message)| message.clone()).unwrap_or_default();
    let logs = match state {
        State::Queued | State::Running => Vec::new(),
        _ => said.logs.iter().map(|(name, data)| (name.clone(), data.clone())).collect(),
    };
    (Observation { state, word: word.to_owned(), message, after: None }, logs)
}

#[cfg(test)]
mod tests;
