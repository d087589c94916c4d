//! INV-03: a task begins only once everything that it depends on has ended (well, unless it has a condition of its own) and its
//! group is open; a run finishes only once all of its tasks have ended.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Event, Outcome, PipelineId, RunId, TaskStatus,
    plan::{Node, Plan},
};

use super::{Check, Record, Violation};

#[derive(Debug)]
struct Run {
    plan: Arc<Plan>,
    ended: BTreeMap<u32, TaskStatus>,
    held: BTreeMap<u32, bool>,
    open: BTreeMap<u32, bool>,
    cancelled: bool,
}

/// The rule.
#[derive(Debug, Default)]
pub struct Dependencies {
    plans: BTreeMap<(PipelineId, u32), Arc<Plan>>,
    runs: BTreeMap<RunId, Run>,
}

impl Check for Dependencies {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let what = self.event(event);
            found.extend(what.map(|what| Violation { invariant: "INV-03", sequence: record.sequence, what }));
        }
    }
}

impl Dependencies {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::PipelineApplied(applied) => {
                self.plans.insert((applied.pipeline, applied.version), Arc::new(applied.plan.clone()));
                None
            }
            Event::RunCreated(created) => {
                let Some(plan) = self.plans.get(&(created.pipeline, created.version)).cloned() else {
                    return Some(format!("run {} is of a version that was never applied", created.run));
                };
                let run = Run {
                    plan,
                    ended: BTreeMap::new(),
                    held: BTreeMap::new(),
                    open: BTreeMap::new(),
                    cancelled: false,
                };
                self.runs.insert(created.run, run);
                None
            }
            Event::RunFinished { run, .. } => {
                let state = self.runs.remove(run)?;
                let open = (0..state.plan.tasks.len() as u32).find(|task| !state.ended.contains_key(task))?;
                Some(format!("run {run} finished while its task {open} had not ended"))
            }
            other => {
                let id = other.run()?;
                self.runs.get_mut(&id)?.event(other).map(|what| format!("run {id}: {what}"))
            }
        }
    }
}

impl Run {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::RunCancelRequested { .. } => self.cancel(),
            Event::GroupOpened { group, .. } => {
                self.open.insert(*group, true);
                let plan = Arc::clone(&self.plan);
                let group_plan = plan.groups.get(*group as usize)?;
                return self.blocked(&group_plan.depends_on, group_plan.condition.is_some());
            }
            Event::GroupSkipped { group, .. } => {
                let plan = Arc::clone(&self.plan);
                let members = (0u32..).zip(&plan.tasks).filter(|(_, task)| task.group == Some(*group));
                for (place, _) in members {
                    self.ended.entry(place).or_insert(TaskStatus::Skipped);
                }
            }
            Event::TaskReady { task, .. } => return self.begins(*task),
            Event::WaitStarted { attempt, .. } => {
                self.held.insert(attempt.task, false);
                return self.begins(attempt.task);
            }
            Event::AttemptLeased { attempt, .. } => {
                self.held.insert(attempt.task, true);
                return self.begins(attempt.task);
            }
            Event::TaskSkipped { task, .. } => return self.ends(*task, TaskStatus::Skipped),
            Event::TaskFailed { task, as_warning, .. } => return self.ends(*task, failed(*as_warning)),
            Event::AttemptSucceeded { attempt, outcome, .. } => {
                let status = match outcome {
                    Outcome::Succeeded => TaskStatus::Succeeded,
                    Outcome::Warning => TaskStatus::Warning,
                };
                return self.ends(attempt.task, status);
            }
            Event::AttemptFailed { attempt, retry_at, as_warning, .. }
            | Event::AttemptLost { attempt, retry_at, as_warning, .. } => {
                self.held.remove(&attempt.task);
                if retry_at.is_none() {
                    return self.ends(attempt.task, failed(*as_warning));
                }
            }
            Event::AttemptStopped { attempt, .. } => return self.ends(attempt.task, TaskStatus::Cancelled),
            _ => {}
        }
        None
    }

    fn cancel(&mut self) {
        self.cancelled = true;
        for place in 0..self.plan.tasks.len() as u32 {
            if self.held.get(&place) != Some(&true) {
                self.ended.entry(place).or_insert(TaskStatus::Cancelled);
            }
        }
    }

    fn ends(&mut self, task: u32, status: TaskStatus) -> Option<String> {
        self.held.remove(&task);
        let before = self.ended.insert(task, status)?;
        Some(format!("task {task} ends {status:?} after it ended {before:?}"))
    }

    fn begins(&self, task: u32) -> Option<String> {
        let plan = self.plan.tasks.get(task as usize)?;
        if let Some(ended) = self.ended.get(&task) {
            return Some(format!("task {task} begins after it ended {ended:?}"));
        }
        if self.cancelled {
            return Some(format!("task {task} begins although the run was cancelled"));
        }
        if plan.group.is_some_and(|group| !self.open.contains_key(&group)) {
            return Some(format!("task {task} begins before its group was opened"));
        }
        let blocked = self.blocked(&plan.depends_on, plan.condition.is_some())?;
        Some(format!("task {task}: {blocked}"))
    }

    fn blocked(&self, depends_on: &[Node], has_condition: bool) -> Option<String> {
        let members = |node: &Node| -> Vec<u32> {
            match *node {
                Node::Task(task) => vec![task],
                Node::Group(group) => {
                    let places = (0u32..).zip(&self.plan.tasks).filter(|(_, task)| task.group == Some(group));
                    places.map(|(place, _)| place).collect()
                }
            }
        };
        depends_on.iter().find_map(|node| {
            let statuses: Vec<Option<&TaskStatus>> = members(node).iter().map(|place| self.ended.get(place)).collect();
            if statuses.contains(&None) {
                return Some(format!("{node:?} has not ended"));
            }
            let bad = |status: &&TaskStatus| matches!(status, TaskStatus::Failed | TaskStatus::Cancelled);
            let skipped = |status: &&TaskStatus| matches!(status, TaskStatus::Skipped);
            let stops =
                statuses.iter().flatten().any(bad) || (!statuses.is_empty() && statuses.iter().flatten().all(skipped));
            (stops && !has_condition).then(|| format!("{node:?} ended {statuses:?} and there is no condition"))
        })
    }
}

fn failed(as_warning: bool) -> TaskStatus {
    if as_warning { TaskStatus::Warning } else { TaskStatus::Failed }
}
