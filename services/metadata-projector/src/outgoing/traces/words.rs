//! How runs and attempts ended, in the words of OpenTelemetry's conventions for CI/CD. Pure.

use downbeat_domain::{Event, FailureClass, RunStatus};

/// The result of a run, and whether it is an error.
pub(super) fn of_run(status: RunStatus) -> (&'static str, bool) {
    match status {
        RunStatus::Succeeded | RunStatus::Warning => ("success", false),
        RunStatus::Failed => ("failure", true),
        RunStatus::Skipped => ("skip", false),
        _ => ("cancellation", false),
    }
}

/// The result of an attempt whose row says this of its end, and the class of its failure if it is one.
pub(super) fn of_attempt(event: &Event, outcome: &str) -> (&'static str, Option<&'static str>) {
    match (event, outcome) {
        (Event::AttemptFailed { class: FailureClass::TimedOut, .. }, _) => ("timeout", Some("TIMED_OUT")),
        (Event::AttemptFailed { class, .. }, _) => ("failure", Some(class.as_str())),
        (Event::AttemptLost { .. }, _) => ("error", Some("LOST")),
        (Event::AttemptStopped { .. }, _) | (_, "CANCELLED" | "STOPPED") => ("cancellation", None),
        (_, "FAILED") => ("failure", Some("FAILED")),
        (_, "SKIPPED") => ("skip", None),
        _ => ("success", None),
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::{AttemptRef, RunId};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn every_end_has_one_of_the_six_results() {
        let attempt = AttemptRef { run: RunId([1; 16]), task: 0, number: 1 };
        let failed = |class| Event::AttemptFailed {
            attempt,
            class,
            message: String::new(),
            outputs: serde_json::Map::new(),
            retry_at: None,
            as_warning: false,
            at: Timestamp::UNIX_EPOCH,
        };
        for (class, result) in [
            (FailureClass::TimedOut, ("timeout", Some("TIMED_OUT"))),
            (FailureClass::JobFailed, ("failure", Some("JOB_FAILED"))),
        ] {
            assert_eq!(of_attempt(&failed(class), "FAILED"), result);
        }
        let other = Event::RunFinished {
            run: RunId([1; 16]),
            status: RunStatus::Failed,
            message: String::new(),
            at: Timestamp::UNIX_EPOCH,
        };
        for (outcome, result) in [
            ("SUCCEEDED", ("success", None)),
            ("WARNING", ("success", None)),
            ("FAILED", ("failure", Some("FAILED"))),
            ("CANCELLED", ("cancellation", None)),
            ("SKIPPED", ("skip", None)),
        ] {
            assert_eq!(of_attempt(&other, outcome), result, "{outcome}");
        }
        assert_eq!(of_run(RunStatus::Warning), ("success", false));
        assert_eq!(of_run(RunStatus::Cancelled), ("cancellation", false));
    }
}
