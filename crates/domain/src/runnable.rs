//! What the language accepts with advice, but no plan can be made of: ids that name two things, dependencies inside a group that
//! lead nowhere or in a circle, zones that do not exist, nothing to do. Said by name and place, never dropped.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_dialect::{Entry, Pipeline, TaskGroup};
use jiff::tz::TimeZoneDatabase;

use crate::{
    compile::{Unsupported, schedules, sensor_places},
    plan::{PlanDeadline, PlanSensor},
};

/// Everything that stands against running a pipeline.
pub(crate) fn faults(pipeline: &Pipeline) -> Vec<Unsupported> {
    let mut faults = Vec::new();
    if pipeline.entries.is_empty() {
        faults.push(Unsupported {
            message: "the pipeline has no task, so there is nothing to run".to_owned(),
            span: None,
        });
    }
    repeated_ids(pipeline, &mut faults);
    for entry in pipeline.entries.values() {
        if let Entry::Group(group) = entry {
            if group.tasks.is_empty() {
                let message = format!("group `{}` has no task, so there is nothing to run", group.id);
                faults.push(Unsupported { message, span: Some(group.span) });
            }
            inside(group, &mut faults);
        }
    }
    let mut names = BTreeSet::new();
    let schedules = schedules::named(pipeline).map(|(name, schedule, _)| (name, &schedule.timezone, schedule.span));
    let sensors = pipeline.all_sensors().flat_map(|(id, sensor)| {
        let places = sensor_places(id, sensor).into_iter();
        places.map(move |(id, _)| (PlanSensor::schedule_name(&id), &sensor.timezone, sensor.span))
    });
    let deadlines = pipeline.additions.deadlines.iter();
    let deadlines =
        deadlines.map(|it| (PlanDeadline::schedule_name(&it.name), &it.schedule.timezone, it.schedule.span));
    for (name, timezone, span) in schedules.chain(sensors).chain(deadlines) {
        if names.contains(&name) {
            let message = format!("two schedules are called `{name}`: what was decided of one would count for both");
            faults.push(Unsupported { message, span: Some(span) });
        }
        names.insert(name);
        if TimeZoneDatabase::bundled().get(timezone).is_err() {
            let message = format!("there is no time zone `{timezone}`: use an IANA name such as Europe/London");
            faults.push(Unsupported { message, span: Some(span) });
        }
    }
    if let Some(budget) = &pipeline.additions.budget
        && TimeZoneDatabase::bundled().get(&budget.timezone).is_err()
    {
        let message = format!("there is no time zone `{}`: use an IANA name such as Europe/London", budget.timezone);
        faults.push(Unsupported { message, span: Some(budget.span) });
    }
    faults
}

fn repeated_ids(pipeline: &Pipeline, faults: &mut Vec<Unsupported>) {
    let mut seen = BTreeSet::new();
    let mut take = |id: &str, span| {
        if !seen.insert(id.to_lowercase()) {
            let message = format!("the id `{id}` names two entries of the pipeline: case does not count");
            faults.push(Unsupported { message, span: Some(span) });
        }
    };
    for entry in pipeline.entries.values() {
        match entry {
            Entry::Task(task) => take(&task.id, task.span),
            Entry::Group(group) => {
                take(&group.id, group.span);
                group.tasks.values().for_each(|task| take(&task.id, task.span));
            }
        }
    }
}

/// Dependencies between the tasks of a group.
fn inside(group: &TaskGroup, faults: &mut Vec<Unsupported>) {
    let places: BTreeMap<String, usize> =
        group.tasks.keys().enumerate().map(|(place, id)| (id.to_lowercase(), place)).collect();
    let mut waiting: Vec<Vec<usize>> = Vec::new();
    for task in group.tasks.values() {
        let mut found = Vec::new();
        for id in &task.depends_on {
            match places.get(&id.to_lowercase()) {
                Some(place) => found.push(*place),
                None => {
                    let message =
                        format!("task `{}` depends on `{id}`, which is not in its group `{}`", task.id, group.id);
                    faults.push(Unsupported { message, span: Some(task.span) });
                }
            }
        }
        waiting.push(found);
    }
    for (place, task) in stuck(&waiting).into_iter().zip(group.tasks.values()) {
        if place {
            let message =
                format!("task `{}` can never start: dependencies in group `{}` form a circle", task.id, group.id);
            faults.push(Unsupported { message, span: Some(task.span) });
        }
    }
}

/// For every node whether it can never start: it is part of a circle, or waits for one.
fn stuck(waiting: &[Vec<usize>]) -> Vec<bool> {
    let mut open: Vec<usize> = waiting.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); waiting.len()];
    for (node, awaited) in waiting.iter().enumerate() {
        awaited.iter().for_each(|place| followers[*place].push(node));
    }
    let mut ready: Vec<usize> = (0..waiting.len()).filter(|node| open[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for follower in &followers[node] {
            open[*follower] -= 1;
            if open[*follower] == 0 {
                ready.push(*follower);
            }
        }
    }
    open.into_iter().map(|left| left > 0).collect()
}
