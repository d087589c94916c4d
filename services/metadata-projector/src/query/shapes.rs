//! Shapes of the runs of one answer: what its entries need of their runs is read once for all of them.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::RunId;
use downbeat_proto::metadata::v1 as wire;

use super::{
    Refusal,
    shape::{Shape, plan_of},
};
use crate::{
    engine::{keys, rows::Plan},
    limits,
    published::View,
    served::Served,
};

/// See the module.
pub(super) struct Shapes<'a> {
    view: &'a View<'a>,
    plans: BTreeMap<(String, u32), Arc<Plan>>,
    runs: BTreeMap<RunId, Arc<(wire::Run, Shape)>>,
}

impl<'a> Shapes<'a> {
    /// None yet.
    pub(super) fn new(view: &'a View<'a>) -> Self {
        Self { view, plans: BTreeMap::new(), runs: BTreeMap::new() }
    }

    /// A run with its shape; `None`: the log never told of it.
    ///
    /// # Errors
    /// `Store`.
    pub(super) fn of(&mut self, run: RunId) -> Result<Option<Arc<(wire::Run, Shape)>>, Refusal> {
        if let Some(known) = self.runs.get(&run) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(row) = self.view.get::<wire::Run>(&keys::run(run))? else { return Ok(None) };
        let plan = self.plan(&row)?;
        let shape = Shape::with_plan(self.view.store, run, plan)?;
        if self.runs.len() >= limits::SHAPES_PER_ANSWER_MAX {
            self.runs.clear();
        }
        let found = Arc::new((row, shape));
        self.runs.insert(run, Arc::clone(&found));
        Ok(Some(found))
    }

    /// The rows that they are read from.
    pub(super) fn rows(&self) -> &'a Served {
        self.view.store
    }

    fn plan(&mut self, run: &wire::Run) -> Result<Arc<Plan>, Refusal> {
        let version = (run.pipeline_id.clone(), run.pipeline_version);
        if let Some(known) = self.plans.get(&version) {
            return Ok(Arc::clone(known));
        }
        let plan = Arc::new(plan_of(self.view.store, run)?);
        if self.plans.len() >= limits::SHAPES_PER_ANSWER_MAX {
            self.plans.clear();
        }
        self.plans.insert(version, Arc::clone(&plan));
        Ok(plan)
    }
}
