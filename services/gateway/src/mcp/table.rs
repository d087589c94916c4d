//! The tools: names that are published, and ours.

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Object,
    Texts,
}

/// An argument. It goes into the path where that names it, else into the query or, where there is one, the body.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) says: &'static str,
}

/// Which part of a file a tool asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its last bytes.
    End,
    /// From the byte on that the argument `offset` names.
    FromOffset,
}

/// A tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) method: &'static str,
    /// The route's own path; `{name}` is filled by the argument of that name, or by that of [`Tool::renamed`].
    pub(super) path: &'static str,
    pub(super) arguments: &'static [Argument],
    /// Arguments that have another name in the route.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// The argument that is the whole body.
    pub(super) body: Option<&'static str>,
    /// Arguments that go into the query although the route has a body.
    pub(super) queried: &'static [&'static str],
    /// Of a file, which part of it is asked for.
    pub(super) part: Option<Part>,
}

const fn required(name: &'static str, kind: Kind, says: &'static str) -> Argument {
    Argument { name, kind, required: true, says }
}

const fn optional(name: &'static str, kind: Kind, says: &'static str) -> Argument {
    Argument { name, kind, required: false, says }
}

const fn tool(
    name: &'static str,
    (method, path): (&'static str, &'static str),
    says: &'static str,
    arguments: &'static [Argument],
) -> Tool {
    Tool { name, says, method, path, arguments, renamed: &[], body: None, queried: &[], part: None }
}

const fn renaming(tool: Tool, renamed: &'static [(&'static str, &'static str)]) -> Tool {
    Tool { renamed, ..tool }
}

const fn body(tool: Tool, body: &'static str) -> Tool {
    Tool { body: Some(body), ..tool }
}

const fn queried(tool: Tool, queried: &'static [&'static str]) -> Tool {
    Tool { queried, ..tool }
}

const fn part(tool: Tool, part: Part) -> Tool {
    Tool { part: Some(part), ..tool }
}

use Kind::{Flag, Number, Object, Text, Texts};

const RUN: Argument = required("pipeline_run_id", Text, "Id of the run");
const TASK_RUN: Argument = required("task_run_id", Text, "Id of the task run");
const ALIAS: Argument = optional("alias", Text, "Alias of the pipeline");
const PIPELINE_ID: Argument = optional("pipeline_id", Text, "Id of the pipeline");
const STATUS: Argument = optional("status", Text, "Statuses, separated by commas");
const PAGE: Argument = optional("page", Number, "From 1 on");
const PAGE_SIZE: Argument = optional("page_size", Number, "Entries of a page");
const FROM: Argument = optional("time_from", Text, "From this instant on (ISO 8601); by default seven days ago");
const TO: Argument = optional("time_to", Text, "Before this instant");
const ATTEMPT: Argument = optional("attempt", Number, "Number of an attempt; by default the last one");
const OF_RUN: &[(&str, &str)] = &[("pipeline_run_id", "id")];

/// See the module.
#[rustfmt::skip]
pub(super) static TOOLS: &[Tool] = &[
    body(tool("validate_pipeline", ("POST", "/pipelines/schema"), "Checks the definition of a pipeline and says what is wrong, with places", &[required("pipeline", Object, "The definition, as a tree")]), "pipeline"),
    tool("list_pipelines", ("GET", "/pipelines"), "All pipelines with their latest runs", &[]),
    tool("get_pipeline", ("GET", "/pipeline"), "A pipeline, by id or alias", &[PIPELINE_ID, ALIAS, optional("version", Number, "Number of a version")]),
    tool("get_pipeline_data", ("GET", "/pipelines/data"), "The definition of a pipeline as YAML", &[PIPELINE_ID, ALIAS, optional("version", Number, "Number of a version")]),
    tool("create_pipeline", ("POST", "/pipelines"), "Makes a pipeline, or a draft of one", &[required("data", Object, "The definition, as a tree"), ALIAS, optional("published", Flag, "False: a draft")]),
    tool("update_pipeline", ("PUT", "/pipelines/{alias}"), "A new version of a pipeline, or a draft of one", &[required("alias", Text, "Alias of the pipeline"), required("data", Object, "The definition, as a tree"), optional("published", Flag, "False: a draft")]),
    tool("import_pipeline", ("POST", "/pipelines/import"), "Makes a pipeline of a file in a git repository", &[
        required("storage_provider", Text, "GITHUB, GITLAB, BITBUCKET, AZURE_DEVOPS or GIT"),
        required("repository", Text, "owner/name, or a URL"),
        required("yaml_path", Text, "Path of the file in the repository"),
        optional("default_branch", Text, "By default the repository's own one"),
        optional("working_branch", Text, "Its file counts, where there is one"),
        ALIAS,
    ]),
    queried(tool("migrate_pipeline", ("PATCH", "/pipelines/storage-settings"), "Says where the file of a pipeline is kept: from then on it is read there", &[
        PIPELINE_ID,
        ALIAS,
        required("storage_provider", Text, "GITHUB, GITLAB, BITBUCKET, AZURE_DEVOPS or GIT; ORCHESTRA: no longer in a repository"),
        optional("repository", Text, "owner/name, or a URL"),
        optional("path", Text, "Path of the file in the repository"),
        optional("default_branch", Text, "By default the repository's own one"),
        optional("working_branch", Text, "Its file counts, where there is one"),
        optional("sync", Flag, "True: what stands there becomes the current version at once"),
    ]), &["pipeline_id", "alias"]),
    tool("delete_pipeline", ("DELETE", "/pipelines"), "Deletes a pipeline; its runs stay", &[PIPELINE_ID, ALIAS]),
    renaming(tool("start_pipeline", ("POST", "/pipelines/{id}/start"), "Starts a run of a pipeline", &[
        required("alias_or_pipeline_id", Text, "Alias or id of the pipeline"),
        optional("run_inputs", Object, "Values of its inputs, by name"),
        optional("environment", Text, "Id or name of an environment; by default the default one"),
        optional("environment_overrides", Object, "Variables that differ: {NAME: {type, value}}"),
        optional("task_ids", Texts, "Only these tasks"),
        optional("continue_downstream_run", Flag, "With task_ids: also what follows from them"),
        optional("retry_from_failed", Flag, "Go on where the last run failed"),
        optional("version_number", Number, "A version, also a draft"),
    ]), &[("alias_or_pipeline_id", "id")]),
    renaming(tool("get_pipeline_run_status", ("GET", "/pipeline_runs/{id}/status"), "A run: its status, what started it, when it began and ended", &[RUN]), OF_RUN),
    renaming(tool("get_pipeline_run", ("GET", "/pipeline_runs/{id}"), "A run", &[RUN]), OF_RUN),
    renaming(tool("cancel_pipeline_run", ("POST", "/pipeline_runs/{id}/cancel"), "Cancels a run", &[RUN]), OF_RUN),
    tool("list_pipeline_runs", ("GET", "/pipeline_runs"), "Runs, newest first", &[STATUS, optional("pipeline_ids", Text, "Ids of pipelines, separated by commas"), optional("pipeline_run_ids", Text, "Ids of runs"), optional("environments", Text, "Names of environments"), FROM, TO, PAGE, PAGE_SIZE]),
    tool("list_task_runs", ("GET", "/task_runs"), "Task runs over all runs, newest first", &[STATUS, optional("pipeline_ids", Text, "Ids of pipelines"), optional("task_run_ids", Text, "Ids of task runs"), optional("integration", Text, "Integrations"), FROM, TO, PAGE, PAGE_SIZE]),
    tool("list_operations", ("GET", "/operations"), "What tasks did inside other systems: models, queries, syncs, tests", &[STATUS, optional("operation_type", Text, "Types"), optional("integration", Text, "Integrations"), optional("external_id", Text, "Ids in the other system"), optional("task_run_id", Text, "Of one task run"), optional("pipeline_run_id", Text, "Of one run"), FROM, TO, PAGE, PAGE_SIZE]),
    tool("list_assets", ("GET", "/assets"), "Tables, views, dashboards: how they are, who wrote them last", &[optional("asset_type", Text, "Types"), optional("integration", Text, "Integrations"), STATUS, optional("asset_ids", Text, "Ids or keys"), optional("database_name", Text, "Databases"), optional("schema_name", Text, "Schemas"), PAGE, PAGE_SIZE]),
    renaming(tool("list_task_run_logs", ("GET", "/pipeline_runs/{id}/task_runs/{task_run_id}/logs"), "The log files of a task run", &[RUN, TASK_RUN]), OF_RUN),
    part(renaming(tool("download_task_run_log", ("GET", "/pipeline_runs/{id}/task_runs/{task_run_id}/logs/download"), "The end of a log file of a task run, at most 256 KiB", &[RUN, TASK_RUN, required("filename", Text, "One of list_task_run_logs")]), OF_RUN), Part::End),
    renaming(tool("list_task_run_artifacts", ("GET", "/pipeline_runs/{id}/task_runs/{task_run_id}/artifacts"), "The files that a task run left: what dbt wrote about its commands, and what a program wanted to be kept", &[RUN, TASK_RUN, ATTEMPT]), OF_RUN),
    part(renaming(tool("download_task_run_artifact", ("GET", "/pipeline_runs/{id}/task_runs/{task_run_id}/artifacts/download"), "The text of one of these files, at most 256 KiB at once", &[RUN, TASK_RUN, required("filename", Text, "One of list_task_run_artifacts"), optional("offset", Number, "The first byte, from 0; by default the beginning"), ATTEMPT]), OF_RUN), Part::FromOffset),
    tool("list_environments", ("GET", "/environments"), "All environments", &[]),
    renaming(tool("get_environment", ("GET", "/environments/{id}"), "An environment with its variables", &[required("environment_id", Text, "Id of the environment")]), &[("environment_id", "id")]),
    tool("create_environment", ("POST", "/environments"), "Makes an environment", &[required("name", Text, "Its name"), optional("values", Object, "{NAME: {type, value}}")]),
    renaming(tool("update_environment", ("PATCH", "/environments/{id}"), "Gives an environment another name and other variables", &[required("environment_id", Text, "Id of the environment"), required("name", Text, "Its name"), required("values", Object, "{NAME: {type, value}}: all of them"), required("default_env", Flag, "Whether it is the default one")]), &[("environment_id", "id")]),
    renaming(tool("delete_environment", ("DELETE", "/environments/{id}"), "Removes an environment", &[required("environment_id", Text, "Id of the environment")]), &[("environment_id", "id")]),
    renaming(tool("list_integration_connections", ("GET", "/integrations/connections"), "Sealed connections: whether they work, and never a value", &[optional("integration", Text, "Only of this one"), optional("auth_status", Text, "INITIATED, SUCCEEDED or FAILED")]), &[("auth_status", "authStatus")]),
    tool("whats_happening", ("GET", "/now"), "What is live, what waits and for what, what is late, what comes next", &[]),
    tool("whats_broken", ("GET", "/broken"), "What fails now, by its cause: since when, what changed before, what it takes along, and what to do about it", &[]),
    renaming(tool("diagnose", ("GET", "/pipeline_runs/{id}/why"), "Why a run, or one of its tasks, went as it did: every event in words", &[RUN, optional("task", Text, "Id of a task, or of a task run")]), OF_RUN),
    renaming(tool("why", ("GET", "/pipeline_runs/{id}/waiting"), "What a run, or one of its tasks, waits for now, and who is ahead", &[RUN, optional("task", Text, "Id of a task, or of a task run")]), OF_RUN),
    tool("what_does_it_cost", ("GET", "/costs"), "Sums of costs", &[optional("by", Text, "What to group by, separated by commas: PIPELINE, TASK, ASSET, OWNER, UNIT, INTEGRATION, DAY, WEEK, MONTH"), optional("pipeline", Text, "Only of this pipeline"), optional("owner", Text, "Only of this owner"), optional("from", Text, "From this instant on (ISO 8601)"), optional("to", Text, "Before this instant")]),
    tool("lineage_impact", ("GET", "/lineage/impact"), "What breaks if an asset, or a column of it, goes or changes", &[required("asset", Text, "Key of the asset, or an unambiguous end of one"), optional("column", Text, "One of its columns")]),
];
