//! What the task runs of a run are, besides what happened to them: the plan's tasks, then the iterations of its matrices.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{PipelineId, RunId, TaskRunId, state::Expansion};
use downbeat_proto::metadata::v1 as wire;
use serde_json::{Map, Value};

use super::{Refusal, runs::shortened};
use crate::{
    engine::{
        keys,
        rows::{self, Fan, Matrix, Plan, RunHead},
    },
    error::Error,
    store::ScanRows,
};

/// The plan that a run follows; empty when the log never told it.
///
/// # Errors
/// `Damaged`.
pub fn plan_of(rows: &dyn ScanRows, run: &wire::Run) -> Result<Plan, Error> {
    let pipeline: Option<PipelineId> = run.pipeline_id.parse().ok();
    let Some(pipeline) = pipeline else { return Ok(Plan::default()) };
    match rows.get(&keys::plan(pipeline, run.pipeline_version))? {
        Some(bytes) => rows::unpack_plan(&bytes),
        None => Ok(Plan::default()),
    }
}

/// See the module.
#[derive(Debug)]
pub struct Shape {
    /// The run.
    pub run: RunId,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// What its task runs have in common.
    pub head: RunHead,
    matrices: BTreeMap<u32, Elements>,
}

#[derive(Debug)]
struct Elements {
    names: Vec<String>,
    expansion: Expansion,
    /// Places of the group's tasks in the plan.
    members: Vec<u32>,
}

/// An iteration of a task.
#[derive(Clone, Copy, Debug)]
pub struct Iteration<'a> {
    /// Its number, from 0.
    pub number: u32,
    /// Its name.
    pub name: &'a str,
    /// Place of its task in the plan, which stands for all iterations.
    pub planned: u32,
    fan: &'a Fan,
}

impl Shape {
    /// The shape of a run as it is now.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn read(rows: &dyn ScanRows, run: RunId, row: &wire::Run) -> Result<Self, Error> {
        Self::with_plan(rows, run, Arc::new(plan_of(rows, row)?))
    }

    /// The same for whoever has the plan.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn with_plan(rows: &dyn ScanRows, run: RunId, plan: Arc<Plan>) -> Result<Self, Error> {
        let head = head_of(rows, run)?;
        let mut matrices = BTreeMap::new();
        for fan in &head.fans {
            let key = keys::matrix(run, fan.group);
            let Some(bytes) = rows.get(&key)? else { continue };
            let matrix: Matrix = rows::read(&key, &bytes)?;
            let values = |text: &str| serde_json::from_str(text).unwrap_or_default();
            let axes = matrix.axes.iter().map(|axis| (axis.name.clone(), values(&axis.values))).collect();
            let expansion = Expansion {
                axes: Arc::new(axes),
                first: fan.first,
                next: fan.next,
                live: 0,
                failed: false,
                unfinished: Vec::new(),
            };
            matrices.insert(fan.group, Elements { names: matrix.names, expansion, members: plan.members(fan.group) });
        }
        Ok(Self { run, plan, head, matrices })
    }

    /// Is this still the shape of the run, going by its head?
    pub fn fits(&self, head: &RunHead) -> bool {
        self.head.fans.len() == head.fans.len()
    }

    /// The iteration that stands at this place.
    pub fn iteration(&self, place: u32) -> Option<Iteration<'_>> {
        let (fan, number, index) = self.head.iteration_of(place)?;
        let elements = self.matrices.get(&fan.group)?;
        let name = elements.names.get(number as usize)?;
        Some(Iteration { number, name, planned: *elements.members.get(index as usize)?, fan })
    }

    /// Place in the plan of the task that stands at this place.
    pub fn planned(&self, place: u32) -> u32 {
        self.iteration(place).map_or(place, |iteration| iteration.planned)
    }

    /// Does the task at this place stand for iterations?
    pub fn stands_for_iterations(&self, place: u32) -> bool {
        let group = self.plan.tasks.get(place as usize).and_then(|task| task.group_plus_one.checked_sub(1));
        group.is_some_and(|group| self.head.fan(group).is_some())
    }

    /// JSON object: the values that an iteration sees.
    pub fn values(&self, iteration: Iteration<'_>) -> Map<String, Value> {
        let Some(elements) = self.matrices.get(&iteration.fan.group) else { return Map::new() };
        let expansion = &elements.expansion;
        let value = |name: &String| Some((name.clone(), expansion.value(iteration.number, name)?));
        expansion.axes.iter().filter_map(|(name, _)| value(name)).collect()
    }

    /// The name of a task run for people: its task's id, and the number of its iteration in brackets.
    pub fn name_of(&self, place: u32) -> String {
        let id = |planned: u32| self.plan.tasks.get(planned as usize).map_or("?", |task| task.id.as_str());
        match self.iteration(place) {
            Some(iteration) => format!("{}[{}]", id(iteration.planned), iteration.number),
            None => id(place).to_owned(),
        }
    }

    /// The place of the iteration of this name of a task of the plan.
    pub fn place_named(&self, planned: u32, name: &str) -> Option<u32> {
        let group = self.plan.tasks.get(planned as usize)?.group_plus_one.checked_sub(1)?;
        let number = self.matrices.get(&group)?.names.iter().position(|known| known == name)?;
        self.place_in(planned, u32::try_from(number).ok()?)
    }

    fn place_in(&self, planned: u32, iteration: u32) -> Option<u32> {
        let group = self.plan.tasks.get(planned as usize)?.group_plus_one.checked_sub(1)?;
        let fan = self.head.fan(group).filter(|fan| iteration < fan.count)?;
        let index = self.matrices.get(&group)?.members.iter().position(|member| *member == planned)?;
        Some(fan.place(iteration, u32::try_from(index).ok()?))
    }

    /// The place of a task run, by the id of its task in the pipeline file, `id[2]` for its iteration 2 (counted from 0), or its own id.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn place_of(&self, task: &str) -> Result<u32, Refusal> {
        let planned = |wanted: &str| {
            let by_id = |exact: bool| {
                let same = |id: &str| if exact { id == wanted } else { id.to_lowercase() == wanted.to_lowercase() };
                self.plan.tasks.iter().position(|known| same(&known.id)).and_then(|place| u32::try_from(place).ok())
            };
            by_id(true).or_else(|| by_id(false))
        };
        let by_iteration = || {
            let (id, number) = task.strip_suffix(']')?.rsplit_once('[')?;
            self.place_in(planned(id)?, number.trim().parse().ok()?)
        };
        let by_run_id = || {
            let id: TaskRunId = task.parse().ok()?;
            (0..self.head.total()).find(|place| TaskRunId::derive(self.run, *place) == id)
        };
        let found = planned(task).or_else(by_iteration).or_else(by_run_id);
        found.ok_or_else(|| Refusal::NotFound(format!("run {} has no task `{}`", self.run, shortened(task))))
    }
}

/// What the task runs of a run have in common.
///
/// # Errors
/// `Damaged`.
pub fn head_of(rows: &dyn ScanRows, run: RunId) -> Result<RunHead, Error> {
    let key = keys::run_head(run);
    Ok(rows.get(&key)?.map(|bytes| rows::read(&key, &bytes)).transpose()?.unwrap_or_default())
}
