//! Pipelines that tests and benches run.

use std::fmt::Write;

/// `tasks` no-op tasks that do not depend on each other.
pub fn fan_out(tasks: usize) -> String {
    let mut text = head("fan-out");
    for at in 0..tasks {
        noop(&mut text, at, None);
    }
    text
}

/// `tasks` no-op tasks, each after the one before.
pub fn chain(tasks: usize) -> String {
    let mut text = head("chain");
    for at in 0..tasks {
        noop(&mut text, at, at.checked_sub(1));
    }
    text
}

/// Short scripts beside and after each other: a run that takes some seconds and has something to lose.
pub fn scripts(width: usize, depth: usize, seconds: f32) -> String {
    let mut text = head("scripts");
    for row in 0..depth {
        for column in 0..width {
            let depends_on = if row == 0 { String::new() } else { format!("t_{}_{column}", row - 1) };
            let id = format!("t_{row}_{column}");
            writeln!(
                text,
                "  {id}:\n    integration: PYTHON\n    integration_job: PYTHON_EXECUTE_SCRIPT\n    depends_on: [{depends_on}]\n    \
                 parameters:\n      source: INLINE\n      python_version: '3.11'\n      code: |\n        \
                 import time\n        time.sleep({seconds})\n        print('{id} done')"
            )
            .expect("writing to a string");
        }
    }
    text
}

/// Pipelines of every kind that a control plane meets in a day, by alias, and how a run of each ends. Those that start others come last.
pub fn mixed() -> Vec<(&'static str, String, &'static str)> {
    let noop = "integration: DOWNBEAT, integration_job: NOOP, parameters: {}";
    let script = |code: &str| {
        format!(
            "integration: PYTHON, integration_job: PYTHON_EXECUTE_SCRIPT, parameters: {{source: INLINE, python_version: '3.11', code: \"{code}\"}}"
        )
    };
    let (slow, broken) = (script("import time; time.sleep(0.4)"), script("raise SystemExit(3)"));
    let child = downbeat_domain::PipelineId::derive("default", "chaos_child");
    vec![
        ("chaos_wide", named("wide", &wide_of_groups(noop)), "SUCCEEDED"),
        ("chaos_chain", chain(25), "SUCCEEDED"),
        (
            "chaos_matrix",
            named(
                "matrix",
                &format!(
                    "pipeline: {{g: {{matrix: {{inputs: {{n: [1, 2, 3, 4, 5, 6, 7, 8]}}, max_parallel: 3}}, \
                     tasks: {{a: {{{noop}}}, b: {{{noop}, depends_on: [a]}}}}}}, z: {{{noop}, depends_on: [g]}}}}\n"
                ),
            ),
            "SUCCEEDED",
        ),
        (
            "chaos_retries",
            named(
                "retries",
                &format!(
                    "pipeline: {{a: {{{broken}, configuration: {{retries: 2}}, meta: {{downbeat: {{retry: {{delay: PT0.2S, jitter: 0.5}}}}}}}}, \
                     b: {{{noop}, depends_on: [a]}}, c: {{{noop}, depends_on: [a], condition: \"tasks['a'].status == 'FAILED'\"}}}}\n"
                ),
            ),
            "FAILED",
        ),
        (
            "chaos_warning",
            named("warning", &format!("pipeline: {{a: {{{broken}, treat_failure_as_warning: true}}, b: {{{noop}, depends_on: [a]}}}}\n")),
            "WARNING",
        ),
        (
            "chaos_pool",
            named(
                "pool",
                &format!(
                    "pipeline: {{a: {{{slow}, meta: {{downbeat: {{pool: {{name: chaos}}}}}}}}, \
                     b: {{{slow}, meta: {{downbeat: {{pool: {{name: chaos}}, priority: 5}}}}}}}}\n"
                ),
            ),
            "SUCCEEDED",
        ),
        (
            "chaos_queue",
            named(
                "queue",
                &format!(
                    "configuration: {{concurrency: {{max_active: 1, on_limit: QUEUE}}}}\npipeline: {{a: {{{slow}}}, b: {{{noop}, depends_on: [a]}}}}\n"
                ),
            ),
            "SUCCEEDED",
        ),
        (
            "chaos_approval",
            named(
                "approval",
                &format!(
                    "pipeline: {{ok: {{integration: ORCHESTRA, integration_job: APPROVAL, parameters: {{}}}}, \
                     b: {{{noop}, depends_on: [ok], condition: \"tasks['ok'].outputs.approver == 'ada'\"}}}}\n"
                ),
            ),
            "SUCCEEDED",
        ),
        ("chaos_child", named("child", &format!("pipeline: {{a: {{{slow}}}, b: {{{noop}, depends_on: [a]}}}}\n")), "SUCCEEDED"),
        (
            "chaos_parent",
            named(
                "parent",
                &format!(
                    "pipeline: {{a: {{integration: ORCHESTRA, integration_job: TRIGGER_PIPELINE, parameters: {{pipeline_id: {child}}}}}, \
                     b: {{{noop}, depends_on: [a]}}}}\n"
                ),
            ),
            "SUCCEEDED",
        ),
    ]
}

fn wide_of_groups(noop: &str) -> String {
    let group = |name: &str, after: &str| {
        let tasks: Vec<String> = (0..12).map(|at| format!("{name}{at}: {{{noop}}}")).collect();
        format!("{name}: {{{after}tasks: {{{}}}}}", tasks.join(", "))
    };
    format!("pipeline: {{{}, {}}}\n", group("g", ""), group("h", "depends_on: [g], "))
}

fn named(name: &str, body: &str) -> String {
    format!("version: v1\nname: {name}\n{body}")
}

fn head(name: &str) -> String {
    format!("version: v1\nname: {name}\npipeline:\n")
}

fn noop(text: &mut String, at: usize, after: Option<usize>) {
    let depends_on = after.map(|before| format!(", depends_on: [t{before}]")).unwrap_or_default();
    writeln!(text, "  t{at}: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}{depends_on}}}")
        .expect("writing to a string");
}
