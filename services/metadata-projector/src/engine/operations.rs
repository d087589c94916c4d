//! Operations: one row each, by run, in the order in which they were reported; and one row per report, by age, with what its operations are
//! filtered by.

use downbeat_domain::{AttemptRef, Event, TaskRunId, id::with_version_4};
use downbeat_proto::{event::operation_to_wire, metadata::v1 as wire};

use super::{
    batch::Batch,
    graph::reporter,
    keys,
    marks::{OperationMark, ReportMark},
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Operations;

impl Projection for Operations {
    const NAME: &'static str = "operations";
    const VERSION: u32 = 3;
    const READS: &'static [&'static str] = &["pipelines", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, chunk, collected } = fact.event else { return Ok(()) };
        let first = keys::operation(attempt.run, attempt.task, attempt.number, *chunk, 0);
        // Whoever reports the same once more changes nothing about when it was told of first.
        let known: Option<wire::Operation> = batch.get(&first)?;
        let reported_at = known.map_or(fact.decided_at, |known| known.reported_at);
        for (ordinal, operation) in (0u32..).zip(&collected.operations) {
            let key = keys::operation(attempt.run, attempt.task, attempt.number, *chunk, ordinal);
            let row = wire::Operation {
                id: operation_id(*attempt, *chunk, ordinal),
                run_id: attempt.run.to_string(),
                task_run_id: TaskRunId::derive(attempt.run, attempt.task).to_string(),
                operation: Some(operation_to_wire(operation)),
                attempt: attempt.number,
                // These stand in the plan and are added when the row is read.
                task_id: String::new(),
                integration: String::new(),
                reported_at,
            };
            batch.put(key, &row);
        }
        if collected.operations.is_empty() {
            return Ok(());
        }
        let key = keys::lists::report(reported_at, &first);
        let known: ReportMark = batch.get(&key)?.unwrap_or_default();
        let marks =
            collected.operations.iter().map(|done| OperationMark::of(&done.kind, &done.status, &done.external_id));
        let more = known.operations.into_iter().skip(collected.operations.len());
        let integration = reporter::integration_of(attempt.run, Some(attempt.task), plans, batch)?;
        batch.put(key, &ReportMark { integration, operations: marks.chain(more).collect() });
        Ok(())
    }
}

/// The same for the same place of the same report, whoever folds it.
fn operation_id(attempt: AttemptRef, chunk: u32, ordinal: u32) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat operation v1");
    hasher.update(&attempt.run.0);
    for number in [attempt.task, attempt.number, chunk, ordinal] {
        hasher.update(&number.to_be_bytes());
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    TaskRunId(with_version_4(bytes)).to_string()
}
