//! One run, as far as the order of things is concerned. Folds what it needs itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use downbeat_domain::{
    Event, Mark, Outcome, RunCreated, TaskStatus, Trigger,
    plan::{Node, Plan},
    state::iteration_ids,
};

#[derive(Debug)]
struct Fan {
    first: u32,
    count: u32,
    opened: BTreeSet<u32>,
}

/// A run.
#[derive(Debug)]
pub(super) struct Run {
    plan: Arc<Plan>,
    /// Task runs, those of iterations included.
    total: u32,
    fans: BTreeMap<u32, Fan>,
    /// How others see each task that has ended.
    ended: BTreeMap<u32, TaskStatus>,
    /// Tasks that have begun; true = something outside works on them.
    held: BTreeMap<u32, bool>,
    /// Tasks of which a worker may have left a job elsewhere: they go on until that is seen to.
    unsettled: BTreeSet<u32>,
    marks: BTreeMap<u32, TaskStatus>,
    open: BTreeSet<u32>,
    carried: BTreeMap<(u32, String), TaskStatus>,
    admitted: bool,
    carries: bool,
    /// It is about a part of its plan.
    partial: bool,
    halted: bool,
}

impl Run {
    pub(super) fn new(plan: Arc<Plan>, created: &RunCreated) -> Self {
        Self {
            total: plan.tasks.len() as u32,
            plan,
            fans: BTreeMap::new(),
            ended: BTreeMap::new(),
            held: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            marks: BTreeMap::new(),
            open: BTreeSet::new(),
            carried: BTreeMap::new(),
            admitted: !created.gated,
            carries: matches!(created.trigger, Trigger::Restart { .. }),
            partial: created.selection.is_some(),
            halted: false,
        }
    }

    /// The run is over: everything of it must be, unless it was refused before it began.
    pub(super) fn finishes(&self, refused: bool) -> Option<String> {
        if refused && !self.admitted && self.held.is_empty() {
            return None;
        }
        let open = (0..self.total).find(|task| !self.ended.contains_key(task))?;
        Some(format!("finished while its task {open} had not ended"))
    }

    pub(super) fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::RunAdmitted { .. } => self.admitted = true,
            Event::CarryCompleted { .. } => self.carries = false,
            Event::RunCancelRequested { .. } | Event::RunTimedOut { .. } => self.halt(),
            Event::GroupOpened { group, .. } => {
                self.open.insert(*group);
                let plan = Arc::clone(&self.plan);
                let group_plan = plan.groups.get(*group as usize)?;
                // One that is not part of the run opens for what it takes over, whatever it depends on.
                let blocked = self.blocked(&group_plan.depends_on, group_plan.condition.is_some());
                return blocked.filter(|_| !self.partial);
            }
            Event::GroupSkipped { group, reason, .. } => {
                // What is paused, or not part of the run, is seen as if it had succeeded.
                let absent = self.plan.groups.get(*group as usize).is_some_and(|group| group.paused)
                    || reason == "it is not part of this run";
                let status = if absent { TaskStatus::Succeeded } else { TaskStatus::Skipped };
                for place in self.members(*group) {
                    self.ended.entry(place).or_insert(status);
                }
            }
            Event::MatrixExpanded { group, axes, .. } => self.expand(*group, axes),
            Event::IterationOpened { group, iteration, .. } => {
                let fan = self.fans.get_mut(group)?;
                let next = fan.opened.len() as u32;
                fan.opened.insert(*iteration);
                return (*iteration != next)
                    .then(|| format!("iteration {iteration} of group {group} opens before {next}"));
            }
            Event::IterationSkipped { group, iteration, .. } => {
                self.fans.get_mut(group)?.opened.insert(*iteration);
                for place in self.iteration(*group, *iteration) {
                    self.ended.entry(place).or_insert(TaskStatus::Skipped);
                }
            }
            Event::IterationsEnded { task, status, .. } => {
                let group = self.plan.tasks.get(*task as usize)?.group?;
                let own: Vec<u32> = (0..self.fans.get(&group)?.count)
                    .flat_map(|iteration| self.iteration(group, iteration))
                    .filter(|place| self.planned(*place) == Some(*task))
                    .collect();
                if let Some(open) = own.iter().find(|place| !self.ended.contains_key(place)) {
                    return Some(format!("iterations of task {task} ended while {open} had not"));
                }
                // It is seen as the worst of them is seen.
                let seen: Vec<TaskStatus> = own.iter().filter_map(|place| self.ended.get(place).copied()).collect();
                let worst_first =
                    [TaskStatus::Failed, TaskStatus::Cancelled, TaskStatus::Warning, TaskStatus::Succeeded];
                let worst = worst_first.into_iter().find(|status| seen.contains(status));
                return self.ends(*task, worst.unwrap_or(*status));
            }
            Event::TaskCarriedOver(carried) => match &carried.iteration {
                Some(iteration) => drop(self.carried.insert((carried.task, iteration.clone()), carried.status)),
                None => return self.ends(carried.task, carried.status),
            },
            Event::TaskMarked { task, mark, .. } => return self.mark(*task, *mark),
            Event::TaskReady { task, .. } => return self.begins(*task),
            Event::WaitStarted { attempt, .. } | Event::ApprovalRequested { attempt, .. } => {
                self.held.insert(attempt.task, false);
                return self.begins(attempt.task);
            }
            Event::AttemptLeased { attempt, remote, .. } => {
                self.held.insert(attempt.task, true);
                let begins = self.begins(attempt.task);
                if *remote {
                    self.unsettled.insert(attempt.task);
                }
                return begins;
            }
            Event::ChildStarted { attempt, .. } => {
                self.held.insert(attempt.task, true);
                return self.begins(attempt.task);
            }
            Event::TaskSkipped { task, seen_as, .. } => {
                return self.ends(*task, seen_as.unwrap_or(TaskStatus::Skipped));
            }
            Event::TaskFailed { task, as_warning, .. } => return self.ends(*task, failed(*as_warning)),
            attempt => return self.attempt(attempt),
        }
        None
    }

    fn attempt(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::AttemptSucceeded { attempt, outcome, .. } => {
                let status = match outcome {
                    Outcome::Succeeded => TaskStatus::Succeeded,
                    Outcome::Warning => TaskStatus::Warning,
                };
                self.ends(attempt.task, status)
            }
            Event::ApprovalDecided { attempt, approved, as_warning, .. } => {
                self.ends(attempt.task, if *approved { TaskStatus::Succeeded } else { failed(*as_warning) })
            }
            Event::AttemptFailed { attempt, retry_at, as_warning, .. } => {
                self.held.remove(&attempt.task);
                self.unsettled.remove(&attempt.task);
                retry_at.is_none().then(|| self.ends(attempt.task, failed(*as_warning))).flatten()
            }
            Event::AttemptLost { attempt, retry_at, as_warning, .. } => {
                self.held.remove(&attempt.task);
                retry_at.is_none().then(|| self.ends(attempt.task, failed(*as_warning))).flatten()
            }
            Event::ChildEnded { attempt, status, retry_at, .. } => {
                self.held.remove(&attempt.task);
                retry_at.is_none().then(|| self.ends(attempt.task, *status)).flatten()
            }
            Event::AttemptStopped { attempt, .. } => self.ends(attempt.task, TaskStatus::Cancelled),
            _ => None,
        }
    }

    fn members(&self, group: u32) -> Vec<u32> {
        let places = (0u32..).zip(&self.plan.tasks).filter(|(_, task)| task.group == Some(group));
        places.map(|(place, _)| place).collect()
    }

    fn iteration(&self, group: u32, iteration: u32) -> Vec<u32> {
        let (Some(fan), members) = (self.fans.get(&group), self.members(group).len() as u32) else { return Vec::new() };
        (0..members).map(|index| fan.first + iteration * members + index).collect()
    }

    /// The group, iteration and place in its group of a task run of a matrix.
    fn in_fan(&self, place: u32) -> Option<(u32, u32, u32)> {
        self.fans.iter().find_map(|(group, fan)| {
            let members = self.members(*group).len() as u32;
            let behind = place.checked_sub(fan.first).filter(|behind| *behind < fan.count * members)?;
            Some((*group, behind / members, behind % members))
        })
    }

    fn planned(&self, place: u32) -> Option<u32> {
        if (place as usize) < self.plan.tasks.len() {
            return Some(place);
        }
        let (group, _, index) = self.in_fan(place)?;
        self.members(group).get(index as usize).copied()
    }

    fn expand(&mut self, group: u32, axes: &[(String, Vec<serde_json::Value>)]) {
        let ids = iteration_ids(axes);
        let members = self.members(group);
        let (first, count) = (self.total, ids.len() as u32);
        self.fans.insert(group, Fan { first, count, opened: BTreeSet::new() });
        self.total += count * members.len() as u32;
        for (iteration, id) in (0u32..).zip(ids) {
            for (index, planned) in (0u32..).zip(&members) {
                let place = first + iteration * members.len() as u32 + index;
                let carried = self.carried.remove(&(*planned, id.clone()));
                // What ended as a whole before its elements were known takes its iterations with it.
                if let Some(status) = carried.or_else(|| self.ended.get(planned).copied()) {
                    self.ended.insert(place, status);
                }
            }
        }
    }

    fn halt(&mut self) {
        self.halted = true;
        for place in 0..self.total {
            if !self.works(place) {
                self.ended.entry(place).or_insert(TaskStatus::Cancelled);
            }
        }
    }

    /// Something outside works on it, or may.
    fn works(&self, task: u32) -> bool {
        self.held.get(&task) == Some(&true) || self.unsettled.contains(&task)
    }

    fn mark(&mut self, task: u32, mark: Mark) -> Option<String> {
        if self.works(task) {
            self.marks.insert(task, mark.into());
            return None;
        }
        self.ends(task, mark.into())
    }

    fn ends(&mut self, task: u32, status: TaskStatus) -> Option<String> {
        self.held.remove(&task);
        self.unsettled.remove(&task);
        let status = self.marks.remove(&task).unwrap_or(status);
        let before = self.ended.insert(task, status)?;
        Some(format!("task {task} ends {status:?} after it ended {before:?}"))
    }

    fn begins(&self, task: u32) -> Option<String> {
        let planned = self.planned(task)?;
        let plan = self.plan.tasks.get(planned as usize)?;
        if let Some(ended) = self.ended.get(&task) {
            return Some(format!("task {task} begins after it ended {ended:?}"));
        }
        if (self.halted && !self.unsettled.contains(&task)) || !self.admitted || self.carries {
            return Some(format!("task {task} begins although its run was cancelled or not let go"));
        }
        if plan.group.is_some_and(|group| !self.open.contains(&group)) {
            return Some(format!("task {task} begins before its group was opened"));
        }
        let fan = self.in_fan(task);
        if let Some((group, iteration, _)) = fan
            && !self.fans.get(&group).is_some_and(|fan| fan.opened.contains(&iteration))
        {
            return Some(format!("task {task} begins before iteration {iteration} was opened"));
        }
        // In an iteration a task depends on its siblings there.
        let depends_on: Vec<Node> = match fan {
            Some((group, iteration, _)) => {
                let (members, places) = (self.members(group), self.iteration(group, iteration));
                let sibling = |node: &Node| match *node {
                    Node::Task(task) => {
                        members.iter().position(|member| *member == task).map(|at| Node::Task(places[at]))
                    }
                    Node::Group(_) => None,
                };
                plan.depends_on.iter().filter_map(sibling).collect()
            }
            None => plan.depends_on.clone(),
        };
        let blocked = self.blocked(&depends_on, plan.condition.is_some())?;
        Some(format!("task {task}: {blocked}"))
    }

    fn blocked(&self, depends_on: &[Node], has_condition: bool) -> Option<String> {
        depends_on.iter().find_map(|node| {
            let members = match *node {
                Node::Task(task) => vec![task],
                Node::Group(group) => self.members(group),
            };
            let statuses: Vec<Option<&TaskStatus>> = members.iter().map(|place| self.ended.get(place)).collect();
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
