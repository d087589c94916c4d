//! The shapes of the language as data: models and enums (`core.json`) and the typed integration jobs (one file per integration).
//!
//! To add a job, add it to its integration's file; to add an integration, add a file and a line in `JOB_FILES`. Fields: `name`,
//! `type`, `required`, `nullable`, `templated` (a text with a template is taken too), `enum` or `enum_ref`, `min`, `max`,
//! `max_length`, `min_items`, `max_items`, `items`, `values`, `models`, `check` (a form that code checks; `constraint` says it in
//! words) and `advice` (exceeding the limits only gives a warning).

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

const CORE: &str = include_str!("core.json");
const JOB_FILES: [&str; 5] = [
    include_str!("dbt_core.json"),
    include_str!("downbeat.json"),
    include_str!("http.json"),
    include_str!("orchestra.json"),
    include_str!("python.json"),
];

#[derive(Debug, Deserialize)]
pub(crate) struct Core {
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) enums: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    pub(crate) additional_fields: bool,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(flatten)]
    pub(crate) shape: Shape,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: ShapeKind,
    #[serde(default)]
    pub(crate) nullable: bool,
    #[serde(default)]
    pub(crate) templated: bool,
    #[serde(default, rename = "enum")]
    pub(crate) words: Vec<String>,
    pub(crate) enum_ref: Option<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) max_length: Option<usize>,
    pub(crate) min_items: Option<usize>,
    pub(crate) max_items: Option<usize>,
    pub(crate) items: Option<Box<Shape>>,
    pub(crate) values: Option<Box<Shape>>,
    #[serde(default)]
    pub(crate) models: Vec<String>,
    pub(crate) check: Option<Form>,
    pub(crate) constraint: Option<String>,
    #[serde(default)]
    pub(crate) advice: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShapeKind {
    Any,
    String,
    Integer,
    Number,
    Boolean,
    Enum,
    Array,
    Object,
    /// Tasks or task groups by id; looked at one by one elsewhere.
    Entries,
    StringOrList,
    ListOrTemplate,
    ObjectOrString,
    IntegerOrString,
}

/// Forms of texts that code checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    PipelineId,
    PythonCommand,
    DbtCommands,
}

#[derive(Debug, Deserialize)]
pub(crate) struct JobFile {
    integration: String,
    jobs: Vec<JobEntry>,
}

#[derive(Debug, Deserialize)]
struct JobEntry {
    job: String,
    parameters: Vec<Field>,
}

/// A typed job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) integration: String,
    pub(crate) parameters: Model,
}

/// The models and enums of the language.
pub(crate) fn core() -> &'static Core {
    #[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
    static PARSED: LazyLock<Core> = LazyLock::new(|| serde_json::from_str(CORE).expect("core.json is valid"));
    &PARSED
}

/// The typed jobs by name.
pub(crate) fn jobs() -> &'static BTreeMap<String, Job> {
    #[expect(clippy::expect_used, reason = "the files are compiled in and a test reads them")]
    static PARSED: LazyLock<BTreeMap<String, Job>> = LazyLock::new(|| {
        let files = JOB_FILES.iter().map(|file| serde_json::from_str::<JobFile>(file).expect("a job file is valid"));
        files.flat_map(by_name).collect()
    });
    &PARSED
}

fn by_name(file: JobFile) -> Vec<(String, Job)> {
    let JobFile { integration, jobs } = file;
    let typed = |entry: JobEntry| {
        let parameters = Model { additional_fields: false, fields: entry.parameters };
        (entry.job, Job { integration: integration.clone(), parameters })
    };
    jobs.into_iter().map(typed).collect()
}

impl Shape {
    /// The allowed words of an enum.
    pub(crate) fn allowed(&self) -> &[String] {
        let referred = self.enum_ref.as_ref().and_then(|name| core().enums.get(name));
        referred.map_or(&self.words, |words| words)
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, core, jobs};

    fn check(shape: &Shape) {
        for model in &shape.models {
            assert!(core().models.contains_key(model), "there is no model {model}");
        }
        if let Some(name) = &shape.enum_ref {
            assert!(core().enums.contains_key(name), "there is no enum {name}");
        }
        shape.items.iter().chain(&shape.values).for_each(|shape| check(shape));
    }

    #[test]
    fn every_reference_of_the_data_is_resolved() {
        let models = core().models.values().chain(jobs().values().map(|job| &job.parameters));
        models.flat_map(|model| &model.fields).for_each(|field| check(&field.shape));
    }

    #[test]
    fn the_jobs_of_this_part_are_typed() {
        for (job, integration) in [
            ("PYTHON_EXECUTE_SCRIPT", "PYTHON"),
            ("DBT_CORE_EXECUTE", "DBT_CORE"),
            ("HTTP_REQUEST", "HTTP"),
            ("WAIT", "ORCHESTRA"),
            ("NOOP", "DOWNBEAT"),
        ] {
            assert_eq!(jobs().get(job).map(|job| job.integration.as_str()), Some(integration), "{job}");
        }
    }
}
