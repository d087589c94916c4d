//! Durations that differ from what is usual: of a run, of a task, of operations of a task.

use crate::{
    event::Anomaly,
    limits,
    plan::PlanAnomaly,
    state::{Measured, OperationBaselines},
};

/// Differs from the median of those before by more than it may.
pub(super) fn unusual(watched: &PlanAnomaly, known: &[u64], took: u64) -> Option<Anomaly> {
    if known.len() < limits::BASELINE_ENDS_MIN {
        return None;
    }
    let mut sorted = known.to_vec();
    sorted.sort_unstable();
    let baseline = sorted[sorted.len() / 2];
    if baseline < watched.min_baseline_ms {
        return None;
    }
    let part = baseline.saturating_mul(u64::from(watched.percentage)) / 100;
    let (threshold, outside) = match watched.above {
        true => (baseline.saturating_add(part), took > baseline.saturating_add(part)),
        false => (baseline.saturating_sub(part), took < baseline.saturating_sub(part)),
    };
    outside.then(|| Anomaly {
        kind: watched.kind.clone(),
        baseline_ms: baseline,
        observed_ms: took,
        threshold_ms: threshold,
        compared: known.len() as u32,
        operation: String::new(),
    })
}

/// The operations that differ, those first that differ most for their baseline, at most as many as are asked for.
pub(super) fn operations(watched: &PlanAnomaly, measured: &Measured, known: &OperationBaselines) -> Vec<Anomaly> {
    let Some(of) = &watched.operations else { return Vec::new() };
    let one = |(key, took): (&crate::state::OperationKey, &u64)| {
        let usual: Vec<u64> =
            known.0.get(key).filter(|_| of.watches(&key.kind, &key.name))?.took_ms.iter().copied().collect();
        Some(Anomaly { operation: key.name.clone(), ..unusual(watched, &usual, *took)? })
    };
    let mut found: Vec<Anomaly> = measured.0.iter().filter_map(one).collect();
    found.sort_by_cached_key(|found| std::cmp::Reverse(deviation(found)));
    found.truncate(of.most as usize);
    found
}

/// In millionths of the baseline.
fn deviation(found: &Anomaly) -> u128 {
    u128::from(found.observed_ms.abs_diff(found.baseline_ms)) * 1_000_000 / u128::from(found.baseline_ms.max(1))
}

/// What people are told of one or several.
pub(super) fn words_of(found: &[Anomaly]) -> String {
    let seconds = |ms: u64| ms as f64 / 1_000.0;
    let one = |found: &Anomaly| {
        let (took, usual) = (seconds(found.observed_ms), seconds(found.baseline_ms));
        let who = if found.operation.is_empty() { String::new() } else { format!("{} ", found.operation) };
        format!("{who}took {took} s; usual are {usual} s (median of {})", found.compared)
    };
    let mut lines: Vec<String> = found.iter().take(limits::OPERATIONS_TOLD_MAX).map(one).collect();
    if let Some(more) = found.len().checked_sub(lines.len()).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}
