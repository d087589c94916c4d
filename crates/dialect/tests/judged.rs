//! Verdicts of the official offline validator that a comparison with it has taught us; they hold here without it.
#![allow(missing_docs)]

use downbeat_dialect::{Severity, parse};

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Tasks `a` and `x`, group `g` with a matrix; `field` belongs to task `x`.
fn in_task(field: &str) -> String {
    let task = |more: &str| format!(r#"{{"integration": "X", "integration_job": "Y"{more}}}"#);
    let (plain, given) = (task(r#", "parameters": {}"#), task(&format!(", {field}")));
    format!(
        r#"{{"version": "v1", "name": "n", "pipeline": {{"a": {plain}, "g": {{"matrix": {{"inputs": {{"m": [1]}}}}, "tasks": {{"x": {given}}}}}}}}}"#
    )
}

fn accepted(document: &str) -> bool {
    !parse(document).diagnostics.iter().any(|found| found.severity == Severity::Error)
}

fn holds(make: impl Fn(&str) -> String, accepts: &[&str], refuses: &[&str]) {
    for text in accepts {
        assert!(accepted(&make(text)), "refused: {text}: {:?}", parse(&make(text)).diagnostics);
    }
    for text in refuses {
        assert!(!accepted(&make(text)), "accepted: {text}");
    }
}

#[test]
fn conditions_are_read_once_with_samples() {
    let condition = |text: &str| in_task(&format!(r#""parameters": {{}}, "condition": {}"#, quoted(text)));
    let accepts = [
        "",
        "0 and nowhere",
        "1 or tasks['zz'].status",
        "1/0 or nowhere",
        "[1 in 1, -'a']",
        "-(1 or 2)",
        "-len('a')",
        "-(inputs.a and 1)",
        "-[1][0]",
        "[1][tasks['a'].status]",
        "[1][1 + 0]",
        "tasks[1].status",
        "inputs",
        "inputs['a' + 'b']",
        "matrix.other",
        "task_groups['g'].all()",
        "'a' == task_groups['g'].any().status",
        "len()",
        "format_date('a', 'b', 'c', 'd')",
        "1 ^ 2 << 1",
        "{1: 1}",
        "1.x",
        "1or 2",
        "inputs.max-rows",
        "task_groups['g'].any().st-atus == 1",
        "ORCHESTRA.CURRENT_ENV_NAME",
        "ORCHESTRA['X']",
        "ORCHESTRA.PIPELINE_RUN_TASKS['zz'].status",
        "task_groups['g'][0]['nope']",
        "${{ '}}' == 'a' }}",
        "\u{a0}1",
        "((((((((((((1))))))))))))",
        "1+1+1+1+1+1+1+1+1+1",
        "1==1==1==1==1==1==1==1==1==1==1==1",
    ];
    let refuses = [
        "  ",
        "nowhere",
        "1 and nowhere",
        "tasks['zz'].status",
        "tasks['a'].nope",
        "tasks.a",
        "[-'a', 1 in 1]",
        "-True",
        "-inputs.a",
        "-(inputs.a + 1)",
        "[1][inputs.a]",
        "[1][1.5]",
        "[1][True]",
        "1[None]",
        "tasks[inputs.a]",
        "inputs.x()",
        "'a'.upper()",
        "inputs.x.all()",
        "inputs.in",
        "inputs.a + nowhere",
        "task_groups['g'].any() / nowhere",
        "inputs['a'] - nowhere",
        "inputs.a-nowhere.b",
        "tasks['a'].status-x",
        "1 - nowhere",
        "ORCHESTRA.X",
        "outputs.x",
        "task_groups['g'][0].nope",
        "1.",
        "1e5",
        "1 <> 2",
        "1\u{a0}+ 2",
        "${{}}",
        "${{ 1 }} x",
        "${{ '${{' }}",
        "1+1+1+1+1+1+1+1+1+1+1",
        "inputs.a.a.a.a.a.a.a.a.a.a",
    ];
    holds(condition, &accepts, &refuses);
}

#[test]
fn a_matrix_takes_any_name() {
    let condition = |text: &str| in_task(&format!(r#""parameters": {{}}, "condition": {}"#, quoted(text)));
    let accepts = [
        "matrix",
        "matrix.m",
        "matrix.index",
        "${{ MATRIX['In' + 'dex'] % 2 == 0 }}",
        "matrix.index.x",
        "str(matrix.index) + 'a'",
    ];
    let refuses = [
        "-matrix.index",
        "[1][matrix.index]",
        "inputs.a[int(matrix.index)]",
        "inputs.a[matrix.m]",
        "matrix.all()",
        "downbeat.index",
        "ORCHESTRA.MATRIX_INDEX",
    ];
    holds(condition, &accepts, &refuses);
    let outside = |text: &str| {
        let task = r#"{"integration": "X", "integration_job": "Y", "parameters": {}}"#;
        let matrix = r#""matrix": {"inputs": {"m": [1]}}"#;
        let condition = quoted(text);
        format!(
            r#"{{"version": "v1", "name": "n", "pipeline": {{"g": {{{matrix}, "condition": {condition}, "tasks": {{"x": {task}}}}}}}}}"#
        )
    };
    holds(outside, &["True or matrix.index"], &["matrix", "matrix.m", "matrix.index"]);
}

#[test]
fn templates_end_at_the_first_braces() {
    let parameter = |text: &str| in_task(&format!(r#""parameters": {{"p": {}}}"#, quoted(text)));
    let accepts = [
        "${{}}",
        "${{}}}}",
        "${{ 1",
        "${{ 'a",
        "${{ 1 + }",
        "${{ 1 }} ${{ '",
        "${{ 1 }}}",
        "${{ { }] }}",
        "${{ {'a': nowhere} }}",
        "x ${{ 1 } } y }}",
        "${{ 1\n }}",
        "a '${{ inputs.x }}'",
    ];
    let refuses = [
        "${{ }}",
        "${{\t}}",
        "${{ '}}' }}",
        "${{ 'a }} b '}} c",
        "${{ {'a':{'b':1}} }}",
        "${{{}}}",
        "${{ ${{ 1 }} }}",
        "x ${{ ' }} ' }} y",
        "a ${{ 1 }} ${{ }} b",
        "${{ { } ${{ + }}",
    ];
    holds(parameter, &accepts, &refuses);
}

#[test]
fn sensors_need_braces_and_know_no_tasks() {
    let sensor = |condition: &str| {
        format!(
            r#"{{"version": "v1", "name": "n", "pipeline": {{}}, "sensors": {{"s": {{"name": "s", "cron": "0 8 ? * * *", "timezone": "UTC", "timeout_mins": 5, "checks": {{}}, "condition": {}}}}}}}"#,
            quoted(condition)
        )
    };
    let refuses =
        ["1", "  ", "x ${{ 1 }}", "${{ tasks['a'].status }}", "${{ ORCHESTRA.PIPELINE_RUN_TASKS['a'].status }}"];
    holds(sensor, &["", "${{ 1 }}", "\n${{ ENV.X }}\n", "${{ {} }}"], &refuses);
}

#[test]
fn crons_are_refused_as_they_are_there() {
    let schedule = |cron: &str| {
        format!(r#"{{"version": "v1", "name": "n", "pipeline": {{}}, "schedule": [{{"cron": {}}}]}}"#, quoted(cron))
    };
    let accepts = ["0 0 ? * MON#1,FRI#2 *", "0 0 ? * 6L,5L *", "0 0 1,15W * ? *", "0 *,5 ? * * *", "0\t0 L,1 * ? *"];
    let refuses = [
        "0 0 ? * FRIL *",
        "0 0 1-5W * ? *",
        "0 0 LW * ? *",
        "0 0 ? * 1-5#2 *",
        "0 0 ? * 6W *",
        "0 ? ? * * *",
        "0 L ? * * *",
    ];
    holds(schedule, &accepts, &refuses);
}

#[test]
fn outputs_of_a_finished_run_stand_in_brackets() {
    let event = |text: &str| {
        format!(
            r#"{{"version": "v1", "name": "n", "pipeline": {{}}, "trigger_events": [{{"type": "pipeline", "pipeline_id": "*", "run_inputs": {{"a": {}}}}}]}}"#,
            quoted(text)
        )
    };
    holds(event, &["${{ outputs['load']['rows'] }}"], &["${{ outputs.load }}", "${{ tasks['load'].status }}"]);
}
