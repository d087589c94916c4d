//! Alerts and anomalies: each cause is told once, tried until it is delivered or given up, and counted.

use downbeat_domain::{
    AlertId, AlertOutcome, Command, Report, effects, limits,
    metadata::{Collected, Operation},
};
use serde_json::{Value, json};

use crate::world::*;

/// Alerts of a pipeline or a task, in one line.
fn alerts(name: &str, statuses: &str, more: &str) -> String {
    format!(
        "alerts: [{{name: {name}, statuses: [{statuses}], destinations: [{{integration: SLACK, destination: '#d'}}]{more}}}]"
    )
}

fn of_run(alerts: &str) -> String {
    format!("{alerts}\n{}", pipe(&[task("a", "")]))
}

fn of_task(more: &str) -> String {
    pipe(&[task("a", more)])
}

fn owed(world: &World) -> Vec<AlertId> {
    world.partition.alerts.owed.keys().copied().collect()
}

fn settle(alert: AlertId, outcome: AlertOutcome) -> Step {
    Step::Do(Command::SettleAlert { alert, outcome })
}

fn no_answer(retryable: bool) -> AlertOutcome {
    AlertOutcome::Failed { message: "no answer".to_owned(), retryable, pause_seconds: 0 }
}

fn content(world: &World) -> Value {
    let owed = world.partition.alerts.owed.values().next().expect("an alert is owed");
    Value::Object(owed.alert.content.clone())
}

#[test]
fn the_end_of_a_run_is_told_where_its_status_is_asked_for() {
    let cases = [
        ("FAILED", true, "AlertsRaised run FAILED: oops to SLACK#d"),
        ("SUCCEEDED, WARNING", true, "AlertsRaised run FAILED:"),
        ("ANY_COMPLETED", true, "AlertsRaised run FAILED: oops to SLACK#d"),
        ("ANY_COMPLETED", false, "AlertsRaised run SUCCEEDED: oops to SLACK#d"),
        ("FAILED", false, "AlertsRaised run SUCCEEDED:"),
    ];
    for (statuses, fails, line) in cases {
        let world = given(&of_run(&alerts("oops", statuses, ""))).after([start(), lease("a"), started("a", 1)]);
        let lines = world.when(if fails { failed("a", 1) } else { succeeded("a", 1) }).lines();
        assert!(lines.contains(&line.to_owned()), "{statuses}: {lines:?}");
        let raised = lines.iter().position(|it| it.starts_with("AlertsRaised"));
        let finished = lines.iter().position(|it| it.starts_with("RunFinished"));
        assert!(raised < finished, "told with the end: {lines:?}");
    }
}

#[test]
fn what_is_told_says_which_run_of_which_pipeline_ended_how_and_why() {
    let more = ", custom_message: 'look at ${{ inputs.t }} in ${{ ENV.REGION }}'";
    let body = format!("inputs: {{t: {{type: string}}}}\n{}", of_task(&alerts("oops", "FAILED", more)));
    let begin = start_with(json!({"t": "orders"}), json!({"REGION": "eu"}));
    let world = given(&body).after([begin, after(2), lease("a"), started("a", 1), after(3), failed("a", 1)]);
    let told = content(&world);
    assert_eq!(told["text"], "look at orders in eu");
    assert_eq!((&told["event_type"], &told["status"]), (&json!("TASK_RUN_COMPLETED"), &json!("FAILED")));
    let detail = &told["detail"];
    assert_eq!(detail["pipeline_run_id"], world.run("").to_string());
    assert_eq!((&detail["task_id"], &detail["pipeline_id"]), (&json!("a"), &json!(pipeline().to_string())));
    assert_eq!(detail["started_at"], instant(2).to_string());
    assert_eq!(detail["completed_at"], instant(5).to_string());
    assert!(!detail["message"].as_str().unwrap().is_empty(), "{detail}");
}

#[test]
fn an_expression_that_fails_is_shown_as_written_and_stops_no_alert() {
    let more = ", custom_message: '${{ inputs.nothing }}'";
    let world =
        given(&of_run(&alerts("oops", "FAILED", more))).after([start(), lease("a"), started("a", 1), failed("a", 1)]);
    let text = content(&world)["text"].clone();
    assert!(text == "${{ inputs.nothing }}" || text == "", "{text}");
}

#[test]
fn a_task_is_told_when_it_ends_and_not_when_its_run_does() {
    let two = pipe(&[task("a", &alerts("oops", "FAILED, SKIPPED", "")), task("b", "")]);
    let world = given(&two).after([start(), lease("a"), started("a", 1), lease("b")]);
    let lines = world.when(failed("a", 1)).lines();
    assert!(lines.iter().any(|line| line == "AlertsRaised a FAILED: oops to SLACK#d"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("RunFinished")), "{lines:?}");
    // A retry is no end.
    let retried = pipe(&[task("a", &format!("configuration: {{retries: 1}}, {}", alerts("oops", "FAILED", "")))]);
    let world = given(&retried).after([start(), lease("a"), started("a", 1)]);
    let lines = world.when(failed("a", 1)).lines();
    assert!(!lines.iter().any(|line| line.starts_with("AlertsRaised")), "{lines:?}");
    // What is not part of a run did not end in it.
    let world = given(&two);
    let lines = world.when(start_only(&["b"])).lines();
    assert!(!lines.iter().any(|line| line.starts_with("AlertsRaised")), "{lines:?}");
}

#[test]
fn an_alert_is_tried_until_it_is_delivered() {
    let world =
        given(&of_run(&alerts("oops", "FAILED", ""))).after([start(), lease("a"), started("a", 1), failed("a", 1)]);
    let [alert] = owed(&world)[..] else { panic!("one alert") };
    assert_eq!(effects::next_deadline_of(&world.partition), Some(instant(0)), "at once");
    let world = world.when(settle(alert, no_answer(true))).then(["AlertFailed: no answer for 5 s"]);
    assert_eq!(effects::next_deadline_of(&world.partition), Some(instant(5)));
    let world = world.after([after(5)]).when(settle(alert, no_answer(true))).then(["AlertFailed: no answer for 10 s"]);
    let world = world.after([after(10)]).when(settle(alert, AlertOutcome::Delivered)).then(["AlertDelivered"]);
    // Somebody else had been asked as well.
    world.when(settle(alert, AlertOutcome::Delivered)).then([]);
}

#[test]
fn whoever_asks_for_a_pause_gets_it_unless_the_usual_one_is_longer() {
    let begun =
        || given(&of_run(&alerts("oops", "FAILED", ""))).after([start(), lease("a"), started("a", 1), failed("a", 1)]);
    let asks = |pause_seconds| AlertOutcome::Failed { message: "slow down".to_owned(), retryable: true, pause_seconds };
    for (asked, seconds) in [(0, 5), (3, 5), (90, 90), (1_800, 1_800), (u32::MAX, limits::ALERT_PAUSE_SECONDS_MAX)] {
        let world = begun();
        let [alert] = owed(&world)[..] else { panic!("one alert") };
        let world = world.after([settle(alert, asks(asked))]);
        assert_eq!(effects::next_deadline_of(&world.partition), Some(instant(seconds)), "{asked} s were asked for");
    }
}

#[test]
fn what_nobody_can_deliver_is_a_dead_letter_that_can_be_tried_again() {
    let ended =
        || given(&of_run(&alerts("oops", "FAILED", ""))).after([start(), lease("a"), started("a", 1), failed("a", 1)]);
    let retry = |alert| Step::Do(Command::RetryAlert { alert });
    let world = ended();
    let [alert] = owed(&world)[..] else { panic!("one alert") };
    let world = world.when(settle(alert, no_answer(false))).then(["AlertFailed: no answer"]);
    assert_eq!(effects::next_deadline_of(&world.partition), None);
    let world = world.when(retry(alert)).then(["AlertRetried"]);
    assert_eq!(effects::next_deadline_of(&world.partition), Some(instant(0)), "at once");
    world
        .when(settle(alert, AlertOutcome::Delivered))
        .then(["AlertDelivered"])
        .when(retry(alert))
        .refused_as("unknown-alert");
    let tries = (1..limits::ALERT_TRIES_MAX).map(|_| settle(alert, no_answer(true)));
    ended().after(tries).when(settle(alert, no_answer(true))).then(["AlertFailed: no answer"]);
}

#[test]
fn no_more_are_live_than_may_be_until_it_ends_well() {
    let raises = |world: World, label: &'static str, good: bool| {
        let world = world.after([start(), lease("a"), started("a", 1)].map(|step| step.of(label)));
        let outcome = world.when(if good { succeeded("a", 1) } else { failed("a", 1) }.of(label));
        let raised = outcome.lines().into_iter().find(|line| line.contains("AlertsRaised")).unwrap();
        (outcome.accepted(), raised)
    };
    let mut world = given(&of_run(&alerts("oops", "FAILED", ", max_live_alerts: 2")));
    let (told, held) = ("AlertsRaised run FAILED: oops to SLACK#d", "AlertsRaised run FAILED: oops held");
    let good = "AlertsRaised run SUCCEEDED:";
    let cases = [("1", false, told), ("2", false, told), ("3", false, held), ("4", true, good), ("5", false, told)];
    for (label, good, line) in cases {
        let (after, raised) = raises(world, label, good);
        assert_eq!(raised, format!("{label}: {line}"));
        world = after;
    }
}

#[test]
fn a_run_that_takes_longer_than_usual_is_an_anomaly() {
    let watch = "anomalies: [{percentage_above_baseline: 50, min_baseline_seconds: 5, destinations: [{integration: SLACK, destination: '#d'}]}]";
    let mut world = given(&of_run(watch));
    let cases = [
        ("1", 10, "AlertsRaised run SUCCEEDED:"),
        ("2", 10, "AlertsRaised run SUCCEEDED:"),
        ("3", 60, "AlertsRaised run SUCCEEDED:"),
        // From the third end on there is something to compare with.
        ("4", 15, "AlertsRaised run SUCCEEDED:"),
        ("5", 23, "AlertsRaised run SUCCEEDED: pipeline_duration_above_baseline to SLACK#d, 23000 ms, usual 15000"),
    ];
    for (label, seconds, line) in cases {
        let began = [start(), lease("a"), started("a", 1)].map(|step| step.of(label));
        let outcome = world.after(began).after([after(seconds)]).when(succeeded("a", 1).of(label));
        let lines = outcome.lines();
        assert!(lines.contains(&format!("{label}: {line}")), "{seconds} s: {lines:?}");
        world = outcome.accepted();
    }
}

/// Names and seconds.
type Took = &'static [(&'static str, i64)];

/// Models with so many seconds each, as an attempt reports them.
fn models(took: &[(&str, i64)]) -> Step {
    let operation = |(name, seconds): &(&str, i64)| Operation {
        external_id: format!("{name}-of-this-run"),
        name: (*name).to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        started_at: Some(instant(0)),
        completed_at: Some(instant(*seconds)),
        ..Operation::default()
    };
    let collected = Collected { operations: took.iter().map(operation).collect(), ..Collected::default() };
    Step::Report("a", 1, Report::Collected { chunk: 0, collected })
}

#[test]
fn operations_that_take_longer_than_usual_are_anomalies_each_for_itself() {
    let watch = "anomalies: [{type: operation_duration_above_baseline, operation_names: ['stg_*', slow], max_anomalies: 2, percentage_above_baseline: 50, min_baseline_seconds: 5, destinations: [{integration: SLACK, destination: '#d'}]}]";
    let mut world = given(&of_task(watch));
    const USUAL: Took = &[("stg_a", 10), ("stg_b", 20), ("slow", 100), ("other", 10), ("stg_short", 1)];
    let none = "AlertsRaised a SUCCEEDED:";
    let one = "AlertsRaised a SUCCEEDED: operation_duration_above_baseline to SLACK#d, 31000 ms, usual 20000";
    // Told of are the two that differ most for their baseline: 4 times and 3 times as long, not the one with most seconds.
    let two = "AlertsRaised a SUCCEEDED: operation_duration_above_baseline to SLACK#d, 40000 ms, usual 10000, 60000 ms, usual 20000";
    let cases: [(&str, Took, &str); 6] = [
        ("1", USUAL, none),
        ("2", USUAL, none),
        ("3", USUAL, none),
        ("4", &[("stg_a", 15), ("stg_b", 31), ("other", 900), ("stg_short", 900)], one),
        ("5", &[("stg_a", 40), ("stg_b", 60), ("slow", 190), ("new", 9_000)], two),
        ("6", &[], none),
    ];
    for (label, took, line) in cases {
        let begun = [start(), lease("a"), started("a", 1), models(took)].map(|step| step.of(label));
        let outcome = world.after(begun).when(succeeded("a", 1).of(label));
        let lines = outcome.lines();
        assert!(lines.contains(&format!("{label}: {line}")), "{took:?}: {lines:?}");
        world = outcome.accepted();
        assert!(world.partition.runs.values().all(|run| run.measured.is_empty()), "{label}");
    }
    let told = world
        .partition
        .alerts
        .owed
        .values()
        .map(|owed| &owed.alert.content)
        .find(|content| content["detail"]["anomalies"].as_array().is_some_and(|several| several.len() == 2));
    let told = Value::Object(told.expect("two are told in one").clone());
    assert_eq!(
        told["text"],
        "stg_a took 40 s; usual are 10 s (median of 4)\nstg_b took 60 s; usual are 20 s (median of 4)"
    );
    assert_eq!(told["detail"]["anomaly"]["operation"], "stg_a");
    assert_eq!(told["event_type"], "ANOMALY_DETECTED");
}

#[test]
fn what_went_well_counts_though_the_task_failed_and_a_plan_that_does_not_ask_forgets() {
    let watch = "anomalies: [{type: operation_duration_below_baseline, min_baseline_seconds: 0}]";
    let body = of_task(watch);
    let mut world = given(&body);
    for label in ["1", "2", "3"] {
        let steps = [start(), lease("a"), started("a", 1), models(&[("m", 10)]), failed("a", 1)];
        world = world.after(steps.map(|step| step.of(label)));
    }
    let steps = [start(), lease("a"), started("a", 1), models(&[("m", 2)])].map(|step| step.of("4"));
    let outcome = world.after(steps).when(failed("a", 1).of("4"));
    let lines = outcome.lines();
    assert!(lines.contains(&"4: AlertsRaised a FAILED: 2000 ms, usual 10000".to_owned()), "{lines:?}");
    let counts = |world: &World| {
        let known = world.partition.pipelines.values().flat_map(|state| state.alerts.operations.values());
        known.map(|known| known.0.len()).sum::<usize>()
    };
    let world = outcome.accepted();
    assert_eq!(counts(&world), 1);
    assert_eq!(counts(&world.after([apply(&of_task(""))])), 0);
}

#[test]
fn two_that_watch_the_same_are_told_both() {
    let to = |channel: &str| {
        format!(
            "{{type: operation_duration_above_baseline, min_baseline_seconds: 1, destinations: [{{integration: SLACK, destination: '{channel}'}}]}}"
        )
    };
    let mut world = given(&of_task(&format!("anomalies: [{}, {}]", to("#a"), to("#b"))));
    for (label, seconds) in [("1", 10), ("2", 10), ("3", 10), ("4", 30)] {
        let steps = [start(), lease("a"), started("a", 1), models(&[("m", seconds)]), succeeded("a", 1)];
        world = world.after(steps.map(|step| step.of(label)));
    }
    assert_eq!(owed(&world).len(), 2);
}

#[test]
fn more_destinations_than_one_owner_may_have_are_refused() {
    let to = "{integration: SLACK, destination: '#d'}, ".repeat(limits::DESTINATIONS_PER_OWNER_MAX + 1);
    let many = format!("alerts: [{{name: n, statuses: [FAILED], destinations: [{to}]}}]");
    let parsed = downbeat_dialect::parse(&format!("version: v1\nname: d\n{}", of_run(&many)));
    let refused = downbeat_domain::compile::compile(&parsed.pipeline.expect("it is valid")).unwrap_err();
    assert!(refused[0].message.contains("21 destinations; at most 20"), "{refused:?}");
}
