//! Editing: each operation changes exactly what it says, and no other byte.
#![allow(clippy::unwrap_used, missing_docs)]

use downbeat_dialect::{
    Value,
    diff::{diff, render},
    edit::{EditError, Operation, References, Step, edit},
    parse,
};
use proptest::prelude::*;
use serde_json::json;

const FULL: &str = include_str!("data/full.yml");

const BASE: &str = r#"# Head.
version: v1
name: base # the name
inputs:
  day: {type: string, default: today}   # odd   spaces
schedule:
  - cron: "0 1 ? * * *"
    run_inputs: {DAY: "${{ inputs.day }}"}
pipeline:
  # The first group.
  load:
    name: Load

    tasks:
      # Fetches.
      fetch: # behind
        integration: ORCHESTRA
        integration_job: WAIT
        parameters: {wait_minutes: 1}

      # Tidies.
      tidy:
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        depends_on: [fetch]
        parameters:
          source: INLINE
          python_version: '3.11'
          code: |
            # no comment
            print("${{ tasks['fetch'].status }}", "${{ inputs.day }}")

            done()
  # The second group.
  report:
    depends_on:
      - LOAD # upper case
    condition: "${{ task_groups[\"load\"].all().status == 'SUCCEEDED' and ORCHESTRA.PIPELINE_RUN_TASKS['FETCH'].status != 'FAILED' }}"
    tasks:
      send: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}
      other: {integration: ORCHESTRA, integration_job: WAIT, condition: 'tasks[''send''].status == ''FAILED''', depends_on: [send], parameters: {wait_minutes: 3}}
  # Foot.
"#;

fn lines(before: &str, after: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    let shown = |mark: &str, lines: &[&str]| lines.iter().map(|line| format!("{mark}{line}\n")).collect::<String>();
    shown("-", &before[start..before.len() - end]) + &shown("+", &after[start..after.len() - end])
}

/// Edits, and gives the stretch of lines that changed with the difference in meaning.
fn edited(source: &str, operation: &Operation) -> (String, String) {
    let after = edit(source, operation).unwrap_or_else(|error| panic!("{operation:?}: {error}")).source;
    let meaning = diff(&parse(source).pipeline.unwrap(), &parse(&after).pipeline.unwrap());
    (lines(source, &after), render(&meaning))
}

fn field(id: &str, field: &[&str], value: Value) -> Operation {
    Operation::SetField { id: id.into(), field: field.iter().map(|key| Step::from(*key)).collect(), value }
}

fn unset(id: &str, field: &[&str]) -> Operation {
    Operation::RemoveField { id: id.into(), field: field.iter().map(|key| Step::from(*key)).collect() }
}

fn wait(id: &str, group: Option<&str>, position: Option<usize>, depends_on: &[&str]) -> Operation {
    Operation::AddTask {
        id: id.into(),
        group: group.map(str::to_owned),
        position,
        integration: "ORCHESTRA".into(),
        integration_job: "WAIT".into(),
        parameters: json!({"wait_minutes": 5}).as_object().unwrap().clone(),
        depends_on: depends_on.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn relocate(id: &str, group: Option<&str>, position: usize) -> Operation {
    Operation::Move { id: id.into(), group: group.map(str::to_owned), position: Some(position) }
}

#[test]
fn operations_change_what_they_say_and_nothing_else() {
    let cases: Vec<(&str, Operation, &str, &str)> = vec![
        (
            "a task at the end of a block group",
            wait("more", Some("LOAD"), None, &["tidy"]),
            "+\n+      more:\n+        integration: ORCHESTRA\n+        integration_job: WAIT\n+        depends_on: [tidy]\n+        parameters:\n+          wait_minutes: 5\n",
            "+ task pipeline.load.more (ORCHESTRA WAIT)",
        ),
        (
            "a task at the beginning, before the comments of the next",
            wait("more", Some("load"), Some(0), &[]),
            "+      more:\n+        integration: ORCHESTRA\n+        integration_job: WAIT\n+        parameters:\n+          wait_minutes: 5\n",
            "+ task pipeline.load.more (ORCHESTRA WAIT)",
        ),
        (
            "a standalone task",
            wait("last", None, None, &["report"]),
            "+  last:\n+    integration: ORCHESTRA\n+    integration_job: WAIT\n+    depends_on: [report]\n+    parameters:\n+      wait_minutes: 5\n",
            "+ task pipeline.last (ORCHESTRA WAIT)",
        ),
        (
            "a value keeps its quotes",
            field("tidy", &["parameters", "python_version"], json!("3.12")),
            "-          python_version: '3.11'\n+          python_version: '3.12'\n",
            "~ pipeline.load.tidy.parameters.python_version: \"3.11\" -> \"3.12\"",
        ),
        (
            "a value between brackets",
            field("fetch", &["parameters", "wait_minutes"], json!(9)),
            "-        parameters: {wait_minutes: 1}\n+        parameters: {wait_minutes: 9}\n",
            "~ pipeline.load.fetch.parameters.wait_minutes: 1 -> 9",
        ),
        (
            "a text of several lines",
            field("tidy", &["parameters", "code"], json!("a: 1\n\n  b\n")),
            "-            # no comment\n-            print(\"${{ tasks['fetch'].status }}\", \"${{ inputs.day }}\")\n-\n-            done()\n+            a: 1\n+\n+              b\n",
            "~ pipeline.load.tidy.parameters.code:\n    - # no comment\n    - print(\"${{ tasks['fetch'].status }}\", \"${{ inputs.day }}\")\n    + a: 1\n    - done()\n    +   b",
        ),
        (
            "a new field",
            field("send", &["name"], json!("Send: it")),
            "-      send: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}\n+      send: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}, name: 'Send: it'}\n",
            "+ pipeline.report.send.name: \"Send: it\"",
        ),
        (
            "a nested field that has no parent yet",
            field("fetch", &["configuration", "retries"], json!(2)),
            "+        configuration:\n+          retries: 2\n",
            "+ pipeline.load.fetch.configuration: {\"retries\":2}",
        ),
        ("a field goes", unset("load", &["name"]), "-    name: Load\n", "- pipeline.load.name: \"Load\""),
        (
            "a condition goes",
            unset("other", &["condition"]),
            "-      other: {integration: ORCHESTRA, integration_job: WAIT, condition: 'tasks[''send''].status == ''FAILED''', depends_on: [send], parameters: {wait_minutes: 3}}\n+      other: {integration: ORCHESTRA, integration_job: WAIT, depends_on: [send], parameters: {wait_minutes: 3}}\n",
            "- pipeline.report.other.condition: \"tasks['send'].status == 'FAILED'\"",
        ),
        (
            "the last dependency",
            Operation::RemoveDependency { id: "other".into(), on: "SEND".into() },
            "-      other: {integration: ORCHESTRA, integration_job: WAIT, condition: 'tasks[''send''].status == ''FAILED''', depends_on: [send], parameters: {wait_minutes: 3}}\n+      other: {integration: ORCHESTRA, integration_job: WAIT, condition: 'tasks[''send''].status == ''FAILED''', parameters: {wait_minutes: 3}}\n",
            "- pipeline.report.other.depends_on: \"send\"",
        ),
    ];
    for (name, operation, expected, meaning) in cases {
        let (lines, found) = edited(BASE, &operation);
        assert_eq!((lines.as_str(), found.as_str()), (expected, meaning), "{name}");
    }
}

#[test]
fn a_renamed_task_takes_everything_that_names_it_with_it() {
    let after = edit(BASE, &Operation::Rename { id: "FETCH".into(), to: "it's".into() }).unwrap().source;
    let expected = BASE
        .replace("      fetch: #", "      it's: #")
        .replace("[fetch]", "[it's]")
        .replace("tasks['fetch'].status }}", "tasks['it\\'s'].status }}")
        .replace("TASKS['FETCH']", "TASKS['it\\\\'s']");
    assert_eq!(after, expected);
    assert!(parse(&after).pipeline.is_some());
    let after = edit(BASE, &Operation::Rename { id: "load".into(), to: "Ingest".into() }).unwrap().source;
    let expected = BASE
        .replace("  load:", "  Ingest:")
        .replace("- LOAD #", "- Ingest #")
        .replace("[\\\"load\\\"]", "[\\\"Ingest\\\"]");
    assert_eq!(after, expected);
    let after = edit(BASE, &Operation::Rename { id: "send".into(), to: "ship".into() }).unwrap().source;
    assert_eq!(
        after,
        BASE.replace("send: {", "ship: {").replace("[''send'']", "[''ship'']").replace("[send]", "[ship]")
    );
}

#[test]
fn a_renamed_input_takes_everything_that_names_it_with_it() {
    let after = edit(BASE, &Operation::RenameInput { name: "Day".into(), to: "date".into() }).unwrap().source;
    let expected =
        BASE.replace("  day: {", "  date: {").replace("{DAY:", "{date:").replace("inputs.day", "inputs.date");
    assert_eq!(after, expected);
}

#[test]
fn moves_take_comments_along() {
    let (_, meaning) = edited(BASE, &relocate("other", Some("report"), 0));
    assert_eq!(meaning, "");
    let free = edit(BASE, &Operation::RemoveDependency { id: "tidy".into(), on: "fetch".into() }).unwrap().source;
    let after = edit(&free, &relocate("tidy", None, 0)).unwrap().source;
    let moved = "pipeline:\n  # Tidies.\n  tidy:\n    integration: PYTHON\n    integration_job: PYTHON_EXECUTE_SCRIPT\n    parameters:\n      source: INLINE\n      python_version: '3.11'\n      code: |\n        # no comment\n";
    assert!(after.contains(moved), "{after}");
    assert_eq!(
        render(&diff(&parse(&free).pipeline.unwrap(), &parse(&after).pipeline.unwrap())),
        "~ pipeline.tidy: moved from group load to the top level"
    );
    let back = edit(&after, &relocate("tidy", Some("load"), 1)).unwrap().source;
    assert_eq!(render(&diff(&parse(&free).pipeline.unwrap(), &parse(&back).pipeline.unwrap())), "");
    let swapped = edit(BASE, &relocate("report", None, 0)).unwrap().source;
    assert!(swapped.contains("pipeline:\n  # The second group.\n  report:"), "{swapped}");
    assert_eq!(edit(&swapped, &relocate("report", None, 1)).unwrap().source, BASE);
}

#[test]
fn what_is_named_elsewhere_stays_unless_asked_for() {
    let refuse = Operation::Remove { id: "load".into(), references: References::Refuse };
    let Err(EditError::Referenced { places, .. }) = edit(BASE, &refuse) else { panic!("not refused") };
    assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["pipeline.report.condition"]);
    let keep = edit(BASE, &Operation::Remove { id: "load".into(), references: References::Keep }).unwrap();
    assert_eq!(keep.dangling, places);
    assert!(
        keep.source.contains("task_groups[\\\"load\\\"]")
            && !keep.source.contains("Fetches")
            && !keep.source.contains("LOAD")
    );
    let (lines, meaning) = edited(BASE, &Operation::Remove { id: "other".into(), references: References::Refuse });
    assert!(lines.starts_with("-      other: {") && lines.lines().count() == 1, "{lines}");
    assert_eq!(meaning, "- task pipeline.report.other (ORCHESTRA WAIT)");
}

#[test]
fn dependencies_join_the_list_that_is_there() {
    let with = edit(BASE, &wait("x", None, Some(0), &[])).unwrap().source;
    let (lines, meaning) = edited(&with, &Operation::AddDependency { id: "report".into(), on: "X".into() });
    assert_eq!((lines.as_str(), meaning.as_str()), ("+      - x\n", "+ pipeline.report.depends_on: \"x\""));
    let (lines, _) = edited(&with, &Operation::AddDependency { id: "load".into(), on: "x".into() });
    assert_eq!(lines, "+    depends_on: [x]\n");
}

#[test]
fn faults_say_what_and_where() {
    let cases: Vec<(Operation, &str)> = vec![
        (Operation::AddDependency { id: "other".into(), on: "send".into() }, "the dependency `send` exists already"),
        (Operation::AddDependency { id: "load".into(), on: "report".into() }, "the pipeline would be refused: line"),
        (Operation::AddDependency { id: "send".into(), on: "fetch".into() }, "can wait only for what stands beside it"),
        (field("fetsh", &["name"], json!("x")), "there is no task or group `fetsh`; did you mean `fetch`?"),
        (wait("TIDY", None, None, &[]), "the task `tidy` exists already (case does not count)"),
        (wait("x", Some("tidy"), None, &[]), "`tidy` is a task, not a group"),
        (wait("", None, None, &[]), "an id must not be empty"),
        (relocate("load", Some("report"), 0), "`load` is a group: groups do not nest"),
        (
            relocate("fetch", None, 0),
            "`fetch` is still named by `pipeline.load.tasks.tidy.depends_on`; change that first, or ask to keep it as it is",
        ),
        (field("fetch", &["parameters", "wait_minutes", "x"], json!(1)), "has no place"),
        (field("fetch", &["integration"], json!(7)), "the pipeline would be refused: line"),
        (unset("fetch", &["condition"]), "there is no field `pipeline.load.tasks.fetch.condition`"),
        (Operation::RenameInput { name: "day".into(), to: "a b".into() }, "is no name of an input"),
        (Operation::Rename { id: "fetch".into(), to: "report".into() }, "the group `report` exists already"),
    ];
    for (operation, expected) in cases {
        let error = edit(BASE, &operation).expect_err("a fault").to_string();
        assert!(error.contains(expected), "{operation:?}: {error}");
    }
    assert!(matches!(edit("a: [", &cases_unread()), Err(EditError::Unreadable(_))));
}

fn cases_unread() -> Operation {
    field("a", &["name"], json!("x"))
}

#[test]
fn anchors_and_aliases_are_never_changed_behind_the_users_back() {
    let source = "version: v1\nname: t\npipeline:\n  a: &task\n    integration: ORCHESTRA\n    integration_job: WAIT\n    parameters: &p {wait_minutes: 1}\n  b: *task\n  c:\n    <<: *task\n    name: c\n";
    for operation in [
        field("a", &["parameters", "wait_minutes"], json!(2)),
        field("b", &["name"], json!("x")),
        field("c", &["integration"], json!("X")),
    ] {
        assert!(matches!(edit(source, &operation), Err(EditError::Unsupported { .. })), "{operation:?}");
    }
    let after = edit(source, &Operation::Rename { id: "b".into(), to: "z".into() }).unwrap().source;
    assert_eq!(after, source.replace("  b: *", "  z: *"));
}

#[test]
fn json_documents_stay_json() {
    let source = "{\n  \"version\": \"v1\",\n  \"name\": \"t\",\n  \"pipeline\": {\n    \"g\": {\n      \"tasks\": {\n        \"a\": {\"integration\": \"ORCHESTRA\", \"integration_job\": \"WAIT\", \"parameters\": {\"wait_minutes\": 1}}\n      }\n    }\n  }\n}\n";
    let operations = [
        wait("b", Some("g"), None, &["a"]),
        field("a", &["name"], json!("A \"quoted\" name\nof two lines")),
        field("a", &["parameters", "wait_minutes"], json!(3)),
        Operation::Rename { id: "a".into(), to: "first".into() },
        Operation::AddGroup { id: "h".into(), position: Some(0), name: None, depends_on: vec![] },
        wait("c", Some("h"), None, &[]),
        Operation::Remove { id: "first".into(), references: References::Refuse },
    ];
    let mut text = source.to_owned();
    for operation in operations {
        text = edit(&text, &operation).unwrap_or_else(|error| panic!("{operation:?}: {error}\n{text}")).source;
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        assert!(parse(&text).pipeline.is_some());
    }
    assert!(text.contains("\n        \"b\": {\"integration\""), "{text}");
}

#[test]
fn line_ends_and_byte_order_marks_stay() {
    let source = format!("\u{feff}{}", BASE.replace('\n', "\r\n"));
    let after = edit(&source, &wait("more", Some("load"), None, &[])).unwrap().source;
    assert!(after.starts_with('\u{feff}') && after.matches('\n').count() == after.matches("\r\n").count());
    let plain = edit(BASE, &wait("more", Some("load"), None, &[])).unwrap().source;
    assert_eq!(after, format!("\u{feff}{}", plain.replace('\n', "\r\n")));
}

#[test]
fn a_document_is_built_from_nothing() {
    let mut text = "version: v1\nname: t\npipeline: {}".to_owned();
    let group = Operation::AddGroup { id: "g".into(), position: None, name: Some("yes".into()), depends_on: vec![] };
    for operation in
        [group, wait("a", Some("g"), None, &[]), wait("b", Some("g"), None, &["a"]), wait("c", None, None, &["g"])]
    {
        text = edit(&text, &operation).unwrap_or_else(|error| panic!("{operation:?}: {error}\n{text}")).source;
    }
    assert!(text.starts_with("version: v1\nname: t\npipeline:\n  g:\n    name: 'yes'\n    tasks:\n      a:\n        integration: ORCHESTRA\n"), "{text}");
    assert_eq!(downbeat_dialect::format(&text).unwrap().trim_end(), text.trim_end());
}

fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "[ \t\n#:'\"\\\\|>{}\\[\\],&*!%@`~-]{0,12}",
        prop::sample::select(vec![
            "yes",
            "on",
            "~",
            "null",
            "1",
            "1.5",
            "0x1F",
            "2024-01-01",
            "1:30",
            "=",
            "<<",
            "---",
            "...",
            "- a",
            "a: b",
            "a #b",
            " a",
            "a ",
            "\u{feff}",
            "\u{85}",
            "a\n",
            "\n a\n\n",
            "a\r\nb",
            "\u{7f}",
            "é\u{2028}"
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_back_as_it_was_set(text in hostile_text(), place in prop::sample::select(vec![
        ("tidy", vec!["parameters", "code"]), ("tidy", vec!["parameters", "python_version"]), ("send", vec!["meta", "x"]),
        ("load", vec!["name"]), ("fetch", vec!["meta"]), ("report", vec!["meta", "a", "b"]),
    ])) {
        let (id, path) = place;
        if text.contains("${{") { return Ok(()); }
        let value = if path == ["meta"] { json!({"k": [text.clone(), {"n": text}]}) } else { json!(text) };
        match edit(BASE, &field(id, &path, value.clone())) {
            Ok(after) => {
                let parsed = parse(&after.source).pipeline.unwrap();
                let changes = diff(&parse(BASE).pipeline.unwrap(), &parsed);
                prop_assert!(changes.len() <= 1, "{}", render(&changes));
            }
            Err(EditError::Refused(_)) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn renames_there_and_back_change_nothing(id in prop::sample::select(vec!["load", "fetch", "build", "dbt", "check", "notify"]), to in "[a-zA-Z][a-zA-Z0-9 _.'\\\\-]{0,10}[a-z]") {
        if let Ok(there) = edit(FULL, &Operation::Rename { id: id.into(), to: to.clone() }) {
            let back = edit(&there.source, &Operation::Rename { id: to, to: id.into() }).unwrap();
            prop_assert_eq!(diff(&parse(FULL).pipeline.unwrap(), &parse(&back.source).pipeline.unwrap()), []);
        }
    }
}
