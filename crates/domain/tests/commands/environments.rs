//! SetEnvironment, RemoveEnvironment, KeepToolState; and which environment a run reads, whatever starts it.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    BackfillId, Command, CreateBackfill, EnvironmentId, FireSchedule, IncomingEvent, PollSensor, RestartMode, RunState,
    TakeEvent, TakeWebhook, WindowRef,
    environment::{SetEnvironment, Variable, VariableKind, Variables},
    limits,
    sensors::{self, CheckAnswer},
    tool_state::KeepToolState,
};
use serde_json::{Map, Value, json};

use crate::world::*;

fn region(value: &str) -> Variables {
    let region = Variable { kind: VariableKind::String, value: json!(value) };
    Variables::from([("REGION".to_owned(), region)])
}

fn setting(id: u8, name: &str, region_is: &str) -> SetEnvironment {
    SetEnvironment {
        new: EnvironmentId([id; 16]),
        named: String::new(),
        name: name.to_owned(),
        variables: region(region_is),
        is_default: None,
    }
}

fn set(setting: SetEnvironment) -> Step {
    Step::Do(Command::SetEnvironment(Box::new(setting)))
}

fn make(id: u8, name: &str, region: &str) -> Step {
    set(setting(id, name, region))
}

fn change(named: &str, name: &str, region: &str) -> SetEnvironment {
    SetEnvironment { named: named.to_owned(), ..setting(99, name, region) }
}

fn remove(named: &str) -> Step {
    Step::Do(Command::RemoveEnvironment { named: named.to_owned() })
}

/// Live, the default, is in the EU; Test is in the US.
fn both(body: &str) -> World {
    given(body).after([make(1, "Live", "eu"), make(2, "Test", "us")])
}

fn one_task() -> String {
    pipe(&[task("a", "")])
}

/// The environment of the run that was created last, and what it holds.
fn last(world: &World) -> (String, Value) {
    let run = world.partition.runs.values().max_by_key(|run| run.order).unwrap();
    read(run)
}

fn read(run: &RunState) -> (String, Value) {
    (run.environment_name.clone(), Value::Object(run.environment.clone()))
}

fn live() -> (String, Value) {
    ("Live".to_owned(), json!({"REGION": "eu"}))
}

fn test() -> (String, Value) {
    ("Test".to_owned(), json!({"REGION": "us"}))
}

#[test]
fn the_first_environment_is_the_default_until_another_one_is_made_it() {
    let world =
        given(&one_task()).when(make(1, "Live", "eu")).then(["EnvironmentSet Live REGION=\"eu\" as the default"]);
    let world = world.when(make(2, "Test", "us")).then(["EnvironmentSet Test REGION=\"us\""]);
    // The same again is answered from state, and a change that changes nothing is none.
    let world = world.when(make(1, "Live", "asia")).then([]);
    let world = world.when(set(change("Test", "Test", "us"))).then([]);
    let default = SetEnvironment { is_default: Some(true), ..change("Test", "Test", "us") };
    let world = world.when(set(default)).then(["EnvironmentSet Test REGION=\"us\" as the default"]);
    // What is the default stays so when it is changed, and the other one is it no more.
    let world =
        world.when(set(change("Test", "Tests", "us"))).then(["EnvironmentSet Tests REGION=\"us\" as the default"]);
    let world = world.when(set(change("Live", "Live", "uk"))).then(["EnvironmentSet Live REGION=\"uk\""]);
    let of = |id: u8| &world.partition.environments.all[&EnvironmentId([id; 16])];
    assert_eq!((of(1).created_at, of(1).updated_at), (instant(0), instant(0)));
    let world = world.when(remove("Live")).then(["EnvironmentRemoved Live"]);
    let world = world.when(remove(&EnvironmentId([2; 16]).to_string())).then(["EnvironmentRemoved Tests"]);
    assert!(world.partition.environments.all.is_empty() && world.partition.environments.default.is_none());
}

#[test]
fn an_environment_keeps_when_it_was_made() {
    let world = both(&one_task()).after([after(60), set(change("Live", "Live", "uk"))]);
    let live = &world.partition.environments.all[&EnvironmentId([1; 16])];
    assert_eq!((live.created_at, live.updated_at), (instant(0), instant(60)));
}

#[test]
fn what_cannot_be_an_environment_is_refused() {
    let long = "n".repeat(limits::ENVIRONMENT_NAME_CHARS_MAX + 1);
    let id = EnvironmentId([9; 16]).to_string();
    let number = Variable { kind: VariableKind::Int, value: json!("7") };
    let wrong = Variables::from([("LIMIT".to_owned(), number)]);
    let no_default = |of: SetEnvironment| SetEnvironment { is_default: Some(false), ..of };
    for (setting, why) in [
        (setting(3, "", "eu"), "1 to 100 characters"),
        (setting(3, " Live", "eu"), "no space at either end"),
        (setting(3, "two\nlines", "eu"), "none of them invisible"),
        (setting(3, &long, "eu"), "1 to 100 characters"),
        (setting(3, &id, "eu"), "looks like an id"),
        (setting(3, "Live", "eu"), "is called `Live` already"),
        (change("Test", "Live", "eu"), "is called `Live` already"),
        (change("Gone", "Gone", "eu"), "there is no environment `Gone`; there are: Live, Test"),
        (no_default(change("Live", "Live", "eu")), "there has to be one"),
        (SetEnvironment { variables: wrong, ..setting(3, "Other", "eu") }, "variable `LIMIT`: a value of type int is"),
    ] {
        both(&one_task()).when(set(setting)).refused(why);
    }
    given(&one_task()).when(set(no_default(setting(1, "First", "eu")))).refused("there has to be one");
    both(&one_task()).when(remove("Live")).refused_as("ENVIRONMENT_IS_DEFAULT");
    both(&one_task()).when(remove("live")).refused_as("UNKNOWN_ENVIRONMENT");
    given(&one_task()).when(remove("Live")).refused("there are none");
}

#[test]
fn there_are_only_so_many_environments_and_only_so_large_ones() {
    let numbered = |number: usize, variables: Variables| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let name = format!("e{number}");
        set(SetEnvironment { new: EnvironmentId(id), name, variables, ..setting(0, "", "") })
    };
    let many = (0..limits::ENVIRONMENTS_MAX).map(|number| numbered(number, Variables::new()));
    let world = given(&one_task()).after(many.collect::<Vec<_>>());
    world.when(numbered(limits::ENVIRONMENTS_MAX, Variables::new())).refused("there are 200 environments");
    let large = region(&"x".repeat(limits::ENVIRONMENT_BYTES_MAX - 100));
    let fit = limits::ENVIRONMENTS_BYTES_MAX / limits::ENVIRONMENT_BYTES_MAX;
    let world = given(&one_task()).after((0..fit).map(|number| numbered(number, large.clone())).collect::<Vec<_>>());
    world.when(numbered(fit, large)).refused("of all environments");
}

#[test]
fn a_run_reads_the_environment_that_it_names_or_the_default_one() {
    let id: &'static str = EnvironmentId([2; 16]).to_string().leak();
    for (named, expected) in [("", live()), ("Live", live()), ("Test", test()), (id, test())] {
        assert_eq!(last(&both(&one_task()).after([start_in(named)])), expected, "{named}");
    }
    let gone = both(&one_task()).when(start_in("Gone"));
    gone.refused("there is no environment `Gone`; there are: Live, Test");
    // As long as there are none, every name stands for one that holds nothing.
    let nothing = |named: &'static str| last(&given(&one_task()).after([start_in(named)]));
    assert_eq!(nothing("anything"), ("anything".to_owned(), json!({})));
    assert_eq!(nothing(""), (String::new(), json!({})));
}

#[test]
fn who_starts_a_run_may_say_single_variables_otherwise() {
    let own = json!({"REGION": "asia", "MORE": 1});
    let start = Step::Start(Start { environment: own.clone(), environment_name: "Test", ..start_pipeline("demo") });
    assert_eq!(last(&both(&one_task()).after([start])), ("Test".to_owned(), own));
    let world = both(&one_task()).after([start_with(Value::Null, json!({"MORE": true}))]);
    assert_eq!(last(&world), ("Live".to_owned(), json!({"REGION": "eu", "MORE": true})));
}

#[test]
fn a_run_keeps_what_it_was_given_and_so_does_what_is_run_again() {
    let world = both(&one_task()).after([start_in("Test"), lease("a"), succeeded("a", 1)]);
    let world =
        world.after([set(change("Test", "Test", "asia")), remove("Test"), restart(RestartMode::All, &[]).of("2")]);
    assert_eq!(last(&world), test());
}

#[test]
fn tasks_read_typed_values_and_connections_by_their_names() {
    let variables = Variables::from([
        ("LIMIT".to_owned(), Variable { kind: VariableKind::Int, value: json!(7) }),
        ("DRY".to_owned(), Variable { kind: VariableKind::Bool, value: json!(false) }),
        ("DB".to_owned(), Variable { kind: VariableKind::Credential, value: json!("warehouse_12345") }),
    ]);
    let body = "pipeline:\n  a:\n    integration: X\n    integration_job: Y\n    \
                condition: ENV.LIMIT == 7 and not ENV.DRY\n    parameters: {limit: '${{ ENV.LIMIT }}', db: '${{ ENV.DB }}', in: '${{ ORCHESTRA.CURRENT_ENV_NAME }}'}\n";
    let made = set(SetEnvironment { variables, ..setting(1, "Live", "") });
    let world = given(body).after([made, start(), lease("a")]);
    let task = &world.partition.runs[&RUN].tasks[0];
    assert_eq!(task.parameters.as_deref(), Some(&object(json!({"limit": 7, "db": "warehouse_12345", "in": "Live"}))));
}

const SCHEDULED: &str = "inputs:
  region: {type: string, optional: true}
schedule:
  - {name: daily, cron: 0 8 * * ? *, timezone: UTC, environment: Test, run_inputs: {region: '${{ ENV.REGION }}'}}
  - {name: plain, cron: 0 9 * * ? *, timezone: UTC}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

fn fire(schedule: &str) -> Step {
    Step::Do(Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline(),
        schedule: schedule.to_owned(),
        instant: instant(-1_000),
        after: None,
        passed: Vec::new(),
        fires: true,
    }))
}

#[test]
fn a_schedule_starts_runs_in_its_environment() {
    let world = both(SCHEDULED).after([fire("daily")]);
    assert_eq!(last(&world), test());
    let run = world.partition.runs.values().next().unwrap();
    assert_eq!(run.inputs, object(json!({"region": "us"})));
    assert_eq!(last(&both(SCHEDULED).after([fire("plain")])), live());
}

#[test]
fn an_instant_in_an_environment_that_is_gone_is_decided_with_the_reason() {
    let world = both(SCHEDULED).after([remove("Test")]).when(fire("daily")).then(["ScheduleDecided daily: REFUSEDx1"]);
    let Some(downbeat_domain::Event::ScheduleDecided(decided)) = world.history.last() else { panic!() };
    assert_eq!(decided.passed[0].message, "there is no environment `Test`; there are: Live");
    // Once decided, it is not asked again.
    world.when(fire("daily")).refused_as("ALREADY_FIRED");
}

#[test]
fn a_backfill_runs_instants_in_the_environment_of_their_schedule() {
    let backfill = Step::Do(Command::CreateBackfill(Box::new(CreateBackfill {
        backfill: BackfillId([6; 16]),
        pipeline: pipeline(),
        schedule: "daily".to_owned(),
        from: instant(-90_000),
        to: instant(-3_600),
        instants: vec![instant(-7_200)],
        max_active: 1,
        force: false,
        user: "ada".to_owned(),
    })));
    assert_eq!(last(&both(SCHEDULED).after([backfill.clone()])), test());
    let world = both(SCHEDULED).after([remove("Test")]).after([backfill]);
    let Some(downbeat_domain::Event::BackfillDeclined { reason, .. }) = world.history.last() else { panic!() };
    assert!(reason.contains("there is no environment `Test`"), "{reason}");
}

fn sensor(environments: &str) -> String {
    format!(
        "inputs:\n  region: {{type: string, optional: true}}\nsensors:\n  s:\n    name: S\n    cron: 0 8 * * ? *\n    timezone: UTC\n    \
         timeout_mins: 60\n    condition: ${{{{ ENV.REGION != 'nowhere' }}}}\n    run_inputs: {{region: '${{{{ ENV.REGION }}}}'}}\n{environments}    checks:\n      c:\n        \
         integration: POSTGRES\n        sensor_type: POSTGRES_QUERY\n        parameters: {{query: 'select ${{{{ ENV.REGION }}}}'}}\n{}",
        one_task()
    )
}

fn window(sensor: &str) -> WindowRef {
    WindowRef { pipeline: pipeline(), sensor: sensor.to_owned(), instant: instant(-1_000) }
}

fn passed(sensor: &str) -> Step {
    let answers = vec![Some(CheckAnswer::Passed(Map::new()))];
    Step::Do(Command::PollSensor(PollSensor { window: window(sensor), answers }))
}

#[test]
fn a_sensor_looks_and_starts_runs_in_its_environment() {
    for (environments, query, expected) in [
        ("", "select eu", live()),
        ("    environments: Test\n", "select us", test()),
        ("    environments: [Test]\n", "select us", test()),
    ] {
        let world = both(&sensor(environments)).after([fire("sensor:s")]);
        let poll = sensors::poll(&world.partition, &window("s"), world.now).unwrap();
        assert_eq!(poll.to_make[0].parameters, object(json!({"query": query})));
        let world = world.after([passed("s")]);
        assert_eq!(last(&world), expected);
        let run = world.partition.runs.values().next().unwrap();
        assert_eq!(run.inputs["region"], expected.1["REGION"]);
    }
}

#[test]
fn a_sensor_of_several_environments_is_one_for_each() {
    let world = both(&sensor("    environments: [Test, Live, Test]\n"));
    let ids: Vec<&str> =
        world.partition.pipelines[&pipeline()].plan.plan.sensors.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["s@Live", "s@Test"]);
    let world = world.after([fire("sensor:s@Live"), fire("sensor:s@Test")]);
    let world = world.after([passed("s@Live")]);
    assert_eq!(last(&world), live());
    let world = world.after([passed("s@Test")]);
    assert_eq!(last(&world), test());
    assert_eq!(world.partition.runs.len(), 2);
}

#[test]
fn a_sensor_whose_environment_is_gone_opens_no_window_and_an_open_one_says_so() {
    let body = sensor("    environments: Test\n");
    let world = both(&body).after([remove("Test")]).when(fire("sensor:s"));
    world.then(["ScheduleDecided sensor:s: REFUSEDx1"]);
    let world = both(&body).after([fire("sensor:s"), remove("Test")]);
    let poll = sensors::poll(&world.partition, &window("s"), world.now).unwrap();
    let gone = "there is no environment `Test`; there are: Live";
    assert!(poll.to_make.is_empty());
    assert_eq!(poll.answered, [(0, CheckAnswer::Failed(gone.to_owned()))]);
    world.when(passed("s")).then(["SensorChecked s: PASSED (there is no environment `Test`; there are: Live)"]);
}

#[test]
fn what_other_triggers_start_reads_the_default_environment() {
    let webhook = format!(
        "inputs: {{region: {{type: string, optional: true}}}}\nwebhook: {{enabled: true, run_inputs: {{region: '${{{{ ENV.REGION }}}}'}}}}\n{}",
        one_task()
    );
    let call = Command::TakeWebhook(TakeWebhook {
        pipeline: pipeline(),
        delivery: "1".to_owned(),
        payload: json!({}),
        signature: String::new(),
    });
    let world = both(&webhook).after([Step::Do(call)]);
    assert_eq!(last(&world), live());
    assert_eq!(world.partition.runs.values().next().unwrap().inputs["region"], "eu");

    let listens = format!("meta: {{downbeat: {{triggers: [{{name: t, nats: x.y}}]}}}}\n{}", one_task());
    let event = IncomingEvent {
        address: "x.y".to_owned(),
        id: "1".to_owned(),
        source: "shop".to_owned(),
        kind: String::new(),
        subject: String::new(),
        time: None,
        data: Value::Null,
        depth: 0,
    };
    let take = TakeEvent { pipeline: pipeline(), trigger: "t".to_owned(), event: Arc::new(event) };
    assert_eq!(last(&both(&listens).after([Step::Do(Command::TakeEvent(take))])), live());

    // The run whose end starts another one was in another environment.
    let follows = format!("trigger_events:\n  - {{type: pipeline, pipeline_id: {}}}\n{}", pipeline(), one_task());
    let world = both(&one_task()).and("next", &follows).after([start_in("Test"), lease("a"), succeeded("a", 1)]);
    assert_eq!(last(&world), live());

    let asks = format!("meta: {{downbeat: {{triggers: [{{name: t, asset: db/orders}}]}}}}\n{}", one_task());
    let world = both(&one_task()).and("next", &asks).after([start_in("Test"), lease("a")]);
    let look = Step::Do(Command::WakePipeline { pipeline: pipeline_of("next") });
    let world = world.after([crate::assets::wrote(0, &["db/orders"]), look]);
    assert_eq!(last(&world), live());
}

#[test]
fn a_sub_pipeline_reads_what_the_run_above_it_reads() {
    let parent = pipe(&[core("a", "TRIGGER_PIPELINE", "pipeline_id: child", "")]);
    let own = Start { environment: json!({"MORE": 1}), environment_name: "Test", ..start_pipeline("demo") };
    let world = both(&parent).and("child", &one_task()).after([Step::Start(own)]);
    assert_eq!(world.partition.runs.len(), 2);
    assert_eq!(last(&world), ("Test".to_owned(), json!({"REGION": "us", "MORE": 1})));
}

#[test]
fn what_tools_remember_is_recorded_and_changes_nothing_here() {
    let keep = |integration: &str, entries: &[(&str, &str)]| {
        let entries: BTreeMap<String, String> =
            entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Step::Do(Command::KeepToolState(Box::new(KeepToolState { integration: integration.to_owned(), entries })))
    };
    let world =
        given(&one_task()).when(keep("DBT_CORE", &[("a", "{}"), ("b", "1")])).then(["ToolStateKept DBT_CORE 2"]);
    let world = world.when(keep("dbt", &[("a", "{}")])).refused_as("INVALID_TOOL_STATE");
    let world = world.when(keep("DBT_CORE", &[])).refused_as("INVALID_TOOL_STATE");
    world.when(keep("DBT_CORE", &[("a", "{")])).refused("the value of `a` is no JSON");
}
