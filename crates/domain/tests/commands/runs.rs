//! StartRun: identity, inputs (LANGUAGE section 6), the environment.

use downbeat_domain::{Command, PipelineId, RunStatus, StartRun, Trigger, limits};
use serde_json::{Map, Value, json};

use crate::{
    chain,
    world::{RUN, Step, given, lease, object, start, start_with, succeeded},
};

const INPUTS: &str = "inputs:
  day: {type: string}
  limit: {type: number, default: 5}
  dry: {type: boolean, optional: true}
  mode: {type: string, default: full, options: [full, delta]}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

fn start_of(pipeline: PipelineId) -> Step {
    Step::Do(Command::StartRun(Box::new(StartRun {
        run: RUN,
        pipeline,
        trigger: Trigger::Manual { user: String::new() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        selection: None,
        version: 0,
    })))
}

#[test]
fn a_run_starts_with_what_depends_on_nothing() {
    let world = given(&chain("")).when(start()).then(["RunCreated of version 1", "TaskReady a"]);
    assert_eq!(world.run_status(), RunStatus::Created);
}

#[test]
fn a_pipeline_that_nobody_applied_is_refused() {
    given(&chain("")).when(start_of(PipelineId([9; 16]))).refused("there is no pipeline");
}

#[test]
fn the_same_run_id_again_is_answered_from_state() {
    given(&chain("")).after([start()]).when(start()).then([]);
}

#[test]
fn the_id_of_an_ended_run_is_answered_from_state() {
    let ended = [start(), lease("a"), succeeded("a", 1), lease("b"), succeeded("b", 1)];
    let world = given(&chain("")).after(ended).when(start()).then([]);
    world.when(lease("a")).refused("has ended SUCCEEDED");
}

#[test]
fn inputs_are_completed_and_converted() {
    let cases = [
        (json!({"day": "mon"}), json!({"day": "mon", "limit": 5, "dry": null, "mode": "full"})),
        (
            json!({"day": "tue", "limit": "7", "dry": "true", "mode": "delta"}),
            json!({"day": "tue", "limit": 7, "dry": true, "mode": "delta"}),
        ),
        (json!({"day": "x", "limit": null}), json!({"day": "x", "limit": 5, "dry": null, "mode": "full"})),
    ];
    for (given_inputs, expected) in cases {
        let world = given(INPUTS).after([start_with(given_inputs.clone(), Value::Null)]);
        assert_eq!(world.partition.runs[&RUN].inputs, object(expected), "{given_inputs}");
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let cases = [
        (json!({}), "Missing required pipeline input `day`"),
        (json!({"day": null}), "Missing required pipeline input `day`"),
        (json!({"day": "x", "hour": 1}), "declares no input `hour` (it declares: day, limit, dry, mode)"),
        (json!({"day": "x", "limit": "many"}), "pipeline input `limit`: expected a number"),
        (json!({"day": "x", "mode": "Full"}), "pipeline input `mode`: expected one of `full`, `delta`"),
        (json!({"day": "x".repeat(limits::INPUT_BYTES_MAX)}), "bytes; at most 131072 are allowed"),
    ];
    for (given_inputs, words) in cases {
        given(INPUTS).when(start_with(given_inputs, Value::Null)).refused(words);
    }
}

#[test]
fn values_are_converted_to_the_declared_type_or_refused() {
    let cases = [
        ("string", json!("x"), Some(json!("x"))),
        ("string", json!(5), Some(json!("5"))),
        ("string", json!(true), Some(json!("true"))),
        ("string", json!([1]), None),
        ("number", json!(1.5), Some(json!(1.5))),
        ("number", json!(" 7 "), Some(json!(7))),
        ("number", json!("1e3"), Some(json!(1000.0))),
        ("number", json!("nan"), None),
        ("number", json!(true), None),
        ("boolean", json!(false), Some(json!(false))),
        ("boolean", json!("True"), Some(json!(true))),
        ("boolean", json!(1), None),
        ("boolean", json!("yes"), None),
        ("dict", json!({"a": [1]}), Some(json!({"a": [1]}))),
        ("dict", json!("{\"a\": 1}"), Some(json!({"a": 1}))),
        ("dict", json!([1]), None),
        ("list", json!([1, "b"]), Some(json!([1, "b"]))),
        ("list", json!("[1]"), Some(json!([1]))),
        ("list", json!("1, 2"), None),
        // What a trigger gives is a value and no part of the document: nothing in it is evaluated.
        ("string", json!("${{ ENV.A }}"), Some(json!("${{ ENV.A }}"))),
        ("number", json!("${{ 1 }}"), None),
        ("dict", json!(["${{ 1 }}"]), None),
        ("list", json!(["${{ ENV.A }}"]), Some(json!(["${{ ENV.A }}"]))),
    ];
    for (kind, value, expected) in cases {
        let body = format!("inputs:\n  v: {{type: {kind}}}\n{}", chain(""));
        let outcome = given(&body).when(start_with(json!({ "v": value }), Value::Null));
        match expected {
            Some(expected) => {
                let world = outcome.accepted();
                assert_eq!(world.partition.runs[&RUN].inputs["v"], expected, "{kind} of {value}");
            }
            None => drop(outcome.refused_as("INVALID_INPUTS")),
        }
    }
}

#[test]
fn defaults_may_be_expressions_and_are_evaluated_once_as_the_run_is_created() {
    let cases = [
        ("string", "${{ ENV.A }}-x", json!("red-x")),
        ("string", "${{ format_date(ORCHESTRA.CURRENT_TIME, '%Y-%m-%d') }}", json!("2025-06-15")),
        ("string", "${{ ORCHESTRA.PIPELINE_RUN_ID }}", json!(RUN.to_string())),
        ("number", "${{ inputs.n + 1 }}", json!(6)),
        ("list", "${{ [inputs.n, 'b'] }}", json!([5, "b"])),
    ];
    for (kind, default, expected) in cases {
        let inputs = format!("  n: {{type: number, default: 5}}\n  v: {{type: {kind}, default: \"{default}\"}}\n");
        let world =
            given(&format!("inputs:\n{inputs}{}", chain(""))).after([start_with(Value::Null, json!({"A": "red"}))]);
        assert_eq!(world.partition.runs[&RUN].inputs["v"], expected, "{default}");
    }
    for (kind, default, words) in [
        ("number", "${{ ENV.A }}", "pipeline input `v`: expected a number"),
        ("string", "${{ ENV.GONE }}", "pipeline input `v`: "),
        ("string", "${{ None }}", "Missing required pipeline input `v`"),
    ] {
        let body = format!("inputs:\n  v: {{type: {kind}, default: \"{default}\"}}\n{}", chain(""));
        given(&body).when(start_with(Value::Null, json!({"A": "red"}))).refused(words);
    }
}

#[test]
fn an_environment_over_the_limit_is_refused() {
    let environment = json!({"A": "x".repeat(limits::INPUT_BYTES_MAX)});
    given(&chain("")).when(start_with(Value::Null, environment)).refused("the environment variables take");
}
