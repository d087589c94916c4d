//! From what people write for a task to its place in a run.

use crate::{id::TaskRunId, state::RunState};

impl RunState {
    /// The task run of this name: the id of a task, `id[2]` for its iteration 2 (counted from 0), or a task run id.
    pub fn find_task(&self, name: &str) -> Option<u32> {
        if let Some(place) = self.plan.task_by_id.get(&name.to_lowercase()) {
            return Some(*place);
        }
        if let Some((id, iteration)) = name.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            let planned = *self.plan.task_by_id.get(&id.to_lowercase())?;
            return self.iteration_place(planned, iteration.trim().parse().ok()?);
        }
        let id: TaskRunId = name.parse().ok()?;
        (0..self.tasks.len() as u32).find(|place| TaskRunId::derive(self.id, *place) == id)
    }

    fn iteration_place(&self, planned: u32, iteration: u32) -> Option<u32> {
        let place = self.place_in(planned, iteration)?;
        let found = self.tasks.get(place as usize)?;
        (found.planned == planned && found.iteration == Some(iteration)).then_some(place)
    }
}
