//! Who says how an asset is made: a task of a pipeline, whichever run it is in.

use downbeat_domain::{AttemptRef, PipelineId, RunId};

use crate::{
    engine::{
        batch::Batch,
        keys,
        plans::Plans,
        rows::{Matrix, RunHead},
    },
    error::Error,
};

/// One who reports, and which of its reports this is.
#[derive(Clone, Debug, Default)]
pub struct Reporter {
    /// The same in every run.
    pub id: [u8; 16],
    /// 16 bytes; empty = none of ours.
    pub pipeline: Vec<u8>,
    /// Task with the name of its iteration in brackets, or the job of another system.
    pub task: String,
    /// 16 bytes; empty = none of ours.
    pub run: Vec<u8>,
    /// The same for all parts of one report.
    pub report: Vec<u8>,
}

impl Reporter {
    /// The task that made this attempt. `None`: the log never told what run it is of.
    ///
    /// # Errors
    /// `Damaged`.
    pub(in crate::engine) fn of(
        attempt: AttemptRef,
        plans: &mut Plans,
        batch: &Batch<'_>,
    ) -> Result<Option<Self>, Error> {
        let Some(head) = batch.get::<RunHead>(&keys::run_head(attempt.run))? else { return Ok(None) };
        let Some(pipeline) = PipelineId::from_slice(&head.pipeline) else { return Ok(None) };
        let plan = plans.get(batch, pipeline, head.version)?;
        let iteration = match head.iteration_of(attempt.task) {
            Some((fan, number, _)) => {
                let matrix: Matrix = batch.get(&keys::matrix(attempt.run, fan.group))?.unwrap_or_default();
                Some(matrix.names.get(number as usize).cloned().unwrap_or_else(|| number.to_string()))
            }
            None => None,
        };
        let planned = head.planned(&plan, attempt.task).and_then(|place| plan.tasks.get(place as usize));
        let id = planned.map_or_else(|| attempt.task.to_string(), |task| task.id.clone());
        let task = iteration.map_or_else(|| id.clone(), |name| format!("{id}[{name}]"));
        let mut report = attempt.run.0.to_vec();
        report.extend(attempt.task.to_be_bytes());
        report.extend(attempt.number.to_be_bytes());
        Ok(Some(Self {
            id: of_task(&head.pipeline, &task),
            pipeline: head.pipeline.clone(),
            task,
            run: attempt.run.0.to_vec(),
            report,
        }))
    }
}

impl Reporter {
    /// A job of another system, by its namespace and name; `report` tells its reports apart.
    pub(in crate::engine) fn foreign((namespace, name): (&str, &str), report: [u8; 16]) -> Self {
        Self {
            id: id_of(&[b"", namespace.as_bytes(), name.as_bytes()]),
            task: if name.is_empty() { String::new() } else { format!("{namespace}/{name}") },
            report: report.to_vec(),
            ..Self::default()
        }
    }

    /// People, whoever of them.
    pub(in crate::engine) fn people() -> Self {
        Self { id: id_of(&[b"people"]), ..Self::default() }
    }

    /// Nobody knows who it is.
    pub(in crate::engine) fn is_unknown(&self) -> bool {
        self.report.is_empty()
    }

    /// Empty = none of ours.
    pub(in crate::engine) fn pipeline_id(&self) -> String {
        PipelineId::from_slice(&self.pipeline).map(|id| id.to_string()).unwrap_or_default()
    }
}

/// The integration of the task at this place of a run; empty = not known.
///
/// # Errors
/// `Damaged`.
pub(in crate::engine) fn integration_of(
    run: RunId,
    place: Option<u32>,
    plans: &mut Plans,
    batch: &Batch<'_>,
) -> Result<String, Error> {
    let (Some(place), Some(head)) = (place, batch.get::<RunHead>(&keys::run_head(run))?) else {
        return Ok(String::new());
    };
    let Some(pipeline) = PipelineId::from_slice(&head.pipeline) else { return Ok(String::new()) };
    let plan = plans.get(batch, pipeline, head.version)?;
    let planned = head.planned(&plan, place).and_then(|place| plan.tasks.get(place as usize));
    Ok(planned.map(|task| task.integration.clone()).unwrap_or_default())
}

/// The reporter that a task of a pipeline is, by its id with its iteration.
pub fn of_task(pipeline: &[u8], task: &str) -> [u8; 16] {
    id_of(&[pipeline, task.as_bytes()])
}

fn id_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat lineage reporter v1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    id
}
