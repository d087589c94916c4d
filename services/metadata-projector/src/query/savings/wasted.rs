//! Attempts that fail again and again: what they cost, or how long they took.

use super::{Rule, facts::TaskFacts, finding::Finding};
use crate::limits;

/// WASTED_ATTEMPTS: one finding per currency in which they cost something; one in time where they cost nothing.
pub(super) fn find(task: &TaskFacts) -> Vec<Finding> {
    if task.sums.failed < limits::WASTED_ATTEMPTS_MIN {
        return Vec::new();
    }
    let (failed, good) = (task.sums.failed, task.sums.good);
    let what = format!("{failed} attempts of {} failed in 30 days, and {good} went well", task.subject);
    let advice = "Put right what makes them fail, or try fewer times: each attempt is paid for.";
    let mut found = Finding::new(Rule::WastedAttempts, &task.subject, what, advice)
        .figure("failed", failed, "attempts")
        .figure("good", good, "attempts")
        .took("time of failed attempts", task.sums.wasted);
    if let Some(pipeline) = task.pipeline {
        found = found.task(pipeline, &task.task, 0, "whom it concerns");
    }
    for attempt in task.row.failed.iter().rev() {
        let note = format!("attempt {} failed: {}", attempt.number, attempt.class);
        found = found.run(&attempt.run, attempt.sequence, &note);
    }
    let priced = task.spent.iter().filter(|(_, spent)| spent.wasted > 0);
    let mut all: Vec<Finding> = priced
        .map(|(currency, spent)| {
            let found = found.clone().spent("cost of failed attempts", spent.wasted, currency);
            found.saves_money(spent.wasted.into(), currency, "what the failed attempts of the period cost")
        })
        .collect();
    if all.is_empty() && task.sums.wasted >= 1_000_000 {
        all.push(found.saves_time(task.sums.wasted, "how long the failed attempts of the period took"));
    } else if all.is_empty() {
        all.push(found.without_estimate("they cost nothing that has a price, and took less than a second"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        durations::{DurationRow, FailedAttempt},
        spending::SpendDay,
    };
    use downbeat_proto::metadata::v1 as wire;

    #[test]
    fn failed_attempts_cost_their_money_or_their_time() {
        let wasted = |micros: i64| SpendDay { micros: 900, wasted: micros, ..SpendDay::default() };
        let eur = |micros| ("EUR".to_owned(), wasted(micros));
        let cases = [
            ("too few", 2, 50_000_000, vec![eur(7)], vec![]),
            ("money", 3, 50_000_000, vec![eur(7)], vec![("EUR", "7", 0)]),
            (
                "two currencies",
                3,
                0,
                vec![eur(7), ("USD".to_owned(), wasted(9))],
                vec![("EUR", "7", 0), ("USD", "9", 0)],
            ),
            ("they were for free", 3, 50_999_999, vec![eur(0)], vec![("", "", 50)]),
            ("no price", 3, 50_000_000, vec![], vec![("", "", 50)]),
            ("no time either", 3, 999_999, vec![], vec![("", "", 0)]),
        ];
        for (name, failed, micros, spent, expected) in cases {
            let attempt = FailedAttempt { run: vec![3; 16], number: 2, class: "TRANSIENT".into(), sequence: 9 };
            let task = TaskFacts {
                sums: wire::DurationSums { failed, wasted: micros, good: 1, ..wire::DurationSums::default() },
                row: DurationRow { failed: vec![attempt], ..DurationRow::default() },
                spent,
                ..TaskFacts::default()
            };
            let all = find(&task);
            let told =
                all.iter().map(|it| (it.saving.currency.as_str(), it.saving.saved.as_str(), it.saving.saved_seconds));
            assert_eq!(told.collect::<Vec<_>>(), expected, "{name}");
            for found in &all {
                let run = &found.saving.evidence[0];
                assert_eq!((run.sequence, run.note.as_str()), (9, "attempt 2 failed: TRANSIENT"), "{name}");
            }
        }
    }
}
