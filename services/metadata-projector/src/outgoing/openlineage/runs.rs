//! What OpenLineage is told of every run alike: its names, whose child it is, and its tasks. Out of rows that never change once they are there.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{RunId, TaskRunId};
use downbeat_lineage::openlineage::{
    jobs::job_name,
    write::{Around, Of},
};
use downbeat_proto::{convert::instant, metadata::v1 as wire};
use jiff::Timestamp;

use super::super::about::{Directory, row};
use crate::{engine::keys, error::Error, limits, store::ScanRows};

/// What is known of a run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Its pipeline by the name that jobs have of it.
    pub(super) pipeline: String,
    /// The same for people.
    pub(super) name: String,
    pub(super) of: Of,
    /// What it runs in.
    pub(super) around: Around,
    /// The instant of its schedule.
    pub(super) nominal: Option<Timestamp>,
}

impl Run {
    /// Around what runs in it.
    pub(super) fn inside(&self) -> Around {
        Around { parent: Some(self.of.clone()), root: self.around.root.clone() }
    }
}

/// What a plan says of a task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: String,
    /// For people.
    pub(super) name: String,
    pub(super) integration: String,
}

/// Looks runs up, and remembers the last ones.
#[derive(Default)]
pub(super) struct Runs {
    directory: Directory,
    known: BTreeMap<RunId, Arc<Run>>,
}

impl Runs {
    /// `None`: there is no such run.
    ///
    /// # Errors
    /// `Damaged`; `Rebuilding`: the names are not there yet.
    pub(super) fn of(&mut self, store: &dyn ScanRows, run: RunId) -> Result<Option<Arc<Run>>, Error> {
        if let Some(known) = self.known.get(&run) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(found) = row::<wire::Run>(store, &keys::run(run))? else { return Ok(None) };
        let nominal = matches!(found.trigger.as_str(), "SCHEDULED" | "BACKFILL").then_some(found.schedule_instant);
        let known = Arc::new(Run {
            pipeline: pipeline_of(&found).to_owned(),
            name: found.pipeline_name.clone(),
            of: of_run(run, &found),
            around: self.around(store, &found)?,
            nominal: nominal.and_then(instant),
        });
        if self.known.len() >= limits::OUTGOING_RUNS_MAX {
            self.known.clear();
        }
        self.known.insert(run, Arc::clone(&known));
        Ok(Some(known))
    }

    /// The task whose run stands at this place. `None`: the plan has none there.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn task(&mut self, store: &dyn ScanRows, run: RunId, place: u32) -> Result<Option<Task>, Error> {
        let Some(found) = row::<wire::Run>(store, &keys::run(run))? else { return Ok(None) };
        let shape = self.directory.shape(store, run, &found)?;
        let task = shape.plan.tasks.get(shape.planned(place) as usize);
        Ok(task.map(|task| Task {
            id: task.id.clone(),
            name: if task.name.is_empty() { task.id.clone() } else { task.name.clone() },
            integration: task.integration.clone(),
        }))
    }

    /// A run that a task started runs in that task's run, as everything does that a task starts; the outermost run is the root.
    fn around(&mut self, store: &dyn ScanRows, of: &wire::Run) -> Result<Around, Error> {
        let Some((parent, above)) = parent_of(store, of)? else { return Ok(Around::default()) };
        let mut top = (parent, above.clone());
        for _ in 0..limits::OUTGOING_ANCESTORS_MAX {
            let Some(next) = parent_of(store, &top.1)? else { break };
            top = next;
        }
        let task = self.starter(store, parent, &above, &of.parent_task_run_id)?;
        let parent = task.unwrap_or_else(|| of_run(parent, &above));
        Ok(Around { parent: Some(parent), root: Some(of_run(top.0, &top.1)) })
    }

    /// The task run of this id.
    fn starter(&mut self, store: &dyn ScanRows, run: RunId, row: &wire::Run, id: &str) -> Result<Option<Of>, Error> {
        let Ok(id) = id.parse::<TaskRunId>() else { return Ok(None) };
        let total = self.directory.shape(store, run, row)?.head.total().min(limits::PLACES_LOOKED_AT_MAX);
        let Some(place) = (0..total).find(|place| TaskRunId::derive(run, *place) == id) else { return Ok(None) };
        let task = self.task(store, run, place)?;
        Ok(task.map(|task| Of { job: job_name(pipeline_of(row), Some(&task.id)), run: id.0 }))
    }
}

fn parent_of(store: &dyn ScanRows, of: &wire::Run) -> Result<Option<(RunId, wire::Run)>, Error> {
    let Ok(parent) = of.parent_run_id.parse::<RunId>() else { return Ok(None) };
    Ok(row::<wire::Run>(store, &keys::run(parent))?.map(|row| (parent, row)))
}

fn of_run(run: RunId, row: &wire::Run) -> Of {
    Of { job: job_name(pipeline_of(row), None), run: run.0 }
}

/// As workers name it where they hand parents down.
fn pipeline_of(row: &wire::Run) -> &str {
    if row.pipeline_alias.is_empty() { &row.pipeline_name } else { &row.pipeline_alias }
}
