//! Operations that say what they processed and what they used that costs something.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    AttemptRef, Event,
    metadata::{Collected, CostBasis, Operation, Quantity},
};

use crate::{
    added::text,
    samples::{RUN, at},
};

fn basis(whole: u64, micros: u32, unit: &str, attributes: &[(&str, &str)]) -> CostBasis {
    let attributes: BTreeMap<_, _> = attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
    CostBasis { quantity: Quantity::new(whole, micros), unit: text(unit), attributes }
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let query = Operation {
        external_id: text("job-7"),
        name: text("SELECT 1"),
        kind: text("QUERY"),
        status: text("SUCCEEDED"),
        started_at: Some(at(10)),
        completed_at: Some(at(20)),
        bytes: Some(0),
        cost_basis: vec![
            basis(10_485_760, 0, "bytes_billed", &[]),
            basis(12, 500_000, "dbu", &[("sku", "JOBS_COMPUTE"), ("cloud", "AWS")]),
        ],
        ..Operation::default()
    };
    let collected = Collected { operations: vec![query], ..Collected::default() };
    let attempt = AttemptRef { run: RUN, task: 1, number: 2 };
    let fact = Event::OperationsCollected { attempt, chunk: 0, collected: Arc::new(collected) };
    vec![("OPERATIONS_COLLECTED.cost", fact)]
}
