//! Tasks and pipelines that wait longer than they run: something in front of them is too small.

use super::{Rule, facts::TaskFacts, finding::Finding};
use crate::limits;

/// WAITS_MORE_THAN_RUNS.
pub(super) fn find(task: &TaskFacts) -> Option<Finding> {
    let sums = &task.sums;
    if sums.waited <= sums.ran || sums.waited < limits::WAITED_MICROS_MIN {
        return None;
    }
    let (what, advice) = match task.task.as_str() {
        "" => (
            format!("runs of {} wait longer than they run", task.subject),
            "Allow more runs at once (`concurrency`), or start them at other times; `downbeat run why` says what holds them.",
        ),
        _ => (
            format!("{} waits longer than it runs", task.subject),
            "Give its pool or its workers more slots, or start it at other times; `downbeat run why` says what holds it.",
        ),
    };
    let mut found = Finding::new(Rule::WaitsMoreThanRuns, &task.subject, what, advice)
        .took("waited", sums.waited)
        .took("ran", sums.ran)
        .figure("ended well", sums.good, if task.task.is_empty() { "runs" } else { "attempts" });
    if let Some(pipeline) = task.pipeline {
        found = found.task(pipeline, &task.task, 0, "whom it concerns");
    }
    if let Some(longest) = task.row.samples().max_by_key(|sample| sample.waited) {
        found = found.run_named(&longest.run_id, longest.sequence, "the longest wait of those that are kept");
    }
    Some(found.saves_time(sums.waited, "at most all of the waiting in the period; waiting has no price"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use downbeat_proto::metadata::v1 as wire;

    #[test]
    fn waiting_counts_when_it_is_more_than_running() {
        let minute = limits::WAITED_MICROS_MIN;
        let cases = [
            (minute, minute - 1, Some(60)),
            (minute, minute, None),
            (minute - 1, 0, None),
            (3 * minute, minute, Some(180)),
            (u64::MAX, u64::MAX - 1, Some(u64::MAX / 1_000_000)),
        ];
        for (waited, ran, expected) in cases {
            let sums = wire::DurationSums { waited, ran, good: 1, ..wire::DurationSums::default() };
            let found = find(&TaskFacts { sums, ..TaskFacts::default() });
            assert_eq!(found.map(|found| found.saving.saved_seconds), expected, "{waited} against {ran}");
        }
    }
}
