//! May a node go? The default rule, or its own condition, which replaces that rule.

use downbeat_dialect::expression::{Expression, truthy};

use crate::{
    command::Context,
    decide::{brief, consider, cut},
    event::ConditionResult,
    limits,
    names::RunNames,
    plan::Node,
    state::RunState,
    status::TaskStatus,
};

pub(super) enum Verdict {
    Go(Option<ConditionResult>),
    Skip(String, Option<ConditionResult>),
    Fail(String),
}

pub(super) fn verdict(
    run: &RunState,
    depends_on: &[Node],
    condition: Option<&str>,
    task: Option<u32>,
    context: &Context,
) -> Verdict {
    match condition {
        Some(text) => evaluate(run, text, task, context),
        None => default_rule(run, depends_on),
    }
}

fn evaluate(run: &RunState, text: &str, task: Option<u32>, context: &Context) -> Verdict {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return Verdict::Fail(format!("`{}` is not an expression: {}", shown(text), error.message)),
    };
    let names = RunNames { run, task, now: context.now };
    match expression.evaluate(&names) {
        Ok(value) => {
            let go = truthy(&value);
            let result = ConditionResult { expression: brief(text), value: brief_value(value) };
            if go {
                Verdict::Go(Some(result))
            } else {
                Verdict::Skip(brief(&format!("its condition gave {}", result.value)), Some(result))
            }
        }
        Err(error) => Verdict::Fail(format!("`{}` did not evaluate: {error}", shown(text))),
    }
}

/// An expression inside a message that is cut: so much of it that the reason behind it still fits.
fn shown(text: &str) -> String {
    cut(text, limits::BRIEF_BYTES_MAX / 3)
}

/// The value as it is, or the beginning of its text where it is long.
fn brief_value(value: serde_json::Value) -> serde_json::Value {
    let text = value.to_string();
    if text.len() <= limits::BRIEF_BYTES_MAX { value } else { serde_json::Value::String(brief(&text)) }
}

/// All dependencies ended SUCCEEDED or WARNING.
fn default_rule(run: &RunState, depends_on: &[Node]) -> Verdict {
    for node in depends_on {
        let status = run.ended_as(*node);
        if matches!(status, Some(TaskStatus::Failed | TaskStatus::Skipped | TaskStatus::Cancelled)) {
            let (kind, id) = match node {
                Node::Task(task) => ("task", run.tasks.get(*task as usize).map(|task| consider::name_of(run, task))),
                Node::Group(group) => {
                    ("group", run.plan.plan.groups.get(*group as usize).map(|group| group.id.clone()))
                }
            };
            let id = id.unwrap_or_default();
            let status = status.map(TaskStatus::as_str).unwrap_or_default();
            return Verdict::Skip(brief(&format!("{kind} `{id}` ended {status}")), None);
        }
    }
    Verdict::Go(None)
}
