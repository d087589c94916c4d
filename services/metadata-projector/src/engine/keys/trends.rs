//! Keys of durations, schedules and integrations; see the table of [`super`].

use downbeat_domain::{PipelineId, RunId};

use super::key;

/// Prefix of all durations.
pub const DURATIONS: &[u8] = b"Dt";
/// Prefix of all schedules.
pub const SCHEDULES: &[u8] = b"Hs";
/// Prefix of all integrations.
pub const INTEGRATIONS: &[u8] = b"Ii";
/// Between the two texts of a key: in no name of an integration.
const END: &[u8] = &[0];

/// Prefix of the durations of a pipeline and its tasks.
pub fn durations_of(pipeline: PipelineId) -> Vec<u8> {
    key(b'D', &[b"t", &pipeline.0])
}

/// Durations of a task; of the pipeline itself where `task` is empty.
pub fn durations(pipeline: PipelineId, task: &str) -> Vec<u8> {
    key(b'D', &[b"t", &pipeline.0, task.as_bytes()])
}

/// Prefix of the schedules of a pipeline.
pub fn schedules_of(pipeline: PipelineId) -> Vec<u8> {
    key(b'H', &[b"s", &pipeline.0])
}

/// A schedule.
pub fn schedule(pipeline: PipelineId, name: &str) -> Vec<u8> {
    key(b'H', &[b"s", &pipeline.0, name.as_bytes()])
}

/// What a run of a schedule did to data.
pub fn work(run: RunId) -> Vec<u8> {
    key(b'H', &[b"w", &run.0])
}

/// Prefix of the connections of an integration.
pub fn connections_of(integration: &str) -> Vec<u8> {
    key(b'I', &[b"i", integration.as_bytes(), END])
}

/// An integration through a connection.
pub fn integration(integration: &str, connection: &str) -> Vec<u8> {
    key(b'I', &[b"i", integration.as_bytes(), END, connection.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_stands_before_its_tasks_and_names_that_begin_alike_apart() {
        let pipeline = PipelineId([7; 16]);
        assert_eq!(durations(pipeline, ""), durations_of(pipeline));
        assert!(durations(pipeline, "") < durations(pipeline, "a"));
        assert!(!integration("DBT_CORE", "x").starts_with(&connections_of("DBT")));
        assert!(integration("DBT", "x").starts_with(&connections_of("DBT")));
    }
}
