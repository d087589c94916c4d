//! A Job of batch/v1 as it is created: what the task wrote, under a name and with a label that are the attempt's. Pure.
//!
//! The name follows from the token alone, so that creating it twice creates it once; the label says that it is ours, and is on its
//! pods, too.

use serde_json::{Map, Value, json};

use crate::attempt::Failure;
use crate::limits::{KUBERNETES_JOB_BYTES_MAX, KUBERNETES_KEPT_SECONDS, KUBERNETES_KEPT_SECONDS_MIN};

/// The label that bears the token.
pub(crate) const LABEL: &str = "downbeat.dev/token";
/// Characters of a Job's name, so that its pods' names are ones, too.
const NAME_CHARS_MAX: usize = 63;
/// Hexadecimal digits of the token in it.
const TOKEN_CHARS: usize = 20;

/// What shall be created.
#[derive(Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) body: Value,
}

/// Reads what a task wrote: YAML or JSON.
///
/// # Errors
/// MISCONFIGURED, with the place; what is no Job.
pub(crate) fn read(text: &str) -> Result<Value, Failure> {
    let wrong = |what: String| Failure::misconfigured(format!("the parameter job_manifest {what}"));
    if text.len() > KUBERNETES_JOB_BYTES_MAX {
        return Err(wrong(format!("takes {} bytes; at most {KUBERNETES_JOB_BYTES_MAX} are taken", text.len())));
    }
    let job: Value = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
        wrong(format!("is neither YAML nor JSON of one document{}", place.unwrap_or_default()))
    })?;
    let kind = (job.get("apiVersion").and_then(Value::as_str), job.get("kind").and_then(Value::as_str));
    match kind {
        (Some("batch/v1"), Some("Job")) => {}
        (version, kind) => {
            let said = |part: Option<&str>| part.unwrap_or("nothing").to_owned();
            return Err(wrong(format!(
                "must be a Job (apiVersion: batch/v1, kind: Job), and is {} of {}",
                said(kind),
                said(version)
            )));
        }
    }
    if job["spec"]["template"]["spec"]["containers"].as_array().is_none_or(Vec::is_empty) {
        return Err(wrong("names no containers below spec.template.spec".to_owned()));
    }
    Ok(job)
}

/// A Job made as one that is in the cluster says: of a CronJob's template, or of a Job that ran before.
///
/// # Errors
/// There is no template in it.
pub(crate) fn of_template(name: &str, there: &Value) -> Result<Value, Failure> {
    let cron = there.pointer("/spec/jobTemplate");
    let from = cron.unwrap_or(there);
    let mut spec = from.get("spec").cloned().unwrap_or(Value::Null);
    let Some(entries) = spec.as_object_mut().filter(|spec| spec.contains_key("template")) else {
        return Err(Failure::misconfigured(format!("the job {name:?} in the cluster has no template")));
    };
    for made_there in ["selector", "manualSelector", "suspend"] {
        entries.remove(made_there);
    }
    let made_there =
        ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", LABEL];
    if let Some(labels) = spec.pointer_mut("/template/metadata/labels").and_then(Value::as_object_mut) {
        labels.retain(|label, _| !made_there.contains(&label.as_str()));
    }
    let copied = |which: &str| from["metadata"].get(which).cloned().unwrap_or_else(|| json!({}));
    let mut labels = copied("labels");
    if let Some(labels) = labels.as_object_mut() {
        labels.retain(|label, _| !made_there.contains(&label.as_str()));
    }
    let mut metadata = json!({ "name": name, "labels": labels });
    if cron.is_some() {
        metadata["annotations"] = copied("annotations");
    }
    Ok(json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec }))
}

/// What is created for this token. `namespace`: where the job names none.
///
/// # Errors
/// MISCONFIGURED: names that are none; a Job that would be gone before anybody looked.
pub(crate) fn wanted(mut job: Value, token: &str, namespace: Option<&str>) -> Result<Wanted, Failure> {
    let metadata = object_at(&mut job, "metadata", "metadata")?;
    let namespace = match metadata.get("namespace") {
        Some(Value::String(named)) => named.clone(),
        _ => namespace.unwrap_or("default").to_owned(),
    };
    if !is_label(&namespace) {
        return Err(wrong(&format!("namespace {namespace:?} is no name (small letters, digits and `-`)")));
    }
    let own = ["name", "generateName"].into_iter().find_map(|key| metadata.get(key)?.as_str());
    let name = name(own.unwrap_or("downbeat"), token);
    metadata.remove("generateName");
    metadata.insert("name".to_owned(), json!(name));
    metadata.insert("namespace".to_owned(), json!(namespace));
    object_at(metadata_value(&mut job), "labels", "metadata.labels")?.insert(LABEL.to_owned(), json!(token));
    let spec = object_at(&mut job, "spec", "spec")?;
    let kept = spec.entry("ttlSecondsAfterFinished").or_insert_with(|| json!(KUBERNETES_KEPT_SECONDS));
    if kept.as_u64().is_none_or(|seconds| seconds < KUBERNETES_KEPT_SECONDS_MIN) {
        return Err(wrong(&format!(
            "ttlSecondsAfterFinished is {kept}; it must be {KUBERNETES_KEPT_SECONDS_MIN} or more, because a job that is gone cannot \
             be told from one that never was"
        )));
    }
    let template = object_at(&mut job["spec"], "template", "spec.template")?;
    let mut labels = template.remove("metadata").filter(|metadata| !metadata.is_null()).unwrap_or_else(|| json!({}));
    object_at(&mut labels, "labels", "spec.template.metadata.labels")?.insert(LABEL.to_owned(), json!(token));
    template.insert("metadata".to_owned(), labels);
    let pod = object_at(&mut job["spec"]["template"], "spec", "spec.template.spec")?;
    // The API's own default is refused for Jobs.
    pod.entry("restartPolicy").or_insert_with(|| json!("Never"));
    if let Some(entries) = job.as_object_mut() {
        entries.remove("status");
    }
    Ok(Wanted { namespace, name, body: job })
}

fn wrong(what: &str) -> Failure {
    Failure::misconfigured(format!("the job's {what}"))
}

fn metadata_value(job: &mut Value) -> &mut Value {
    &mut job["metadata"]
}

/// The object below that name, made when there is none.
fn object_at<'a>(value: &'a mut Value, name: &str, path: &str) -> Result<&'a mut Map<String, Value>, Failure> {
    let no_list = || wrong(&format!("{path} must be names with values"));
    let entries = value.as_object_mut().ok_or_else(no_list)?;
    let entry = entries.entry(name).or_insert_with(|| json!({}));
    if entry.is_null() {
        *entry = json!({});
    }
    entry.as_object_mut().ok_or_else(no_list)
}

/// `<as the task calls it>-<of the token>`.
fn name(own: &str, token: &str) -> String {
    let most = NAME_CHARS_MAX - TOKEN_CHARS - 1;
    let plain: String =
        own.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(most).collect();
    let plain = plain.to_ascii_lowercase();
    let plain = plain.trim_matches('-');
    let hash = blake3::hash(token.as_bytes()).to_hex();
    format!("{}-{}", if plain.is_empty() { "downbeat" } else { plain }, &hash[..TOKEN_CHARS])
}

/// A label of RFC 1123.
fn is_label(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "07070707-0707-0707-0707-070707070707-0-1";
    const MANIFEST: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: Load.orders, labels: {team: data}}
spec:
  backoffLimit: 0
  template:
    metadata:
    spec:
      containers: [{name: main, image: 'busybox:1'}]
";

    #[test]
    fn the_job_bears_the_token_in_its_name_and_on_its_pods() {
        let wanted_once = wanted(read(MANIFEST).unwrap(), TOKEN, Some("etl")).unwrap();
        let body = &wanted_once.body;
        assert_eq!(wanted_once.namespace, "etl");
        assert!(wanted_once.name.starts_with("loadorders-") && wanted_once.name.len() == 31, "{}", wanted_once.name);
        assert_eq!(body["metadata"]["labels"], json!({ "team": "data", LABEL: TOKEN }));
        assert_eq!(body["spec"]["template"]["metadata"]["labels"], json!({ LABEL: TOKEN }));
        assert_eq!(body["spec"]["template"]["spec"]["restartPolicy"], "Never");
        assert_eq!(body["spec"]["ttlSecondsAfterFinished"], 86_400);
        assert_eq!(wanted(read(MANIFEST).unwrap(), TOKEN, Some("etl")).unwrap(), wanted_once);
        assert_ne!(wanted(read(MANIFEST).unwrap(), "another", None).unwrap().name, wanted_once.name);
    }

    #[test]
    fn names_are_ones_that_a_cluster_takes() {
        for own in ["", "---", "ÄÖ", "a b/c", &"x".repeat(300), "-a-"] {
            let name = name(own, TOKEN);
            assert!(is_label(&name), "{own:?}: {name}");
        }
    }

    #[test]
    fn what_is_no_job_is_refused_with_its_place() {
        let cases = [
            ("a: [", "is neither YAML nor JSON of one document at line 1"),
            ("{}", "must be a Job (apiVersion: batch/v1, kind: Job), and is nothing of nothing"),
            ("apiVersion: v1\nkind: Pod", "and is Pod of v1"),
            ("apiVersion: batch/v1\nkind: Job\nspec: {}", "names no containers below spec.template.spec"),
            ("7", "must be a Job"),
        ];
        for (text, says) in cases {
            let message = read(text).unwrap_err().message;
            assert!(message.starts_with("the parameter job_manifest ") && message.contains(says), "{text}: {message}");
        }
        assert!(read(&" ".repeat(2 * KUBERNETES_JOB_BYTES_MAX)).unwrap_err().message.contains("at most"));
    }

    #[test]
    fn what_could_not_be_looked_after_is_refused() {
        type Patch = fn(&mut Value);
        let of = |patch: Patch| {
            let mut job = read(MANIFEST).unwrap();
            patch(&mut job);
            wanted(job, TOKEN, None)
        };
        let cases: [(Patch, &str); 4] = [
            (
                |job| job["spec"]["ttlSecondsAfterFinished"] = json!(60),
                "ttlSecondsAfterFinished is 60; it must be 3600",
            ),
            (|job| job["metadata"]["namespace"] = json!("../x"), "namespace \"../x\" is no name"),
            (|job| job["metadata"]["labels"] = json!(7), "metadata.labels must be names with values"),
            (|job| job["spec"]["template"]["metadata"] = json!("x"), "spec.template.metadata.labels must be names"),
        ];
        for (patch, says) in cases {
            let message = of(patch).unwrap_err().message;
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn a_job_of_the_cluster_is_a_template_without_what_the_cluster_made() {
        let spec = json!({
            "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": "u" } },
            "template": {
                "metadata": { "labels": { "job-name": "nightly", "controller-uid": "u", "app": "x" } },
                "spec": { "containers": [{ "name": "main" }] },
            },
        });
        let job = json!({ "metadata": { "name": "nightly", "uid": "u" }, "spec": spec, "status": { "succeeded": 1 } });
        let cron = json!({ "spec": { "schedule": "@daily", "jobTemplate": { "metadata": { "labels": { "a": "b" } }, "spec": spec } } });
        for (there, labels) in [(&job, json!({ LABEL: TOKEN })), (&cron, json!({ "a": "b", LABEL: TOKEN }))] {
            let wanted = wanted(of_template("nightly", there).unwrap(), TOKEN, None).unwrap();
            let body = &wanted.body;
            assert!(wanted.name.starts_with("nightly-"));
            assert_eq!(body["metadata"]["labels"], labels);
            assert_eq!(body["spec"].get("selector"), None);
            assert_eq!(body["spec"]["template"]["metadata"]["labels"], json!({ "app": "x", LABEL: TOKEN }));
        }
        assert!(of_template("x", &json!({ "spec": {} })).is_err());
    }
}
