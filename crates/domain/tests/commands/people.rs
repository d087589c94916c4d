//! LANGUAGE section 9: WAIT and APPROVAL, which need time or a person and no worker.

use downbeat_domain::{Event, RunStatus, TaskStatus};
use serde_json::json;

use crate::world::{
    after, approve, cancel, core, failed, given, lease, lose, pipe, reject, start, start_with, stopped, succeeded,
    task, wake,
};

/// An approval `a` and a task `b` behind it.
fn asked(parameters: &str, more: &str) -> String {
    format!(
        "inputs:\n  who: {{type: string, optional: true}}\n{}",
        pipe(&[core("a", "APPROVAL", parameters, more), task("b", "depends_on: [a]")])
    )
}

#[test]
fn a_wait_takes_the_minutes_it_says_and_no_worker() {
    for (minutes, seconds) in [(1, 60), (360, 21_600)] {
        let body = pipe(&[core("a", "WAIT", &format!("wait_minutes: {minutes}"), ""), task("b", "depends_on: [a]")]);
        let world = given(&body).after([start(), after(seconds - 1)]).when(wake()).then([]);
        assert_eq!((world.status_of("a"), world.run_status()), (TaskStatus::Running, RunStatus::Running));
        world
            .when(lease("a"))
            .refused_as("NOT_READY")
            .after([after(1)])
            .when(wake())
            .then(["AttemptSucceeded a#1 SUCCEEDED", "TaskReady b"]);
    }
}

#[test]
fn an_approval_asks_and_waits_for_any_time() {
    let world = given(&asked("", "")).when(start()).then(["RunCreated of version 1", "ApprovalRequested a#1 of []"]);
    assert_eq!((world.status_of("a"), world.run_status()), (TaskStatus::Running, RunStatus::Running));
    world.after([after(400 * 24 * 3_600)]).when(wake()).then([]);
}

#[test]
fn approved_goes_on_and_rejected_is_a_failure() {
    given(&asked("", ""))
        .after([start()])
        .when(approve("a", "bob"))
        .then(["ApprovalDecided a#1 approved by bob", "TaskReady b"]);
    given(&asked("", "")).after([start()]).when(reject("a", "bob")).then([
        "ApprovalDecided a#1 rejected by bob",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
    given(&asked("", "treat_failure_as_warning: true"))
        .after([start()])
        .when(reject("a", "bob"))
        .then(["ApprovalDecided a#1 rejected by bob as a warning", "TaskReady b"]);
}

#[test]
fn a_rejection_is_not_asked_again_whatever_retries_say() {
    let world = given(&asked("", "configuration: {retries: 3}")).after([start(), reject("a", "bob")]);
    assert_eq!(world.tasks_of(""), ["a FAILED", "b SKIPPED"]);
}

#[test]
fn the_decision_its_approver_and_the_comment_are_outputs_unless_switched_off() {
    let decided = json!({"decision": "APPROVED", "approver": "bob", "comment": "fine"});
    let refused = json!({"decision": "REJECTED", "approver": "bob", "comment": "fine"});
    for (parameters, step, outputs) in [
        ("", approve("a", "bob"), decided.clone()),
        ("set_outputs: true", approve("a", "bob"), decided),
        ("", reject("a", "bob"), refused),
        ("set_outputs: false", approve("a", "bob"), json!({})),
    ] {
        assert_eq!(given(&asked(parameters, "")).after([start(), step]).outputs_of("", "a"), outputs, "{parameters}");
    }
}

#[test]
fn a_rejection_can_be_handled_by_its_outputs() {
    let body = pipe(&[
        core("a", "APPROVAL", "", ""),
        task("b", "depends_on: [a], condition: \"tasks['a'].outputs.decision == 'REJECTED'\""),
    ]);
    given(&body).after([start()]).when(reject("a", "bob")).then(["ApprovalDecided a#1 rejected by bob", "TaskReady b"]);
}

#[test]
fn only_approvers_decide_where_there_are_any() {
    let body = asked("approvers: [Bob@x.org, \" eve@x.org \"]", "");
    for by in ["bob@x.org", "BOB@X.ORG", " Bob@x.org", "eve@x.org"] {
        given(&body).after([start()]).when(approve("a", by)).accepted();
    }
    for by in ["mallory@x.org", "", "bob"] {
        let world = given(&body).after([start()]).when(approve("a", by)).refused_as("NOT_AN_APPROVER");
        world.when(reject("a", by)).refused("its approvers are: Bob@x.org, eve@x.org");
    }
    given(&asked("approvers: []", "")).after([start()]).when(approve("a", "anyone")).accepted();
}

#[test]
fn approvers_and_message_may_be_expressions() {
    let body = asked("approvers: [\"${{ inputs.who }}\"], message: \"Go, ${{ inputs.who }}?\"", "");
    let events = given(&body).when(start_with(json!({"who": "bob"}), json!(null))).events();
    let Event::ApprovalRequested { approvers, message, .. } = &events[1] else { panic!("{events:?}") };
    assert_eq!((approvers.as_slice(), message.as_str()), (["bob".to_owned()].as_slice(), "Go, bob?"));
}

#[test]
fn an_approval_whose_parameters_do_not_evaluate_fails() {
    let lines = given(&asked("message: \"${{ ENV.GONE }}\"", "")).when(start()).lines();
    assert!(lines[1].starts_with("TaskFailed a: parameter `message`: "), "{lines:?}");
}

#[test]
fn an_undecided_approval_expires_by_its_own_limit_or_its_timeout() {
    for (more, seconds) in [
        ("configuration: {timeout: 60}", 60),
        ("meta: {downbeat: {approval: {expires: PT2M}}}", 120),
        ("configuration: {timeout: 60}, meta: {downbeat: {approval: {expires: PT2M}}}", 120),
    ] {
        let world = given(&asked("", more)).after([start(), after(seconds - 1)]).when(wake()).then([]);
        world.after([after(1)]).when(wake()).then([
            "AttemptFailed a#1 TIMED_OUT",
            "TaskSkipped b: task `a` ended FAILED",
            "RunFinished FAILED failed: a",
        ]);
    }
    let lenient = "treat_failure_as_warning: true, configuration: {timeout: 60}";
    given(&asked("", lenient))
        .after([start(), after(60)])
        .when(wake())
        .then(["AttemptFailed a#1 TIMED_OUT as a warning", "TaskReady b"]);
}

#[test]
fn a_second_decision_is_refused() {
    let world = given(&asked("", "")).after([start(), approve("a", "bob")]);
    let world =
        world.when(approve("a", "bob")).refused_as("TASK_ENDED").when(reject("a", "eve")).refused_as("TASK_ENDED");
    assert_eq!(world.status_of("a"), TaskStatus::Succeeded);
}

#[test]
fn only_what_waits_for_a_person_is_decided() {
    let body = pipe(&[task("t", ""), core("a", "APPROVAL", "", "depends_on: [t]")]);
    let world = given(&body).after([start()]).when(approve("a", "bob")).refused_as("TASK_UNFIT");
    world.when(approve("t", "bob")).refused("does not wait for an approval");
}

#[test]
fn an_approval_takes_no_report_of_a_worker() {
    let world = given(&asked("", "")).after([start()]).when(lease("a")).refused_as("NOT_READY");
    for step in [succeeded("a", 1), failed("a", 1), stopped("a", 1), lose("a", 1)] {
        given(&asked("", "")).after([start()]).when(step).refused_as("STALE_ATTEMPT");
    }
    assert_eq!(world.status_of("a"), TaskStatus::Running);
}

#[test]
fn a_cancel_ends_an_approval_that_waits() {
    let world = given(&asked("", ""))
        .after([start()])
        .when(cancel())
        .then(["RunCancelRequested: enough", "RunFinished CANCELLED"]);
    assert_eq!(world.tasks_of(""), ["a CANCELLED", "b CANCELLED"]);
    world.when(approve("a", "bob")).refused_as("RUN_FINISHED");
}
