//! Plans that were read lately. Only a memory of rows that never change: what it holds can be forgotten at any time.

use std::{collections::HashMap, sync::Arc};

use downbeat_domain::PipelineId;

use super::{batch::Batch, keys, rows};
use crate::{error::Error, limits};

/// Unpacked plans by pipeline and version.
#[derive(Debug, Default)]
pub struct Plans {
    held: HashMap<(PipelineId, u32), Arc<rows::Plan>>,
    tasks: usize,
}

impl Plans {
    /// The plan of a version; an empty one when the log never told it.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn get(&mut self, batch: &Batch<'_>, pipeline: PipelineId, version: u32) -> Result<Arc<rows::Plan>, Error> {
        if let Some(plan) = self.held.get(&(pipeline, version)) {
            return Ok(Arc::clone(plan));
        }
        let Some(bytes) = batch.bytes(&keys::plan(pipeline, version))? else { return Ok(Arc::default()) };
        let plan = Arc::new(rows::unpack_plan(&bytes)?);
        let full = self.held.len() >= limits::CACHED_PLANS_MAX || self.tasks >= limits::CACHED_PLAN_TASKS_MAX;
        if full {
            self.held.clear();
            self.tasks = 0;
        }
        self.tasks += plan.tasks.len();
        self.held.insert((pipeline, version), Arc::clone(&plan));
        Ok(plan)
    }
}
