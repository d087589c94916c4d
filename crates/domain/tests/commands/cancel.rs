//! CancelRun in every phase.

use downbeat_domain::RunStatus;

use crate::{
    chain,
    world::{Step, after, cancel, failed, given, lease, lose, start, started, stopped, succeeded, wake},
};

const RETRIED: &str = "    configuration: {retries: 3, retry_delay: 1, timeout: 30}\n";

#[test]
fn what_no_worker_holds_ends_at_once() {
    let cases: [Vec<Step>; 2] = [vec![start()], vec![start(), lease("a"), started("a", 1), failed("a", 1)]];
    for steps in cases {
        given(&chain(RETRIED))
            .after(steps)
            .when(cancel())
            .then(["RunCancelRequested: enough", "RunFinished CANCELLED"]);
    }
}

#[test]
fn a_wait_ends_at_once() {
    given("pipeline:\n  a: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 5}}\n")
        .after([start()])
        .when(cancel())
        .then(["RunCancelRequested: enough", "RunFinished CANCELLED"]);
}

#[test]
fn what_a_worker_holds_is_asked_to_stop() {
    for steps in [vec![start(), lease("a")], vec![start(), lease("a"), started("a", 1)]] {
        let world = given(&chain(RETRIED))
            .after(steps)
            .when(cancel())
            .then(["RunCancelRequested: enough", "AttemptStopRequested a#1 CANCELLED"]);
        assert_eq!(world.run_status(), RunStatus::Cancelling);
        world.when(stopped("a", 1)).then(["AttemptStopped a#1", "RunFinished CANCELLED"]);
    }
}

#[test]
fn an_attempt_that_is_being_stopped_for_its_timeout_is_not_asked_twice() {
    given(&chain(RETRIED))
        .after([start(), lease("a"), started("a", 1), after(30), wake()])
        .when(cancel())
        .then(["RunCancelRequested: enough"])
        .when(stopped("a", 1))
        .then(["AttemptFailed a#1 TIMED_OUT", "RunFinished CANCELLED"]);
}

#[test]
fn whatever_comes_before_the_confirmation_ends_the_attempt_and_nothing_is_tried_again() {
    let cases = [
        (succeeded("a", 1), "AttemptSucceeded a#1 SUCCEEDED"),
        (failed("a", 1), "AttemptFailed a#1 JOB_FAILED"),
        (lose("a", 1), "AttemptLost a#1"),
    ];
    for (report, line) in cases {
        given(&chain(RETRIED))
            .after([start(), lease("a"), started("a", 1), cancel()])
            .when(report)
            .then([line, "RunFinished CANCELLED"]);
    }
}

#[test]
fn a_cancel_said_twice_changes_nothing_and_one_of_an_ended_run_is_refused() {
    let world = given(&chain("")).after([start(), lease("a"), cancel()]).when(cancel()).then([]);
    world.after([stopped("a", 1)]).when(cancel()).refused("has ended CANCELLED");
}

#[test]
fn groups_that_have_not_opened_end_with_their_run() {
    let grouped = "pipeline:\n  a: {integration: X, integration_job: Y, parameters: {}}\n  g:\n    depends_on: [a]\n    tasks:\n      b: {integration: X, integration_job: Y, parameters: {}}\n";
    given(grouped)
        .after([start(), lease("a")])
        .when(cancel())
        .then(["RunCancelRequested: enough", "AttemptStopRequested a#1 CANCELLED"])
        .when(succeeded("a", 1))
        .then(["AttemptSucceeded a#1 SUCCEEDED", "RunFinished CANCELLED"]);
}
