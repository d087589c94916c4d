//! Operations: one row each, by run, in the order in which they were reported.

use downbeat_domain::{AttemptRef, Event, TaskRunId, id::with_version_4};
use downbeat_proto::{event::operation_to_wire, metadata::v1 as wire};

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Operations;

impl Projection for Operations {
    const NAME: &'static str = "operations";
    const VERSION: u32 = 2;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::OperationsCollected { attempt, chunk, collected } = fact.event else { return Ok(()) };
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
            };
            batch.put(key, &row);
        }
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
