//! Jobs that may outlive the worker that began them: each has one token until its end is known (INV-06), and whatever is decided of its
//! task, a worker sees to it first.

use downbeat_domain::{FailureClass, Mark, Report, RunStatus, TaskStatus, Unsettled, limits};
use serde_json::json;

use crate::{
    chain,
    world::{
        Step, World, after, cancel, failed, failed_as, given, lease, lease_remote, lose, mark, start, start_with,
        started, stopped, succeeded, wake,
    },
};

const TEMPLATED: &str = "inputs:
  day: {type: string, default: monday}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {run: \"${{ ORCHESTRA.PIPELINE_RUN_ID }}\", day: \"${{ inputs.day }}\"}}
";

fn unsettled(world: &World) -> Option<Unsettled> {
    world.task("a").unsettled.as_deref().cloned()
}

fn token(world: &World) -> Option<u32> {
    unsettled(world).map(|job| job.token)
}

/// The worker could not see to the end of the job.
fn unconfirmed(task: &'static str, number: u32) -> Step {
    Step::Report(task, number, Report::Stopped { unconfirmed: "it answers 500".to_owned() })
}

#[test]
fn the_job_of_a_lost_attempt_keeps_its_token_until_its_end_is_known() {
    let world = given(&chain("    configuration: {retries: 1, retry_delay: 0}\n")).after([start(), lease_remote("a")]);
    assert_eq!(token(&world), Some(1));
    let world = world.after([started("a", 1), lose("a", 1), wake(), lease_remote("a")]);
    let job = unsettled(&world).unwrap();
    assert_eq!((job.token, job.handle.as_slice(), job.external_id.as_str()), (1, &[1][..], "job-1"));
    let world = world.when(failed("a", 2)).then(["AttemptFailed a#2 JOB_FAILED again after 0 s"]);
    assert_eq!(token(&world), None, "its end is known");
    let world = world.after([wake(), lease_remote("a")]);
    assert_eq!(token(&world), Some(3), "a retry is another job");
    let world = world.after([succeeded("a", 3)]);
    assert_eq!(token(&world), None);
}

#[test]
fn what_ends_with_its_worker_has_nothing_to_settle() {
    let world = given(&chain("")).after([start(), lease("a"), started("a", 1), lose("a", 1), wake(), lease("a")]);
    assert_eq!(token(&world), None);
}

#[test]
fn whoever_carries_on_gets_the_parameters_of_the_job_and_not_new_ones() {
    let first = given(TEMPLATED).after([start_with(json!({"day": "friday"}), json!({}))]);
    let leased = first.when(lease_remote("a"));
    let line = leased.lines()[0].clone();
    assert!(line.contains("friday"), "{line}");
    let world = leased.accepted().after([lose("a", 1), after(90), wake()]);
    let again = world.when(lease_remote("a")).lines()[0].clone();
    assert_eq!(again, line.replace("a#1", "a#2"));
}

#[test]
fn an_unknown_outcome_is_not_tried_again() {
    given(&chain("    configuration: {retries: 3, retry_delay: 0}\n"))
        .after([start(), lease_remote("a")])
        .when(failed_as("a", 1, FailureClass::UnknownOutcome))
        .then([
            "AttemptFailed a#1 UNKNOWN_OUTCOME",
            "TaskSkipped b: task `a` ended FAILED",
            "RunFinished FAILED failed: a",
        ]);
}

#[test]
fn the_timeout_counts_from_the_first_start_whoever_looks_after_the_job() {
    let world = given(&chain("    configuration: {timeout: 100}\n")).after([start(), lease_remote("a")]);
    let world = world.after([started("a", 1), after(70), lose("a", 1), wake(), lease_remote("a")]);
    let world = world.when(started("a", 2)).then(["AttemptStarted a#2 for 30 s"]);
    let world = world.after([after(30)]).when(wake()).then(["AttemptStopRequested a#2 TIMED_OUT"]);
    // Lost while it was being stopped: the next one stops it again.
    let world = world.when(lose("a", 2)).then(["AttemptLost a#2 again after 1 s"]);
    let world = world.after([after(1), wake(), lease_remote("a"), started("a", 3)]);
    let world = world.when(wake()).then(["AttemptStopRequested a#3 TIMED_OUT"]);
    world.when(unconfirmed("a", 3)).then([
        "AttemptFailed a#3 UNKNOWN_OUTCOME",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn a_cancelled_run_ends_only_once_a_worker_has_seen_to_the_job() {
    for begun in [vec![], vec![started("a", 1)]] {
        // Whether it waits for its pause or for a worker.
        for woken in [vec![], vec![wake()]] {
            let world = given(&chain("")).after([start(), lease_remote("a")]).after(begun.clone());
            let world = world.after([lose("a", 1)]).after(woken);
            let world = world.when(cancel()).then(["RunCancelRequested: enough"]);
            assert_eq!(world.run_status(), RunStatus::Cancelling);
            let world = world.after([after(1), wake()]);
            let world = world.when(lease_remote("a")).then(["AttemptLeased a#2", "AttemptStopRequested a#2 CANCELLED"]);
            assert_eq!(token(&world), Some(1));
            let world = world.when(lose("a", 2)).then(["AttemptLost a#2 again after 1 s"]);
            let world = world.after([after(1), wake(), lease_remote("a")]);
            world.when(stopped("a", 3)).then(["AttemptStopped a#3", "RunFinished CANCELLED"]);
        }
    }
}

#[test]
fn a_cancel_that_nobody_can_confirm_says_so() {
    let world = given(&chain("")).after([start(), lease_remote("a"), started("a", 1), cancel()]);
    world.when(unconfirmed("a", 1)).then(["AttemptStopped a#1 unconfirmed: it answers 500", "RunFinished CANCELLED"]);
}

#[test]
fn a_mark_counts_once_the_job_was_stopped() {
    let world = given(&chain("")).after([start(), lease_remote("a"), started("a", 1), lose("a", 1)]);
    let world = world.when(mark("a", Mark::Succeeded)).then(["TaskMarked a SUCCEEDED by ada: known"]);
    assert_eq!(world.status_of("a"), TaskStatus::Queued);
    let world = world.after([wake()]);
    let world = world.when(lease_remote("a")).then(["AttemptLeased a#2", "AttemptStopRequested a#2 MARKED"]);
    let world = world.when(lose("a", 2)).then(["AttemptLost a#2 again after 1 s"]);
    let world = world.after([after(1), wake(), lease_remote("a")]);
    let world = world.when(stopped("a", 3)).then(["AttemptStopped a#3", "TaskReady b"]);
    assert_eq!(world.status_of("a"), TaskStatus::Succeeded);
}

#[test]
fn losses_of_what_goes_on_elsewhere_are_many_and_further_and_further_apart() {
    let mut world = given(&chain("")).after([start()]);
    for number in 1..limits::LOST_REMOTE_ATTEMPTS_MAX {
        let lost = world.after([lease_remote("a")]).when(lose("a", number));
        let pause = (i64::from(number) - 1).min(limits::LOST_REMOTE_PAUSE_SECONDS_MAX);
        assert_eq!(lost.lines(), [format!("AttemptLost a#{number} again after {pause} s")]);
        world = lost.accepted().after([after(pause), wake()]);
    }
    world.after([lease_remote("a")]).when(lose("a", limits::LOST_REMOTE_ATTEMPTS_MAX)).then([
        "AttemptLost a#100",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}
