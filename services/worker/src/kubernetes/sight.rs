//! What a Job and its pods say of themselves. Pure.

use jiff::Timestamp;
use serde_json::Value;

use crate::attempt::beginning;
use crate::limits::KUBERNETES_MESSAGE_BYTES_MAX;
use crate::remote::State;

/// A container of one of the job's pods.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Container {
    pub(crate) pod: String,
    /// Pods of the same name are different ones.
    pub(crate) pod_uid: String,
    pub(crate) name: String,
    /// How often it was begun anew in its pod.
    pub(crate) restarts: u64,
    pub(crate) doing: Doing,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Doing {
    /// It has not begun; why, as the cluster says.
    Waits(String),
    Runs,
    Ended(Exit),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exit {
    pub(crate) code: i64,
    pub(crate) reason: String,
    /// What it left as its last message.
    pub(crate) message: String,
    pub(crate) started: Option<Timestamp>,
    pub(crate) finished: Option<Timestamp>,
}

impl Exit {
    /// For people: `exited with 3 (Error): no such table`.
    pub(crate) fn said(&self) -> String {
        let reason = if self.reason.is_empty() { String::new() } else { format!(" ({})", self.reason) };
        let message = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        format!("exited with {}{reason}{message}", self.code)
    }
}

/// The containers of a list of pods, in its order.
pub(crate) fn containers(pods: &Value) -> Vec<Container> {
    let pods = pods["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    pods.iter()
        .flat_map(|pod| {
            let statuses = ["initContainerStatuses", "containerStatuses"].into_iter();
            statuses
                .filter_map(|kind| pod["status"][kind].as_array())
                .flatten()
                .map(|status| container(pod, status))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn container(pod: &Value, status: &Value) -> Container {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = &status["state"];
    let doing = if let Some(ended) = state.get("terminated").filter(|ended| ended.is_object()) {
        let instant = |name: &str| ended[name].as_str().and_then(|text| text.parse().ok());
        let message = text(&ended["message"]);
        let message = beginning(message.trim(), KUBERNETES_MESSAGE_BYTES_MAX);
        Doing::Ended(Exit {
            code: ended["exitCode"].as_i64().unwrap_or(-1),
            reason: text(&ended["reason"]),
            message,
            started: instant("startedAt"),
            finished: instant("finishedAt"),
        })
    } else if state.get("running").is_some_and(Value::is_object) {
        Doing::Runs
    } else {
        Doing::Waits(text(&state["waiting"]["reason"]))
    };
    Container {
        pod: text(&pod["metadata"]["name"]),
        pod_uid: text(&pod["metadata"]["uid"]),
        name: text(&status["name"]),
        restarts: status["restartCount"].as_u64().unwrap_or(0),
        doing,
    }
}

/// State, the cluster's word for it, and what there is to say.
pub(crate) fn state(job: &Value, containers: &[Container]) -> (State, String, String) {
    let condition = |kind: &str| {
        let all = job["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().find(|condition| condition["type"] == kind && condition["status"] == "True")
    };
    if condition("Complete").is_some() {
        let state = State::Succeeded { warning: false, outputs: String::new() };
        return (
            state,
            "Complete".to_owned(),
            last_exit(containers, |_| true).map_or_else(String::new, |(_, exit)| exit.message.clone()),
        );
    }
    if let Some(failed) = condition("Failed") {
        return (State::Failed, "Failed".to_owned(), why(failed, containers));
    }
    if job["metadata"].get("deletionTimestamp").is_some() {
        return (State::Running, "Terminating".to_owned(), String::new());
    }
    if condition("Suspended").is_some() {
        return (State::Queued, "Suspended".to_owned(), String::new());
    }
    let begun = |container: &Container| !matches!(container.doing, Doing::Waits(_));
    if containers.iter().any(begun) || job["status"]["ready"].as_u64().is_some_and(|ready| ready > 0) {
        return (State::Running, "Running".to_owned(), String::new());
    }
    let waits = containers.iter().find_map(|container| match &container.doing {
        Doing::Waits(reason) if !reason.is_empty() => Some(reason),
        _ => None,
    });
    let word = waits.map_or_else(|| "Pending".to_owned(), |reason| format!("Pending ({reason})"));
    (State::Queued, word, String::new())
}

fn why(failed: &Value, containers: &[Container]) -> String {
    let text = |name: &str| failed[name].as_str().filter(|text| !text.is_empty());
    let condition: Vec<&str> = [text("reason"), text("message")].into_iter().flatten().collect();
    let mut parts = vec![condition.join(": ")];
    if let Some((container, exit)) = last_exit(containers, |exit| exit.code != 0) {
        parts.push(format!("container {} of pod {} {}", container.name, container.pod, exit.said()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

/// The container that ended last of those that count.
fn last_exit(containers: &[Container], counts: impl Fn(&Exit) -> bool) -> Option<(&Container, &Exit)> {
    let exits = containers.iter().filter_map(|container| match &container.doing {
        Doing::Ended(exit) if counts(exit) => Some((container, exit)),
        _ => None,
    });
    exits.max_by_key(|(_, exit)| exit.finished)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pods(state: &Value) -> Value {
        json!({ "items": [{
            "metadata": { "name": "p", "uid": "u" },
            "status": {
                "phase": "Pending",
                "initContainerStatuses": [{ "name": "init", "state": { "waiting": {} } }],
                "containerStatuses": [{ "name": "main", "restartCount": 2, "state": state }],
            },
        }] })
    }

    #[test]
    fn every_word_of_the_cluster_has_its_state() {
        let ended = json!({ "terminated": { "exitCode": 3, "reason": "Error", "message": "no such table\n" } });
        let fine = json!({ "terminated": { "exitCode": 0, "reason": "Completed", "message": "42 rows" } });
        let condition = |kind: &str| {
            json!({ "status": { "conditions": [
                { "type": "FailureTarget", "status": "True" },
                { "type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "too often" },
            ] } })
        };
        let succeeded = || State::Succeeded { warning: false, outputs: String::new() };
        let why = "BackoffLimitExceeded: too often; container main of pod p exited with 3 (Error): no such table";
        let cases = [
            (condition("Complete"), &fine, (succeeded(), "Complete", "42 rows")),
            (condition("Failed"), &ended, (State::Failed, "Failed", why)),
            (condition("Failed"), &json!({}), (State::Failed, "Failed", "BackoffLimitExceeded: too often")),
            (condition("Suspended"), &json!({}), (State::Queued, "Suspended", "")),
            (json!({ "status": {} }), &json!({ "running": {} }), (State::Running, "Running", "")),
            // A pod that failed and is followed by another one.
            (json!({ "status": { "failed": 1 } }), &ended, (State::Running, "Running", "")),
            (
                json!({}),
                &json!({ "waiting": { "reason": "ImagePullBackOff" } }),
                (State::Queued, "Pending (ImagePullBackOff)", ""),
            ),
            (json!({}), &json!({}), (State::Queued, "Pending", "")),
            (json!({ "metadata": { "deletionTimestamp": "x" } }), &json!({}), (State::Running, "Terminating", "")),
            (json!("nonsense"), &json!({}), (State::Queued, "Pending", "")),
        ];
        for (job, container, (expected, word, message)) in cases {
            let (state, said, text) = state(&job, &containers(&pods(container)));
            assert_eq!((state, said.as_str(), text.as_str()), (expected, word, message), "{job} {container}");
        }
        assert!(containers(&json!([])).is_empty());
    }

    #[test]
    fn containers_that_prepare_come_before_those_that_work() {
        let seen = containers(&pods(&json!({ "running": {} })));
        let names: Vec<_> = seen.iter().map(|container| (container.name.as_str(), container.restarts)).collect();
        assert_eq!(names, [("init", 0), ("main", 2)]);
    }
}
