//! The calls of one attempt at a Job.

use async_trait::async_trait;
use downbeat_proto::events::v1::Operation;
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Origin;
use crate::attempt::{Collection, Failure};
use crate::kubernetes::follow::Follower;
use crate::kubernetes::job::{self, LABEL, Wanted};
use crate::kubernetes::sight::{self, Container, Doing};
use crate::kubernetes::{Call, Session};
use crate::limits::KUBERNETES_PODS_MAX;
use crate::manifest::answer::Read;
use crate::manifest::format::CallName;
use crate::process::log::last_lines;
use crate::remote::{CallError, Job, Observation, Prepared, State};

/// Of what a job's handle holds.
const VERSION: u8 = 1;

/// One attempt, ready to be started.
pub(super) struct Calls {
    session: Session,
    origin: Origin,
    /// Where the job names none.
    namespace: Option<String>,
    token: String,
    follower: tokio::sync::Mutex<Follower>,
}

/// Finds the Job again.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Handle {
    namespace: String,
    name: String,
    /// Another one of the same name is not ours.
    uid: String,
}

impl Handle {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, CallError> {
        let wrong = |what: String| CallError::Refused(Failure::misconfigured(format!("the job's handle {what}")));
        match bytes.split_first() {
            Some((&VERSION, rest)) => {
                serde_json::from_slice(rest).map_err(|error| wrong(format!("cannot be read: {error}")))
            }
            Some((version, _)) => {
                Err(wrong(format!("has version {version}, this worker reads {VERSION}: run a newer worker")))
            }
            None => Err(wrong("is empty".to_owned())),
        }
    }
}

impl Calls {
    pub(super) fn new(session: Session, origin: Origin, namespace: Option<String>, token: String) -> Self {
        Self { session, origin, namespace, token, follower: tokio::sync::Mutex::default() }
    }

    async fn job_at(&self, name: CallName, namespace: &str, job: &str) -> Result<Value, CallError> {
        let path = ["apis", "batch", "v1", "namespaces", namespace, "jobs", job];
        let read = self.session.read(&Call { name, method: Method::GET, path: &path, query: &[], body: None }).await?;
        Ok(read.body)
    }

    /// What shall be created.
    async fn wanted(&self) -> Result<Wanted, CallError> {
        let written = match &self.origin {
            Origin::Written(written) => written.clone(),
            Origin::Template(name) => {
                let there = self.template(name).await?;
                job::of_template(name, &there).map_err(CallError::Refused)?
            }
        };
        job::wanted(written, &self.token, self.namespace.as_deref()).map_err(CallError::Refused)
    }

    /// The CronJob of that name, or else the Job.
    async fn template(&self, name: &str) -> Result<Value, CallError> {
        let namespace = self.namespace.as_deref().unwrap_or("default");
        for kind in ["cronjobs", "jobs"] {
            let path = ["apis", "batch", "v1", "namespaces", namespace, kind, name];
            let call = Call { name: CallName::Collect, method: Method::GET, path: &path, query: &[], body: None };
            match self.session.read(&call).await {
                Ok(read) => return Ok(read.body),
                Err(CallError::Gone(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(CallError::Refused(Failure::misconfigured(format!(
            "the parameter job_name: there is no CronJob and no Job {name:?} in the namespace {namespace}"
        ))))
    }

    async fn pods(&self, name: CallName, namespace: &str) -> Result<Vec<Container>, CallError> {
        let selector = format!("{LABEL}={}", self.token);
        let limit = KUBERNETES_PODS_MAX.to_string();
        let path = ["api", "v1", "namespaces", namespace, "pods"];
        let query = [("labelSelector", selector.as_str()), ("limit", &limit)];
        let read =
            self.session.read(&Call { name, method: Method::GET, path: &path, query: &query, body: None }).await?;
        Ok(sight::containers(&read.body))
    }

    async fn named(&self, job: &Value) -> Result<Job, CallError> {
        let text = |name: &str| job["metadata"][name].as_str().unwrap_or_default().to_owned();
        let handle = Handle { namespace: text("namespace"), name: text("name"), uid: text("uid") };
        if [&handle.namespace, &handle.name, &handle.uid].into_iter().any(String::is_empty) {
            return Err(CallError::Unknown(format!("the cluster's answer names no job: {}", shown(job))));
        }
        let link = self.session.cluster(false).await?.link.clone();
        let external_id = format!("{}/{}", handle.namespace, handle.name);
        Ok(Job { handle: handle.encode(), external_id, link })
    }

    /// The Job of that name that was there before: of this token, or somebody else's.
    async fn already(&self, wanted: &Wanted) -> Result<Job, CallError> {
        let there =
            self.job_at(CallName::Find, &wanted.namespace, &wanted.name).await.map_err(|error| match error {
                CallError::Again { message, .. } => CallError::Unknown(message),
                other => other,
            })?;
        if there["metadata"]["labels"][LABEL].as_str() != Some(self.token.as_str()) {
            return Err(CallError::Refused(Failure::misconfigured(format!(
                "the cluster has a job {}/{} that is not of this task (its label {LABEL} is another one)",
                wanted.namespace, wanted.name
            ))));
        }
        self.named(&there).await
    }

    async fn seen(&self, handle: &Handle, name: CallName) -> Result<Value, CallError> {
        let job = self.job_at(name, &handle.namespace, &handle.name).await?;
        if job["metadata"]["uid"].as_str() != Some(handle.uid.as_str()) {
            let Handle { namespace, name, .. } = handle;
            return Err(CallError::Gone(format!("the cluster has another job under the name {namespace}/{name}")));
        }
        Ok(job)
    }
}

fn shown(body: &Value) -> String {
    crate::manifest::answer::shown(body.to_string().as_bytes())
}

fn has_ended(job: &Value) -> bool {
    matches!(sight::state(job, &[]).0, State::Succeeded { .. } | State::Failed)
}

#[async_trait]
impl Prepared for Calls {
    async fn start(&self) -> Result<Job, CallError> {
        let wanted = self.wanted().await?;
        let path = ["apis", "batch", "v1", "namespaces", wanted.namespace.as_str(), "jobs"];
        let call =
            Call { name: CallName::Start, method: Method::POST, path: &path, query: &[], body: Some(&wanted.body) };
        let Read { body, already, .. } = self.session.read(&call).await?;
        if already { self.already(&wanted).await } else { self.named(&body).await }
    }

    async fn poll(&self, job: &Job) -> Result<Observation, CallError> {
        let handle = Handle::decode(&job.handle)?;
        let seen = self.seen(&handle, CallName::Poll).await?;
        let containers = match self.pods(CallName::Collect, &handle.namespace).await {
            Ok(containers) => containers,
            // Who may not look at pods sees less of the job, not nothing.
            Err(CallError::Refused(failure)) => {
                self.follower.lock().await.refuse(&self.session, &failure.message).await;
                Vec::new()
            }
            Err(CallError::Gone(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (state, word, mut message) = sight::state(&seen, &containers);
        let whole = self.follower.lock().await.follow(&self.session, &handle.namespace, &containers).await;
        let ended = !matches!(state, State::Queued | State::Running);
        if ended && !whole {
            // Its end is told once all of its log is here.
            let state = State::Running;
            return Ok(Observation {
                state,
                word: format!("{word}, reading its log"),
                message: String::new(),
                after: None,
            });
        }
        if state == State::Failed {
            let last = last_lines(&self.session.log.tail().await, 1);
            if !last.is_empty() && !message.contains(&last) {
                message.push_str(&format!("; its last line: {last}"));
            }
        }
        Ok(Observation { state, word, message: self.session.hide(message), after: None })
    }

    async fn cancel(&self, job: &Job) -> Result<(), CallError> {
        let handle = Handle::decode(&job.handle)?;
        if has_ended(&self.seen(&handle, CallName::Cancel).await?) {
            return Ok(());
        }
        // It stays until its pods are gone.
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground",
            "preconditions": { "uid": handle.uid },
        });
        let path = ["apis", "batch", "v1", "namespaces", &handle.namespace, "jobs", &handle.name];
        let call =
            Call { name: CallName::Cancel, method: Method::DELETE, path: &path, query: &[], body: Some(&options) };
        self.session.read(&call).await.map(drop)
    }

    async fn collect(&self, job: &Job, _last: &Observation) -> Result<Collection, CallError> {
        let handle = Handle::decode(&job.handle)?;
        let containers = self.pods(CallName::Collect, &handle.namespace).await?;
        let operations = containers.iter().map(|container| {
            let operation = operation(&handle.namespace, container);
            Operation { message: self.session.hide(operation.message), ..operation }
        });
        Ok(Collection { operations: operations.collect(), ..Collection::default() })
    }

    fn hide(&self, text: String) -> String {
        self.session.hide(text)
    }
}

fn operation(namespace: &str, container: &Container) -> Operation {
    let micros = |instant: Option<Timestamp>| instant.map_or(0, Timestamp::as_microsecond);
    let Container { pod, name, doing, .. } = container;
    let (status, message, started_at, completed_at) = match doing {
        Doing::Ended(exit) if exit.code == 0 => ("SUCCEEDED", exit.said(), micros(exit.started), micros(exit.finished)),
        Doing::Ended(exit) => ("FAILED", exit.said(), micros(exit.started), micros(exit.finished)),
        Doing::Waits(reason) => ("UNKNOWN", format!("has not begun: {reason}"), 0, 0),
        Doing::Runs => ("UNKNOWN", "was still running".to_owned(), 0, 0),
    };
    Operation {
        external_id: format!("{namespace}/{pod}/{name}"),
        name: format!("{pod} {name}"),
        r#type: "OPERATION".to_owned(),
        status: status.to_owned(),
        message,
        started_at,
        completed_at,
        rows_affected: -1,
        failures: -1,
        ..Operation::default()
    }
}
