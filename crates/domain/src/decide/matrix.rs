//! The elements of a matrix, and the iterations that may begin.

use downbeat_dialect::expression::{Template, render_value};
use serde_json::Value;

use crate::{
    command::Context,
    event::Event,
    limits,
    names::RunNames,
    plan::PlanMatrix,
    state::{Expansion, RunState},
};

/// The elements, evaluated at the moment at which the group opens; or why there are none.
pub(super) fn expand(run: &RunState, group: u32, matrix: &PlanMatrix, context: &Context) -> Result<Event, String> {
    let names = RunNames { run, task: None, now: context.now };
    let mut axes = Vec::with_capacity(matrix.inputs.len());
    for (name, input) in &matrix.inputs {
        let value = render(input, &names).map_err(|reason| format!("`{name}`: {reason}"))?;
        let Value::Array(values) = value else {
            return Err(format!("`{name}` gave {}, and a matrix needs a list", kind_of(&value)));
        };
        axes.push((name.clone(), values));
    }
    let members = run.plan.members.get(group as usize).map_or(0, Vec::len);
    let size = Expansion::size(&axes).map_or(usize::MAX, |size| size as usize);
    let tasks = size.saturating_mul(members).saturating_add(run.tasks.len());
    if size.saturating_mul(members) > limits::ITERATION_TASKS_MAX || tasks > 2 * limits::ITERATION_TASKS_MAX {
        return Err(format!(
            "{size} elements for {members} tasks are too many; at most {} task runs are allowed",
            limits::ITERATION_TASKS_MAX
        ));
    }
    let bytes: usize = axes.iter().flat_map(|(_, values)| values).map(|value| value.to_string().len() + 1).sum();
    if bytes > limits::MATRIX_BYTES_MAX {
        return Err(format!("its elements take {bytes} bytes; at most {} are allowed", limits::MATRIX_BYTES_MAX));
    }
    Ok(Event::MatrixExpanded { run: run.id, group, axes, at: context.now })
}

fn render(input: &Value, names: &RunNames<'_>) -> Result<Value, String> {
    match input {
        Value::String(text) => {
            let template = Template::parse(text).map_err(|error| error.message)?;
            template.render(names).map_err(|error| error.to_string())
        }
        other => render_value(other, names).map_err(|error| error.to_string()),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// Iterations that may begin, or that do not because one before them failed.
pub(super) fn go_on(run: &RunState, group: u32, context: &Context, room: usize) -> Vec<Event> {
    let plan = &run.plan.plan.groups[group as usize];
    let (Some(matrix), Some(expansion)) = (&plan.matrix, run.groups[group as usize].expansion.as_deref()) else {
        return Vec::new();
    };
    let left = expansion.next..expansion.count();
    if expansion.failed && !matrix.continue_on_error {
        let reason = "an iteration before it failed".to_owned();
        let skipped = left.take(room).map(|iteration| Event::IterationSkipped {
            run: run.id,
            group,
            iteration,
            reason: reason.clone(),
            at: context.now,
        });
        return skipped.collect();
    }
    let free = match matrix.max_parallel {
        0 => usize::MAX,
        most => most.saturating_sub(expansion.live) as usize,
    };
    left.take(room.min(free)).map(|iteration| Event::IterationOpened { run: run.id, group, iteration }).collect()
}
