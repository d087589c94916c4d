//! A cluster that answers as the Kubernetes API is documented, as far as jobs ask, and misbehaves as its plan says; over TLS it also
//! stands in for the clouds that describe it.
//!
//! A job goes on with each look: its pod waits, runs, prints, ends. It knows what was created, and for which token.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinHandle,
};

use crate::kubernetes::job::LABEL;
use crate::testing::recorded::{Fault, On, Plan, wire, wire::Answer, wire::Asked};

pub(super) const BEARER: &str = "cluster-s3cret";
/// Lines that a job prints in its life, and in one look.
pub(super) const LINES: usize = 40;
const LINES_PER_LOOK: usize = 10;
/// Looks until its pod runs, and until it has ended.
const RUNS_AT: usize = 2;
const ENDS_AT: usize = RUNS_AT + LINES / LINES_PER_LOOK;

/// A job in the cluster.
#[derive(Debug, Clone)]
struct There {
    body: Value,
    looks: usize,
    deleted_at: Option<usize>,
}

/// What it is asked to do besides its plan.
#[derive(Debug, Clone, Default)]
pub(super) struct Whims {
    /// Who may sign in, besides nobody.
    pub(super) bearer: String,
    pub(super) no_pods: bool,
    /// CronJobs and Jobs that are there from the beginning.
    pub(super) templates: BTreeMap<String, Value>,
    /// What the cloud says, by the beginning of the path.
    pub(super) cloud: BTreeMap<String, Value>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    jobs: BTreeMap<String, There>,
    pub(super) plan: Plan,
    pub(super) whims: Whims,
    requests: u64,
    pub(super) created: BTreeMap<String, u32>,
    pub(super) deleted: u32,
    /// Requests as they came: method, target, what showed who asks.
    pub(super) asked: Vec<(String, String, String)>,
}

/// A running cluster; it ends when this is dropped.
pub(super) struct Cluster {
    pub(super) address: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Cluster {
    pub(super) async fn serve(plan: Plan, whims: Whims, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State { plan, whims, ..State::default() }));
        let serving = tokio::spawn(listen(listener, Arc::clone(&state), tls));
        Self { address, state, serving }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs that were created and are still there.
    pub(super) fn left(&self) -> usize {
        self.state().jobs.len()
    }

    /// Those of them that have not ended.
    pub(super) fn goes_on(&self) -> usize {
        let state = self.state();
        state.jobs.values().filter(|there| !over(there, state.plan.at_once)).count()
    }

    /// Somebody else does something to the only job.
    pub(super) fn meddle(&self, with: impl FnOnce(&mut Value)) {
        with(&mut self.state().jobs.values_mut().next().unwrap().body);
    }

    pub(super) fn remove_all(&self) {
        self.state().jobs.clear();
    }
}

async fn listen(listener: TcpListener, state: Arc<Mutex<State>>, tls: Option<tokio_rustls::TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (state, tls) = (Arc::clone(&state), tls.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(mut stream) = tls.accept(stream).await {
                        one(&mut stream, &state).await;
                    }
                }
                None => one(&mut { stream }, &state).await,
            }
        });
    }
}

async fn one(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), state: &Mutex<State>) {
    let Some(asked) = wire::read(stream).await else { return };
    let answer = state.lock().unwrap_or_else(PoisonError::into_inner).handle(&asked);
    if let Some(answer) = answer {
        wire::write(stream, &answer).await;
    }
}

fn plainly(status: u16, body: &Value) -> Answer {
    Answer { status, headers: Vec::new(), body: body.to_string(), halved: false }
}

fn refusal(status: u16, reason: &str, message: &str) -> Answer {
    plainly(
        status,
        &json!({ "kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status }),
    )
}

impl State {
    /// The looks of jobs that nobody has deleted go no further than this.
    pub(super) fn hold_back(&mut self, most: usize) {
        for there in self.jobs.values_mut().filter(|there| there.deleted_at.is_none()) {
            there.looks = there.looks.min(most);
        }
    }

    fn handle(&mut self, asked: &Asked) -> Option<Answer> {
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let shown = asked.headers.get("authorization").cloned().unwrap_or_default();
        self.asked.push((asked.method.clone(), asked.target.clone(), shown));
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let on = match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["apis", .., "jobs"]) => On::Start,
            ("DELETE", _) => On::Cancel,
            ("GET", ["apis", .., "jobs", _]) => On::Poll,
            _ => On::Other,
        };
        let fault = self.plan.draw(on, self.requests, true);
        self.requests += 1;
        match fault {
            Fault::ErrorBefore => return Some(refusal(500, "InternalError", &format!("{:?}", asked.headers))),
            Fault::SilentBefore => return None,
            Fault::Limited => {
                let mut answer = refusal(429, "TooManyRequests", "slow down");
                answer.headers.push(("retry-after".to_owned(), "1".to_owned()));
                return Some(answer);
            }
            Fault::Twice => drop(self.answer(asked, &parts, &query)),
            _ => {}
        }
        let mut answer = self.answer(asked, &parts, &query);
        match fault {
            Fault::ErrorAfter => answer = refusal(500, "InternalError", "it broke afterwards"),
            Fault::SilentAfter => return None,
            // Of a text nobody could tell; on a real line its length does.
            Fault::Malformed => answer.halved = answer.body.starts_with('{'),
            _ => {}
        }
        Some(answer)
    }

    fn answer(&mut self, asked: &Asked, parts: &[&str], query: &BTreeMap<String, String>) -> Answer {
        let path = parts.join("/");
        if let Some((_, said)) = self.whims.cloud.iter().find(|(begins, _)| path.starts_with(begins.as_str())) {
            return plainly(200, said);
        }
        let shown = asked.headers.get("authorization").map(String::as_str).unwrap_or_default();
        if !shown.starts_with(&format!("Bearer {}", self.whims.bearer)) {
            return refusal(401, "Unauthorized", &format!("who is {shown}?"));
        }
        match (asked.method.as_str(), parts) {
            ("POST", ["apis", "batch", "v1", "namespaces", namespace, "jobs"]) => self.create(asked, namespace),
            ("GET", ["apis", "batch", "v1", "namespaces", _, kind @ ("jobs" | "cronjobs"), name]) => {
                self.get(kind, name)
            }
            ("DELETE", ["apis", "batch", "v1", "namespaces", _, "jobs", name]) => self.delete(asked, name),
            ("GET", ["api", "v1", "namespaces", _, "pods"]) => self.pods(query),
            ("GET", ["api", "v1", "namespaces", _, "pods", pod, "log"]) => self.log(pod, query),
            _ => refusal(404, "NotFound", &format!("no route {path}")),
        }
    }

    fn create(&mut self, asked: &Asked, namespace: &str) -> Answer {
        let mut body: Value = serde_json::from_str(&asked.body).unwrap();
        if namespace == "missing" {
            return refusal(404, "NotFound", "namespaces \"missing\" not found");
        }
        if body["spec"]["backoffLimit"] == json!(-1) {
            return refusal(422, "Invalid", "Job is invalid: spec.backoffLimit: must be greater than or equal to 0");
        }
        let name = body["metadata"]["name"].as_str().unwrap().to_owned();
        if self.jobs.contains_key(&name) {
            return refusal(409, "AlreadyExists", &format!("jobs.batch {name:?} already exists"));
        }
        let token = body["metadata"]["labels"][LABEL].as_str().unwrap().to_owned();
        assert_eq!(body["spec"]["template"]["metadata"]["labels"][LABEL], json!(token), "its pods bear the token");
        *self.created.entry(token).or_default() += 1;
        body["metadata"]["uid"] = json!(format!("uid-{}", self.created.len()));
        self.jobs.insert(name, There { body: body.clone(), looks: 0, deleted_at: None });
        plainly(201, &body)
    }

    fn get(&mut self, kind: &str, name: &str) -> Answer {
        if let Some(template) = self.whims.templates.get(&format!("{kind}/{name}")) {
            return plainly(200, template);
        }
        let takes = self.plan.cancel_looks as usize;
        let (fails, at_once) = (self.plan.fails, self.plan.at_once);
        let missing = || refusal(404, "NotFound", &format!("{kind}.batch {name:?} not found"));
        let Some(there) = self.jobs.get_mut(name).filter(|_| kind == "jobs") else { return missing() };
        if there.deleted_at.is_some_and(|at| there.looks >= at + takes) {
            self.jobs.remove(name);
            return missing();
        }
        let mut body = there.body.clone();
        if there.deleted_at.is_some() {
            body["metadata"]["deletionTimestamp"] = json!("2026-03-01T06:00:00Z");
        }
        if over(there, at_once) {
            let kind = if fails { "Failed" } else { "Complete" };
            body["status"] = json!({ "conditions": [
                { "type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "too often" },
            ] });
        }
        there.looks += 1;
        plainly(200, &body)
    }

    fn delete(&mut self, asked: &Asked, name: &str) -> Answer {
        let options: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(options["propagationPolicy"], "Foreground");
        let Some(there) = self.jobs.get_mut(name) else { return refusal(404, "NotFound", "not found") };
        if options["preconditions"]["uid"] != there.body["metadata"]["uid"] {
            return refusal(409, "Conflict", "the UID in the precondition does not match");
        }
        self.deleted += u32::from(there.deleted_at.is_none());
        there.deleted_at.get_or_insert(there.looks);
        plainly(200, &there.body)
    }

    fn pods(&self, query: &BTreeMap<String, String>) -> Answer {
        if self.whims.no_pods {
            return refusal(403, "Forbidden", "pods is forbidden");
        }
        let token = query["labelSelector"].strip_prefix(&format!("{LABEL}=")).unwrap();
        let (fails, at_once) = (self.plan.fails, self.plan.at_once);
        let ours = self.jobs.iter().filter(|(_, there)| there.body["metadata"]["labels"][LABEL] == json!(token));
        let pods = ours.map(|(name, there)| {
            let state = if over(there, at_once) {
                json!({ "terminated": {
                    "exitCode": if fails { 3 } else { 0 }, "reason": if fails { "Error" } else { "Completed" },
                    "message": if fails { "no such table" } else { "42 rows" },
                    "startedAt": "2026-03-01T06:00:00Z", "finishedAt": "2026-03-01T06:00:12Z",
                } })
            } else if there.looks > RUNS_AT {
                json!({ "running": { "startedAt": "2026-03-01T06:00:00Z" } })
            } else {
                json!({ "waiting": { "reason": "ContainerCreating" } })
            };
            json!({
                "metadata": { "name": format!("{name}-x"), "uid": "pod-1" },
                "status": { "containerStatuses": [{ "name": "main", "restartCount": 0, "state": state }] },
            })
        });
        plainly(200, &json!({ "items": pods.collect::<Vec<_>>() }))
    }

    fn log(&self, pod: &str, query: &BTreeMap<String, String>) -> Answer {
        let there = self.jobs.get(pod.trim_end_matches("-x"));
        let Some(there) = there else { return refusal(404, "NotFound", "pods not found") };
        let printed = match over(there, self.plan.at_once) {
            true => LINES,
            false => there.looks.saturating_sub(RUNS_AT) * LINES_PER_LOOK,
        };
        let since = query.get("sinceTime").map(|text| text.parse::<jiff::Timestamp>().unwrap());
        let mut text = String::new();
        for number in 0..printed.min(LINES) {
            let at = jiff::Timestamp::from_millisecond(1_772_344_800_000 + 300 * number as i64).unwrap();
            if since.is_none_or(|since| at >= since) {
                text.push_str(&format!("{at} line {number} of {}\n", self.whims.bearer));
            }
        }
        text.truncate(query["limitBytes"].parse().unwrap());
        Answer { status: 200, headers: Vec::new(), body: text, halved: false }
    }
}

fn over(there: &There, at_once: bool) -> bool {
    at_once || there.looks > ENDS_AT
}

/// A kubeconfig as Azure hands it out.
pub(super) fn kubeconfig(address: &str, authority: &str, user: &str) -> String {
    let authority = STANDARD.encode(authority);
    STANDARD.encode(format!(
        "clusters:\n- name: c\n  cluster: {{certificate-authority-data: {authority}, server: 'https://{address}'}}\n\
         users:\n- name: u\n  user: {user}\n"
    ))
}
