//! What the jobs of pipelines and tasks are called in OpenLineage, whoever speaks of them: a worker that hands parents down, and our own events.
//!
//! Promises: a name has no `/` in it, because clients cut the form `namespace/job/run` there. Knows nothing about runs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Namespace of all jobs of ours.
pub const NAMESPACE: &str = "downbeat";
/// What stays as it is in the name of a job.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of a job: the pipeline's alias and, of a task, its id behind a dot. Letters and digits of ASCII and `-._~` stay; every other
/// byte is written as in addresses, `%2F` for a slash.
pub fn job_name(pipeline: &str, task: Option<&str>) -> String {
    let escaped = |name: &str| utf8_percent_encode(name, PLAIN).to_string();
    match task {
        Some(task) => format!("{}.{}", escaped(pipeline), escaped(task)),
        None => escaped(pipeline),
    }
}
