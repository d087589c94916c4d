//! The names of what an event is about, out of the rows of the projections: an event of a task speaks of it by its place in a plan.
//!
//! The rows are at least as new as the event, and these names never change once they are there.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Event, PipelineId, RunId, TaskRunId,
    cost::{BudgetOf, CostEvent},
    event::AlertSubject,
};
use downbeat_proto::metadata::v1 as wire;

use crate::{
    engine::{keys, rows},
    error::Error,
    limits,
    query::shape::{self, Shape},
    store::ScanRows,
};

/// See the module. What is empty is not known, or there is no such thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) pipeline_id: String,
    /// Its alias.
    pub(super) pipeline: String,
    pub(super) pipeline_name: String,
    /// 0 = not known.
    pub(super) pipeline_version: u32,
    pub(super) run_id: String,
    pub(super) task_id: String,
    pub(super) task_name: String,
    pub(super) task_run_id: String,
    /// Name of the iteration of a matrix.
    pub(super) iteration: String,
    pub(super) group_id: String,
}

/// Looks names up, and remembers the shapes of the last runs.
#[derive(Default)]
pub(super) struct Directory {
    shapes: BTreeMap<RunId, Arc<Shape>>,
}

/// What an event says by itself.
#[derive(Default)]
struct Said {
    pipeline: Option<PipelineId>,
    run: Option<RunId>,
    task: Option<u32>,
    group: Option<u32>,
}

impl Directory {
    /// # Errors
    /// `Damaged`; `Rebuilding`: the names are not there yet.
    pub(super) fn about(&mut self, store: &dyn ScanRows, event: &Event) -> Result<About, Error> {
        let said = said(store, event)?;
        let mut about = About::default();
        if let Some(run) = said.run {
            about.run_id = run.to_string();
            if let Some(row) = row::<wire::Run>(store, &keys::run(run))? {
                self.of_run(store, run, &row, &said, &mut about)?;
            }
        }
        if let Some(pipeline) = said.pipeline
            && about.pipeline.is_empty()
        {
            about.pipeline_id = pipeline.to_string();
            let row = row::<wire::Pipeline>(store, &keys::pipeline(pipeline))?.unwrap_or_default();
            (about.pipeline, about.pipeline_name) = (row.alias, row.name);
        }
        Ok(about)
    }

    fn of_run(
        &mut self,
        store: &dyn ScanRows,
        run: RunId,
        row: &wire::Run,
        said: &Said,
        about: &mut About,
    ) -> Result<(), Error> {
        about.pipeline_id.clone_from(&row.pipeline_id);
        about.pipeline.clone_from(&row.pipeline_alias);
        about.pipeline_name.clone_from(&row.pipeline_name);
        about.pipeline_version = row.pipeline_version;
        if said.task.is_none() && said.group.is_none() {
            return Ok(());
        }
        let shape = self.shape(store, run, row)?;
        if let Some(group) = said.group.and_then(|group| shape.plan.groups.get(group as usize)) {
            about.group_id.clone_from(&group.id);
        }
        let Some(place) = said.task else { return Ok(()) };
        about.task_run_id = TaskRunId::derive(run, place).to_string();
        if let Some(iteration) = shape.iteration(place) {
            iteration.name.clone_into(&mut about.iteration);
        }
        if let Some(task) = shape.plan.tasks.get(shape.planned(place) as usize) {
            about.task_id.clone_from(&task.id);
            about.task_name.clone_from(if task.name.is_empty() { &task.id } else { &task.name });
            let group = task.group_plus_one.checked_sub(1).and_then(|group| shape.plan.groups.get(group as usize));
            about.group_id = group.map(|group| group.id.clone()).unwrap_or_default();
        }
        Ok(())
    }

    /// The shape of a run. It only grows, by matrices whose elements become known.
    ///
    /// # Errors
    /// As [`Self::about`].
    pub(super) fn shape(&mut self, store: &dyn ScanRows, run: RunId, row: &wire::Run) -> Result<Arc<Shape>, Error> {
        if let Some(known) = self.shapes.get(&run)
            && known.fits(&shape::head_of(store, run)?)
        {
            return Ok(Arc::clone(known));
        }
        if self.shapes.len() >= limits::OUTGOING_SHAPES_MAX {
            self.shapes.clear();
        }
        let shape = Arc::new(Shape::read(store, run, row)?);
        self.shapes.insert(run, Arc::clone(&shape));
        Ok(shape)
    }
}

fn said(store: &dyn ScanRows, event: &Event) -> Result<Said, Error> {
    let of = |pipeline: PipelineId| Said { pipeline: Some(pipeline), ..Said::default() };
    Ok(match event {
        Event::PipelineApplied(stored) | Event::PipelineDrafted(stored) => of(stored.pipeline),
        Event::PipelineStorageSet { pipeline, .. }
        | Event::PipelinePaused { pipeline, .. }
        | Event::PipelineResumed { pipeline, .. }
        | Event::PipelineDeleted { pipeline, .. } => of(*pipeline),
        Event::SensorOpened(opened) => of(opened.window.pipeline),
        Event::SensorClosed(closed) => of(closed.window.pipeline),
        Event::BackfillCreated(created) => of(created.pipeline),
        Event::BackfillCancelled { backfill, .. } => {
            let row = row::<wire::Backfill>(store, &keys::backfill(*backfill))?.unwrap_or_default();
            Said { pipeline: row.pipeline_id.parse().ok(), ..Said::default() }
        }
        Event::AlertFailed { alert, .. } => {
            let row = row::<wire::Alert>(store, &keys::alert(*alert))?.unwrap_or_default();
            Said { pipeline: row.pipeline_id.parse().ok(), run: row.run_id.parse().ok(), ..Said::default() }
        }
        Event::FreshnessBreached(breached) => of(breached.pipeline),
        Event::FreshnessRestored(restored) => of(restored.pipeline),
        Event::DeadlineMet(met) => of(met.pipeline),
        Event::DeadlineBreached(breached) => of(breached.pipeline),
        Event::AlertsRaised(raised) => {
            let (run, task) = match &raised.subject {
                AlertSubject::Run(run) => (Some(*run), None),
                AlertSubject::Task(run, task) => (Some(*run), Some(*task)),
                AlertSubject::Window(_) | AlertSubject::Budget { .. } => (None, None),
            };
            Said { pipeline: Some(raised.pipeline), run, task, group: None }
        }
        Event::AssetsMaterialised(done) => {
            Said { run: Some(done.attempt.run), task: Some(done.attempt.task), ..Said::default() }
        }
        Event::Cost(fact) => match fact.as_ref() {
            CostEvent::CostRecorded(recorded) => {
                let attempt = recorded.origin.attempt;
                let (run, task) = (attempt.map(|attempt| attempt.run), attempt.map(|attempt| attempt.task));
                Said { pipeline: recorded.origin.pipeline, run, task, group: None }
            }
            CostEvent::BudgetCrossed(crossed) => match &crossed.of {
                BudgetOf::Pipeline(pipeline) => of(*pipeline),
                BudgetOf::Owner(_) => Said::default(),
            },
            _ => Said::default(),
        },
        Event::GroupSkipped { run, group, .. }
        | Event::MatrixExpanded { run, group, .. }
        | Event::IterationSkipped { run, group, .. } => {
            Said { run: Some(*run), group: Some(*group), ..Said::default() }
        }
        other => Said { run: other.run(), task: other.task(), ..Said::default() },
    })
}

/// A row. `None`: there is none.
///
/// # Errors
/// `Damaged`; `Rebuilding`.
pub(super) fn row<M: prost::Message + Default>(store: &dyn ScanRows, key: &[u8]) -> Result<Option<M>, Error> {
    store.get(key)?.map(|bytes| rows::read(key, &bytes)).transpose()
}
