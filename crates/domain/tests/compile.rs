//! From the text of a pipeline to a plan: places, defaults, and what this version refuses.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_domain::{
    compile::{Compiled, Unsupported, compile},
    plan::{Node, PlanInput, PlanSchedule},
};
use serde_json::json;

fn compiled(body: &str) -> Result<Compiled, Vec<Unsupported>> {
    let source = format!("version: v1\nname: Demo\n{body}");
    let parsed = downbeat_dialect::parse(&source);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|fault| fault.render("p.yml", &source)).collect();
    compile(&parsed.pipeline.unwrap_or_else(|| panic!("{}", shown.join("\n"))))
}

const TASK: &str = "{integration: X, integration_job: Y, parameters: {}}";

#[test]
fn names_become_places_whatever_their_case_and_order() {
    let plan = compiled(&format!(
        "pipeline:
  last:
    depends_on: [LOAD, single]
    integration: X
    integration_job: Y
    parameters: {{a: 1}}
    connection: warehouse
  load:
    name: Load
    tasks:
      one: {TASK}
      two:
        depends_on: [One]
        integration: X
        integration_job: Y
        parameters: {{}}
  single: {TASK}
  checks:
    depends_on: [load]
    condition: ${{{{ task_groups['load'].all().status == 'SUCCEEDED' }}}}
    tasks:
      three: {TASK}
"
    ))
    .unwrap()
    .plan;
    let ids: Vec<(&str, Option<u32>)> = plan.tasks.iter().map(|task| (task.id.as_str(), task.group)).collect();
    assert_eq!(ids, [("last", None), ("one", Some(0)), ("two", Some(0)), ("single", None), ("three", Some(1))]);
    assert_eq!(plan.tasks[0].depends_on, [Node::Group(0), Node::Task(3)]);
    assert_eq!(plan.tasks[0].connection, "warehouse");
    assert_eq!(plan.tasks[2].depends_on, [Node::Task(1)]);
    assert_eq!(
        (plan.groups[0].name.as_str(), plan.groups[1].depends_on.as_slice()),
        ("Load", [Node::Group(0)].as_slice())
    );
    assert_eq!(plan.groups[1].condition.as_deref(), Some("task_groups['load'].all().status == 'SUCCEEDED'"));
}

#[test]
fn conditions_stand_in_the_plan_without_braces() {
    for (written, expected) in [
        ("inputs.go == 1", "inputs.go == 1"),
        ("${{ inputs.go == 1 }}", "inputs.go == 1"),
        ("\"  ${{inputs.go == '}'}} \"", "inputs.go == '}'"),
    ] {
        let body = format!(
            "inputs:\n  go: {{type: string, default: x}}\npipeline:\n  a:\n    condition: {written}\n    integration: X\n    integration_job: Y\n    parameters: {{}}\n"
        );
        let plan = compiled(&body).unwrap().plan;
        assert_eq!(plan.tasks[0].condition.as_deref(), Some(expected), "{written}");
    }
}

#[test]
fn defaults_are_filled_in_from_the_pipeline_field_by_field() {
    let plan = compiled(&format!(
        "configuration: {{retries: 2, retry_delay: 5, timeout: 90}}
pipeline:
  a: {TASK}
  b:
    configuration: {{retries: 0, timeout: 0}}
    treat_failure_as_warning: true
    integration: X
    integration_job: Y
    parameters: {{}}
"
    ))
    .unwrap()
    .plan;
    let told = |place: usize| {
        let task = &plan.tasks[place];
        (task.retries, task.backoff.delay_ms, task.timeout_seconds, task.treat_failure_as_warning)
    };
    assert_eq!(told(0), (2, 300_000, Some(90), false));
    assert_eq!(told(1), (0, 300_000, None, true), "0 stands for no timeout");
}

#[test]
fn inputs_and_schedules_are_carried_over() {
    let plan = compiled(&format!(
        "inputs:
  mode: {{type: string, default: full, options: [full, delta], optional: true}}
schedule:
  - {{name: nightly, cron: 0 2 * * ? *, timezone: Europe/London, run_inputs: {{mode: delta}}}}
  - {{cron: 0 3 * * ? *, timezone: UTC}}
pipeline:
  a: {TASK}
"
    ))
    .unwrap()
    .plan;
    assert_eq!(
        plan.inputs,
        [PlanInput {
            name: "mode".to_owned(),
            kind: "string".to_owned(),
            default: Some(json!("full")),
            optional: true,
            options: vec!["full".to_owned(), "delta".to_owned()],
        }]
    );
    assert_eq!(
        plan.schedules[0],
        PlanSchedule {
            name: "nightly".to_owned(),
            cron: "0 2 * * ? *".to_owned(),
            timezone: "Europe/London".to_owned(),
            run_inputs: json!({"mode": "delta"}).as_object().cloned().unwrap(),
            exclude: Vec::new(),
            ..PlanSchedule::default()
        }
    );
    assert_eq!(plan.schedules[1].name, "schedule-2");
}

#[test]
fn what_this_version_does_not_run_is_refused_by_name_and_place() {
    let task = |more: &str| {
        format!("pipeline:\n  a:\n    integration: X\n    integration_job: Y\n    parameters: {{}}\n{more}")
    };
    let cases = [
        (
            task("    configuration:\n      concurrency: {max_active: 1, on_limit: QUEUE_LATEST}\n"),
            "task `a`: concurrency of a task knows SKIP and QUEUE, not QUEUE_LATEST",
        ),
        (
            "pipeline:\n  a:\n    integration: ORCHESTRA\n    integration_job: WAIT\n    parameters: {wait_minutes: 1}\n    \
             configuration:\n      concurrency: {max_active: 1}\n"
                .to_owned(),
            "task `a`: concurrency of a task counts attempts, and WAIT needs no worker",
        ),
        (
            "pipeline:\n  a:\n    integration: ORCHESTRA\n    integration_job: RUN_AGENT\n    parameters: {agent_id: x, prompt: y}\n"
                .to_owned(),
            "task `a`: ORCHESTRA/RUN_AGENT is not run",
        ),
    ];
    for (body, words) in cases {
        let refused = compiled(&body).expect_err(words);
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].message.contains(words), "{refused:?}");
    }
    let latest = task("    configuration:\n      concurrency: {max_active: 1, on_limit: QUEUE_LATEST}\n");
    let span = compiled(&latest).unwrap_err()[0].span.unwrap();
    assert_eq!((span.line, span.column), (4, 3));
}

#[test]
fn unlimited_concurrency_and_no_alerts_are_no_obstacle() {
    let body = format!("configuration:\n  concurrency: {{max_active: 0}}\npipeline:\n  a: {TASK}\n");
    assert_eq!(compiled(&body).unwrap().warnings, Vec::<String>::new());
}

#[test]
fn what_the_language_accepts_with_advice_is_refused_where_it_cannot_run() {
    let task = |depends_on: &str| {
        format!("{{integration: X, integration_job: Y, parameters: {{}}, depends_on: [{depends_on}]}}")
    };
    for (body, expected) in [
        ("pipeline: {}\n".to_owned(), vec!["the pipeline has no task, so there is nothing to run"]),
        ("pipeline: {g: {tasks: {}}}\n".to_owned(), vec!["group `g` has no task, so there is nothing to run"]),
        (
            format!("pipeline: {{g: {{tasks: {{a: {TASK}, G: {TASK}}}}}, A: {TASK}}}\n"),
            vec![
                "the id `G` names two entries of the pipeline: case does not count",
                "the id `A` names two entries of the pipeline: case does not count",
            ],
        ),
        (
            format!("pipeline: {{g: {{tasks: {{a: {}, b: {}}}}}, c: {TASK}}}\n", task("c"), task("a")),
            vec!["task `a` depends on `c`, which is not in its group `g`"],
        ),
        (
            format!(
                "pipeline: {{g: {{tasks: {{a: {}, b: {}, c: {}, d: {TASK}}}}}}}\n",
                task("b"),
                task("a, d"),
                task("b")
            ),
            vec![
                "task `a` can never start: dependencies in group `g` form a circle",
                "task `b` can never start: dependencies in group `g` form a circle",
                "task `c` can never start: dependencies in group `g` form a circle",
            ],
        ),
        (
            format!("schedule: [{{cron: 0 8 ? * * *, timezone: Europe/Lodon}}]\npipeline: {{a: {TASK}}}\n"),
            vec!["there is no time zone `Europe/Lodon`: use an IANA name such as Europe/London"],
        ),
    ] {
        let refused = compiled(&body).unwrap_err();
        let messages: Vec<&str> = refused.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(messages, expected, "{body}");
    }
}

#[test]
fn what_is_paused_is_passed_through() {
    let depends = |on: &str| format!("{{integration: X, integration_job: Y, parameters: {{}}, depends_on: [{on}]}}");
    let body = format!(
        "pipeline: {{a: {TASK}, b: {TASK}, p: {{integration: X, integration_job: Y, parameters: {{}}, paused: true, depends_on: [a, b]}}, \
         g: {{paused: true, depends_on: [p, b], tasks: {{x: {TASK}}}}}, c: {}}}\n",
        depends("g")
    );
    let plan = compiled(&body).unwrap().plan;
    assert_eq!(plan.tasks[2].depends_on, [], "what is paused waits for nothing");
    assert_eq!(plan.groups[0].depends_on, []);
    assert_eq!(plan.tasks[4].depends_on, [Node::Task(0), Node::Task(1)], "each once, in order");
}

#[test]
fn sensors_of_both_places_are_compiled_and_one_without_checks_is_refused() {
    let sensor = |id: &str, checks: &str| {
        format!("{id}: {{name: S, cron: 0 8 * * ? *, timezone: Europe/London, timeout_mins: 30, checks: {checks}}}")
    };
    let http = "{c: {integration: HTTP, sensor_type: HTTP_REQUEST, parameters: {url: 'https://x'}, map_outputs: {n: outputs.body.n, m: status}}}";
    let told = "{c: {integration: ORCHESTRA, sensor_type: ORCHESTRA_WEBHOOK_EVENT, parameters: {event_type: x}}}";
    let body = |checks: &str| {
        format!(
            "inputs: {{n: {{type: number, optional: true}}, m: {{type: number, optional: true}}}}\nsensors: {{{}}}\nmeta: {{downbeat: {{sensors: {{{}}}}}}}\npipeline:\n  a: {TASK}\n",
            sensor("a", told),
            sensor("b", checks)
        )
    };
    let plan = compiled(&body(http)).unwrap().plan;
    let found: Vec<_> =
        plan.sensors.iter().map(|it| (it.id.as_str(), it.checks[0].sensor_type.as_str(), it.frequency_ms)).collect();
    assert_eq!(found, [("a", "ORCHESTRA_WEBHOOK_EVENT", 60_000), ("b", "HTTP_REQUEST", 60_000)]);
    let mapped: Vec<_> = plan.sensors[1].checks[0].map_outputs.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(mapped, ["${{ outputs.body.n }}", "status"]);
    let timed: Vec<_> = plan.timed().map(|schedule| schedule.name.as_str()).collect();
    assert_eq!(timed, ["sensor:a", "sensor:b"]);
    let refused = compiled(&body("{}")).unwrap_err();
    assert!(refused[0].message.contains("sensor `b` has no check"), "{refused:?}");
    let twice = body(http).replace("b: {name", "a: {name");
    assert!(compiled(&twice).unwrap_err()[0].message.contains("two schedules are called `sensor:a`"));
}
