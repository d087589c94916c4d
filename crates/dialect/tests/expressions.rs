//! The expression language by example: values, errors, references, limits.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Code, Entry,
    expression::{
        Expression, MATRIX_INDEX, Names, OrchestraName, Reference, TaskView, Template, has_template, render_value,
        truthy,
    },
    parse,
};
use serde_json::{Map, Value, json};

struct Run;

impl Names for Run {
    fn env(&self, name: &str) -> Option<Value> {
        (name == "NAME").then(|| json!("prod"))
    }
    fn input(&self, name: &str) -> Option<Value> {
        match name.to_lowercase().as_str() {
            "rows" => Some(json!([[1, 2], [3]])),
            "flag" => Some(json!(true)),
            "nothing" => Some(Value::Null),
            "big" => Some(json!("x".repeat(600_000))),
            _ => None,
        }
    }
    fn orchestra(&self, name: OrchestraName) -> Option<Value> {
        (name == OrchestraName::CurrentTime).then(|| json!("2024-10-29T12:01:02.123456"))
    }
    fn task(&self, id: &str) -> Option<TaskView> {
        id.eq_ignore_ascii_case("load").then(|| view("SUCCEEDED"))
    }
    fn task_group(&self, id: &str) -> Option<Vec<TaskView>> {
        match id {
            "mixed" => Some(vec![view("SUCCEEDED"), view("FAILED")]),
            "good" => Some(vec![view("SUCCEEDED"), view("SUCCEEDED")]),
            "empty" => Some(Vec::new()),
            _ => None,
        }
    }
    fn matrix(&self, name: &str) -> Option<Value> {
        match name.to_lowercase().as_str() {
            "t" => Some(json!({"field": 7, "Field": 8})),
            MATRIX_INDEX => Some(json!(2)),
            _ => None,
        }
    }
    fn secret(&self, name: &str) -> Option<Value> {
        (name == "TOKEN").then(|| json!("hunter2"))
    }
    fn outputs(&self) -> Option<Value> {
        Some(json!({"payload": {"id": 5}}))
    }
}

fn view(status: &str) -> TaskView {
    let outputs = Map::from_iter([("results".to_owned(), json!([["first"]])), ("Count".to_owned(), json!(3))]);
    TaskView { status: status.to_owned(), outputs, run_parameters: json!({"p": 1}), task_run_id: "id-1".to_owned() }
}

fn value(text: &str) -> Value {
    let parsed = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    parsed.evaluate(&Run).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn expressions_have_the_values_of_the_reference() {
    for (text, expected) in [
        ("1 + 2 * 3", json!(7)),
        ("-2 ** 2", json!(-4)),
        ("2 ** 3 ** 2", json!(512)),
        ("2 ** -1", json!(0.5)),
        ("7 / 2", json!(3.5)),
        ("4 / 2", json!(2.0)),
        ("-7 // 2", json!(-4)),
        ("-7 % 3", json!(2)),
        ("7 % -3", json!(-2)),
        ("-7.5 % 2", json!(0.5)),
        ("6 | 1 & 3", json!(7)),
        ("True + 1", json!(2)),
        ("'a' + \"b\"", json!("ab")),
        ("[1] + [2, 3,]", json!([1, 2, 3])),
        ("1 == 1.0 and 1 == True", json!(true)),
        ("'1' == 1", json!(false)),
        ("1 < 2 < 5", json!(true)),
        ("1 < 3 < 2", json!(false)),
        ("'a' < 'b'", json!(true)),
        ("[1, 2.0] == [1.0, 2]", json!(true)),
        ("1 is 1", json!(false)),
        ("none is None", json!(true)),
        ("{'max-rows': 5}.max-rows - 1", json!(4)),
        ("inputs.flag is TRUE", json!(true)),
        ("inputs.nothing is not None", json!(false)),
        ("'b' in 'abc'", json!(true)),
        ("2 not in [1, 3]", json!(true)),
        ("'k' in {'k': 1}", json!(true)),
        ("0 or '' or 'x'", json!("x")),
        ("not not 1", json!(true)),
        ("not 1 == 2", json!(true)),
        ("[1, 2, 3][-1]", json!(3)),
        ("{'a': {'b': 2}}['a'].b", json!(2)),
        ("matrix.t.Field", json!(8)),
        ("MATRIX['t'].field", json!(7)),
        ("Matrix.T.field", json!(7)),
        ("matrix['T']['Field']", json!(8)),
        ("matrix.index + 1", json!(3)),
        ("MATRIX['Ind' + 'ex']", json!(2)),
        ("secrets.TOKEN", json!("hunter2")),
        ("SECRETS['TOK' + 'EN'] + '!'", json!("hunter2!")),
        ("ENV.NAME", json!("prod")),
        ("env['NAME']", json!("prod")),
        ("inputs.rows[0][1]", json!(2)),
        ("TASKS['LOAD'].STATUS", json!("SUCCEEDED")),
        ("ORCHESTRA.PIPELINE_RUN_TASKS['load'].OUTPUTS['RESULTS'][0][0]", json!("first")),
        ("tasks['load'].outputs.count", json!(3)),
        ("tasks['load'].run_parameters.p", json!(1)),
        ("task_groups['mixed'].all().status == 'SUCCEEDED'", json!(false)),
        ("task_groups['mixed'].any().status == 'FAILED'", json!(true)),
        ("task_groups['good'].all().status != 'FAILED'", json!(true)),
        ("task_groups['good'].all().status in ['SUCCEEDED', 'SKIPPED']", json!(true)),
        ("task_groups['empty'].all().status == 'FAILED'", json!(true)),
        ("task_groups['empty'].any().status == 'FAILED'", json!(false)),
        ("task_groups['good'].all().outputs.count == 3", json!(true)),
        ("task_groups['mixed'][1].status", json!("FAILED")),
        ("outputs.payload.id", json!(5)),
        ("int(' 12 ') + int(-3.9)", json!(9)),
        ("len('äb') + len([1]) + len({'a': 1})", json!(4)),
        ("str(1.0) + str(None) + str(['a', True])", json!("1.0None['a', True]")),
        ("add_days(ORCHESTRA.CURRENT_TIME, 1.25)", json!("2024-10-30T18:01:02.123456")),
        ("add_months('2024-01-31', 1)", json!("2024-02-29T00:00:00")),
        ("format_date('2024-03-05T00:30:00', '%d.%m.%Y %H:%M', 'Europe/Berlin')", json!("05.03.2024 01:30")),
        ("'it\\'s \\n'", json!("it's \n")),
        ("((((((((((((((1))))))))))))))", json!(1)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(value("False and inputs.unknown"), json!(false), "the second operand is not read");
    assert_eq!(value("1 or inputs.unknown"), json!(1), "the second operand is not read");
}

#[test]
fn faults_of_evaluation_name_the_operands() {
    for (text, expected) in [
        ("1 / 0", "division by zero: `/` with the number 1 and the number 0"),
        ("0 ** -1", "division by zero: `**` with the number 0 and the number -1"),
        ("'a' + 1", "`+` has no value for the text 'a' and the number 1"),
        ("'a' * 3", "`*` has no value for the text 'a' and the number 3"),
        ("'a' < 1", "`<` has no value for the text 'a' and the number 1"),
        (
            "9223372036854775807 + 1",
            "the result of `+` does not fit into 64 bits for the number 9223372036854775807 and the number 1",
        ),
        ("2 ** 64", "the result of `**` does not fit into 64 bits for the number 2 and the number 64"),
        ("1.5 | 1", "`|` has no value for the number 1.5 and the number 1"),
        (
            "1.0 * 9999999999.0 ** 99",
            "the result of `**` is no finite number for the number 9999999999.0 and the number 99",
        ),
        ("-'a'", "`-` has no value for the text 'a'"),
        (
            "-(-9223372036854775807 - 1)",
            "the result of `-` does not fit into 64 bits for the number -9223372036854775808",
        ),
        ("[1][5]", "there is no element 5 in the list [1] of length 1"),
        ("[1][-2]", "there is no element -2 in the list [1] of length 1"),
        ("'abc'[0]", "cannot take the number 0 of the text 'abc'"),
        ("{'a': 1}.b", "there is no `b` in the dict {'a': 1}"),
        ("tasks['load'].outputs.rows", "there is no `rows` in the dict {'results': [['first']], 'Count': 3}"),
        ("inputs[1]", "cannot take the number 1 of `inputs`"),
        ("inputs.rows.any().size == 1", "cannot take the text 'size' of the list [1, 2]"),
        ("inputs.flag.all().status == 1", "`.all()` works on a list of task runs, not on the boolean True"),
        ("inputs.rows.size", "cannot take the text 'size' of the list [[1, 2], [3]]"),
        ("inputs.unknown", "the run has no input `unknown`"),
        ("ENV.name", "the environment has no variable `name`"),
        ("secrets.KEY", "there is no secret `KEY`"),
        ("secrets['K' + 'EY']", "there is no secret `KEY`"),
        ("matrix.u", "there is no matrix value `u` here"),
        ("outputs.other", "there is no `other` in the dict {'payload': {'id': 5}}"),
        ("tasks['other'].status", "the run has no task `other`"),
        ("ORCHESTRA.CURRENT_BRANCH", "`ORCHESTRA.CURRENT_BRANCH` has no value here"),
        ("int('abc')", "int: the text 'abc' is no integer"),
        ("int(9999999999999999999.0)", "int: the number 1e+19 does not fit into 64 bits"),
        ("len(1)", "len: the number 1 has no length"),
        ("len()", "`len` does not take 0 argument(s)"),
        ("add_days('soon', 1)", "add_days: the text 'soon' is no date: write it as 2024-10-29 or 2024-10-29T12:01:02"),
        ("add_days(1, 1)", "add_days: the number 1 is no date"),
        (
            "add_days('2024-01-01', 9999999999.5)",
            "add_days: the number 9999999999.5 from the text '2024-01-01' is outside the calendar",
        ),
        ("add_months('2024-01-01', 1.5)", "add_months: the number 1.5 is no whole number"),
        ("format_date('2024-01-01', 5)", "format_date: the number 5 is no format"),
        ("format_date('2024-01-01', '%d', True)", "format_date: the boolean True is no time zone"),
        ("format_date('2024-01-01', '%d', 'Mars/Base')", "format_date: there is no time zone `Mars/Base`"),
        ("1 in 1", "`in` has no value for the number 1 and the number 1"),
        ("inputs.big + inputs.big", "the value is larger than 1048576 bytes"),
        ("inputs.big - 1", "`-` has no value for the text (of 600008 bytes) and the number 1"),
    ] {
        let error = Expression::parse(text).unwrap().evaluate(&Run).unwrap_err();
        assert_eq!(error.message, expected, "{text}");
    }
}

#[test]
fn operands_are_cut_and_secrets_are_not_shown() {
    let (fits, long) = ("x".repeat(78), "x".repeat(79));
    for (text, expected) in [
        (format!("'{fits}' + 1"), format!("`+` has no value for the text '{fits}' and the number 1")),
        (format!("1 + '{long}'"), format!("`+` has no value for the number 1 and the text '{long}...")),
        (format!("inputs['{long}yz']"), format!("the run has no input `{long}y...`")),
        ("inputs['a\\tb']".to_owned(), "the run has no input `a b`".to_owned()),
        ("secrets.TOKEN + 1".to_owned(), "`+` has no value for the text *** and the number ***".to_owned()),
        ("[secrets.TOKEN][3]".to_owned(), "there is no element *** in the list *** of length 1".to_owned()),
        ("{'a': 1}[secrets.TOKEN]".to_owned(), "there is no `***` in the dict ***".to_owned()),
        ("inputs[secrets.TOKEN]".to_owned(), "the run has no input `***`".to_owned()),
        ("-(secrets['TOK' + 'EN'])".to_owned(), "`-` has no value for the text ***".to_owned()),
        ("secrets.TOKEN < 1".to_owned(), "`<` has no value for the text *** and the number ***".to_owned()),
        ("int('1' + secrets.TOKEN)".to_owned(), "int: the text *** is no integer".to_owned()),
        (
            "add_days(secrets.TOKEN, 1)".to_owned(),
            "add_days: the text *** is no date: write it as 2024-10-29 or 2024-10-29T12:01:02".to_owned(),
        ),
        (
            "format_date('2024-01-01', '%d', secrets.TOKEN)".to_owned(),
            "format_date: there is no time zone `***`".to_owned(),
        ),
    ] {
        let error = Expression::parse(&text).unwrap().evaluate(&Run).unwrap_err();
        assert_eq!(error.message, expected, "{text}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// Of an expression alone, of a template, and of a text inside a value.
#[test]
fn faults_of_evaluation_say_where_they_are() {
    let of_expression = |text: &str| Expression::parse(text).unwrap().evaluate(&Run).unwrap_err();
    let of_template = |text: &str| Template::parse(text).unwrap().render(&Run).unwrap_err();
    let of_value = |text: &str| render_value(&json!({"a": {"b": ["", text]}}), &Run).unwrap_err();
    for (shown, expected) in [
        (of_expression("'a' + 1"), "`+` has no value for the text 'a' and the number 1 at column 1"),
        (of_expression("1 + inputs.x"), "the run has no input `x` at column 5"),
        (of_expression("'ä€😀' == inputs.x"), "the run has no input `x` at column 10"),
        (
            of_expression("[1] ==\n  [inputs.flag,\n   ENV.a]"),
            "the environment has no variable `a` at line 3, column 4",
        ),
        (of_expression("1 < 'a'"), "`<` has no value for the number 1 and the text 'a' at column 1"),
        (of_expression("1 < 2 < 'a'"), "`<` has no value for the number 2 and the text 'a' at column 5"),
        (
            of_template("ü ${{ 1 }} ${{ 2 / 0 }}"),
            "division by zero: `/` with the number 2 and the number 0 at column 16",
        ),
        (of_template("select\n  ${{ ENV.a }}"), "the environment has no variable `a` at line 2, column 7"),
        (of_template("${{ inputs.big }}${{ inputs.big }}"), "the text grows beyond 1048576 bytes at column 1"),
        (of_value("no ${{ inputs.x }}"), "the run has no input `x` at column 8 (in `a.b[1]`)"),
        (of_value("no\n\n${{ inputs.x }}"), "the run has no input `x` at line 3, column 5 (in `a.b[1]`)"),
        (of_value("no ${{ 1 + }}"), "expected a value, found the end at column 12 (in `a.b[1]`)"),
    ] {
        assert_eq!(shown.to_string(), expected);
    }
    let condition = accepted_condition("  ${{ 1 == inputs.x }}");
    assert_eq!(condition.evaluate(&Run).unwrap_err().to_string(), "the run has no input `x` at column 12");
}

/// The condition of a task, as a document's.
fn accepted_condition(text: &str) -> Expression {
    let task = json!({"integration": "X", "integration_job": "Y", "parameters": {}, "condition": text});
    let document = json!({"version": "v1", "name": "demo", "pipeline": {"a": task}});
    let pipeline = parse(&document.to_string()).pipeline.unwrap();
    let Entry::Task(task) = pipeline.entries.into_iter().next().unwrap().1 else { panic!("not a task") };
    task.condition.unwrap().expression
}

#[test]
fn texts_that_are_no_expressions_are_named_at_their_place() {
    for (text, place, expected) in [
        ("1 +", 3..3, "expected a value, found the end"),
        ("a && b", 2..4, "`&&` is not an operator of the language"),
        ("1 = 1", 2..3, "`=` is not an operator of the language"),
        ("1 === 1", 2..5, "`===` is not an operator of the language"),
        ("!1", 0..1, "`!` is not an operator of the language"),
        ("+1", 0..1, "there is no unary `+`"),
        ("1 2", 2..3, "expected the end of the expression, found a number"),
        ("'a' 'b'", 4..7, "two texts side by side: join them with `+`"),
        ("'open", 0..5, "the text is not closed: its second quote is missing"),
        ("null", 0..4, "there is no name `null`"),
        ("task['a']", 0..4, "there is no name `task`"),
        ("lenn('a')", 0..4, "there is no function `lenn`"),
        ("(1, 2)", 2..3, "there are no tuples: write a list `[a, b]`"),
        ("[1][0:1]", 5..6, "there are no slices: take one element with `[0]`"),
        ("{a: 1}", 1..2, "there is no name `a`"),
        ("tasks.a.status", 5..6, "`tasks` needs an id in brackets"),
        ("inputs", 0..6, "`inputs` needs a name"),
        ("ORCHESTRA.RUN_ID", 10..16, "`ORCHESTRA` has no `RUN_ID`"),
        ("tasks['a'].state", 11..16, "a task run has no `state`"),
        ("'a'.upper()", 4..9, "there is no method `upper`"),
        ("task_groups['g'].all()", 0..22, "`.all()` must be followed by an attribute and one comparison"),
        (
            "'FAILED' == task_groups['g'].any().status",
            12..34,
            "`.any()` must be followed by an attribute and one comparison",
        ),
        ("tasks['a'].all().status == 1", 0..23, "`.all()` works on a task group only"),
        (
            "1.",
            0..2,
            "numbers are written as `12` or `1.5`: no exponent, no `_`, no hexadecimal, a digit on both sides of the point",
        ),
        (
            "2.0é",
            0..5,
            "numbers are written as `12` or `1.5`: no exponent, no `_`, no hexadecimal, a digit on both sides of the point",
        ),
        ("9223372036854775808", 0..19, "the number does not fit into 64 bits"),
    ] {
        assert_eq!(fault(text), Some((expected.to_owned(), place)), "{text}");
    }
}

/// The first fault, or advice, of an expression as the condition of a task beside the task `a` and the group `g`, with its place in the text.
fn fault(text: &str) -> Option<(String, std::ops::Range<usize>)> {
    let task = "integration: X, integration_job: Y, parameters: {}";
    let head = format!("version: v1\nname: demo\npipeline:\n  a: {{{task}}}\n  g: {{tasks: {{b: {{{task}}}}}}}\n");
    let before = format!(
        "{head}  c:\n    integration: X\n    integration_job: Y\n    parameters: {{}}\n    condition: |-\n      "
    );
    let parsed = parse(&format!("{before}{text}\n"));
    let of_expressions = |code: Code| matches!(code, Code::ExpressionSyntax | Code::UnknownName);
    let fault = parsed.diagnostics.into_iter().find(|found| of_expressions(found.code))?;
    Some((fault.message, fault.span.start - before.len()..fault.span.end - before.len()))
}

#[test]
fn nesting_is_limited_to_ten_levels() {
    let sum = |terms: usize| vec!["1"; terms].join(" + ");
    assert_eq!(value(&sum(11)), json!(11));
    assert!(fault(&sum(10)).is_none() && fault(&sum(11)).unwrap().0.contains("nested more than 10"));
    assert_eq!(value(&vec!["True"; 500].join(" and ")), json!(true), "chains of `and` are flat");
    assert!(fault(&format!("{}1", "not ".repeat(11))).is_some());
    for hostile in
        ["(".repeat(50_000), "not ".repeat(10_000), "-".repeat(60_000), "2**".repeat(20_000), "[".repeat(60_000)]
    {
        assert!(Expression::parse(&hostile).is_err());
    }
}

#[test]
fn a_template_keeps_its_type_alone_and_renders_text_otherwise() {
    for (text, expected) in [
        ("${{ inputs.rows }}", json!([[1, 2], [3]])),
        ("  ${{ 1 + 1 }}\n", json!(2)),
        ("n=${{ 1.0 }}", json!("n=1.0")),
        ("${{ 1 }}${{ 2 }}", json!("12")),
        ("${{ inputs.nothing }} ${{ inputs.flag }}", json!("None True")),
        ("${{ '}' + '}' }}", json!("}}")),
        ("${{ {'a': {'b': 1} } }}", json!({"a": {"b": 1}})),
        ("plain ${{ open", json!("plain ${{ open")),
        ("", json!("")),
    ] {
        assert_eq!(Template::parse(text).unwrap().render(&Run), Ok(expected), "{text}");
    }
    let error = Template::parse("ab ${{ 1 + }}").unwrap_err();
    assert_eq!((error.span, error.message.as_str()), (11..11, "expected a value, found the end"));
}

#[test]
fn values_are_rendered_throughout_and_faults_carry_their_path() {
    let given = json!({"a": ["x ${{ ENV.NAME }}", 1], "b": {"c": "${{ inputs.flag }}"}, "${{ d }}": "e"});
    assert!(has_template(&given));
    let rendered = render_value(&given, &Run).unwrap();
    assert_eq!(rendered, json!({"a": ["x prod", 1], "b": {"c": true}, "${{ d }}": "e"}));
    assert!(!has_template(&rendered));
    let error = render_value(&json!({"a": {"b": ["", "${{ inputs.x }}"]}}), &Run).unwrap_err();
    assert_eq!((error.message.as_str(), error.path.as_deref()), ("the run has no input `x`", Some("a.b[1]")));
    let huge = json!(["${{ inputs.big }}", "${{ inputs.big }}"]);
    assert!(render_value(&huge, &Run).unwrap_err().message.contains("beyond 1048576 bytes"));
}

#[test]
fn references_list_every_name() {
    let text = "tasks['a'].OUTPUTS.x and ENV.E or inputs['i'] == matrix.m + secrets.S \
                and ORCHESTRA.task_run_id in task_groups['g'][0].status or outputs.y or tasks['b'].status";
    let expected = vec![
        Reference::Task { id: "a".into(), output: Some("x".into()) },
        Reference::Env("E".into()),
        Reference::Input("i".into()),
        Reference::Matrix("m".into()),
        Reference::Secret("S".into()),
        Reference::Orchestra(OrchestraName::TaskRunId),
        Reference::TaskGroup("g".into()),
        Reference::Outputs,
        Reference::Task { id: "b".into(), output: None },
    ];
    assert_eq!(Expression::parse(text).unwrap().references(), expected);
}

#[test]
fn truth_is_as_in_python() {
    for (value, expected) in [
        (json!(null), false),
        (json!(0), false),
        (json!(0.0), false),
        (json!(""), false),
        (json!([]), false),
        (json!({}), false),
        (json!("False"), true),
        (json!([0]), true),
        (json!(-1), true),
    ] {
        assert_eq!(truthy(&value), expected, "{value}");
    }
}

#[test]
fn completed_is_any_status_of_a_finished_task() {
    for (text, expected) in [
        ("tasks['load'].status == 'COMPLETED'", true),
        ("'COMPLETED' == tasks['load'].status", true),
        ("tasks['load'].status != 'COMPLETED'", false),
        ("tasks['load'].status in ['RUNNING', 'COMPLETED']", true),
        ("tasks['load'].status not in ['COMPLETED']", false),
        ("tasks['load'].status == 'completed'", false),
        ("task_groups['mixed'].all().status == 'COMPLETED'", true),
        ("task_groups['mixed'].any().status != 'COMPLETED'", false),
        ("task_groups['mixed'][1].status == 'COMPLETED'", true),
        // Only a status is read so.
        ("tasks['load'].outputs['results'][0][0] == 'COMPLETED'", false),
        ("'SUCCEEDED' == 'COMPLETED'", false),
    ] {
        assert_eq!(value(text), json!(expected), "{text}");
    }
}
