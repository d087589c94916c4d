//! The shapes of the language as data: models and enums (`core.json`), our additions (`additions.json`) and the typed jobs and
//! sensor checks (one file per integration).
//!
//! To add a job, add it to its integration's file; to add an integration, add a file and a line in `files.rs`. The keys of the
//! data are the fields of [`Model`], [`Field`] and [`Shape`].

mod files;
mod shape;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

pub use shape::{Field, Model, Pattern, Shape, ShapeKind};

/// Models and enums of the language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// By name: `pipeline`, `task_group`, `task`, `schedule`, ...
    pub models: BTreeMap<String, Model>,
    /// Texts under keys that end like this have a form, wherever they stand.
    pub key_patterns: Vec<KeyPattern>,
    /// Lists of words that several shapes share.
    pub enums: BTreeMap<String, Vec<String>>,
}

/// The form of texts under keys with a common ending.
#[derive(Debug, Deserialize)]
pub struct KeyPattern {
    /// How the keys end.
    pub suffix: String,
    /// The form.
    #[serde(flatten)]
    pub pattern: Pattern,
}

/// What may stand under `meta.downbeat`, by the kind of thing that has the `meta`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additions {
    /// Forms of texts and keys that several shapes share, by name.
    pub forms: BTreeMap<String, Pattern>,
    /// Of the pipeline.
    pub pipeline: Model,
    /// Of a task group.
    pub task_group: Model,
    /// Of a task.
    pub task: Model,
}

/// An integration with its typed jobs and sensor checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// As pipelines name it, such as `DBT_CORE`.
    #[serde(rename = "integration")]
    pub name: String,
    /// For people, such as `dbt Core`.
    pub display_name: String,
    /// What it is for: `ingestion`, `transformation`, `warehouse`, `database`, `compute`, `storage`, `orchestration`, `bi`,
    /// `activation`, `quality`, `ai`, `messaging` or `general`.
    pub group: String,
    /// The typed jobs.
    pub jobs: Vec<Job>,
    /// The typed sensor checks.
    #[serde(default)]
    pub sensors: Vec<SensorType>,
}

/// A typed job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// As pipelines name it, such as `DBT_CORE_EXECUTE`; unique over all integrations.
    #[serde(rename = "job")]
    pub name: String,
    /// What it does, for people.
    pub display_name: String,
    /// Its parameters; others are refused.
    pub parameters: Vec<Field>,
}

/// A typed sensor check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorType {
    /// As pipelines name it, such as `AWS_S3_FILE`; unique over all integrations.
    #[serde(rename = "sensor_type")]
    pub name: String,
    /// What it looks for, for people.
    pub display_name: String,
    /// When it passes, for people.
    pub note: Option<String>,
    /// How its parameters are known; other parameters are taken too.
    pub known_from: String,
    /// The known parameters.
    pub parameters: Vec<Field>,
    /// Names of its outputs, where they are known.
    #[serde(default)]
    pub outputs: Vec<String>,
}

/// The models and enums of the language.
pub fn core() -> &'static Core {
    #[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
    static PARSED: LazyLock<Core> = LazyLock::new(|| serde_json::from_str(files::CORE).expect("core.json is valid"));
    &PARSED
}

/// What may stand under `meta.downbeat`.
pub fn additions() -> &'static Additions {
    #[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
    static PARSED: LazyLock<Additions> =
        LazyLock::new(|| serde_json::from_str(files::ADDITIONS).expect("additions.json is valid"));
    &PARSED
}

/// The integrations with typed jobs or sensor checks, in the order of their names.
pub fn integrations() -> &'static [Integration] {
    #[expect(clippy::expect_used, reason = "the files are compiled in and a test reads them")]
    static PARSED: LazyLock<Vec<Integration>> = LazyLock::new(|| {
        files::INTEGRATIONS.iter().map(|file| serde_json::from_str(file).expect("an integration is valid")).collect()
    });
    &PARSED
}

/// The typed job of a name, with its integration.
pub fn job(name: &str) -> Option<(&'static Integration, &'static Job)> {
    type Jobs = BTreeMap<&'static str, (&'static Integration, &'static Job)>;
    static BY_NAME: LazyLock<Jobs> = LazyLock::new(|| {
        let of = |integration: &'static Integration| {
            integration.jobs.iter().map(move |job| (job.name.as_str(), (integration, job)))
        };
        integrations().iter().flat_map(of).collect()
    });
    BY_NAME.get(name).copied()
}

/// The typed sensor check of a name, with its integration.
pub fn sensor_type(name: &str) -> Option<(&'static Integration, &'static SensorType)> {
    integrations().iter().find_map(|integration| {
        integration.sensors.iter().find(|sensor| sensor.name == name).map(|sensor| (integration, sensor))
    })
}

#[cfg(test)]
mod tests;
