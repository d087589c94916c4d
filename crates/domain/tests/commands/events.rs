//! TakeEvent: one run per pipeline, trigger and event, however often it is delivered (INV-05); several events that belong together.

use std::sync::Arc;

use downbeat_domain::{
    Command, EventKey, EventOrigin, IncomingEvent, RunId, TakeEvent, Trigger, limits::REMEMBERED_EVENTS_MAX,
};
use serde_json::{Value, json};

use crate::world::{Step, World, apply, given, instant, object, pipeline};

const ORDERS: &str = "inputs:
  table: {type: string, optional: true}
  rows: {type: number, default: 0}
meta:
  downbeat:
    triggers:
      - name: orders
        nats: orders.*.landed
        when: event.data.rows > 0
        run_inputs: {table: event.data.table, rows: event.data.rows}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

const BOTH: &str = "inputs:
  one: {type: string, optional: true}
  two: {type: string, optional: true}
meta:
  downbeat:
    triggers:
      - name: both
        all_of:
          - {nats: a.landed, run_inputs: {one: event.id}}
          - {nats: b.landed, when: event.data.full, run_inputs: {two: event.id}}
        within: PT1H
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

fn event(address: &str, id: &str, data: Value) -> IncomingEvent {
    IncomingEvent {
        address: address.to_owned(),
        id: id.to_owned(),
        source: "shop".to_owned(),
        kind: "landed".to_owned(),
        subject: String::new(),
        time: Some(instant(-5)),
        data,
        depth: 2,
    }
}

fn take(trigger: &str, event: IncomingEvent) -> Step {
    Step::Do(Command::TakeEvent(TakeEvent {
        pipeline: pipeline(),
        trigger: trigger.to_owned(),
        event: Arc::new(event),
    }))
}

fn landed(id: &str, data: Value) -> Step {
    take("orders", event("orders.eu.landed", id, data))
}

fn one(id: &str) -> Step {
    take("both", event("a.landed", id, json!({})))
}

fn two(id: &str) -> Step {
    take("both", event("b.landed", id, json!({"full": true})))
}

fn run_of(trigger: &str, ids: &[&str]) -> RunId {
    let keys: Vec<EventKey> = ids.iter().map(|id| EventKey::of("shop", id)).collect();
    RunId::of_events(pipeline(), trigger, &keys)
}

fn origin(address: &str, id: &str) -> EventOrigin {
    EventOrigin { id: id.to_owned(), source: "shop".to_owned(), address: address.to_owned(), time: Some(instant(-5)) }
}

fn waiting(world: &World) -> Vec<String> {
    let waiting = world.partition.pipelines[&pipeline()].triggers["both"].waiting.values();
    waiting.map(|event| event.origin.id.clone()).collect()
}

#[test]
fn an_event_starts_the_run_of_its_derived_id_with_the_inputs_of_its_trigger() {
    let world = given(ORDERS).after([landed("7", json!({"rows": 3, "table": "shop.orders"}))]);
    let run = &world.partition.runs[&run_of("orders", &["7"])];
    assert_eq!(run.inputs, object(json!({"table": "shop.orders", "rows": 3})));
    let events = vec![origin("orders.eu.landed", "7")];
    assert_eq!(run.trigger, Trigger::Event { trigger: "orders".to_owned(), events, depth: 2 });
}

#[test]
fn an_event_counts_once_while_its_run_lives_and_after_it_has_ended() {
    let twice = || landed("7", json!({"rows": 3, "table": "t"}));
    given(ORDERS).after([twice()]).when(twice()).then([]);
    given(ORDERS).after([twice()]).worked_off(&[]).when(twice()).then([]);
    given(ORDERS)
        .after([twice()])
        .when(landed("8", json!({"rows": 3, "table": "t"})))
        .then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn events_that_a_trigger_does_not_ask_for_start_nothing() {
    given(ORDERS).when(landed("7", json!({"rows": 0}))).then([]);
    given(ORDERS).when(take("orders", event("orders.eu.gone", "7", json!({"rows": 3})))).then([]);
    given(ORDERS).when(take("gone", event("orders.eu.landed", "7", json!({"rows": 3})))).then([]);
    let delete = Step::Do(Command::DeletePipeline { pipeline: pipeline() });
    given(ORDERS).after([delete]).when(landed("7", json!({"rows": 3, "table": "t"}))).then([]);
}

#[test]
fn filters_and_inputs_that_fail_refuse_the_event_and_say_why() {
    let long = "x".repeat(200 * 1024);
    for (data, reason) in [
        (
            json!({}),
            "trigger `orders` of pipeline `demo`: when `event.data.rows > 0`: there is no `rows` in the dict {}",
        ),
        (json!({"rows": "many"}), "when `event.data.rows > 0`: "),
        (json!({"rows": 3}), "input `table` `event.data.table`: there is no `table` in "),
        (json!({"rows": 3, "table": [1]}), "pipeline input `table`: "),
        (json!({"rows": 3, "table": long}), "its inputs take 204821 bytes; at most 65536 are allowed"),
    ] {
        given(ORDERS).when(landed("7", data)).refused(reason);
    }
    let required = ORDERS.replace("optional: true", "default: none");
    given(&required.replace("rows: {type: number, default: 0}", "rows: {type: number, optional: true}"))
        .when(landed("7", json!({"rows": 3, "table": null})))
        .then(["RunCreated of version 1", "TaskReady a"]);
    let needed = ORDERS.replace("{type: string, optional: true}", "{type: string}");
    given(&needed)
        .when(landed("7", json!({"rows": 3, "table": null})))
        .refused("Missing required pipeline input `table`");
}

#[test]
fn a_paused_pipeline_refuses_what_it_would_have_started_with_and_nothing_else() {
    let pause = || Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "repairs".to_owned() });
    let world = || given(ORDERS).after([landed("6", json!({"rows": 3, "table": "t"})), pause()]);
    world().when(landed("7", json!({"rows": 3, "table": "t"}))).refused("pipeline `demo` is paused");
    world().when(landed("7", json!({"rows": 0}))).then([]);
    world().when(landed("6", json!({"rows": 3, "table": "t"}))).then([]);
    given(BOTH).after([pause()]).when(one("1")).refused("pipeline `demo` is paused");
}

#[test]
fn a_trigger_over_several_events_starts_once_there_is_one_of_each_in_any_order() {
    for (first, second) in [(one("1"), two("2")), (two("2"), one("1"))] {
        let world = given(BOTH).after([first, second]);
        let run = &world.partition.runs[&run_of("both", &["1", "2"])];
        assert_eq!(run.inputs, object(json!({"one": "1", "two": "2"})));
        let events = vec![origin("a.landed", "1"), origin("b.landed", "2")];
        assert_eq!(run.trigger, Trigger::Event { trigger: "both".to_owned(), events, depth: 2 });
        assert_eq!(waiting(&world), Vec::<String>::new());
    }
    given(BOTH).when(one("1")).then(["EventTaken 1 part 0 of both"]);
    given(BOTH).after([one("1")]).when(take("both", event("b.landed", "2", json!({"full": false})))).then([]);
}

#[test]
fn the_newest_event_of_each_part_counts_and_each_only_once() {
    let world = given(BOTH).after([one("1"), one("3"), two("2")]);
    assert!(world.partition.runs.contains_key(&run_of("both", &["3", "2"])));
    // Delivered again: neither those that a run has consumed nor those that a newer one replaced count again.
    for again in [one("1"), one("3"), two("2")] {
        given(BOTH).after([one("1"), one("3"), two("2")]).when(again).then([]);
    }
}

#[test]
fn an_event_waits_as_long_as_within_says_and_not_longer() {
    let outcome = |seconds| given(BOTH).after([one("1"), Step::After(seconds)]).when(two("2"));
    outcome(3_600).then(["EventTaken 2 part 1 of both", "RunCreated of version 1", "TaskReady a"]);
    outcome(3_601).then(["EventTaken 2 part 1 of both"]);
    let world = given(BOTH).after([one("1"), Step::After(3_601), two("2"), one("4")]);
    assert!(world.partition.runs.contains_key(&run_of("both", &["4", "2"])));
}

#[test]
fn an_event_that_two_parts_ask_for_serves_the_one_that_lacks_one() {
    let overlapping = BOTH.replace("a.landed", "\"*.landed\"");
    let world = given(&overlapping).after([two("1"), two("2")]);
    assert!(world.partition.runs.contains_key(&run_of("both", &["1", "2"])));
}

#[test]
fn what_waits_outlives_a_new_version_unless_the_trigger_is_another_one() {
    let other = BOTH.replace("pipeline:\n  a:", "pipeline:\n  b:");
    let world = given(BOTH).after([one("1"), apply(&other), two("2")]);
    assert!(world.partition.runs.contains_key(&run_of("both", &["1", "2"])));
    let world = given(BOTH).after([one("1"), apply(&BOTH.replace("PT1H", "PT2H"))]);
    assert_eq!(waiting(&world), Vec::<String>::new());
    // What was taken is not taken again.
    world.when(one("1")).then([]);
    let delete = Step::Do(Command::DeletePipeline { pipeline: pipeline() });
    let world = given(BOTH).after([one("1"), delete, apply(BOTH)]);
    assert_eq!(waiting(&world), Vec::<String>::new());
}

#[test]
fn what_a_trigger_remembers_has_a_limit() {
    let steps = (0..=REMEMBERED_EVENTS_MAX).map(|id| one(&id.to_string()));
    let world = given(BOTH).without_checks(steps);
    assert_eq!(world.partition.pipelines[&pipeline()].triggers["both"].taken.len(), REMEMBERED_EVENTS_MAX);
}

#[test]
fn whoever_listens_to_a_subject_is_found() {
    let world = given(ORDERS).and("other", &ORDERS.replace("orders.*.landed", "\"*.>\""));
    let names = |address: &str| world.partition.listening(address).len();
    assert_eq!((names("orders.eu.landed"), names("orders.eu"), names("orders")), (2, 1, 0));
    let world = world.after([Step::Do(Command::DeletePipeline { pipeline: pipeline() })]);
    assert_eq!(world.partition.listening("orders.eu.landed").len(), 1);
}
